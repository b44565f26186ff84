"""Assets and checks small enough for a test of the instance around them."""

from collections.abc import Iterator

import dagster as dg


@dg.multi_asset(
    specs=[dg.AssetSpec(name) for name in ("a", "b", "c")],
    check_specs=[dg.AssetCheckSpec("full", asset=name) for name in ("a", "b", "c")],
)
def tables(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None] | dg.AssetCheckResult]:
    for name in ("a", "b", "c"):
        yield dg.MaterializeResult(asset_key=name)
        yield dg.AssetCheckResult(asset_key=name, check_name="full", passed=True)


defs = dg.Definitions(assets=[tables], jobs=[dg.define_asset_job("trial", "*")])
trial = defs.resolve_job_def("trial")
