"""Refunds of today on orders of two years ago, from the shop's API over HTTP down to the facts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from orchestration.config import Settings
from pipelines.brands import Brands
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import Again, load_instance
from tests.edges.world import World
from tests.hostile.shopify_vendor import Node, Shopify, line, money, order, refund
from tests.hostile.wire import listening

pytestmark = [pytest.mark.xdist_group("edges_late_refunds"), pytest.mark.slow]

NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)
SOLD, EDITED, REFUNDED = "2024-06-28T10:00:00Z", "2024-07-01T10:00:00Z", "2026-06-30T09:00:00Z"
TODAY = date(2026, 6, 30)


def _order(number: int, currency: str = "EUR") -> Node:
    """An order of one line of 100.00, without tax."""
    only = {**line(number, "100.00"), "discountAllocations": [], "taxLines": []}
    amounts = {
        "currencyCode": currency, "totalDiscountsSet": money("0.00"), "totalTaxSet": money("0.00"),
        "totalPriceSet": money("100.00"),
    }  # fmt: skip
    return order(number, SOLD, [only], createdAt=SOLD, processedAt=SOLD, **amounts)


def _refund(
    number: int, lines: Sequence[Node] = (), at: str = REFUNDED, paid: str = "30.00", adjusted: Sequence[str] = ()
) -> Node:
    """A refund of 30.00 for each line, without tax; adjustments are negative."""
    parts = [
        {"quantity": 1, "lineItem": part, "subtotalSet": money("30.00"), "totalTaxSet": money("0.00")} for part in lines
    ]
    adjustments = [
        {"id": f"gid://shopify/OrderAdjustment/{number}", "amountSet": money(amount), "taxAmountSet": money("0.00")}
        for amount in adjusted
    ]
    more = {"lines": parts, "shipping": [], "adjustments": adjustments, "totalRefundedSet": money(paid)}
    return {**refund(number, at, []), **more}


class Shops:
    """Two brands whose shops are one at the vendor; the second one is read from this month on only."""

    def __init__(self, world: World, vendor: Shopify) -> None:
        self.world, self.vendor, self.landing = world, vendor, world.settings.layout.landing
        self.aurora, self.borealis = (
            world.source("shopify", world.brand(name), base_url=vendor.url) for name in ("aurora", "borealis")
        )
        token = vendor.variables["VOXHOUSE_AURORA_SHOPIFY_ACCESS_TOKEN"]
        self.environment = {f"VOXHOUSE_{name.upper()}_ACCESS_TOKEN": token for name in (self.aurora, self.borealis)}

    def load(self, instance: str, now: datetime, again: Again | None = None) -> None:
        """Read a shop, and accept what came."""
        brands = Brands.model_validate({"brands": self.world.brands, "sources": self.world.sources})
        report = load_instance(self.world.settings.layout, instance, brands, now, self.environment, again)
        if report.load_id:
            Ledger(self.landing).accept(report.load_id, "test", "as it is")

    def sell(self) -> None:
        """Two years ago, and read when nobody knew gift cards of lines yet."""
        orders = self.vendor.world["orders"] = [_order(number) for number in range(1001, 1006)]
        orders += [_order(1006, "USD"), _order(1007)]
        orders[3]["refunds"] = [_refund(41, orders[3]["lines"], at=EDITED, paid="0.00")]
        orders[6]["lines"][0]["isGiftCard"] = True
        self.load(self.aurora, NOW - timedelta(days=1))
        for path in (self.landing / self.aurora / "order_lines").rglob("*.parquet"):
            pq.write_table(pq.read_table(path).drop_columns(["is_gift_card"]), path)
        self.load(self.borealis, NOW - timedelta(days=1), Again(date(2026, 6, 1)))

    def give_back(self) -> None:
        """Today, of all but the gift card."""
        orders = self.vendor.world["orders"]
        made: list[Any] = [
            [_refund(11, orders[0]["lines"])],
            [_refund(21, adjusted=["-30.00"])],
            [_refund(31)],
            [*orders[3]["refunds"], _refund(42)],
            [{**_refund(51, orders[4]["lines"]), "createdAt": None}],
            [_refund(61, orders[5]["lines"])],
        ]
        for node, refunds in zip(orders, made, strict=False):
            node |= {"updatedAt": REFUNDED, "refunds": refunds}
        for instance in (self.aurora, self.borealis):
            self.load(instance, NOW)


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[duckdb.DuckDBPyConnection]:
    folder = tmp_path_factory.mktemp("late_refunds")
    world, vendor = World(Settings.from_environment({"VOXHOUSE_HOME": str(folder / "home")}), NOW), Shopify()
    world.settings.home.mkdir()
    with pytest.MonkeyPatch.context() as patch, listening(vendor.answer) as vendor.url:
        patch.setenv("DLT_DATA_DIR", str(folder / "dlt_data"))
        shops = Shops(world, vendor)
        shops.sell()
        shops.give_back()
        shops.load(shops.aurora, NOW, Again(date(2024, 1, 1)))
    with world.build() as connection:
        yield connection


def test_an_order_of_two_years_ago_shows_what_was_given_back_today(facts: duckdb.DuckDBPyConnection) -> None:
    orders = "select order_id, net_amount, refunded_amount_reporting from fct_order where brand_id = ? order by 1"
    net, back = Decimal(100), Decimal(30)
    known = [*((str(number), net, back) for number in range(1001, 1006)), ("1006", net, None)]
    assert facts.execute(orders, ["aurora"]).fetchall() == [*known, ("1007", 0, 0)]
    assert facts.execute(orders, ["borealis"]).fetchall() == known


@pytest.mark.parametrize("brand", ["aurora", "borealis"])
def test_each_refund_counts_once_on_its_own_day(facts: duckdb.DuckDBPyConnection, brand: str) -> None:
    refunds = facts.execute(
        "select refund_id, order_id, refund_kind, refunded_on, ordered_on, amount, refunded_revenue from fct_refund"
        " where brand_id = ? order by 1",
        [brand],
    ).fetchall()
    sold, back = date(2024, 6, 28), Decimal(30)
    assert refunds == [
        ("11", "1001", "line", TODAY, sold, back, back),
        ("21", "1002", "adjustment", TODAY, sold, back, back),
        ("31", "1003", "adjustment", TODAY, sold, back, back),
        ("41", "1004", "line", date(2024, 7, 1), sold, back, back),
        ("51", "1005", "line", TODAY, sold, back, back),
        ("61", "1006", "line", TODAY, sold, back, None),
    ]


def test_a_gift_card_that_was_read_before_lines_told_them_is_no_sale_once_it_is_read_again(
    facts: duckdb.DuckDBPyConnection,
) -> None:
    sold = "select is_revenue_order, net_revenue from fct_order where brand_id = 'aurora' and order_id = '1007'"
    assert facts.execute(sold).fetchall() == [(False, 0)]
    lines = "select is_revenue_order, net_amount from fct_order_line where brand_id = 'aurora' and order_id = '1007'"
    assert facts.execute(lines).fetchall() == [(False, 100)]
