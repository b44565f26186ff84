"""Runs the suites of a stage, writes its Data Docs and reports: the only module that touches the library's context.

The library takes seconds to import, hence inside the functions. All that a validation leaves behind is the static
site in `docs_dir`; the DuckDB file is closed when a function returns or raises.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from expectations.interface import MART_TABLES, STAGING_TABLES, CheckResult, RawLoad, ValidationReport

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

_BEACON = re.compile(r"https://great-expectations-web-assets[^\"']*")
"""Pictures that every page fetches from the vendor, with the moment of the build: who looks at a site is not told."""


def validate_raw(loads: Sequence[RawLoad], docs_dir: Path) -> ValidationReport:
    """Check the tables of new loads, at most one load an instance; a result's suite is `<instance>.<table>`."""
    from expectations import raw
    from expectations.landed import expose

    with closing(_Stage("raw", docs_dir, warehouse=None)) as stage:
        for load in loads:
            of_the_source = [raw.lasts(load, what, ends_at) for what, ends_at in load.ends]
            for table, columns in expose(stage.query, load).items():
                suite = [*raw.suite(load, table, columns), *of_the_source]
                of_the_source = []
                stage.check(f"{load.instance}.{table}", suite, table_name=f"{load.kind}.{table}")
        return stage.report()


def validate_staging(warehouse: Path, docs_dir: Path) -> ValidationReport:
    """Check schema intermediate of a warehouse file, which is opened read-only."""
    from expectations import staging

    with closing(_Stage("staging", docs_dir, warehouse)) as stage:
        for table in STAGING_TABLES:
            stage.check(table, staging.suite(table))
        return stage.report()


def validate_marts(warehouse: Path, docs_dir: Path, fed: frozenset[str]) -> ValidationReport:
    """Check schemas marts and finance, read-only; a table of entities that no configured source feeds may be empty."""
    from expectations import marts

    with closing(_Stage("marts", docs_dir, warehouse)) as stage:
        for table in MART_TABLES:
            stage.check(table, marts.suite(table, fed))
        return stage.report()


class _Stage:
    """One run of one stage: a context without files, one DuckDB connection, and the results so far."""

    def __init__(self, name: str, docs_dir: Path, warehouse: Path | None) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx

        from expectations.duckdb_source import add_duckdb

        self._name, self._docs_dir = name, docs_dir
        self._results: list[CheckResult] = []
        self._context = gx.get_context(mode="ephemeral", project_config=_configuration(docs_dir))
        self._source = add_duckdb(self._context, name, warehouse)

    def close(self) -> None:
        """Close the DuckDB file."""
        self._source.close()

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a statement, on the connection of the checks."""
        rows: list[tuple[Any, ...]] = self._source.query(sql)
        return rows

    def check(self, table: str, expectations: Sequence[Expectation], table_name: str | None = None) -> None:
        """Run the suite of one table, `schema.table`, as one batch; results bear `table_name`, or the table's own."""
        from great_expectations import ExpectationSuite, ValidationDefinition
        from great_expectations.datasource.fluent.interfaces import TestConnectionError

        schema, _, name = table.partition(".")
        place = _Place(self._name, table, table_name or table)
        try:
            asset = self._source.add_table_asset(table, table_name=name, schema_name=schema)
        except TestConnectionError:
            self._results.append(place.missing())
            return
        suite = self._context.suites.add(ExpectationSuite(table, expectations=list(expectations)))
        batch = asset.add_batch_definition_whole_table("all rows")
        definition = self._context.validation_definitions.add(ValidationDefinition(name=table, data=batch, suite=suite))
        self._results.extend(map(place.read, definition.run(result_format="SUMMARY").results))

    def report(self) -> ValidationReport:
        """Write the Data Docs of all that was checked, in place of those of the last time."""
        for section in ("expectations", "validations"):
            shutil.rmtree(self._docs_dir / section, ignore_errors=True)
        self._context.build_data_docs()
        for page in self._docs_dir.rglob("*.html"):
            page.write_text(_BEACON.sub("data:,", page.read_text(encoding="utf-8")), encoding="utf-8")
        return ValidationReport(self._name, tuple(self._results))


def _configuration(docs_dir: Path) -> Any:
    """A context in memory, without telemetry, whose only files are a site in `docs_dir`."""
    from great_expectations.data_context.types.base import (
        DataContextConfig,
        InMemoryStoreBackendDefaults,
        ProgressBarsConfig,
    )

    site = {
        "class_name": "SiteBuilder",
        "show_how_to_buttons": False,
        "store_backend": {"class_name": "TupleFilesystemStoreBackend", "base_directory": str(docs_dir.absolute())},
        "site_index_builder": {"class_name": "DefaultSiteIndexBuilder"},
        "site_section_builders": {"profiling": "None"},
    }
    return DataContextConfig(
        analytics_enabled=False,
        data_docs_sites={"voxhouse": site},
        progress_bars=ProgressBarsConfig(globally=False),
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
    )


@dataclass(frozen=True)
class _Place:
    """Where a check stands, and how what the library says of it becomes one of our results."""

    stage: str
    suite: str
    table_name: str

    def missing(self) -> CheckResult:
        """The table is not there, or is a view on what is not there."""
        return CheckResult(
            self.stage, self.suite, self.table_name, "table_readable", None, False, "critical", "cannot be read", None
        )

    def read(self, result: ExpectationValidationResult) -> CheckResult:
        """One result of the library."""
        config = result.expectation_config
        if config is None:
            raise ValueError(f"a result of {self.suite} names no expectation")
        meta = config.meta or {}
        return CheckResult(
            self.stage,
            self.suite,
            self.table_name,
            meta["check"],
            meta["column"] or config.kwargs.get("column"),
            bool(result.success),
            str(config.severity.value),
            _observed(result),
            meta["expected"],
        )


def _observed(result: ExpectationValidationResult) -> str:
    """What was seen, in words; a query that the database refused is told in its first line."""
    for fault in _faults(result.exception_info or {}):
        return f"could not be checked: {fault}"
    seen = result.result
    if "unexpected_count" not in seen:
        return str(seen.get("observed_value"))
    examples = ", ".join(str(value) for value in seen.get("partial_unexpected_list", [])[:3])
    # An empty table has no unexpected_count.
    bad, all_values = seen["unexpected_count"] or 0, seen["element_count"] or 0
    return f"{bad:,} of {all_values:,} values" + (f", e.g. {examples}" if examples else "")


def _faults(exception_info: Mapping[str, Any]) -> Iterator[str]:
    """First lines of the messages; the library nests them by metric."""
    for value in [exception_info, *exception_info.values()]:
        if isinstance(value, Mapping) and value.get("raised_exception", False):
            yield str(value["exception_message"]).strip().partition("\n")[0]
