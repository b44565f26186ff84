"""File drops: files that a person, a script or another system puts into `inbox/NAME/`, mapped by its `drop.yml`.

A file is known by its path in the folder and its version by the SHA-256 of its bytes; the same bytes under the same
mapping land once, a new version lands whole and replaces the older one for readers, a deleted file changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from pipelines.casts import literal, quoted
from pipelines.errors import TransientError
from pipelines.extract import Tokeniser
from pipelines.records import NOT_JUDGED, Judged, Origin, Read, counts
from pipelines.sources.file_drop.entities import Staged, judge_entity, named_columns
from pipelines.sources.file_drop.mapping import Drop, read_drop
from pipelines.sources.file_drop.reading import ENDINGS, DropFile, stage
from pipelines.sources.file_drop.tables import CONTROL_TOTALS, TABLES
from pipelines.sources.file_drop.totals import control_totals

__all__ = ["CREDENTIALS", "TABLES", "DropReader", "drop_files", "read_drop"]

CREDENTIALS: tuple[str, ...] = ()


def drop_files(folder: Path, drop: Drop) -> list[DropFile]:
    """Files of a drop by name, each with the first entry that matches it; raises ConfigError for one that none does."""
    data = {path for path in folder.rglob("*") if path.is_file() and _is_data(path)}
    found: dict[Path, DropFile] = {}
    for mapping in drop.files:
        for path in data.intersection(folder.glob(mapping.match)) - found.keys():
            found[path] = DropFile(path, path.relative_to(folder).as_posix(), mapping)
    for path in sorted(data - found.keys()):
        remedy = "name it in a `match` of drop.yml, or move it out of the inbox"
        raise DropFile(path, path.name, drop.files[0]).fault("is a file that drop.yml does not map", remedy)
    return [found[path] for path in sorted(found)]


def _is_data(path: Path) -> bool:
    return not path.name.startswith(".") and Path(path.name.removesuffix(".gz")).suffix in ENDINGS


@dataclass(slots=True)
class DropReader:
    """Reads the new files of one drop into judged tables; what it made is in its lists."""

    con: duckdb.DuckDBPyConnection
    folder: Path
    origin: Origin
    brand_timezone: str
    vault: Tokeniser
    work_dir: Path
    """For unpacked and decoded copies, which hold raw data."""
    judged: list[Judged] = field(default_factory=list)
    read: list[Read] = field(default_factory=list)

    def read_new(self, known: Callable[[str], str | None], progress: Callable[[str, int], None]) -> None:
        """Judge the records of all files but those whose accepted version, by `known`, is the one that lies there."""
        drop = read_drop(self.folder)
        for file in drop_files(self.folder, drop):
            before, version = file.path.stat(), file.sha256()
            cursor = f"{version}:{drop.digest(file.mapping)}"
            if known(file.name) == cursor:
                continue
            records = self._read(drop, file, version)
            self.read.append(Read(file.name, records, cursor))
            progress(file.name, sum(records.values()))
            after = file.path.stat()
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise TransientError(
                    "changed while it was read", str(file.path), "run again when it is there to its end"
                )

    def _read(self, drop: Drop, file: DropFile, version: str) -> dict[str, int]:
        """Judge one file; returns records by table."""
        relation = f"file_{len(self.read)}"
        columns = stage(self.con, relation, file, drop.null_values, named_columns(file.mapping), self.work_dir)
        staged = Staged(self.con, relation, columns, file, version, drop)
        judged = [judge_entity(staged, n, entity, self.vault) for n, entity in enumerate(file.mapping.entities)]
        self._add_totals(staged)
        is_view = file.format == "parquet"
        self.con.execute(f"drop {'view' if is_view else 'table'} {quoted(relation)}")
        self.judged.extend(judged)
        records: dict[str, int] = {}
        for part in judged:
            found = sum(map(sum, counts(self.con, part.name).values()))
            records[part.table.name] = records.get(part.table.name, 0) + found
        return records

    def _add_totals(self, staged: Staged) -> None:
        """Totals of a file as one more judged table, which nothing was judged in."""
        selects = control_totals(staged, self.brand_timezone)
        if not selects:
            return
        name = f"{staged.relation} totals"
        self.con.execute(f"""
            create table {quoted(name)} as
            select entity, day, currency, records, net_amount, {literal(staged.file.name)} as _stream, {NOT_JUDGED}
            from ({" union all ".join(selects)})
        """)
        self.con.execute(f"drop table {quoted(staged.relation + ' again')}")
        constants = {"_source_file": literal(staged.file.name), "_file_version": literal(staged.version)}
        self.judged.append(Judged(name, CONTROL_TOTALS, staged.file.name, constants))
