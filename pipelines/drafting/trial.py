"""What a drop would land: the reader and the judge of every load, on a vault that is thrown away.

Nothing is written but a folder for raw data in the vault's half of the home, which is removed at the end.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.brands import load_brands
from pipelines.errors import ConfigError, PipelineError, shown
from pipelines.home import Home, passing_folder, private_folder
from pipelines.landing import columns as rules
from pipelines.landing.extraction import extract
from pipelines.landing.faults import plain_error
from pipelines.landing.judge import Judge, Verdict
from pipelines.landing.loading import open_database
from pipelines.landing.vault import Vault
from pipelines.sources import Given
from pipelines.sources.file_drop.configuration import Configuration
from pipelines.sources.file_drop.settings import ENTITIES, FILE, FILE_VERSION, RECORD_NUMBER

FIRST_ROWS = 5
_OF_THE_LOADER = {FILE_VERSION, *rules.SYSTEM_COLUMNS}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"\+[\d\s().-]{7,}\d")
_MASKED = "•••"


@dataclass(frozen=True, slots=True)
class Refused:
    """Records of a file that would go to quarantine for one reason."""

    file: str
    table: str
    column: str | None
    reason: str
    records: int
    first: int
    """Number of the first such record in its file."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What would become of a drop's records."""

    columns: Mapping[str, Sequence[str]]
    """Table to the names of its columns that have a value."""
    rows: Mapping[str, Sequence[Sequence[str | None]]]
    """Table to its first rows; what identifies persons is masked."""
    landed: Mapping[str, int]
    """Table to the records that would land."""
    refused: Sequence[Refused]

    @property
    def is_well(self) -> bool:
        """Everything would land, and there is something."""
        return not self.refused and any(self.landed.values())


def try_drop(home: Home, name: str) -> Trial:
    """Read and judge every file of a drop as a load would; raises PipelineError where a load would."""
    from dlt.common.exceptions import DltException

    brands = load_brands(home.brands_file)
    drops = Configuration.found(home.inbox, brands.brands, frozenset(brands.sources))
    if name not in drops:
        names = ", ".join(sorted(drops)) or "none"
        raise ConfigError(
            f"there is no drop '{shown(name)}'", shown(home.inbox, 200), f"there are: {shown(names, 200)}"
        )
    try:
        with passing_folder(private_folder(home.pii / "scratch"), "check-") as scratch:
            return _tried(drops[name], name, scratch)
    except PipelineError as error:
        fault = error
    except (DltException, duckdb.Error, sqlite3.Error, pa.ArrowException, OSError) as error:
        fault = plain_error(error, name, [])
    raise fault from None


def _tried(drop: Configuration, name: str, scratch: Path) -> Trial:
    now = datetime.now(UTC)
    given = Given(name, {}, now, None, _no_query, lambda _: None)
    found = extract(drop.source(given), scratch, None, lambda: None)
    constants = rules.system_values(drop.brand, name, now)
    mapped = [table for table in ENTITIES if table in drop.tables]
    with closing(open_database(scratch)) as con, Vault(scratch / "vault") as vault:
        judged: dict[Judge, Verdict] = {}
        for table in mapped:
            judge = Judge(con, found.tables[table], name, [], [], [])
            judged[judge] = judge.run(found.files.get(table, []), vault)
        firsts = {judge.name: _first(judge, constants) for judge in judged}
        refused = [r for judge, v in judged.items() if v.quarantined for r in _refused(con, judge, constants)]
    return Trial(
        {table: columns for table, (columns, _) in firsts.items()},
        {table: rows for table, (_, rows) in firsts.items()},
        {judge.name: verdict.landed for judge, verdict in judged.items()},
        refused,
    )


def _no_query(sql: str, *tables: str) -> pa.Table:
    raise NotImplementedError


def _first(judge: Judge, constants: Mapping[str, str]) -> tuple[list[str], list[list[str | None]]]:
    """Columns with a value, and the first rows."""
    batch = next(judge.good(constants), None)
    if batch is None:
        return [], []
    rows = batch.sort_by([(FILE, "ascending"), (RECORD_NUMBER, "ascending")]).slice(0, FIRST_ROWS)
    columns = [c for c in rows.column_names if c not in _OF_THE_LOADER and rows[c].null_count < rows.num_rows]
    return columns, [[_shown(column, row[column]) for column in columns] for row in rows.to_pylist()]


def _shown(column: str, value: Any) -> str | None:
    """A value on one line; tokens in short, and what has the form of an address or a number of a person masked."""
    if value is None:
        return None
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    text = str(value)
    if column.endswith("_token"):
        return f"token {text[:6]}…"
    if column == FILE:
        return shown(text)
    return shown(_PHONE.sub(_MASKED, _EMAIL.sub(_MASKED, text)), 40)


def _refused(con: duckdb.DuckDBPyConnection, judge: Judge, constants: Mapping[str, str]) -> list[Refused]:
    con.register("bad", pa.concat_tables(judge.bad(constants)))
    rows = con.execute(
        "select source_file, table_name, column_name, reason, count(*), min(record_number) from bad"
        " group by all order by count(*) desc, source_file, table_name, column_name, reason"
    ).fetchall()
    con.unregister("bad")
    return [Refused(*row) for row in rows]
