"""Dagster's entry point: loads the folder `defs`, and decides what holds for all of it."""

from pathlib import Path

import dagster as dg

from orchestration.config import Settings
from orchestration.dbt import command_line
from orchestration.resources import Home, Writer


@dg.definitions
def defs() -> dg.Definitions:
    """All definitions; whatever is launched by hand runs in one process, as the warehouse has one writer."""
    settings = Settings.from_environment()
    settings.prepare()
    home = Home()
    shared = {
        "home": home,
        "writer": Writer(home=home),
        "dbt": dg.ResourceDefinition.hardcoded_resource(command_line(settings)),
        "io_manager": dg.mem_io_manager,
    }
    return dg.Definitions.merge(
        dg.load_from_defs_folder(path_within_project=Path(__file__).parent / "defs"),
        dg.Definitions(resources=shared, executor=dg.in_process_executor),
    )
