"""Asset keys, groups, owners, kinds and links: the one place that decides how Dagster shows things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from pipelines.landing import columns as rules
from pipelines.landing.views import tables_of
from pipelines.sources import KINDS

OWNERS = {"landing": "team:data-engineering", "marts": "team:analytics", "finance": "team:finance"}


def source_tables() -> dict[str, tuple[str, ...]]:
    """Names of the declared landing tables by source kind."""
    return {kind: tuple(tables_of(kind)) for kind in KINDS}


def landing_key(kind: str, table: str) -> dg.AssetKey:
    """The key of a landing table; the same that dbt's source of that name has."""
    return dg.AssetKey(["landing", f"{kind}__{table}"])


def landing_spec(kind: str, name: str) -> dg.AssetSpec:
    """Asset of one landing table over all instances of its kind."""
    table = tables_of(kind)[name]
    return dg.AssetSpec(
        key=landing_key(kind, name),
        description=table["description"],
        group_name=kind,
        owners=[OWNERS["landing"]],
        kinds={"dlt", "parquet"} if kind != "models" else {"python", "parquet"},
        metadata={"dagster/column_schema": _column_schema(table), "key": ", ".join(rules.key(table))},
    )


def _column_schema(table: rules.Table) -> dg.TableSchema:
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                str(rules.arrow_type(column)),
                column["description"],
                dg.TableColumnConstraints(nullable=not rules.is_required(column)),
            )
            for name, column in rules.landed(table).items()
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
