"""Asset keys, groups, owners, kinds, links and words: the one place that decides how Dagster shows things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings, DbtProject

from expectations import CheckResult
from orchestration.config import Settings
from pipelines.landing import columns as rules
from pipelines.landing.views import tables_of

OWNERS = {"landing": "team:data-engineering", "marts": "team:analytics", "finance": "team:finance"}
PUBLISHED = dg.AssetKey(["serving", "published_version"])


def source_key(instance: str) -> dg.AssetKey:
    """The key of a configured source."""
    return dg.AssetKey(["sources", instance])


def landing_key(kind: str, table: str) -> dg.AssetKey:
    """The key of a landing table; the same that dbt's source of that name has."""
    return dg.AssetKey(["landing", f"{kind}__{table}"])


def landing_spec(kind: str, name: str) -> dg.AssetSpec:
    """Asset of one landing table over all instances of its kind."""
    table = tables_of(kind)[name]
    return dg.AssetSpec(
        key=landing_key(kind, name),
        description=table["description"],
        group_name="sources",
        owners=[OWNERS["landing"]],
        kinds={"dlt", "parquet"},
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


def data_docs(stage: str) -> dg.MetadataValue:
    """The link to Great Expectations' pages of a stage, served beside Dagster's own."""
    port = Settings.from_environment().dagster_port
    return dg.MetadataValue.url(f"http://127.0.0.1:{port}/data_docs/{stage}/index.html")


def shown_check(
    key: dg.AssetKey,
    name: str,
    failed: Sequence[CheckResult],
    page: dg.MetadataValue,
    remedy: str,
    figures: Mapping[str, float],
) -> dg.AssetCheckResult:
    """A suite's result on one table: what failed and what to do in one line, and as a warning when nothing blocks."""
    blocks = any(result.blocks for result in failed)
    rows = [
        dg.TableRecord({"check": r.check_name, "column": r.column_name or "", "level": r.severity, "said": r.one_line})
        for r in failed
    ]
    return dg.AssetCheckResult(
        asset_key=key,
        check_name=name,
        passed=not failed,
        severity=dg.AssetCheckSeverity.WARN if failed and not blocks else dg.AssetCheckSeverity.ERROR,
        description="; ".join([*(result.one_line for result in failed), remedy]) if failed else None,
        metadata={
            "failed": len(failed),
            "data_docs": page,
            **figures,
            **({"failed_expectations": dg.MetadataValue.table(rows)} if rows else {}),
        },
    )


class WarehouseTranslator(DagsterDbtTranslator):
    """dbt models are keyed by their schema and grouped as dbt_project.yml says; sources are the landing tables."""

    def __init__(self) -> None:
        super().__init__(DagsterDbtTranslatorSettings(enable_asset_checks=True, enable_code_references=True))

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """What the model's author says of it, without its SQL."""
        return str(dbt_resource_props.get("description") or dbt_resource_props["name"])

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """The library's spec with our key and owner."""
        props = self.get_resource_props(manifest, unique_id)
        spec = super().get_asset_spec(manifest, unique_id, project)
        if props["resource_type"] == "source":
            return spec.replace_attributes(key=dg.AssetKey(["landing", props["identifier"]]))
        return spec.replace_attributes(
            key=dg.AssetKey([props["schema"], props["name"]]),
            owners=[OWNERS.get(props["schema"], OWNERS["landing"])],
        )

    def get_asset_check_spec(
        self, asset_spec: dg.AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetCheckSpec | None:
        """The library's spec with what the test says of itself, else its kind and arguments."""
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=_said_of_test(self.get_resource_props(manifest, unique_id)))


def _said_of_test(props: Mapping[str, Any]) -> str:
    kind = props.get("test_metadata") or {"name": props["name"], "kwargs": {}}
    told = [f"{name} {value}" for name, value in kind["kwargs"].items() if name != "model"]
    return str(props.get("description") or ": ".join(filter(None, [kind["name"], ", ".join(told)])))
