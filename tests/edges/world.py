"""A landing zone of hand-made rows, and the warehouse that the project's own SQL makes of it.

A case adds its own brand and its own source instances, so that all cases share one build and none sees another.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from orchestration.config import Settings
from orchestration.warehouse import Warehouse
from pipelines.landing import columns as rules
from pipelines.landing.ledger import Ledger
from pipelines.landing.views import tables_of

PROJECT = Path(__file__).resolve().parents[2] / "dbt_project"
Rows = Sequence[Mapping[str, Any]]


def _numbered(table: str, number: int) -> dict[str, int]:
    """The record's number; what a file's bytes add up to is no record of it."""
    return {} if table == "control_totals" else {"_record_number": number}


@dataclass
class World:
    """Brands, their sources, and what these landed; `now` is the home's clock, UTC."""

    settings: Settings
    now: datetime
    brands: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    drops: dict[str, str] = field(default_factory=dict)
    """Name of a drop to its brand."""
    loads: int = 0
    project: Path = PROJECT
    """The dbt project that builds it."""

    def brand(self, brand_id: str, **said: Any) -> str:
        """An own brand in Paris unless something else is said; returns its id."""
        self.brands[brand_id] = {"name": brand_id, "ownership": "own", "timezone": "Europe/Paris", **said}
        return brand_id

    def source(self, kind: str, brand_id: str, **said: Any) -> str:
        """An API source of a brand; returns its name."""
        name = f"{brand_id}_{kind}"
        needs = {"shopify": {"base_url": "https://shop.example"}, "instagram": {"account_id": "1"}}
        self.sources[name] = {"kind": kind, "brand": brand_id, **needs.get(kind, {}), **said}
        return name

    def drop(self, brand_id: str, name: str = "drop") -> str:
        """A file drop of a brand, whose rows `land` brings as if its files had been read; returns its name."""
        instance = f"{brand_id}_{name}"
        folder = self.settings.layout.inbox / instance
        folder.mkdir(parents=True)
        mapped = [{"entity": "customers", "columns": {"customer_id": "id"}}]
        content = {"brand": brand_id, "files": [{"match": "*.csv", "entities": mapped}]}
        (folder / "drop.yml").write_text(yaml.safe_dump(content), encoding="utf-8")
        self.drops[instance] = brand_id
        return instance

    def land(self, instance: str, at: datetime | None = None, **tables: Rows) -> None:
        """One accepted load of an instance, read `at` (now, where nothing is said); columns left out are NULL.

        Rows of a drop come from one file a table, unless they name their `_source_file`.
        """
        is_drop = instance in self.drops
        kind = "file_drop" if is_drop else self.sources[instance]["kind"]
        brand = self.drops[instance] if is_drop else self.sources[instance]["brand"]
        read_at = at or self.now
        self.loads += 1
        load_id = f"{read_at.timestamp():.0f}.{self.loads:06d}"
        system = {"brand_id": brand, "source_instance": instance, "_observed_at": read_at}
        landed: dict[str, Rows] = dict(tables)
        if is_drop:
            landed = {t: [{"_source_file": f"{t}.csv", **_numbered(t, n), **r} for n, r in enumerate(rows)]
                      for t, rows in tables.items()}  # fmt: skip
            files = {(row["_source_file"], table) for table, rows in landed.items() for row in rows}
            landed["files"] = [{"_source_file": file, "table_name": table} for file, table in sorted(files)]
        for table, rows in landed.items():
            self._write(instance, kind, load_id, table, [{**system, **row} for row in rows])
        marker = self.settings.layout.landing / instance / "_dlt_loads" / f"{kind}__{load_id}.jsonl"
        marker.parent.mkdir(exist_ok=True)
        marker.write_text(json.dumps({"inserted_at": read_at.isoformat()}), encoding="utf-8")
        Ledger(self.settings.layout.landing).accept(load_id, "test", "an edge")

    def _write(self, instance: str, kind: str, load_id: str, table: str, rows: Rows) -> None:
        schema = rules.arrow_schema(rules.landed(tables_of(kind)[table]))
        unknown = {name for row in rows for name in row} - set(schema.names)
        assert not unknown, f"{kind}.{table} has no {unknown}"
        full = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
        full = full.append_column("_dlt_load_id", pa.array([load_id] * full.num_rows, pa.string()))
        day = rows[0]["_observed_at"]
        file = self.settings.layout.landing / instance / table / f"day={day:%Y-%m-%d}" / f"{load_id}.0.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(full, file)

    def build(self, as_of: date | None = None, select: str = "*") -> duckdb.DuckDBPyConnection:
        """Models, without those in Python, as of a day (None: the home's own); the warehouse, read-only."""
        content = {"brands": self.brands, "sources": self.sources}
        self.settings.layout.brands_file.write_text(yaml.safe_dump(content), encoding="utf-8")
        self.settings.layout.clock_file.write_text(json.dumps({"now": self.now.isoformat()}), encoding="utf-8")
        warehouse = Warehouse.of(self.settings, as_of)
        warehouse.open_landing()
        target = warehouse.folder / "target"
        environment = {**os.environ, **self.settings.tool_environment(), "VOXHOUSE_WAREHOUSE": str(warehouse.file)}
        done = subprocess.run(
            [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--exclude-resource-type", "unit_test",
             "test", "semantic_model", "metric", "saved_query", "--select", select,
             "--project-dir", str(self.project), "--profiles-dir", str(self.project)],
            env={**environment, "DBT_TARGET_PATH": str(target)}, capture_output=True, text=True, timeout=600,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]
        connection = duckdb.connect(str(warehouse.file), read_only=True)
        schemas = "marts,finance,intermediate" if select == "*" else "intermediate"
        connection.execute(f"set timezone = 'UTC'; set search_path = '{schemas}'")
        return connection
