"""Runs the suites of staging and marts on a build, and keeps all results for the operations tables."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from expectations import CheckResult, ValidationReport
from orchestration.config import utc_now
from orchestration.dbt import entities_of_kinds
from orchestration.warehouse import Warehouse
from pipelines.home import write_privately

Failed = Mapping[str, tuple[CheckResult, ...]]
"""Table to its checks that failed, as warnings or worse."""


def check_staging(warehouse: Warehouse) -> Failed:
    """What failed, by staging or intermediate table."""
    from expectations.validation import validate_staging

    return _kept(warehouse, validate_staging(warehouse.file, warehouse.data_docs / "staging"))


def check_marts(warehouse: Warehouse) -> Failed:
    """What failed, by mart; tables of entities that no configured source feeds may be empty, no other.

    Nothing is sure of a delivery.
    """
    from expectations.validation import validate_marts

    fed_by = entities_of_kinds()
    fed = frozenset(
        entity for known in warehouse.sources.values() if not known.is_delivery for entity in fed_by.get(known.kind, ())
    )
    return _kept(warehouse, validate_marts(warehouse.file, warehouse.data_docs / "marts", fed))


def _kept(warehouse: Warehouse, report: ValidationReport) -> Failed:
    store(warehouse.check_results, report.stage, report)
    return failed_by_table(report)


def failed_by_table(report: ValidationReport) -> Failed:
    """The checks of a validation that failed, by the last part of their table's name for raw loads."""
    found: dict[str, list[CheckResult]] = defaultdict(list)
    for result in report.results:
        if not result.success:
            found[result.suite.partition(".")[2] if report.stage == "raw" else result.table_name].append(result)
    return {table: tuple(results) for table, results in found.items()}


def blocking(failed: Failed) -> list[str]:
    """A line for each check that lets nothing go on."""
    return [result.one_line for results in failed.values() for result in results if result.blocks]


def store(folder: Path, name: str, report: ValidationReport) -> None:
    """Keep what a validation said, in place of what the last one of that name did; a reader sees one of the two."""
    results = [{**asdict(result), "evaluated_at": utc_now().isoformat()} for result in report.results]
    write_privately(folder / f"{name}.json", results)


def stored_results(warehouse: Warehouse) -> list[dict[str, object]]:
    """What the last checks of each stage said, a row a check."""
    return [
        result
        for path in sorted(warehouse.check_results.glob("*.json"))
        for result in json.loads(path.read_text(encoding="utf-8"))
    ]
