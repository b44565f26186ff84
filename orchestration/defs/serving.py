"""Publication and what reads it: one version for each run, and the dashboards downstream of it."""

import dagster as dg
import yaml

from orchestration.config import SUPERSET_PROJECT, Settings
from orchestration.defs.transformation import build_marts
from orchestration.operations import operations_tables
from orchestration.publishing import build_version, clean, new_version_id, put_in_service
from orchestration.resources import HomeRun
from orchestration.steps import one_clear_cause, tell

PUBLISHED = dg.AssetKey(["serving", "published_version"])


@dg.asset(
    key=PUBLISHED,
    deps=[build_marts],
    group_name="serving",
    owners=["team:data-engineering"],
    kinds={"duckdb"},
    description="Immutable copy of the marts that Superset reads; `current` points at the one in service.",
)
def published_version(context: dg.AssetExecutionContext, home: HomeRun) -> dg.MaterializeResult[None]:
    """Builds the version, checks the copies, and swaps the symlink unless the run is for a past day."""
    with one_clear_cause():
        past_day = str(home.clock.as_of) if home.clock.is_past else None
        version_id = new_version_id(context.run_id, past_day, home.wall_clock)
        rows = build_version(
            home.settings.serving, version_id, home.warehouse, operations_tables(home, version_id, context.run_id)
        )
        in_service = past_day is None or home.publish
        if in_service:
            put_in_service(home.settings.serving, version_id)
        removed = clean(home.settings.serving)
    tell(context, f"version {version_id} {'published' if in_service else 'made, not in service'}")
    return dg.MaterializeResult(
        metadata={
            "version_id": version_id,
            "in_service": in_service,
            "as_of": str(home.clock.as_of),
            "dagster/row_count": sum(rows.values()),
            "rows": dg.MetadataValue.json(rows),
            "versions_removed": removed,
        }
    )


def _dashboards() -> list[dg.AssetSpec]:
    """Superset's dashboards downstream of the publication, with a link each."""
    port = Settings.from_environment().superset_port
    specs = []
    for path in sorted((SUPERSET_PROJECT / "assets" / "dashboards").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        url = f"http://127.0.0.1:{port}/superset/dashboard/{content['slug']}/"
        specs.append(
            dg.AssetSpec(
                key=["superset", path.stem],
                deps=[PUBLISHED],
                description=content.get("description") or content["dashboard_title"],
                group_name="dashboards",
                owners=["team:analytics"],
                kinds={"superset"},
                metadata={"dashboard": dg.MetadataValue.url(url)},
            )
        )
    return specs


dashboards = _dashboards()
