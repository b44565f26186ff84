"""The `voxhouse` command. Every import of weight is inside its command, so that `--help` answers at once."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from orchestration.config import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="The voice of customers and what they are worth: load, prove, publish, look.",
)
loads_app = typer.Typer(
    invoke_without_command=True, help="List the loads of the landing zone; accept or reject held ones."
)
sandbox_app = typer.Typer(no_args_is_help=True, help="The simulated world behind the vendors' own APIs.")
app.add_typer(loads_app, name="loads")
app.add_typer(sandbox_app, name="sandbox")


def main() -> None:
    """Run a command; an error that we know is one line on standard error and exit code 1."""
    from pipelines.errors import PipelineError

    try:
        app()
    except PipelineError as error:
        print(f"voxhouse: {error}", file=sys.stderr)
        sys.exit(1)


def _plain_settings() -> Settings:
    """The home as the environment names it; nothing is made there."""
    from orchestration.config import Settings

    return Settings.from_environment()


def _settings() -> Settings:
    """The same, ready to be written to."""
    settings = _plain_settings()
    settings.prepare()
    return settings


@app.command()
def run(
    source: Annotated[list[str] | None, typer.Option(help="Load only this source instance; repeatable.")] = None,
    as_of: Annotated[str, typer.Option(help="Build for a past day, YYYY-MM-DD, in a file of its own.")] = "",
    publish: Annotated[bool, typer.Option("--publish", help="Put a version for a past day in service.")] = False,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Rebuild the warehouse from landing.")] = False,
    since: Annotated[str, typer.Option(help="Read the sources named by --source again from a day, YYYY-MM-DD.")] = "",
    stream: Annotated[list[str] | None, typer.Option(help="With --since: only this stream; repeatable.")] = None,
) -> None:
    """Load, check, transform, model, check and publish."""
    import os

    from orchestration.clock import check_again, home_now, parse_day, run_clock
    from orchestration.console import report_run

    settings = _settings()
    if as_of:
        run_clock(home_now(settings.layout.clock_file), parse_day(as_of, "--as-of"))
    check_again(since, source or [], stream or [])
    os.environ["VOXHOUSE_PROGRESS"] = "1"
    from orchestration.job import run_nightly

    report_run(
        run_nightly(
            sources=source or [],
            as_of=as_of,
            publish=publish,
            full_refresh=full_refresh,
            since=since,
            streams=stream or [],
        )
    )


@app.command()
def query(
    sql: Annotated[str, typer.Argument(help="One SQL statement.")],
    format: Annotated[Literal["table", "csv", "json"], typer.Option(help="How to print the rows.")] = "table",
) -> None:
    """Ask the published version, read-only."""
    from orchestration.query import render, run_query

    columns, rows = run_query(_plain_settings().serving, sql)
    if format == "table":
        from orchestration.console import print_table

        print_table(columns, rows)
    else:
        print(render(columns, rows, format))


@app.command()
def versions() -> None:
    """List the kept versions, newest first."""
    from orchestration.console import print_table
    from orchestration.publishing import versions as kept

    rows = [
        (v.version_id, v.published_at, "in service" if v.in_service else "") for v in kept(_plain_settings().serving)
    ]
    print_table(["version", "published at (UTC)", "state"], rows)


@app.command()
def rollback(version: Annotated[str, typer.Argument(help="Version id; none: the one before.")] = "") -> None:
    """Put an older version back in service; the next query sees it."""
    from orchestration.publishing import previous_version, put_in_service

    serving = _plain_settings().serving
    target = version or previous_version(serving)
    put_in_service(serving, target)
    print(f"in service: {target}")


@app.command()
def doctor() -> None:
    """Tell what is configured, reachable, fresh, quarantined and published, and what to do next."""
    from orchestration.doctor import examine

    sys.exit(0 if examine(_plain_settings()) else 1)


@app.command()
def serve(
    only: Annotated[list[str] | None, typer.Option(help="sandbox, superset, dagster or daemon; repeatable.")] = None,
) -> None:
    """Start Superset, Dagster and, where the home has one, the sandbox; on loopback."""
    import os

    os.environ["VOXHOUSE_PROGRESS"] = "1"
    from orchestration.serve import serve_all

    serve_all(_settings(), only or [])


@app.command()
def stop() -> None:
    """End what this home started."""
    from orchestration.processes import names
    from orchestration.processes import stop as stop_server

    settings = _plain_settings()
    for name in names(settings):
        print(f"{name}: {'stopped' if stop_server(settings, name) else 'was not running'}")


@app.command()
def sample(name: Annotated[str, typer.Argument(help="complete-journey")]) -> None:
    """Put a real data set into the inbox."""
    from pipelines.samples import put_sample

    print(put_sample(name, _settings().layout))


@app.command()
def demo() -> None:
    """Everything on a simulated world: load it, live through one day, publish, and show the dashboards."""
    import os

    os.environ["VOXHOUSE_PROGRESS"] = "1"
    settings = _settings()
    from orchestration.demo import show

    show(settings)


@loads_app.callback()
def loads(context: typer.Context) -> None:
    """List loads, newest first."""
    if context.invoked_subcommand:
        return
    from orchestration.console import print_table
    from pipelines.landing.ledger import Ledger

    rows = [
        (load.load_id, load.source_instance, load.completed_at, load.status, sum(load.rows.values()), load.reason or "")
        for load in reversed(Ledger(_plain_settings().layout.landing).loads())
    ]
    print_table(["load", "source", "completed at (UTC)", "status", "rows", "reason"], rows)


@loads_app.command()
def accept(load_id: str, reason: Annotated[str, typer.Option(help="Why it is good.")] = "accepted by a person") -> None:
    """Let readers count a held load."""
    from pipelines.landing.ledger import Ledger

    Ledger(_plain_settings().layout.landing).accept(load_id, _user(), reason)
    print(f"accepted: {load_id}; the next run counts it")


@loads_app.command()
def reject(load_id: str, reason: Annotated[str, typer.Option(help="Why it is bad.")] = "rejected by a person") -> None:
    """Keep readers from ever counting a load."""
    from pipelines.landing.ledger import Ledger

    Ledger(_plain_settings().layout.landing).reject(load_id, _user(), reason)
    print(f"rejected: {load_id}")


def _user() -> str:
    import getpass

    return getpass.getuser()


@sandbox_app.command("start")
def sandbox_start(
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    customers: Annotated[int, typer.Option(help="Customers in the world.")] = 5_000,
    orders: Annotated[int, typer.Option(help="Orders up to its clock, about.")] = 20_000,
    posts: Annotated[int, typer.Option(help="Posts of all accounts, about.")] = 1_500,
    moves: Annotated[int, typer.Option(help="Something happens after so many requests; 0: nothing.")] = 0,
    lag: Annotated[int, typer.Option(help="Requests for which search indexes do not know a change.")] = 0,
    ceiling: Annotated[int, typer.Option(help="Records of one list; 0: as many as each vendor lets.")] = 0,
    rate: Annotated[int, typer.Option(help="Requests a second that each API answers; 0: any number.")] = 0,
) -> None:
    """Make the world where there is none, write its drops and settings, and serve its APIs."""
    from orchestration.sandbox import start_sandbox
    from sandbox import WorldOptions

    try:
        options = WorldOptions(seed, posts, customers, orders, moves=moves, lag=lag, ceiling=ceiling, rate=rate)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    start_sandbox(_settings(), options)


@sandbox_app.command("advance")
def sandbox_advance(days: Annotated[int, typer.Option(help="Days to move the clock.")] = 1) -> None:
    """Move the sandbox's clock."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "clock", {"advance_days": days}))


