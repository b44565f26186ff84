"""Asset keys, groups, owners, kinds and links: the one place that decides how Dagster shows things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from pipelines.landing import tables_of
from pipelines.schema import Table
from pipelines.sources import KINDS

OWNERS = {"landing": "team:data-engineering", "marts": "team:analytics", "finance": "team:finance"}


def source_tables() -> dict[str, tuple[Table, ...]]:
    """Declared landing tables by source kind."""
    return {kind: tables_of(kind) for kind in KINDS}


def landing_key(kind: str, table: Table | str) -> dg.AssetKey:
    """The key of a landing table; the same that dbt's source of that name has."""
    name = table if isinstance(table, str) else table.name
    return dg.AssetKey(["landing", f"{kind}__{name}"])


def landing_spec(kind: str, table: Table) -> dg.AssetSpec:
    """Asset of one landing table over all instances of its kind."""
    return dg.AssetSpec(
        key=landing_key(kind, table),
        description=table.description,
        group_name=kind,
        owners=[OWNERS["landing"]],
        kinds={"dlt", "parquet"} if kind != "models" else {"python", "parquet"},
        metadata={"dagster/column_schema": _column_schema(table), "key": ", ".join(table.key)},
    )


def _column_schema(table: Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(c.name, str(c.type), c.description, dg.TableColumnConstraints(nullable=not c.required))
            for c in table.all_columns
        ]
    )


class WarehouseTranslator(DagsterDbtTranslator):
    """dbt models are keyed and grouped by their schema; sources by the landing table that they read."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True))

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """schema/name for models and seeds, landing/name for sources."""
        if dbt_resource_props["resource_type"] == "source":
            return dg.AssetKey(["landing", dbt_resource_props["identifier"]])
        return dg.AssetKey([dbt_resource_props["schema"], dbt_resource_props["name"]])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The library's spec with our owner and group."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        schema = spec.key.path[0]
        return spec.replace_attributes(
            owners=[OWNERS.get(schema, "team:data-engineering")],
            group_name=schema,
        )
