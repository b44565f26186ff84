"""`voxhouse sandbox`: the simulated world, and the ways to change it."""

from __future__ import annotations

from typing import Annotated

import typer

from orchestration.commands.home import home, prepared_home

app = typer.Typer(no_args_is_help=True, help="The simulated world behind the vendors' own APIs.")


@app.command("start")
def sandbox_start(
    seed: Annotated[int, typer.Option(help="Another seed is another world.")] = 7,
    customers: Annotated[int, typer.Option(help="Customers in the world.")] = 5_000,
    orders: Annotated[int, typer.Option(help="Orders up to its clock, about.")] = 20_000,
    posts: Annotated[int, typer.Option(help="Posts of all accounts, about.")] = 1_500,
    moves: Annotated[int, typer.Option(help="Something happens after so many requests; 0: nothing.")] = 0,
    lag: Annotated[int, typer.Option(help="Requests for which search indexes do not know a change.")] = 0,
    ceiling: Annotated[int, typer.Option(help="Records of one list; 0: as many as each vendor lets.")] = 0,
    rate: Annotated[int, typer.Option(help="Requests a second that each API answers; 0: any number.")] = 0,
    timezone: Annotated[str, typer.Option(help="Zone in which its brands live.")] = "Europe/Paris",
) -> None:
    """Make the world where there is none, write its drops and settings, and serve its APIs."""
    from orchestration.servers.sandbox import start_sandbox
    from sandbox import WorldOptions

    try:
        restless = {"moves": moves, "lag": lag, "ceiling": ceiling, "rate": rate}
        options = WorldOptions(seed, posts, customers, orders, **restless, timezone=timezone)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    start_sandbox(prepared_home(), options)


@app.command("advance")
def sandbox_advance(days: Annotated[int, typer.Option(help="Days to move the clock.")] = 1) -> None:
    """Move the sandbox's clock."""
    from orchestration.servers.sandbox import control

    print(control(home(), "clock", {"advance_days": days}))


@app.command("refund")
def sandbox_refund(
    order_id: Annotated[str, typer.Argument(help="Shop order id.")],
    share: Annotated[float, typer.Option(help="Share of the order, 0-1.")] = 1.0,
) -> None:
    """Refund an order."""
    from orchestration.servers.sandbox import control

    print(control(home(), "refund", {"order_id": order_id, "share": share}))


@app.command("like")
def sandbox_like(
    media_id: Annotated[str, typer.Argument(help="Instagram media id.")],
    count: Annotated[int, typer.Option(help="Likes to add.")] = 50,
) -> None:
    """Let a post gain likes."""
    from orchestration.servers.sandbox import control

    print(control(home(), "likes", {"media_id": media_id, "count": count}))


@app.command("customer")
def sandbox_customer() -> None:
    """Add a customer with an order."""
    from orchestration.servers.sandbox import control

    print(control(home(), "customer", {}))


@app.command("change")
def sandbox_change(
    kind: Annotated[str, typer.Argument(help="edit_order, archive_contact, delete_post, hide_comment …")],
    order_id: Annotated[str, typer.Option(help="Shop order id.")] = "",
    contact_id: Annotated[str, typer.Option(help="CRM contact id.")] = "",
    media_id: Annotated[str, typer.Option(help="Id of a post.")] = "",
    comment_id: Annotated[str, typer.Option(help="Id of a comment.")] = "",
) -> None:
    """Edit, add, hide or delete one record."""
    from orchestration.servers.sandbox import control

    ids = {"order_id": order_id, "contact_id": contact_id, "media_id": media_id, "comment_id": comment_id}
    print(control(home(), "change", {"kind": kind, **{name: value for name, value in ids.items() if value}}))


@app.command("trouble")
def sandbox_trouble(
    api: Annotated[str, typer.Argument(help="Kind of the source, as in brands.yml.")],
    kind: Annotated[str, typer.Argument(help="rate_limit, server_error, expired_token, token_ends, bad_types …")],
    times: Annotated[int, typer.Option(help="For how many answers.")] = 1,
    share: Annotated[float, typer.Option(help="Share of the records, where the kind has one.")] = 0.3,
    after: Annotated[int, typer.Option(help="Requests before it, where the kind has them.")] = 0,
) -> None:
    """Let an API answer as the real ones do in trouble."""
    from orchestration.servers.sandbox import control

    trouble = {"api": api, "kind": kind, "times": times, "share": share, "after": after}
    print(control(home(), "trouble", trouble))


@app.command("calm")
def sandbox_calm() -> None:
    """End all trouble."""
    from orchestration.servers.sandbox import control

    print(control(home(), "calm", {}))


@app.command("conditions")
def sandbox_conditions(
    api: Annotated[str | None, typer.Option(help="Kind of the source; none: all of them.")] = None,
    moves: Annotated[int | None, typer.Option(help="Something happens after so many requests; 0: nothing.")] = None,
    lag: Annotated[int | None, typer.Option(help="Requests for which search indexes do not know a change.")] = None,
    ceiling: Annotated[int | None, typer.Option(help="Records of one list; 0: the vendor's own.")] = None,
    rate: Annotated[float | None, typer.Option(help="Requests a second; 0: any number.")] = None,
) -> None:
    """Change how restless the world is, and how its APIs treat their clients, until the sandbox ends."""
    from orchestration.servers.sandbox import control

    sent = {"api": api, "moves": moves, "lag": lag, "ceiling": ceiling, "rate": rate}
    print(control(home(), "conditions", {name: value for name, value in sent.items() if value is not None}))


@app.command("renew")
def sandbox_renew(api: Annotated[str, typer.Argument(help="Kind of the source, as in brands.yml.")]) -> None:
    """Give an access token its whole time again."""
    from orchestration.servers.sandbox import control

    print(control(home(), "renew", {"api": api}))
