"""Guesses which entities a file holds and what each is made of: by how its columns are called and what is in them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from pipelines.drafting import content
from pipelines.drafting.names import TELLING, plain, unit_prices, worth
from pipelines.drafting.tables import Column, Look
from pipelines.sources.file_drop.mapping import Mapped
from pipelines.sources.file_drop.networks import network_of
from pipelines.sources.file_drop.settings import ENTITIES, targets
from pipelines.sql import literal, quoted

_TELLING_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "customers": ("email", "phone", "handle", "marketing_consent", "created_at", "customer_id"),
    "orders": ("order_id", "ordered_at", "customer_id"),
    "order_lines": ("quantity",),
    "refunds": ("refund_id", "refunded_at"),
    "products": ("product_id", "product_title", "product_type"),
    "posts": ("post_id", "caption", "permalink", "posted_at"),
    "post_readings": ("impressions", "reach", "reactions", "comments", "shares", "saves"),
    "account_readings": ("followers_count",),
    "exchange_rates": ("units_per_euro",),
}
"""One of them must be in the file under a name that says what it is."""
_NEEDED: Mapping[str, tuple[str, ...]] = {
    "orders": ("ordered_at",),
    "order_lines": ("quantity",),
    "products": ("product_title",),
    "posts": ("post_id", "posted_at"),
    "post_readings": ("post_id",),
    "account_readings": ("followers_count",),
}
_CENT, _MOST_AGREE = 0.015, 0.9
_SIGNS_OF_X = {"favorite count", "retweet count", "full text", "tweet id", "retweets"}

_SHOPIFY_ONLY = ("lineitem quantity", "lineitem price", "subtotal")
_SHOPIFY: Mapping[str, str] = {
    "name": "order id",
    "created at": "order date",
    "id": "id of Shopify",
    "paid at": "time of payment",
    "total": "total with tax and shipping",
}
"""In Shopify's export of orders, names that say something else elsewhere."""


@dataclass(frozen=True, slots=True)
class Brand:
    """What a guess may take from the brand that the drop is of."""

    brand_id: str
    timezone: str
    currency: str

    @property
    def month_first(self) -> bool:
        """People there write the month before the day."""
        return self.timezone.startswith(("America/", "US/"))


@dataclass(frozen=True, slots=True)
class Guessed:
    """What a column of an entity is made of, and why."""

    mapped: Mapped
    why: str


@dataclass(slots=True)
class Entity:
    """An entity that a file may hold."""

    entity: str
    columns: dict[str, Guessed]
    score: int
    distinct: bool = False
    where: str | None = None
    notes: list[str] = field(default_factory=list)

    def column_of(self, name: str) -> str | None:
        """The file's column that this one simply is."""
        return self.columns[name].mapped.column if name in self.columns else None


class Facts:
    """What is known of a column of a file."""

    def __init__(self, column: Column, name: str, month_first: bool) -> None:
        self.column, self.name, self._month_first = column, name, month_first
        self.filled = column.filled

    @cached_property
    def person(self) -> str | None:
        """What of a person the values are."""
        if content.are_emails(self.filled):
            return "email"
        return "phone" if content.are_phones(self.filled) else None

    @cached_property
    def times(self) -> content.Times | None:
        """How they are written; None: no times."""
        return content.times_of(self.filled, self._month_first)

    @cached_property
    def numbers(self) -> content.Numbers | None:
        """How they are written; None: no numbers."""
        return content.numbers_of(self.filled)

    def amount(self, value: str) -> float:
        """A value of a column of numbers; NaN where it is none."""
        for sign in self.numbers.removed if self.numbers else ():
            value = value.replace(sign, "")
        try:
            return float(value.replace(",", ".") if self.numbers and self.numbers.comma else value)
        except ValueError:
            return math.nan

    def fits(self, entity: str, target: str) -> bool:
        """The values can be those of an entity's column."""
        column = targets(entity)[target]
        if not self.filled:
            return column.get("nullable") is not False
        if target in ("email", "phone"):
            return self.person == target or (target == "phone" and self.person is None and self.times is None)
        if target == "network":
            return content.are_networks(self.filled)
        if target == "currency":
            return content.are_currencies(self.filled)
        kind = column["data_type"]
        if kind in ("timestamp", "date"):
            return self.times is not None
        if kind == "bool":
            return content.are_flags(self.filled)
        if kind in ("bigint", "decimal"):
            return self.numbers is not None and (kind == "decimal" or self.numbers.whole)
        return self.person is None

    def value(self, target: str, kind: str) -> Guessed:
        """The column as what it is taken for."""
        numbers = self.numbers if kind in ("bigint", "decimal") and self.filled else None
        if numbers is None or numbers.is_plain:
            return Guessed(Mapped(column=self.column.name), f"its name is usual for {target}")
        how = "decimal comma" if numbers.comma else "signs beside the digits"
        return Guessed(Mapped(expression=number(self.column.name, numbers)), f"its name is usual for {target}; {how}")


def number(name: str, numbers: content.Numbers) -> str:
    """Expression of a column's numbers as the reader takes them."""
    sql = quoted(name)
    for sign in numbers.removed:
        sql = f"replace({sql}, {literal(sign)}, '')"
    if numbers.comma:
        sql = f"replace({sql}, ',', '.')"
    return f"trim({sql})" if numbers.removed else sql


