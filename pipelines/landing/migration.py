"""Brings a landing zone of format 1 to format 2, once; what a crash leaves half done is done again.

Format 1 had one space for handles of all networks (all of them Instagram's), what persons wrote and keys of bad records
in the clear, and the versions of dropped files among the streams.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.home import Home, private_folder, write_privately
from pipelines.landing import columns as rules
from pipelines.landing.ledger import FORMAT, Ledger, Load, format_of, sync_with_name
from pipelines.landing.vault import Vault
from pipelines.landing.views import tables_of
from pipelines.sql import literal, parquet, quoted

_ONLY_NETWORK = "instagram"
_FILES = "files"


def migrate(home: Home) -> None:
    """Migrate a home's landing zone where it is of format 1; raises TerminalError for one that cannot be read."""
    if format_of(home.landing) != 1:
        return
    _make_private(home.root)
    with Vault(home.pii) as vault, duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        vault.move_handles(_ONLY_NETWORK)
        for load in _loads(home.landing):
            _move_texts(con, load, vault)
            _hash_keys(con, load, vault)
            _move_archived(con, load)
            _add_files(con, load, home.landing)
    write_privately(home.landing / "format.json", {"format": FORMAT})


def _make_private(root: Path) -> None:
    """Take away what others than the owner may do in the home."""
    root.chmod(0o700)
    for path in root.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & 0o700)


def _loads(landing: Path) -> Iterator[Load]:
    ledger = Ledger.__new__(Ledger)  # the constructor refuses an older format
    ledger.landing_dir = landing
    yield from ledger.loads()


def _move_texts(con: duckdb.DuckDBPyConnection, load: Load, vault: Vault) -> None:
    """What persons wrote goes into the vault, a token and its length stay."""
    for name, table in tables_of(load.kind).items():
        texts = [column for column, (kind, _) in rules.personal(table["columns"]).items() if kind == "text"]
        for path in load.files.get(name, ()):
            for column in set(texts) & set(pq.read_schema(path).names):
                key = ", ".join(map(quoted, rules.key(table)))
                record = f"concat_ws('|', {literal(load.source_instance)}, {literal(name)}, {key})"
                written = con.execute(
                    f"select {record} || chr(10) || {quoted(column)} as value from {parquet([path])}"
                ).to_arrow_table()
                tokens = vault.tokens("text", written["value"].to_pylist())
                con.register("tokens", pa.table({"number": range(len(tokens)), "token": pa.array(tokens, pa.string())}))
                _rewrite(
                    con,
                    path,
                    f"""select * exclude ({quoted(column)}, file_row_number), token as {quoted(column + "_token")},
                        length({quoted(column)})::bigint as {quoted(column + "_length")}
                    from read_parquet({literal(str(path))}, file_row_number = true, hive_partitioning = false)
                    join tokens on number = file_row_number order by file_row_number""",
                )
                con.unregister("tokens")


def _hash_keys(con: duckdb.DuckDBPyConnection, load: Load, vault: Vault) -> None:
    """Keys of bad records, which may be identifiers, become digests; versions are no part of them now."""
    for path in load.files.get("_quarantine", ()):
        if "record_digest" not in pq.read_schema(path).names:
            _rewrite(
                con,
                path,
                f"""select * replace (sha256({literal(vault.salt)} || split_part(record_key, '|', 1)) as record_key),
                    null::varchar as record_digest from {parquet([path])}""",
            )


def _move_archived(con: duckdb.DuckDBPyConnection, load: Load) -> None:
    """Format 1 took the moment of archiving for the last change, beside which a restored record would look stale."""
    for path in (path for paths in load.files.values() for path in paths):
        names = pq.read_schema(path).names
        if {"is_archived", "updated_at", "created_at"} <= set(names) and "archived_at" not in names:
            _rewrite(
                con,
                path,
                f"""select * replace (case when is_archived then created_at else updated_at end as updated_at),
                    case when is_archived then updated_at end as archived_at from {parquet([path])}""",
            )


def _add_files(con: duckdb.DuckDBPyConnection, load: Load, landing: Path) -> None:
    """The versions of dropped files, which readers find in a table of their own now."""
    if _FILES not in tables_of(load.kind) or _FILES in load.files or "_streams" not in load.files:
        return
    (streams,) = load.files["_streams"]
    path = landing / load.source_instance / _FILES / streams.parent.name / f"{load.load_id}.migrated.parquet"
    private_folder(path.parent)
    path.touch()
    _rewrite(
        con,
        path,
        f"""select stream as _source_file, split_part(cursor, ':', 1) as _file_version, table_name, records_read,
            source_instance, _observed_at, _dlt_load_id from {parquet([streams])}""",
    )
    folder = landing / load.source_instance
    files = {table: [str(p.relative_to(folder)) for p in paths] for table, paths in load.files.items()}
    write_privately(
        folder / "_manifest" / f"{load.load_id}.json",
        {
            "completed_at": load.completed_at.isoformat(),
            "files": files | {_FILES: [str(path.relative_to(folder))]},
            "rows": dict(load.rows) | {_FILES: pq.read_metadata(path).num_rows},
        },
    )


def _rewrite(con: duckdb.DuckDBPyConnection, path: Path, query: str) -> None:
    """Replace a Parquet file by the rows of a query over it, at once."""
    draft = path.with_name(f".{path.name}.draft")
    con.execute(f"copy ({query}) to {literal(str(draft))} (format parquet)")
    draft.chmod(0o600)
    sync_with_name(draft)
    os.replace(draft, path)
