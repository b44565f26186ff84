"""A landing zone of 10,000 loads of one source, before and after its small files are merged."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from orchestration.commands.console import print_table
from pipelines.landing import columns as rules
from pipelines.landing.compaction import compact
from pipelines.landing.ledger import FORMAT, Ledger
from pipelines.landing.streams import STREAMS
from pipelines.landing.views import register_views, tables_of

LOADS, ROWS = 10_000, 20
KIND, TABLE = "hubspot", "contacts"


def _fill(folder: Path) -> None:
    """Loads as the ledger has them once they are accepted."""
    schemas = {TABLE: rules.arrow_schema(rules.landed(tables_of(KIND)[TABLE])), "_streams": rules.arrow_schema(STREAMS)}
    for name in ("_dlt_loads", "_manifest", "_acceptance"):
        (folder / name).mkdir(parents=True)
    for name in schemas:
        (folder / name / "day=2026-06-30").mkdir(parents=True)
    (folder.parent / "format.json").write_text(json.dumps({"format": FORMAT}))
    for number in range(LOADS):
        load_id = f"{1_780_000_000 + number}.5"
        files = {}
        for name, schema in schemas.items():
            path = folder / name / "day=2026-06-30" / f"{load_id}.0.parquet"
            rows = pa.table({f.name: pa.nulls(ROWS, f.type) for f in schema})
            pq.write_table(rows.append_column("_dlt_load_id", pa.array([load_id] * ROWS)), path)
            files[name] = [str(path.relative_to(folder))]
        (folder / "_dlt_loads" / f"{KIND}__{load_id}.jsonl").write_text("{}")
        manifest = {"completed_at": "2026-06-30T00:00:00+00:00", "files": files, "rows": dict.fromkeys(files, ROWS)}
        (folder / "_manifest" / f"{load_id}.json").write_text(json.dumps(manifest))
        decision = {"status": "accepted", "by": "bench", "reason": ""}
        (folder / "_acceptance" / f"{load_id}.json").write_text(json.dumps(decision))


def _seconds(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return round(time.monotonic() - started, 2)


def measure() -> None:
    """Print seconds before and after, the merge, and the peak memory."""
    with tempfile.TemporaryDirectory(prefix="voxhouse-bench-") as place:
        landing = Path(place)
        _fill(landing / "crm")
        ledger = Ledger(landing)

        def look() -> None:
            with duckdb.connect() as con:
                register_views(con, ledger, [f"{KIND}__{TABLE}"])

        def count() -> None:
            with duckdb.connect() as con:
                con.execute("set enable_progress_bar = false")
                register_views(con, ledger, [f"{KIND}__{TABLE}", "streams"])
                counted = con.execute(f"select count(*) from landing.{KIND}__{TABLE}").fetchall()
            if counted != [(LOADS * ROWS,)]:
                raise RuntimeError(f"read {counted}")

        works = {"list the loads": lambda: ledger.loads("crm"), "register a view": look, "read it": count}
        before = {name: _seconds(work) for name, work in works.items()}
        merging = _seconds(lambda: compact(ledger, "crm"))
        rows = [(name, before[name], _seconds(work)) for name, work in works.items()]
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{LOADS:,} loads of one source; merging them took {merging} s, peak memory {memory:.0f} MB")
    print_table(["to", "before s", "after s"], rows)
