"""The shop's books: products, orders with their lines, cancellations, test orders and abandoned checkouts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import WorldOptions
from sandbox.world.calendar import DAY, HOUR, Calendar, order_seconds
from sandbox.world.columns import NEVER, Columns, Flags, Floats, Integers, Texts, offsets, texts
from sandbox.world.people import COUNTRIES, People, ShopCustomers
from sandbox.world.purchases import Purchases
from sandbox.world.rates import CURRENCIES
from sandbox.world.rng import stream

EUR, CHF, USD = (CURRENCIES.index(code) for code in ("EUR", "CHF", "USD"))
VAT = np.array([0.20, 0.19, 0.21, 0.22, 0.21, 0.081, 0.0])
"""By country of `people.COUNTRIES`; prices include it except in Switzerland and the United States."""
CAMPAIGNS = ("spring", "summer", "autumn", "winter", "always_on")
_SWITZERLAND, _STATES = COUNTRIES.index("CH"), COUNTRIES.index("US")
_NOUNS = {"lighting": "Lamp", "textiles": "Throw", "tableware": "Bowl", "furniture": "Stool", "scent": "Candle"}


@dataclass(frozen=True)
class Products(Columns):
    """One row per product, by rising price (cents of euro, tax included)."""

    product_id: Integers
    title: Texts
    product_type: Texts
    sku: Texts
    price: Integers


@dataclass(frozen=True)
class Orders(Columns):
    """One row per order, by time. Amounts are cents of `currency`; gross and discount include tax where prices do."""

    order_id: Integers
    number: Integers
    person: Integers
    customer: Integers
    """Row of the shop customer; -1 for a guest."""
    created_at: Integers
    currency: Integers
    presentment: Integers
    presentment_rate: Floats
    is_tax_included: Flags
    is_test: Flags
    is_paid: Flags
    country: Integers
    channel: Integers
    """utm_source of the visit; -1 where unknown."""
    campaign: Integers
    gross: Integers
    discount: Integers
    tax: Integers
    shipping: Integers
    cancelled_at: Integers
    edited_at: Integers

    @property
    def net(self) -> Integers:
        """Net revenue before refunds: gross less discount, without tax and shipping."""
        amounts: Integers = self.gross - self.discount - np.where(self.is_tax_included, self.tax, 0)
        return amounts


@dataclass(frozen=True)
class OrderLines(Columns):
    """One row per line, by order."""

    line_id: Integers
    order: Integers
    """Row of the order."""
    product: Integers
    quantity: Integers
    unit_price: Integers
    discount: Integers
    tax: Integers


@dataclass(frozen=True)
class Checkouts(Columns):
    """One row per abandoned checkout."""

    checkout_id: Integers
    customer: Integers
    created_at: Integers
    completed_at: Integers
    total: Integers


def products(options: WorldOptions) -> Products:
    """Eighty products from candles to furniture, with log-normal prices that end in 90 cents."""
    rng = stream(options.seed, "products")
    n = 80
    price = np.sort(np.exp(np.log(34) + 0.75 * rng.standard_normal(n))).round().astype(np.int64) * 100 + 90
    kinds = [list(_NOUNS)[i] for i in rng.integers(0, len(_NOUNS), n)]
    return Products(
        product_id=8_400_000_000_001 + 64 * np.arange(n),
        title=texts([f"{_NOUNS[kind]} No. {i + 1}" for i, kind in enumerate(kinds)]),
        product_type=texts(kinds),
        sku=texts([f"AU-{kind[:3].upper()}-{i + 1:03d}" for i, kind in enumerate(kinds)]),
        price=price,
    )


def _lines(rng: np.random.Generator, target: Floats, goods: Products, factor: Floats) -> OrderLines:
    """Lines that add up to about the target value of each order; `factor` turns list prices into the order's."""
    per_order = np.minimum(1 + rng.poisson(0.7, len(target)), 5)
    order = np.repeat(np.arange(len(target)), per_order)
    wanted = (target / per_order)[order] * rng.uniform(0.75, 1.3, len(order)) * 100
    quantity = np.where(rng.random(len(order)) < 0.12, rng.integers(2, 4, len(order)), 1)
    spread = rng.integers(-3, 4, len(order))
    product = np.clip(np.searchsorted(goods.price, wanted / quantity) + spread, 0, len(goods) - 1)
    # A basket beyond the dearest product buys more of it: the value's tail stays heavy.
    quantity = np.maximum(quantity, np.floor(wanted / goods.price[product]).astype(np.int64))
    zeros = np.zeros(len(order), dtype=np.int64)
    price = np.round(goods.price[product] * factor[order]).astype(np.int64)
    return OrderLines(15_200_000_000_001 + 5 * np.arange(len(order)), order, product, quantity, price, zeros, zeros)


def _with_discount_and_tax(lines: OrderLines, share: Floats, vat: Floats, included: Flags) -> OrderLines:
    full = lines.quantity * lines.unit_price
    discount = np.round(full * share[lines.order]).astype(np.int64)
    rate = vat[lines.order]
    taxed = np.where(included[lines.order], rate / (1 + rate), rate)
    tax = np.round((full - discount) * taxed).astype(np.int64)
    return OrderLines(lines.line_id, lines.order, lines.product, lines.quantity, lines.unit_price, discount, tax)


