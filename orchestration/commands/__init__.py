"""The `voxhouse` command, a module a group of commands. Imports of weight are inside them: `--help` answers at once."""

from __future__ import annotations

import sys

import typer

from orchestration.commands import clock, drop, loads, sandbox, serve, warehouse

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The voice of customers and what they are worth: load, prove, publish, look.",
)
app.add_typer(warehouse.app)
app.add_typer(serve.app)
app.add_typer(clock.app)
app.add_typer(drop.app, name="drop")
app.add_typer(loads.app, name="loads")
app.add_typer(sandbox.app, name="sandbox")


def main() -> None:
    """Run a command; an error that we know is one line on standard error and exit code 1."""
    from pipelines.errors import PipelineError

    try:
        app()
    except PipelineError as error:
        print(f"voxhouse: {error}", file=sys.stderr)
        sys.exit(1)
