"""The warehouse as one run builds it: its day, its DuckDB file, the landing views in it, the rows of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.clock import home_now, run_clock
from orchestration.config import Settings, utc_now
from pipelines.brands import Brands, load_brands
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import instances
from pipelines.landing.views import RunClock, register
from pipelines.sources import SourceConfiguration


@dataclass(frozen=True, slots=True)
class Warehouse:
    """What one build is made from; a past day has a folder of its own, and so touches nothing of today's."""

    settings: Settings
    brands: Brands
    now: datetime
    """The business clock when the build began, UTC."""
    clock: RunClock

    @classmethod
    def of(cls, settings: Settings, as_of: date | None = None) -> Warehouse:
        """The warehouse for a day, None: the home's own; raises ConfigError for a day to come or a bad brands.yml."""
        now = home_now(settings.layout.clock_file)
        return cls(settings, load_brands(settings.layout.brands_file), now, run_clock(now, as_of))

    @property
    def folder(self) -> Path:
        """Where everything is that the build leaves behind."""
        return self.settings.past_folder(self.clock.as_of) if self.clock.is_past else self.settings.warehouse_folder

    @property
    def file(self) -> Path:
        """The DuckDB file in which dbt builds."""
        return self.folder / "warehouse.duckdb"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages about this build."""
        return self.folder / "data_docs" if self.clock.is_past else self.settings.data_docs

    @property
    def check_results(self) -> Path:
        """What the last checks of each stage said."""
        return self.folder / "check_results"

    @property
    def wall_clock(self) -> datetime:
        """When this is happening, UTC; only versions and checks are stamped with it."""
        return utc_now()

    @property
    def ledger(self) -> Ledger:
        """The loads of the landing zone."""
        return Ledger(self.settings.layout.landing)

    @property
    def sources(self) -> Mapping[str, SourceConfiguration]:
        """The configured sources, by name."""
        return instances(self.settings.layout, self.brands)

    def open_landing(self) -> None:
        """Make the landing views and configuration tables of this build."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with duckdb.connect(str(self.file)) as connection:
            register(connection, self.ledger, self.brands, self.sources, self.clock)

    def row_counts(self) -> dict[tuple[str, ...], int]:
        """Rows by (schema, table), as DuckDB's catalogue knows them."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            rows = connection.execute("select schema_name, table_name, estimated_size from duckdb_tables()").fetchall()
        return {(schema, name): int(size) for schema, name, size in rows}