def _placed(
    options: WorldOptions, calendar: Calendar, folk: People, bought: Purchases
) -> tuple[Integers, Integers, Flags, Floats]:
    """Person, moment, whether it is a test, and wanted value of each order, by time."""
    rng = stream(options.seed, "orders")
    n, n_tests = len(bought.buyer), max(len(bought.buyer) // 170, 2)
    moment = calendar.moment(bought.day, order_seconds(rng, n))
    first = np.concatenate([[True], bought.buyer[1:] != bought.buyer[:-1]])
    moment[first] = folk.known_at[bought.buyer[first]]
    heavy = np.where(rng.random(n) < 0.012, 1 + rng.pareto(2.2, n), 1.0)
    value = folk.basket[bought.buyer] * np.exp(0.38 * rng.standard_normal(n)) * heavy
    staff = len(folk) - 1 - rng.integers(0, 2, n_tests)
    test_moment = rng.integers(calendar.midnight[0] + DAY, calendar.midnight[-1], n_tests)
    person, moment = np.concatenate([bought.buyer, staff]), np.concatenate([moment, test_moment])
    is_test = np.arange(n + n_tests) >= n
    value = np.concatenate([value, rng.uniform(20, 80, n_tests)])
    by_time = np.lexsort((person, moment))
    return person[by_time], moment[by_time], is_test[by_time], value[by_time]


def orders(
    options: WorldOptions, calendar: Calendar, folk: People, accounts: ShopCustomers, bought: Purchases, goods: Products
) -> tuple[Orders, OrderLines]:
    """All orders and their lines. A person's first order is the moment at which the person becomes known."""
    person, moment, is_test, value = _placed(options, calendar, folk, bought)
    rng = stream(options.seed, "order details")
    n = len(person)
    country = folk.country[person]
    swiss, states = country == _SWITZERLAND, country == _STATES
    included = ~(swiss | states)
    lines = _lines(rng, value, goods, np.where(swiss, 0.92, np.where(states, 0.84, 1.0)))
    discounted = rng.random(n) < 0.24
    share = np.where(discounted, rng.choice([0.10, 0.15, 0.25], n), 0.0)
    lines = _with_discount_and_tax(lines, share, VAT[country], included)
    start = offsets(np.bincount(lines.order, minlength=n))[:-1]
    gross, discount, tax = (
        np.add.reduceat(amount, start) for amount in (lines.quantity * lines.unit_price, lines.discount, lines.tax)
    )
    is_guest = (rng.random(n) < 0.015) & ~is_test
    cancelled = (rng.random(n) < 0.025) & ~is_test
    edited = rng.random(n) < 0.02
    visited = rng.random(n) < 0.8
    return Orders(
        order_id=6_200_000_000_000 + 41 * np.arange(n),
        number=1001 + np.arange(n),
        person=person,
        customer=np.where(is_guest, -1, _account_of(folk, accounts)[person]),
        created_at=moment,
        currency=np.where(swiss, CHF, EUR),
        presentment=np.where(swiss, CHF, np.where(states, USD, EUR)),
        presentment_rate=np.where(states, 1.1, 1.0),
        is_tax_included=included,
        is_test=is_test,
        is_paid=~cancelled | (rng.random(n) < 0.7),
        country=country,
        channel=np.where(visited, folk.channel[person], -1),
        campaign=np.where(visited, rng.integers(0, len(CAMPAIGNS), n), -1),
        gross=gross,
        discount=discount,
        tax=tax,
        shipping=np.where(gross - discount < 6000, 490, 0),
        cancelled_at=np.where(cancelled, moment + rng.integers(HOUR, 48 * HOUR, n), NEVER),
        edited_at=np.where(edited, moment + rng.integers(HOUR, 200 * DAY, n), NEVER),
    ), lines


def _account_of(folk: People, accounts: ShopCustomers) -> Integers:
    """Row of each person's account; -1 for none."""
    rows = np.full(len(folk), -1)
    rows[accounts.person] = np.arange(len(accounts))
    return rows


def checkouts(options: WorldOptions, calendar: Calendar, accounts: ShopCustomers, sold: Orders) -> Checkouts:
    """One for seven orders; a third of them by someone unknown, one in five completed after all."""
    rng = stream(options.seed, "checkouts")
    n = len(sold) // 7
    created = np.sort(rng.choice(sold.created_at, n) + rng.integers(-5 * HOUR, 5 * HOUR, n))
    created = np.maximum(created, calendar.midnight[0])
    customer = rng.integers(0, len(accounts), n)
    is_known = (rng.random(n) < 0.66) & (accounts.created_at[customer] <= created)
    return Checkouts(
        checkout_id=33_500_000_000_001 + 3 * np.arange(n),
        customer=np.where(is_known, customer, -1),
        created_at=created,
        completed_at=np.where(rng.random(n) < 0.2, created + rng.integers(HOUR, 3 * DAY, n), NEVER),
        total=rng.choice(sold.gross, n),
    )
