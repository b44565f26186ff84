"""Merges the small files of old accepted loads, table by table, so that a reader opens few of them.

`_compacted.json` is the switch: until it is written the old files count, from then on the merged ones. Whatever a
crash leaves on either side is what the next call removes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from pipelines.home import private_folder, write_privately
from pipelines.landing.ledger import COMPACTED, Ledger, Load, as_record, sync_with_name
from pipelines.sql import literal, parquet

MOST_LOADS = 200
"""Accepted loads of an instance whose files lie apart."""
MOST_AT_ONCE = 1_000
"""Loads whose files are opened together: 10,000 of them take 2 GB."""
KEPT_APART = 24
"""The newest loads, which a person may still want to reject."""
_STATE = "_state"
"""Only the newest counts, and that is of a load kept apart."""


def compact(ledger: Ledger, instance: str, most: int = MOST_LOADS, kept: int = KEPT_APART) -> None:
    """Merge what is older than the newest `kept` accepted loads, once there are more than `most` apart."""
    merged = ledger.compacted(instance)
    _remove_merged(ledger.landing_dir / instance, [record["load_id"] for record in merged["loads"]], merged["files"])
    apart = [load for load in ledger.accepted(instance) if load.files]
    if len(apart) > most:
        old = apart[:-kept]
        for start in range(0, len(old), MOST_AT_ONCE):
            _compact(ledger, instance, old[start : start + MOST_AT_ONCE])


def _compact(ledger: Ledger, instance: str, old: Sequence[Load]) -> None:
    """Merge these loads with what is merged already."""
    merged, folder = ledger.compacted(instance), ledger.landing_dir / instance
    tables = sorted({*merged["files"], *(name for load in old for name in load.files)} - {_STATE})
    files = {table: [_merge(folder, table, merged["files"].get(table, []), old)] for table in tables}
    loads = [*merged["loads"], *map(as_record, old)]
    write_privately(folder / COMPACTED, {"files": files, "loads": loads})
    _remove_merged(folder, [load.load_id for load in old], files)


def _merge(folder: Path, table: str, before: Sequence[str], loads: Sequence[Load]) -> str:
    """One file of a table's rows, in the order of their loads; returns its name in the instance's folder."""
    name = f"{table}/merged/{loads[-1].load_id}.parquet"
    sources = [*(folder / known for known in before), *(p for load in loads for p in load.files.get(table, ()))]
    target = folder / name
    private_folder(target.parent)
    with duckdb.connect(config={"memory_limit": "1200MB", "temp_directory": str(folder / "_spill")}) as con:
        con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        con.execute(f"copy (from {parquet(sources)}) to {literal(str(target))} (format parquet, compression zstd)")
    sync_with_name(target)
    return name


def _remove_merged(folder: Path, load_ids: Sequence[str], files: Mapping[str, Sequence[str]]) -> None:
    """Remove what belongs to loads that were merged, markers first: without one a load is not looked at."""
    leftovers = set(load_ids)
    for marker in (folder / "_dlt_loads").glob("*__*.jsonl"):
        if marker.name.removesuffix(".jsonl").rpartition("__")[2] in leftovers:
            marker.unlink()
    decided = (path for name in ("_manifest", "_acceptance") for path in (folder / name).glob("*.json"))
    for path in (path for path in decided if path.stem in leftovers):
        path.unlink()
    for path in folder.glob("*/day=*/*.parquet"):
        if ".".join(path.name.split(".")[:2]) in leftovers:
            path.unlink()
    counted = {folder / name for names in files.values() for name in names}
    for path in (path for path in folder.glob("*/merged/*.parquet") if path not in counted):
        path.unlink()
