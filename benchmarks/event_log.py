"""The events of a run of 100 assets and 300 checks, written by Dagster's event log and by the kept one."""

# No postponed annotations: Dagster reads those of the decorated function.

import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median
from unittest.mock import patch

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.events.log import EventLogEntry
from dagster._core.execution.api import execute_run_iterator
from dagster._core.storage.event_log import SqliteEventLogStorage

from orchestration.commands.console import print_table
from orchestration.instance.event_log import KeptSqliteEventLogStorage

ASSETS, CHECKS_EACH, RUNS = 100, 3, 3
PLANNED = {"ASSET_MATERIALIZATION_PLANNED", "ASSET_CHECK_EVALUATION_PLANNED"}
NAMES = [f"table_{number}" for number in range(ASSETS)]
KEYS = [(name, f"check_{number}") for name in NAMES for number in range(CHECKS_EACH)]


@dg.multi_asset(
    specs=[dg.AssetSpec(name) for name in NAMES],
    check_specs=[dg.AssetCheckSpec(check, asset=name) for name, check in KEYS],
)
def _tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    for name in NAMES:
        yield dg.MaterializeResult(asset_key=name, metadata={"rows": 1})
    for name, check in KEYS:
        yield dg.AssetCheckResult(asset_key=name, check_name=check, passed=True, metadata={"share": 0.5})


def _events() -> tuple[list[EventLogEntry], list[EventLogEntry]]:
    """What a real run writes: what is planned, which Dagster writes as a batch, and the rest."""
    definitions = dg.Definitions(assets=[_tables], jobs=[dg.define_asset_job("tables", "*")])
    job = definitions.resolve_job_def("tables")
    quiet = {"execution": {"config": {"in_process": {}}}, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    with dg.DagsterInstance.ephemeral() as instance:
        run = instance.create_run_for_job(job, run_config=quiet)
        for _ in execute_run_iterator(InMemoryJob(job), run, instance):
            pass
        entries = instance.all_logs(run.run_id)
    planned = [e for e in entries if e.is_dagster_event and e.get_dagster_event().event_type_value in PLANNED]
    return planned, [entry for entry in entries if entry not in planned]


@contextmanager
def _counting() -> Iterator[list[str]]:
    """The commits of all SQLite files that are opened meanwhile."""
    commits: list[str] = []
    connect = sqlite3.connect

    def note(statement: str) -> None:
        if statement == "COMMIT":
            commits.append(statement)

    def traced(*args: object, **kwargs: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)  # type: ignore[call-overload]
        connection.set_trace_callback(note)
        return connection

    with patch("sqlite3.dbapi2.connect", traced):
        yield commits


def _write(kind: type[SqliteEventLogStorage], planned: list[EventLogEntry], rest: list[EventLogEntry]) -> list[float]:
    """Seconds, and CPU seconds, from the first event to the last one that a reader finds."""
    with tempfile.TemporaryDirectory(prefix="voxhouse-bench-") as folder:
        storage = kind(folder)
        wall, processor = time.monotonic(), time.process_time()
        storage.store_event_batch(planned)
        for event in rest:
            storage.store_event(event)
        spent = [time.monotonic() - wall, time.process_time() - processor]
        found = len(storage.get_records_for_run(rest[0].run_id).records)
        storage.dispose()
    if found != len(planned) + len(rest):
        raise RuntimeError(f"{found} events of {len(planned) + len(rest)}")
    return spent


def measure() -> None:
    """Print the medians and the median of the ratios, stock and kept in turn; commits are counted in runs apart."""
    planned, rest = _events()
    kinds = {"stock": SqliteEventLogStorage, "kept": KeptSqliteEventLogStorage}
    commits: dict[str, int] = {}
    for name, kind in kinds.items():
        with _counting() as counted:
            _write(kind, planned, rest)
        commits[name] = len(counted)
    runs = [{name: _write(kind, planned, rest) for name, kind in kinds.items()} for _ in range(RUNS)]

    def figures(name: str) -> tuple[object, ...]:
        seconds, cpu = (round(median(run[name][part] for run in runs), 2) for part in (0, 1))
        return name, seconds, cpu, commits[name], round(median(run[name][0] / run["stock"][0] for run in runs), 2)

    print(f"{len(planned) + len(rest):,} events of {ASSETS} assets and {len(KEYS)} checks; {len(planned)} in a batch")
    print_table(["event log", "median s", "CPU s", "commits", "of the stock"], [figures(name) for name in kinds])


if __name__ == "__main__":
    measure()
