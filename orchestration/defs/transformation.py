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
    EXECUTABLE,
    MARTS_SELECT,
    build_arguments,
    ensure_manifest,
    project,
)
from orchestration.resources import HomeRun
from orchestration.steps import one_clear_cause, tell
from orchestration.translators import WarehouseTranslator
from orchestration.warehouse import open_landing, row_counts

_SETTINGS = Settings.from_environment()
_SETTINGS.prepare()
_PROJECT = project(_SETTINGS)
MANIFEST = ensure_manifest(_SETTINGS)
TRANSLATOR = WarehouseTranslator()


@dbt_assets(
    name="build_staging",
    manifest=MANIFEST,
    select=BEFORE_MODELS_SELECT,
    exclude=AFTER_MODELS,
    project=_PROJECT,
    dagster_dbt_translator=TRANSLATOR,
)
def build_staging(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeRun) -> Iterator[Any]:
    """Newest versions, one model of accounts, posts, messages, people and orders."""
    with one_clear_cause():
        if home.full_refresh:
            home.warehouse.unlink(missing_ok=True)
        open_landing(home)
    yield from _build(context, dbt, home)


@dbt_assets(
    name="build_marts",
    manifest=MANIFEST,
    select=MARTS_SELECT,
    project=_PROJECT,
    dagster_dbt_translator=TRANSLATOR,
)
def build_marts(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeRun) -> Iterator[Any]:
    """Dimensions, facts and marts, in the schemas marts and finance."""
    with one_clear_cause():
        open_landing(home)
    yield from _build(context, dbt, home)


def _build(context: dg.AssetExecutionContext, dbt: DbtCliResource, home: HomeRun) -> Iterator[Any]:
    invocation = dbt.cli(build_arguments(), context=context)
    events = list(invocation.stream())
    shutil.rmtree(invocation.target_path)
    counts = row_counts(home)
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


RESOURCES = {"dbt": DbtCliResource(project_dir=_PROJECT, dbt_executable=str(EXECUTABLE)), "home": HomeRun()}
