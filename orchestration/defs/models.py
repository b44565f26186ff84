"""The Python models as assets: they read the intermediate layer and land their results like a source."""

from collections.abc import Iterator

import dagster as dg

from orchestration.models import fit_and_land
from orchestration.resources import HomeRun
from orchestration.steps import one_clear_cause, tell
from orchestration.translators import landing_key, landing_spec
from pipelines.models.tables import TABLES

ORDER_DAYS = dg.AssetKey(["intermediate", "int_customer_order_days"])


@dg.multi_asset(
    name="fit_models",
    description="Lifetime value and attrition risk for every month end and the current day; known results are kept.",
    specs=[landing_spec("models", table).merge_attributes(deps=[ORDER_DAYS]) for table in TABLES],
)
def fit_models(context: dg.AssetExecutionContext, home: HomeRun) -> Iterator[dg.MaterializeResult[None]]:
    """Fits what has no result yet; unchanged input lands nothing."""
    with one_clear_cause():
        landed = fit_and_land(home)
    tell(context, f"models: {sum(landed.values()):,} rows landed")
    for table in TABLES:
        yield dg.MaterializeResult(
            asset_key=landing_key("models", table),
            metadata={"dagster/partition_row_count": landed.get(table, 0)},
        )
