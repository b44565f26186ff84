"""`voxhouse loads`: what landed, and what a person decides of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from orchestration.commands.home import home

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.landing.ledger import Ledger

app = typer.Typer(invoke_without_command=True, help="List the loads of the landing zone; accept or reject held ones.")


@app.callback()
def loads(context: typer.Context) -> None:
    """List loads, newest first."""
    if context.invoked_subcommand:
        return
    from orchestration.commands.console import print_table
    from pipelines.landing.ledger import Ledger

    rows = [
        (load.load_id, load.source_instance, load.completed_at, load.status, sum(load.rows.values()), load.reason or "")
        for load in reversed(Ledger(home().layout.landing).loads())
    ]
    print_table(["load", "source", "completed at (UTC)", "status", "rows", "reason"], rows)


@app.command()
def accept(load_id: str, reason: Annotated[str, typer.Option(help="Why it is good.")] = "accepted by a person") -> None:
    """Let readers count a held load."""
    ledger = ledger_with(home().layout.landing, load_id)
    ledger.accept(load_id, person(), reason)
    print(f"accepted: {load_id}; the next run counts it")


@app.command()
def reject(load_id: str, reason: Annotated[str, typer.Option(help="Why it is bad.")] = "rejected by a person") -> None:
    """Keep readers from ever counting a load."""
    ledger = ledger_with(home().layout.landing, load_id)
    ledger.reject(load_id, person(), reason)
    print(f"rejected: {load_id}")


def ledger_with(landing: Path, load_id: str) -> Ledger:
    """The ledger in which a load can be decided on; raises ConfigError for any other id, and makes no landing zone."""
    from pipelines.errors import ConfigError, shown
    from pipelines.landing.ledger import Ledger, format_of

    if format_of(landing) is None:
        raise ConfigError(f"there is no complete load '{shown(load_id)}'", str(landing), "see `voxhouse loads`")
    ledger = Ledger(landing)
    ledger.find(load_id)
    return ledger


def person() -> str:
    """Who decides: the name of this process's user, or the number of one who has no name."""
    import getpass
    import os

    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"
