"""Dagster's entry point: load the defs/ folder, nothing else."""

import dagster as dg

from orchestration import defs as folder
from orchestration.defs.schedules import JOBS, SCHEDULES
from orchestration.defs.transformation import RESOURCES

defs = dg.Definitions(
    assets=dg.load_assets_from_package_module(folder, include_specs=True),
    asset_checks=dg.load_asset_checks_from_package_module(folder),
    jobs=JOBS,
    schedules=SCHEDULES,
    resources=RESOURCES,
)