@sandbox_app.command("refund")
def sandbox_refund(
    order_id: Annotated[str, typer.Argument(help="Shop order id.")],
    share: Annotated[float, typer.Option(help="Share of the order, 0-1.")] = 1.0,
) -> None:
    """Refund an order."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "refund", {"order_id": order_id, "share": share}))


@sandbox_app.command("like")
def sandbox_like(
    media_id: Annotated[str, typer.Argument(help="Instagram media id.")],
    count: Annotated[int, typer.Option(help="Likes to add.")] = 50,
) -> None:
    """Let a post gain likes."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "likes", {"media_id": media_id, "count": count}))


@sandbox_app.command("customer")
def sandbox_customer() -> None:
    """Add a customer with an order."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "customer", {}))


@sandbox_app.command("change")
def sandbox_change(
    kind: Annotated[str, typer.Argument(help="edit_order, archive_contact, delete_post, hide_comment …")],
    order_id: Annotated[str, typer.Option(help="Shop order id.")] = "",
    contact_id: Annotated[str, typer.Option(help="CRM contact id.")] = "",
    media_id: Annotated[str, typer.Option(help="Id of a post.")] = "",
    comment_id: Annotated[str, typer.Option(help="Id of a comment.")] = "",
) -> None:
    """Edit, add, hide or delete one record."""
    from orchestration.sandbox import control

    ids = {"order_id": order_id, "contact_id": contact_id, "media_id": media_id, "comment_id": comment_id}
    print(control(_plain_settings(), "change", {"kind": kind, **{name: value for name, value in ids.items() if value}}))


@sandbox_app.command("trouble")
def sandbox_trouble(
    api: Annotated[str, typer.Argument(help="Kind of the source, as in brands.yml.")],
    kind: Annotated[str, typer.Argument(help="rate_limit, server_error, expired_token, token_ends, bad_types …")],
    times: Annotated[int, typer.Option(help="For how many answers.")] = 1,
    share: Annotated[float, typer.Option(help="Share of the records, where the kind has one.")] = 0.3,
    after: Annotated[int, typer.Option(help="Requests before it, where the kind has them.")] = 0,
) -> None:
    """Let an API answer as the real ones do in trouble."""
    from orchestration.sandbox import control

    trouble = {"api": api, "kind": kind, "times": times, "share": share, "after": after}
    print(control(_plain_settings(), "trouble", trouble))


@sandbox_app.command("calm")
def sandbox_calm() -> None:
    """End all trouble."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "calm", {}))


@sandbox_app.command("conditions")
def sandbox_conditions(
    api: Annotated[str | None, typer.Option(help="Kind of the source; none: all of them.")] = None,
    moves: Annotated[int | None, typer.Option(help="Something happens after so many requests; 0: nothing.")] = None,
    lag: Annotated[int | None, typer.Option(help="Requests for which search indexes do not know a change.")] = None,
    ceiling: Annotated[int | None, typer.Option(help="Records of one list; 0: the vendor's own.")] = None,
    rate: Annotated[float | None, typer.Option(help="Requests a second; 0: any number.")] = None,
) -> None:
    """Change how restless the world is, and how its APIs treat their clients, until the sandbox ends."""
    from orchestration.sandbox import control

    sent = {"api": api, "moves": moves, "lag": lag, "ceiling": ceiling, "rate": rate}
    print(control(_plain_settings(), "conditions", {name: value for name, value in sent.items() if value is not None}))


@sandbox_app.command("renew")
def sandbox_renew(api: Annotated[str, typer.Argument(help="Kind of the source, as in brands.yml.")]) -> None:
    """Give an access token its whole time again."""
    from orchestration.sandbox import control

    print(control(_plain_settings(), "renew", {"api": api}))


if __name__ == "__main__":
    main()
