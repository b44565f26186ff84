"""Commands that start and end the servers of a home."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.home import home, prepared_home

app = typer.Typer()


@app.command()
def serve(
    only: Annotated[list[str] | None, typer.Option(help="sandbox, superset, dagster or daemon; repeatable.")] = None,
) -> None:
    """Start Superset, Dagster and, where the home has one, the sandbox; on loopback."""
    import os

    os.environ["VOXHOUSE_PROGRESS"] = "1"
    from orchestration.servers.stack import serve_all

    serve_all(prepared_home(), only or [])


@app.command()
def stop() -> None:
    """End what this home started."""
    from orchestration.servers.processes import names
    from orchestration.servers.processes import stop as stop_server

    settings = home()
    for name in names(settings):
        print(f"{name}: {'stopped' if stop_server(settings, name) else 'was not running'}")


@app.command()
def demo() -> None:
    """Everything on a simulated world: load it, live through one day, publish, and show the dashboards."""
    import os

    os.environ["VOXHOUSE_PROGRESS"] = "1"
    settings = prepared_home()
    from orchestration.commands.demo import show

    show(settings)
