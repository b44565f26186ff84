"""What happens to the world beside its plan. A change is data: it is kept, and replays the same way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from sandbox.edits import ChangeError, contacts, social
from sandbox.world.build import World
from sandbox.world.columns import NEVER
from sandbox.world.orders import EUR, VAT
from sandbox.world.people import CHANNELS, COUNTRIES
from sandbox.world.refunds import Books, refunded

_FIRST_NEW_ORDER = 9_900_000_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """One change at a moment of the clock (epoch seconds)."""

    kind: str
    at: int
    order_id: int = 0
    share: float = 1.0
    media_id: int = 0
    count: int = 0
    contact_id: int = 0
    comment_id: int = 0

    def as_json(self) -> dict[str, Any]:
        """The change as it is kept."""
        return asdict(self)


def apply(world: World, change: Change) -> World:
    """The world after a change; raises ChangeError."""
    if change.kind not in _APPLIED:
        raise ChangeError(f"there is no change {change.kind!r}; there are {', '.join(KINDS)}")
    return _APPLIED[change.kind](world, change)


def _refund(world: World, change: Change) -> World:
    """All lines of an order, or a share of its value as an amount without lines."""
    sold, books = world.orders, world.books
    found = np.flatnonzero((sold.order_id == change.order_id) & (sold.created_at <= change.at))
    if not len(found):
        raise ChangeError(f"there is no order {change.order_id} at the clock")
    if not 0 < change.share <= 1:
        raise ChangeError("share must be above 0 and at most 1")
    order = int(found[0])
    if np.any((books.refunds.order == order) & (books.refunds.created_at <= change.at)):
        raise ChangeError(f"order {change.order_id} has been refunded already")
    is_whole = change.share == 1
    charged = int(sold.gross[order] - sold.discount[order])
    refunds = books.refunds.append(
        refund_id=int(books.refunds.refund_id.max(initial=0)) + 9,
        order=order,
        created_at=change.at,
        adjustment=0 if is_whole else round(charged * change.share),
        adjustment_tax=0 if is_whole or not sold.is_tax_included[order] else round(int(sold.tax[order]) * change.share),
    )
    lines = books.lines
    for line in np.flatnonzero(world.lines.order == order) if is_whole else ():
        quantity = world.lines.quantity[line]
        amount, tax = refunded(world.lines, np.array([line]), np.array([quantity]))
        lines = lines.append(refund=len(refunds) - 1, line=line, quantity=quantity, amount=amount[0], tax=tax[0])
    return replace(world, books=Books(refunds, lines))


def _likes(world: World, change: Change) -> World:
    """A post gains likes."""
    post = social.post_row(world, change.media_id, change.at)
    return replace(world, gains=world.gains.append(post=post, gained_at=change.at, count=change.count))


def _edit_order(world: World, change: Change) -> World:
    found = np.flatnonzero((world.orders.order_id == change.order_id) & (world.orders.created_at <= change.at))
    if not len(found):
        raise ChangeError(f"there is no order {change.order_id} at the clock")
    return replace(world, orders=world.orders.edit(int(found[0]), edited_at=change.at))


def _customer(world: World, change: Change) -> World:
    """A newcomer in France with a contact, an account and an order of one line, all at the change's moment."""
    person, at = len(world.people), change.at
    email = f"newcomer{person}@mail.example"
    folk = world.people.append(
        person=person,
        first_name="Nova",
        last_name="Martin",
        email=email,
        phone=None,
        handle=None,
        country=COUNTRIES.index("FR"),
        channel=CHANNELS.index("instagram"),
        known_at=at,
        basket=60.0,
        is_buyer=True,
    )
    accounts = world.customers.append(
        customer_id=int(world.customers.customer_id.max()) + 37,
        person=person,
        created_at=at,
        consent=1,
        unsubscribed_at=NEVER,
        edited_at=NEVER,
    )
    contacts = world.contacts.append(
        contact_id=int(world.contacts.contact_id.max()) + 13,
        person=person,
        email=email,
        phone="",
        has_handle=0,
        created_at=at,
        customer_at=at,
        opted_out_at=NEVER,
        edited_at=NEVER,
        archived_at=NEVER,
        merged_at=NEVER,
        merged_into=-1,
        consent=1,
    )
    return _first_order(replace(world, people=folk, customers=accounts, contacts=contacts), person, at)


def _first_order(world: World, person: int, at: int) -> World:
    country = int(world.people.country[person])
    product = person % len(world.products)
    gross = int(world.products.price[product])
    rate = float(VAT[country])
    tax = round(gross * rate / (1 + rate))
    added = int(np.count_nonzero(world.orders.order_id >= _FIRST_NEW_ORDER))
    orders = world.orders.append(
        order_id=_FIRST_NEW_ORDER + 41 * added,
        number=900_001 + added,
        person=person,
        customer=len(world.customers) - 1,
        created_at=at,
        currency=EUR,
        presentment=EUR,
        presentment_rate=1.0,
        is_tax_included=True,
        is_test=False,
        is_paid=True,
        country=country,
        channel=int(world.people.channel[person]),
        campaign=0,
        gross=gross,
        discount=0,
        tax=tax,
        shipping=490 if gross < 6000 else 0,
        cancelled_at=NEVER,
        edited_at=NEVER,
    )
    lines = world.lines.append(
        line_id=int(world.lines.line_id.max()) + 5,
        order=len(orders) - 1,
        product=product,
        quantity=1,
        unit_price=gross,
        discount=0,
        tax=tax,
    )
    return replace(world, orders=orders, lines=lines)


_APPLIED: dict[str, Callable[[World, Change], World]] = {
    "refund": _refund,
    "likes": _likes,
    "customer": _customer,
    "edit_order": _edit_order,
    "edit_contact": lambda world, change: contacts.edit(world, change.contact_id, change.at),
    "archive_contact": lambda world, change: contacts.archive(world, change.contact_id, change.at),
    "restore_contact": lambda world, change: contacts.restore(world, change.contact_id, change.at),
    "add_post": lambda world, change: social.add_post(world, change.at),
    "delete_post": lambda world, change: social.delete_post(world, change.media_id, change.at),
    "add_comment": lambda world, change: social.add_comment(world, change.media_id, change.at),
    "hide_comment": lambda world, change: social.hide_comment(world, change.comment_id, change.at),
    "delete_comment": lambda world, change: social.delete_comment(world, change.comment_id, change.at),
}
KINDS = tuple(_APPLIED)
