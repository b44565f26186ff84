"""Commands that make versions of the warehouse and read them."""

from __future__ import annotations

import sys
from typing import Annotated, Literal

import typer

from orchestration.commands.home import home, prepared_home

app = typer.Typer()


SOURCES_FAILED = 3
"""Exit code of a run that published, but without the newest of every source."""


@app.command()
def run(
    source: Annotated[list[str] | None, typer.Option(help="Read only this source instance; repeatable.")] = None,
    as_of: Annotated[str, typer.Option(help="Build for a past day, YYYY-MM-DD, beside what is in service.")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="Put a version for a past day in service.")] = False,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Rebuild the warehouse from landing.")] = False,
    since: Annotated[str, typer.Option(help="Read the sources named by --source again from a day, YYYY-MM-DD.")] = "",
    stream: Annotated[list[str] | None, typer.Option(help="With --since: only this stream; repeatable.")] = None,
) -> None:
    """Load, check, transform, model, check and publish; exit code 3 when it published but a source failed."""
    import os

    from orchestration.clock import check_again, home_now, past_day
    from orchestration.commands.console import report_run

    settings = prepared_home()
    day = past_day(home_now(settings.layout.clock_file), as_of) if as_of else None
    check_again(since, source or [], stream or [])
    os.environ["VOXHOUSE_PROGRESS"] = "1"
    from orchestration.commands.runs import build_past_day, land_and_build
    from orchestration.resources import FULL_REFRESH_TAG, SINCE_TAG, STREAMS_TAG

    if day:
        result = build_past_day(str(day))
        if publish and result.version_id:
            from orchestration.commands.loads import person
            from orchestration.publication.service import rollback as put_back

            put_back(settings.serving, result.version_id, person(), f"voxhouse run --as-of {day} --publish")
    else:
        again = {SINCE_TAG: since, STREAMS_TAG: ",".join(stream or [])} if since else {}
        refresh = {FULL_REFRESH_TAG: "true"} if full_refresh else {}
        result = land_and_build(source or [], tags=again, build_tags=refresh)
    report_run(result)
    if result.failed_sources:
        sys.exit(SOURCES_FAILED)


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement.")],
    form: Annotated[Literal["table", "csv", "json"], typer.Option("--format", help="How to print the rows.")] = "table",
) -> None:
    """Ask the published version, read-only."""
    from orchestration.publication.query import render, run_query

    columns, rows = run_query(home().serving, sql)
    if form == "table":
        from orchestration.commands.console import print_table

        print_table(columns, rows)
    else:
        print(render(columns, rows, form))


@app.command()
def versions() -> None:
    """List the kept versions, newest first, and who holds one in service."""
    from orchestration.commands.console import print_table
    from orchestration.publication.hold import held
    from orchestration.publication.versions import versions as kept
    from pipelines.errors import shown

    serving = home().serving
    print_table(
        ["version", "published at (UTC)", "state"], [(v.version_id, v.published_at, v.state) for v in kept(serving)]
    )
    hold = held(serving)
    if hold:
        since = f"{hold.at:%Y-%m-%d %H:%M} UTC by {shown(hold.by)} ({shown(hold.reason)})"
        print(f"{shown(hold.version_id)} is held since {since}; `voxhouse release` lifts it")


@app.command()
def rollback(
    version: Annotated[str, typer.Argument(help="Version id; none: the one before.")] = "",
    reason: Annotated[str, typer.Option(help="Why.")] = "rolled back by a person",
) -> None:
    """Put an older version, or one of a past day, in service and hold it there; the next query sees it."""
    from orchestration.commands.loads import person
    from orchestration.publication.service import rollback as go_back

    held = go_back(home().serving, version or None, person(), reason)
    print(f"in service: {held}; it stays until `voxhouse release`")


@app.command()
def release() -> None:
    """Let new versions go into service again, the newest one at once if it was made since the rollback."""
    from orchestration.publication.service import release as let_go
    from orchestration.publication.versions import current_version

    serving = home().serving
    released = let_go(serving)
    if released is None:
        print(f"nothing is held; in service: {current_version(serving) or 'nothing yet'}")
    else:
        print(f"in service: {released}; new versions go into service again")


@app.command()
def doctor() -> None:
    """Tell what is configured, reachable, fresh, quarantined and published, and what to do next."""
    from orchestration.commands.doctor import examine

    sys.exit(0 if examine(home()) else 1)


@app.command()
def sample(name: Annotated[str, typer.Argument(help="complete-journey")]) -> None:
    """Put a real data set into the inbox."""
    from pipelines.samples import put_sample

    print(put_sample(name, prepared_home().layout))
