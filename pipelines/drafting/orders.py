"""Orders out of a file with several records per order: which columns are of the order, and which of its lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.drafting.guess import Entity, Facts, Guessed
from pipelines.drafting.tables import Look
from pipelines.sources.file_drop.mapping import Mapped
from pipelines.sql import quoted

_MONEY = ("gross_amount", "discount_amount", "tax_amount")


def as_shopify(facts: Sequence[Facts], found: dict[str, Entity]) -> None:
    """Correct the guess for Shopify's export of orders, where the subtotal is not at full price."""
    names = {fact.name: fact.column.name for fact in facts}
    if "id of Shopify" in names and "discount amount" in names and "orders" in found:
        gross = f"{quoted(names['subtotal'])} + {quoted(names['discount amount'])}"
        why = "Shopify's subtotal is after discounts; it holds tax where prices do"
        found["orders"].columns["gross_amount"] = Guessed(Mapped(expression=gross), why)


def split(look: Look, orders: Entity, lines: Entity | None) -> Entity | None:
    """The orders of a file whose records repeat them, each once; None where the file cannot tell them apart."""
    order_id = orders.column_of("order_id")
    if order_id is None or lines is None:
        return orders
    groups = _Groups.of(look, order_id)
    if groups.are_single:
        _leave_to_lines(orders, lines)
        return orders
    orders.distinct = True
    orders.notes.append("several records an order: equal ones count once")
    for name in list(orders.columns):
        columns = sorted(orders.columns[name].mapped.names - {"_record_number"})
        if any(groups.differ(column) for column in columns):
            orders.notes.append(f"{name} is left out: its column differs within an order")
            del orders.columns[name]
    first_only = [c for g in orders.columns.values() for c in sorted(g.mapped.names) if groups.are_at_one(c)]
    if first_only:
        orders.where = f"{quoted(first_only[0])} is not null"
        orders.notes.append("only one record of an order has it")
        for name in _MONEY:
            if name in lines.columns and lines.column_of(name) in first_only:
                del lines.columns[name]
    else:
        _leave_to_lines(orders, lines)
    return orders if "ordered_at" in orders.columns else None


def _leave_to_lines(orders: Entity, lines: Entity) -> None:
    """Money of one column cannot be the order's and the line's; without its own, an order is the sum of its lines."""
    for name in _MONEY:
        of_both = name in lines.columns and name in orders.columns
        if of_both and lines.columns[name].mapped.names & orders.columns[name].mapped.names:
            del orders.columns[name]


@dataclass(frozen=True, slots=True)
class _Groups:
    """Records of the sample by the value of one column."""

    places: Sequence[Sequence[int]]
    look: Look

    @classmethod
    def of(cls, look: Look, column: str) -> _Groups:
        found: dict[str, list[int]] = {}
        for place, value in enumerate(_values(look, column)):
            if value is not None:
                found.setdefault(value, []).append(place)
        return cls(list(found.values()), look)

    @property
    def are_single(self) -> bool:
        """No value repeats."""
        return all(len(places) == 1 for places in self.places)

    def differ(self, column: str) -> bool:
        """The column has two values within a group."""
        values = _values(self.look, column)
        return any(len({values[place] for place in places} - {None}) > 1 for places in self.places)

    def are_at_one(self, column: str) -> bool:
        """The column is filled in just one record of each group, and blank in others."""
        values = _values(self.look, column)
        counts = [sum(values[place] is not None for place in places) for places in self.places]
        return set(counts) == {1} and any(len(places) > 1 for places in self.places)


def _values(look: Look, name: str) -> Sequence[str | None]:
    return next(column.values for column in look.columns if column.name == name)


def is_one_each(look: Look, key: str, columns: Sequence[str]) -> bool:
    """No value of the key has two of these columns' values."""
    groups = _Groups.of(look, key)
    return not any(groups.differ(column) for column in columns)


def has_blank(look: Look, name: str) -> bool:
    """Some record lacks it."""
    return any(value is None for value in _values(look, name))
