"""The Python models as assets: they read the intermediate layer and land their results like a source."""

from collections.abc import Iterator

import dagster as dg

from orchestration.failures import one_clear_cause
from orchestration.fitting import fit_and_land
from orchestration.progress import tell
from orchestration.resources import Writer
from orchestration.translators import landing_key, landing_spec
from pipelines.landing.views import RESULTS
from pipelines.models.tables import TABLES

INPUTS = [dg.AssetKey(["intermediate", f"int_customer_{name}_days"]) for name in ("order", "refund")]


@dg.multi_asset(
    name="fit_models",
    description="Lifetime value and attrition risk for every month end and the current day; known results are kept.",
    specs=[
        landing_spec(RESULTS, table).replace_attributes(deps=INPUTS, group_name="value", kinds={"python", "parquet"})
        for table in TABLES
    ],
)
def fit_models(context: dg.AssetExecutionContext, writer: Writer) -> Iterator[dg.MaterializeResult[None]]:
    """Fits what has no result yet; unchanged input lands nothing."""
    with one_clear_cause():
        landed = fit_and_land(writer.warehouse)
    tell(context, f"fit_models: {sum(landed.values()):,} rows landed")
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=landing_key(RESULTS, table), metadata={"rows_landed": landed.get(table, 0)}
        )
