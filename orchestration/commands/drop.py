"""`voxhouse drop`: files of one's own into the inbox, and a look at what would land."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from orchestration.commands.home import home, prepared_home


class _PutUnlessNamed(TyperGroup):
    """`voxhouse drop NAME FILE…` is `voxhouse drop put NAME FILE…`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with the command that goes without saying."""
        if args and args[0] not in (*self.commands, "--help"):
            args = ["put", *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_PutUnlessNamed,
    no_args_is_help=True,
    help="Copy files into the inbox, NAME FILE…, with a first mapping of their columns; check what would land.",
)


@app.command()
def put(
    name: Annotated[str, typer.Argument(help="Name of the source: small letters, digits and _.")],
    files: Annotated[list[Path], typer.Argument(help="CSV, TSV, JSON-lines or Parquet files, each also .gz.")],
    brand: Annotated[str, typer.Option(help="Brand of brands.yml; where there is none, the name of the first.")] = "",
    timezone: Annotated[str, typer.Option(help="Of the first brand, such as Europe/Paris.")] = "",
    currency: Annotated[str, typer.Option(help="Of the first brand, such as EUR.")] = "",
    force: Annotated[bool, typer.Option("--force", help="Write an existing drop.yml, and files, anew.")] = False,
) -> None:
    """Copy the files into the inbox and write a first drop.yml: `voxhouse drop NAME FILE…` for short."""
    from pipelines.drafting.put import Asked, put_drop
    from pipelines.errors import shown

    settings = prepared_home()
    done = put_drop(settings.layout, Asked(name, files, brand, timezone, currency, force), settings.timezone)
    if done.brands_file:
        print(f"wrote {done.brands_file}: check its time zone and currency")
    for file, entities in done.entities.items():
        print(f"{shown(file)}: {', '.join(entities) or 'nothing was recognised; map it in drop.yml'}")
    print(f"wrote {done.folder / 'drop.yml'}: each guess says why; look with `voxhouse drop check {name}`")


@app.command()
def check(name: Annotated[str, typer.Argument(help="Name of the drop.")]) -> None:
    """Show the first rows as they would land, and what would be quarantined; exit code 1 when anything would."""
    import os

    settings = home()
    os.umask(0o077)
    os.environ.update({**settings.tool_environment(), "RUNTIME__LOG_LEVEL": "CRITICAL"})
    from orchestration.commands.console import print_table
    from pipelines.drafting.trial import try_drop
    from pipelines.errors import shown

    trial = try_drop(settings.layout, name)
    for table, landed in trial.landed.items():
        print(f"{table}: {landed:,} records would land{'; the first (times in UTC):' if landed else ''}")
        if landed:
            print_table(trial.columns[table], trial.rows[table])
    if trial.is_well:
        print("nothing would be quarantined; `voxhouse run` lands it")
        return
    mapping = settings.layout.inbox / name / "drop.yml"
    if trial.refused:
        print(f"{sum(refused.records for refused in trial.refused):,} records would be quarantined:")
        print_table(
            ["file", "table", "column", "reason", "records", "first at"],
            [(shown(r.file), r.table, r.column, r.reason, r.records, r.first) for r in trial.refused],
        )
    else:
        print("no record would land")
    print(f"voxhouse: correct {mapping} or the files, then check again", file=sys.stderr)
    sys.exit(1)
