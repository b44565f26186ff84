"""Publication and what reads it: one version for each build, and the dashboards downstream of it."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import dagster as dg
import yaml

from orchestration.config import SUPERSET_PROJECT, Settings
from orchestration.dbt import mart_keys
from orchestration.failures import one_clear_cause
from orchestration.progress import tell
from orchestration.publication.publish import Made, publish
from orchestration.resources import Writer
from orchestration.translators import OWNERS, PUBLISHED

EVERY_SOURCE = "every_source_is_in"


@dg.definitions
def defs() -> dg.Definitions:
    """The version that is in service, and the dashboards that show it."""
    settings = Settings.from_environment()
    return dg.Definitions(assets=[_published_version(settings), *_dashboards(settings.superset_port)])


def _published_version(settings: Settings) -> dg.AssetsDefinition:
    spec = dg.AssetSpec(
        PUBLISHED,
        deps=mart_keys(settings),
        group_name="published",
        owners=[OWNERS["landing"]],
        kinds={"duckdb"},
        description="Immutable copy of the marts that Superset reads; `current` points at the one in service.",
        freshness_policy=dg.FreshnessPolicy.cron("0 7 * * *", timedelta(hours=7), timezone=settings.timezone),
    )
    check = dg.AssetCheckSpec(EVERY_SOURCE, asset=PUBLISHED, description="No source is shown as it was before.")

    @dg.multi_asset(name="published_version", specs=[spec], check_specs=[check])
    def step(
        context: dg.AssetExecutionContext, writer: Writer
    ) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
        """Builds the version, checks the copies and swaps the symlink, unless an older one is held in service."""
        with one_clear_cause():
            made = publish(writer.warehouse, context.run.run_id)
        tell(context, made.one_line)
        context.instance.add_run_tags(context.run.run_id, {"voxhouse/version": made.version_id})
        yield dg.MaterializeResult(asset_key=PUBLISHED, metadata=_shown(made))
        behind = "; ".join(made.behind)
        yield dg.AssetCheckResult(
            asset_key=PUBLISHED,
            check_name=EVERY_SOURCE,
            passed=not behind,
            severity=dg.AssetCheckSeverity.WARN,
            description=behind or None,
            metadata={"failed": len(made.behind)},
        )

    return step


def _shown(made: Made) -> dict[str, Any]:
    return {
        "version_id": made.version_id,
        "in_service": made.in_service,
        "as_of": str(made.as_of),
        "dagster/row_count": sum(made.rows.values()),
        "rows": dg.MetadataValue.json(dict(made.rows)),
        "versions_removed": list(made.removed),
    }


def _dashboards(port: int) -> list[dg.AssetSpec]:
    """Superset's dashboards downstream of the publication, with a link each."""
    specs = []
    for path in sorted((SUPERSET_PROJECT / "assets" / "dashboards").glob("*.yaml")):
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        url = f"http://127.0.0.1:{port}/superset/dashboard/{content['slug']}/"
        specs.append(
            dg.AssetSpec(
                key=["superset", path.stem],
                deps=[PUBLISHED],
                description=content.get("description") or content["dashboard_title"],
                group_name="dashboards",
                owners=[OWNERS["marts"]],
                kinds={"superset"},
                metadata={"dashboard": dg.MetadataValue.url(url)},
            )
        )
    return specs
