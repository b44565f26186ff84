"""`voxhouse clock`: the day that a home lives on."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.home import home

app = typer.Typer()


@app.command()
def clock(
    day: Annotated[str, typer.Argument(help="Day that the home is to live on, YYYY-MM-DD; none: show it.")] = "",
    today: Annotated[bool, typer.Option("--today", help="Go by the time of the wall again.")] = False,
) -> None:
    """Show the home's business clock, or set it: for data that end long ago."""
    from orchestration.clock import remove_clock, set_clock, told_clock
    from pipelines.errors import ConfigError

    settings = home()
    if day and today:
        raise ConfigError("a day and --today at once", "voxhouse clock", "give one of them")
    if today:
        remove_clock(settings)
    elif day:
        set_clock(settings, day)
    print(told_clock(settings))
