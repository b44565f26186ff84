"""Runs the stages' suites on a run's data, decides on loads, and keeps the results for the operations tables."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from statistics import median

from expectations import MART_TABLES, STAGING_TABLES, RawLoad, ValidationReport
from orchestration.resources import HomeRun
from pipelines.credentials import KeptTokens
from pipelines.landing import columns as rules
from pipelines.landing.ledger import Ledger, Load
from pipelines.landing.loading import instances
from pipelines.landing.views import query, tables_of
from pipelines.sources import configuration

__all__ = ["MART_TABLES", "STAGING_TABLES", "check_loads", "check_marts", "check_staging", "stored_results"]
# Loads of an instance by whose volumes a new one is judged.
TRAILING_LOADS = 14


def check_loads(run: HomeRun) -> dict[tuple[str, str], list[str]]:
    """Check the newest undecided load of every source and accept it when nothing fails.

    Returns the faults by (kind, table). Older undecided loads are superseded: the newest has read all that they did.
    """
    from expectations.validation import validate_raw

    ledger = Ledger(run.settings.layout.landing)
    newest = {load.source_instance: load for load in ledger.held()}
    if not newest:
        return {}
    report = validate_raw([_raw_load(run, load, ledger) for load in newest.values()], _docs(run, "raw"))
    _store(run, report)
    faults: dict[tuple[str, str], list[str]] = defaultdict(list)
    failed = set()
    for failure in report.failures:
        instance, _, table = failure.suite.partition(".")
        failed.add(instance)
        faults[newest[instance].kind, table].append(failure.one_line)
    for instance, load in newest.items():
        if instance not in failed:
            ledger.accept(load.load_id, "raw checks", "all raw checks passed")
    return faults


def _raw_load(run: HomeRun, load: Load, ledger: Ledger) -> RawLoad:
    rows: dict[str, list[int]] = defaultdict(list)
    for other in ledger.accepted(load.source_instance)[-TRAILING_LOADS:]:
        for table, count in other.rows.items():
            rows[table].append(count)
    tables, quality = tables_of(load.kind), run.brands.quality
    return RawLoad(
        instance=load.source_instance,
        kind=load.kind,
        load_id=load.load_id,
        files=load.files,
        median_rows={table: median(counts) for table, counts in rows.items() if len(counts) >= 3},
        # Two files of one drop may hold the same record, the newer one's counts.
        keys={name: (*rules.key(table), *_file(table)) for name, table in tables.items()},
        versions={name: rules.version(table) for name, table in tables.items()},
        past_records=_past_records(ledger, load, quality.quarantine_window_records),
        is_delivery=configuration(load.kind).is_delivery,
        ends=_ends(run, load.source_instance),
        now=run.now,
        max_quarantined_share=quality.quarantine_max_share,
        min_quarantined=quality.quarantine_min_records,
        min_volume_share=quality.volume_min_share_of_median,
    )


def _ends(run: HomeRun, instance: str) -> list[tuple[str, datetime]]:
    """What of a configured source ends, and when."""
    layout = run.settings.layout
    known = instances(layout, run.brands).get(instance)
    if known is None:
        return []
    return [(what, at) for what, at, _ in known.ends(KeptTokens.of(layout.pii, instance).ends_at)]


def _past_records(ledger: Ledger, load: Load, window: int) -> dict[str, tuple[int, int]]:
    """Table to records landed and quarantined of the newest accepted loads that hold `window` of them together."""
    sql = f"""
        select table_name, sum(records_landed)::bigint, sum(records_quarantined)::bigint
        from (
            select *, sum(records_landed + records_quarantined) over (
                partition by table_name order by _dlt_load_id desc rows between unbounded preceding and 1 preceding
            ) as newer
            from landing.streams where source_instance = '{load.source_instance}' and _dlt_load_id < '{load.load_id}'
        )
        where coalesce(newer, 0) < {window} group by table_name
    """
    rows = query(ledger, sql, ["streams"]).to_pylist()
    return {table: (landed, bad) for table, landed, bad in (row.values() for row in rows)}


def _file(table: rules.Table) -> tuple[str, ...]:
    return ("_source_file",) if "_source_file" in table["columns"] else ()


def check_staging(run: HomeRun) -> dict[str, list[str]]:
    """Faults by staging or intermediate table."""
    from expectations.validation import validate_staging

    return _faults(run, validate_staging(run.warehouse, _docs(run, "staging")))


def check_marts(run: HomeRun) -> dict[str, list[str]]:
    """Faults by mart; tables of entities that no configured source feeds may be empty, no other."""
    from expectations.validation import validate_marts

    configured = instances(run.settings.layout, run.brands).values()
    fed = frozenset(entity for known in configured for entity in known.feeds.values())
    return _faults(run, validate_marts(run.warehouse, _docs(run, "marts"), fed))


def _faults(run: HomeRun, report: ValidationReport) -> dict[str, list[str]]:
    _store(run, report)
    faults: dict[str, list[str]] = defaultdict(list)
    for failure in report.failures:
        faults[failure.table_name].append(failure.one_line)
    return faults


def _docs(run: HomeRun, stage: str) -> Path:
    return run.settings.data_docs / stage


def _store(run: HomeRun, report: ValidationReport) -> None:
    folder = _results_folder(run)
    folder.mkdir(parents=True, exist_ok=True)
    results = [{**asdict(result), "evaluated_at": run.wall_clock.isoformat()} for result in report.results]
    (folder / f"{report.stage}.json").write_text(json.dumps(results), encoding="utf-8")


def stored_results(run: HomeRun) -> list[dict[str, object]]:
    """What the last checks of each stage said, a row a check."""
    return [
        result
        for path in sorted(_results_folder(run).glob("*.json"))
        for result in json.loads(path.read_text(encoding="utf-8"))
    ]


def _results_folder(run: HomeRun) -> Path:
    return run.settings.home / "warehouse" / "check_results"