def facts_of(look: Look, month_first: bool) -> list[Facts]:
    """Facts of each column, under its name, or what that means in an export that we know."""
    names = [plain(column.name) for column in look.columns]
    known = _SHOPIFY if set(names) >= {"name", *_SHOPIFY_ONLY} else {}
    return [Facts(column, known.get(name, name), month_first) for column, name in zip(look.columns, names, strict=True)]


def candidates(look: Look, facts: Sequence[Facts], drop: str) -> dict[str, Entity]:
    """Every entity that the file can be mapped to."""
    found = (_candidate(entity, look, facts, drop) for entity in ENTITIES)
    return {entity.entity: entity for entity in found if entity}


def _candidate(entity: str, look: Look, facts: Sequence[Facts], drop: str) -> Entity | None:
    matched = dict(_matched(entity, facts))
    if entity == "order_lines" and not _is_line_total(facts, matched):
        del matched["gross_amount"]
    columns = {
        name: facts[at].value(name, str(targets(entity)[name]["data_type"]))
        for name, (at, _) in sorted(matched.items())
    }
    telling = [name for name in _TELLING_COLUMNS[entity] if name in matched and matched[name][1] >= TELLING]
    if not telling or any(name not in columns for name in _NEEDED.get(entity, ())):
        return None
    score = sum(value for _, value in matched.values())
    for name, hints in targets(entity).items():
        if hints.get("nullable") is False and name not in columns and name != "currency":
            made = _made(entity, name, columns, look, facts, drop)
            if made is None:
                return None
            columns[name] = made
    order = {name: columns[name] for name in targets(entity) if name in columns}
    return Entity(entity, order, score)


def _matched(entity: str, facts: Sequence[Facts]) -> Iterator[tuple[str, tuple[int, int]]]:
    """Columns of the entity with the place of the file's column that each is, and what its name is worth."""
    offers = sorted(
        (-names[fact.name], place, at, target)
        for place, (target, names) in enumerate(worth(entity).items())
        for at, fact in enumerate(facts)
        if fact.name in names and fact.fits(entity, target)
    )
    by_content = ((0, 99, at, fact.person) for at, fact in enumerate(facts) if entity == "customers" and fact.person)
    taken: set[int] = set()
    given: set[str] = set()
    for value, _, at, target in [*offers, *by_content]:
        if at not in taken and target not in given:
            taken.add(at)
            given.add(target)
            yield target, (at, -value)


def _made(
    entity: str, name: str, columns: Mapping[str, Guessed], look: Look, facts: Sequence[Facts], drop: str
) -> Guessed | None:
    """What a required column is made of that the file does not have; None: it cannot be made."""
    if name == "network":
        found = network(look, facts, drop)
        return Guessed(Mapped(constant=found[0]), found[1]) if found else None
    if name == "account_id":
        return Guessed(Mapped(constant=drop), "no column names the account: put its id on the network here")
    if name == "line_id":
        return Guessed(Mapped(expression="_record_number"), "no column numbers the lines: their place in the file")
    if name == "observed_at" and entity == "post_readings":
        read = f"{look.written_at:%Y-%m-%dT%H:%M:%SZ}"
        return Guessed(Mapped(constant=read), "no column says when the counts were read: when the file was written")
    if (entity, name) == ("order_lines", "gross_amount"):
        return _price_of_units(facts, columns["quantity"])
    if (entity, name) == ("orders", "order_id") and "customer_id" in columns and "gross_amount" in columns:
        parts = [columns[part].mapped.column for part in ("customer_id", "ordered_at")]
        text = ", '-', ".join(quoted(part) for part in parts if part)
        made = Mapped(expression=f"concat({text}, '-', _record_number)")
        return Guessed(made, "no column names the order: customer, time and place in the file")
    return None


def _is_line_total(facts: Sequence[Facts], matched: Mapping[str, tuple[int, int]]) -> bool:
    """Unless prices say otherwise: units times price is what its column says, before a discount."""
    price = next((fact for fact in facts if fact.name in unit_prices() and fact.numbers), None)
    if price is None or not {"gross_amount", "quantity"} <= matched.keys():
        return True
    total, units = (facts[matched[name][0]] for name in ("gross_amount", "quantity"))
    rows = zip(units.column.values, price.column.values, total.column.values, strict=True)
    agree = [
        abs(units.amount(a) * price.amount(b) - total.amount(c)) < _CENT
        for a, b, c in rows
        if a and b and c is not None
    ]
    return len(agree) * 2 >= len(total.column.values) and sum(agree) >= _MOST_AGREE * len(agree)


def _price_of_units(facts: Sequence[Facts], quantity: Guessed) -> Guessed | None:
    for fact in facts:
        if fact.name in unit_prices() and fact.numbers:
            units = quantity.mapped.expression or quoted(quantity.mapped.column or "")
            expression = f"{units} * {number(fact.column.name, fact.numbers)}"
            return Guessed(Mapped(expression=expression), "units times the price of one; check that it is without tax")
    return None


def network(look: Look, facts: Sequence[Facts], drop: str) -> tuple[str, str] | None:
    """The network that a whole file is of, and why."""
    hosts = {network_of(value.split("//")[1].split("/")[0]) for f in facts for value in f.filled[:50] if "://" in value}
    hosts.discard(None)
    if len(hosts) == 1:
        return str(hosts.pop()), "its links lead there"
    for words, why in ((plain(look.path.stem), "so the file is called"), (plain(drop), "so the drop is called")):
        for word in words.split():
            if found := network_of(word):
                return found, why
    if _SIGNS_OF_X & {fact.name for fact in facts}:
        return "x", "its columns are called as X calls them"
    return None
