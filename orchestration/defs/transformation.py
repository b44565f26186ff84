"""dbt's two stages as assets: staging and intermediate before the Python models, marts after them."""

import shutil
from collections.abc import Iterator
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, dbt_assets

from orchestration.config import Settings
from orchestration.dbt import (
    AFTER_MODELS,
    BEFORE_MODELS_SELECT,
    MARTS_SELECT,
    build_arguments,
    manifest,
    project,
)
from orchestration.failures import one_clear_cause
from orchestration.progress import tell
from orchestration.resources import Writer
from orchestration.translators import WarehouseTranslator
from pipelines.landing.readings import require


@dg.definitions
def defs() -> dg.Definitions:
    """Two steps, an asset a model, a check a test."""
    settings = Settings.from_environment()
    content, shown = manifest(settings), project(settings)

    @dbt_assets(
        name="build_staging",
        manifest=content,
        select=BEFORE_MODELS_SELECT,
        exclude=AFTER_MODELS,
        project=shown,
        dagster_dbt_translator=WarehouseTranslator(),
    )
    def build_staging(context: dg.AssetExecutionContext, dbt: DbtCliResource, writer: Writer) -> Iterator[Any]:
        """Newest versions, one model of accounts, posts, messages, people and orders."""
        with one_clear_cause():
            _begin(writer)
        yield from _build(context, dbt, writer)

    @dbt_assets(
        name="build_marts",
        manifest=content,
        select=MARTS_SELECT,
        project=shown,
        dagster_dbt_translator=WarehouseTranslator(),
    )
    def build_marts(context: dg.AssetExecutionContext, dbt: DbtCliResource, writer: Writer) -> Iterator[Any]:
        """Dimensions, facts and marts, in the schemas marts and finance."""
        yield from _build(context, dbt, writer)

    return dg.Definitions(assets=[build_staging, build_marts])


def _begin(writer: Writer) -> None:
    """Start from an empty file where that is asked for, and not at all where a required source is missing."""
    warehouse = writer.warehouse
    require(warehouse.ledger, warehouse.brands.required_sources, warehouse.sources)
    if writer.home.full_refresh:
        warehouse.file.unlink(missing_ok=True)


def _build(context: dg.AssetExecutionContext, dbt: DbtCliResource, writer: Writer) -> Iterator[Any]:
    with one_clear_cause():
        warehouse = writer.warehouse
        warehouse.open_landing()
    invocation = dbt.cli(build_arguments(), context=context)
    events = list(invocation.stream())
    shutil.rmtree(invocation.target_path)
    counts = warehouse.row_counts()
    built = 0
    for event in events:
        if isinstance(event, dg.Output):
            key = context.asset_key_for_output(event.output_name)
            rows = counts.get(tuple(key.path))
            built += 1
            yield event if rows is None else event.with_metadata({**event.metadata, "dagster/row_count": rows})
        else:
            yield event
    tell(context, f"{context.op_def.name}: {built} tables built and tested")
