"""The edges of orders, refunds, cancellations and their reconciliation, each on a brand of its own.

One landing zone serves three builds: of the home's own day, of the end of May, and of a month before anything was sold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from zoneinfo import available_timezones

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from expectations.readiness import ORDERS, TOTALS, has_rows
from orchestration.config import Settings
from pipelines.landing import columns as rules
from pipelines.landing.judge import QUARANTINE
from pipelines.landing.ledger import Ledger
from tests.edges.world import World

pytestmark = [pytest.mark.xdist_group("edges_commerce"), pytest.mark.slow]

NOW = datetime(2026, 6, 30, 18, tzinfo=UTC)
MAY = date(2026, 5, 31)
MACROS = Path(__file__).resolve().parents[2] / "dbt_project" / "macros" / "portable"
Row = dict[str, Any]


def at(text: str) -> datetime:
    """A moment, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def order(order_id: str, ordered_at: str, gross: float, changed_at: str | None = None, **said: Any) -> Row:
    """A version of an order of a shop."""
    placed = at(ordered_at)
    return {
        "order_id": order_id, "customer_id": "c", "ordered_at": placed, "is_test": False, "currency": "EUR",
        "is_tax_included": False, "gross_amount": Decimal(str(gross)), "total_amount": Decimal(str(gross)),
        "created_at": placed, "updated_at": at(changed_at) if changed_at else placed, **said,
    }  # fmt: skip


def line(order_id: str, line_id: str, price: float, changed_at: str, **said: Any) -> Row:
    """A line of a version of an order."""
    return {
        "order_id": order_id, "line_id": line_id, "quantity": 1, "unit_price": Decimal(str(price)),
        "discount_amount": Decimal(0), "currency": "EUR", "updated_at": at(changed_at), **said,
    }  # fmt: skip


def refund(order_id: str, refunded_at: str, amount: float, **said: Any) -> Row:
    """A refund of an amount of an order."""
    return {
        "refund_id": f"r{order_id}{refunded_at}", "order_id": order_id, "refund_kind": "adjustment",
        "refunded_at": at(refunded_at), "amount": Decimal(str(amount)), "currency": "EUR",
        "updated_at": at(refunded_at), **said,
    }  # fmt: skip


def total(day: str, net_sales: float, orders: int = 1) -> Row:
    """A day of a shop's own report."""
    return {"day": date.fromisoformat(day), "net_sales": Decimal(str(net_sales)), "orders_count": orders,
            "currency": "EUR"}  # fmt: skip


def quarantine(world: World, shop: str, count: int, table: str = "orders") -> None:
    """A load of a shop that brought so many records into quarantine, and nothing else."""
    world.loads += 1
    load_id = f"{world.now.timestamp():.0f}.{world.loads:06d}"
    schema = rules.arrow_schema(QUARANTINE)
    rows = [
        {"source_instance": shop, "table_name": table, "record_key": f"{shop}{n}", "record_digest": f"{n}",
         "value_kind": "text", "reason": "type", "_observed_at": world.now}
        for n in range(count)
    ]  # fmt: skip
    full = pa.Table.from_pylist([{name: row.get(name) for name in schema.names} for row in rows], schema=schema)
    full = full.append_column("_dlt_load_id", pa.array([load_id] * count, pa.string()))
    file = world.settings.layout.landing / shop / "_quarantine" / f"day={world.now:%Y-%m-%d}" / f"{load_id}.0.parquet"
    file.parent.mkdir(parents=True)
    pq.write_table(full, file)
    marker = world.settings.layout.landing / shop / "_dlt_loads" / f"shopify__{load_id}.jsonl"
    marker.write_text(json.dumps({"inserted_at": world.now.isoformat()}), encoding="utf-8")
    Ledger(world.settings.layout.landing).accept(load_id, "test", "an edge")


def _amounts(world: World) -> None:
    shop = world.source("shopify", world.brand("free_shipping"))
    world.land(
        shop,
        orders=[order("1", "2026-05-10T10:00", 100, discount_amount=Decimal(10), shipping_amount=Decimal(10))],
        order_lines=[line("1", "a", 100, "2026-05-10T10:00")],
    )
    shop = world.source("shopify", world.brand("no_lines"))
    world.land(shop, orders=[order("1", "2026-05-10T10:00", 100, discount_amount=Decimal(10))])

    drop = world.drop(world.brand("two_discounts"))
    filed: Row = {"order_id": "1", "customer_id": "c", "ordered_at": at("2026-05-10T10:00"), "currency": "EUR"}
    of_file: Row = {"order_id": "1", "line_id": "a", "quantity": 1, "gross_amount": Decimal(100), "currency": "EUR"}
    lines = [{**of_file, "discount_amount": Decimal(10)}]
    world.land(drop, orders=[{**filed, "discount_amount": Decimal(10)}], order_lines=lines)

    drop = world.drop(world.brand("dollars"))
    rates = [("2026-05-04", "1.25"), ("2026-05-18", "1.0")]
    world.land(
        drop,
        exchange_rates=[{"rate_date": date.fromisoformat(d), "currency": "USD", "units_per_euro": Decimal(r)}
                        for d, r in rates],
    )  # fmt: skip
    shop = world.source("shopify", "dollars")
    world.land(
        shop,
        orders=[order("1", "2026-05-04T10:00", 100, currency="USD")],
        refunds=[refund("1", "2026-05-18T10:00", 100, currency="USD")],
        sales_totals=[total("2026-05-04", 80), total("2026-05-18", -100, 0)],
    )

    shop = world.source("shopify", world.brand("gift_card"))
    world.land(
        shop,
        orders=[order("sold", "2026-05-04T10:00", 50), order("redeemed", "2026-05-20T10:00", 50)],
        order_lines=[
            line("sold", "a", 50, "2026-05-04T10:00", is_gift_card=True),
            line("redeemed", "b", 50, "2026-05-20T10:00", is_gift_card=False),
        ],
        sales_totals=[total("2026-05-04", 0), total("2026-05-20", 50)],
    )


def _cancellations(world: World) -> None:
    def cancelled(name: str, ordered_at: str, cancelled_at: str, landed_at: datetime | None = None) -> str:
        shop = world.source("shopify", name)
        world.land(shop, landed_at, orders=[order("1", ordered_at, 100, cancelled_at, cancelled_at=at(cancelled_at))])
        return shop

    shop = cancelled(world.brand("cancelled_later"), "2026-01-20T10:00", "2026-02-10T10:00")
    world.land(shop, sales_totals=[total("2026-01-20", 100), total("2026-02-10", -100, 0)])

    shop = cancelled(world.brand("hindsight"), "2026-05-10T10:00", "2026-06-10T10:00")
    world.land(shop, orders=[order("2", "2026-05-05T10:00", 40)])

    shop = world.source("shopify", world.brand("west_night", timezone="America/New_York"))
    gone = order("1", "2026-05-31T14:00", 80, "2026-06-01T01:30", cancelled_at=at("2026-06-01T01:30"))
    world.land(shop, orders=[gone, order("2", "2026-05-20T10:00", 80)], refunds=[refund("1", "2026-06-01T01:00", 40)])

    shop = cancelled(world.brand("refunded_and_cancelled"), "2026-05-03T10:00", "2026-05-08T10:00")
    days = [total("2026-05-03", 100), total("2026-05-05", -30, 0), total("2026-05-08", -70, 0)]
    world.land(shop, refunds=[refund("1", "2026-05-05T10:00", 30)], sales_totals=days)

    cancelled(world.brand("money_back_late"), "2026-05-03T10:00", "2026-05-08T10:00")
    world.land(f"{'money_back_late'}_shopify", refunds=[refund("1", "2026-06-12T10:00", 100)])

    shop = world.source("shopify", world.brand("landed_after"))
    world.land(shop, at("2026-05-31T12:00"), orders=[order("1", "2026-05-31T09:00", 100)])
    cancelled("landed_after", "2026-05-31T09:00", "2026-05-31T15:00", at("2026-06-01T01:00"))

    shop = world.source("shopify", world.brand("edited"))
    world.land(shop, at("2026-05-31T12:00"), orders=[order("1", "2026-05-31T09:00", 100)])
    world.land(shop, at("2026-06-01T01:00"), orders=[order("1", "2026-05-31T09:00", 60, "2026-05-31T15:00")])
    world.land(shop, at("2026-06-02T01:00"), orders=[order("1", "2026-05-31T09:00", 70, "2026-06-01T15:00")])

    drop = world.drop(world.brand("file_cancelled"))
    filed = {"order_id": "1", "customer_id": "c", "currency": "EUR", "gross_amount": Decimal(100)}
    world.land(
        drop,
        orders=[{**filed, "ordered_at": at("2026-05-03T10:00"), "cancelled_at": at("2026-05-08T10:00")}],
        control_totals=[{"_source_file": "orders.csv", "entity": "orders", "day": date(2026, 5, 3), "currency": "EUR",
                         "records": 1, "net_amount": Decimal(100)}],
    )  # fmt: skip


def _versions_and_days(world: World) -> None:
    shop = world.source("shopify", world.brand("line_added"))
    taxed = {"is_tax_included": True}
    world.land(
        shop,
        at("2026-05-10T12:00"),
        orders=[order("1", "2026-05-10T10:00", 120, **taxed, tax_amount=Decimal(20))],
        order_lines=[line("1", "a", 120, "2026-05-10T10:00", tax_amount=Decimal(20))],
    )
    changed = "2026-06-05T10:00"
    world.land(
        shop,
        at("2026-06-05T12:00"),
        orders=[order("1", "2026-05-10T10:00", 180, changed, **taxed, tax_amount=Decimal(30))],
        order_lines=[line("1", "a", 120, changed, tax_amount=Decimal(20)),
                     line("1", "b", 60, changed, tax_amount=Decimal(10))],
    )  # fmt: skip

    for name, zone in (("new_york", "America/New_York"), ("tokyo", "Asia/Tokyo"),
                       ("kiritimati", "Pacific/Kiritimati"), ("pago", "Pacific/Pago_Pago")):  # fmt: skip
        world.source("shopify", world.brand(name, timezone=zone))
    world.land("new_york_shopify", orders=[order("1", "2026-06-01T01:00", 100)])
    world.land("tokyo_shopify", orders=[order("1", "2026-06-30T16:00", 100), order("2", "2026-06-30T14:30", 10)])
    world.land("kiritimati_shopify", orders=[order("1", "2026-06-30T11:00", 100), order("2", "2026-06-30T09:30", 10)])
    world.land("pago_shopify", orders=[order("1", "2026-06-30T10:30", 100), order("2", "2026-06-30T11:30", 10)])

    shop = world.source("shopify", world.brand("two_zones"), timezone="America/Los_Angeles")
    world.land(shop, orders=[order("1", "2026-05-10T02:00", 100), order("2", "2026-05-10T12:00", 10)],
               sales_totals=[total("2026-05-09", 100), total("2026-05-10", 10)])  # fmt: skip

    shop = world.source("shopify", world.brand("early_reading"))
    world.land(shop, orders=[order("1", "2026-05-31T10:00", 200)])
    world.land(shop, at("2026-05-29T23:00"), sales_totals=[total("2026-05-30", 0, 0)])
    world.land(shop, at("2026-05-30T23:00"), sales_totals=[total("2026-05-31", 0, 0)])
    world.land(shop, at("2026-06-01T01:00"), sales_totals=[total("2026-05-31", 200)])

    shop = world.source("shopify", world.brand("only_early"))
    world.land(shop, orders=[order("1", "2026-05-31T10:00", 200)])
    world.land(shop, at("2026-05-30T23:00"), sales_totals=[total("2026-05-31", 0, 0)])

    for name, missing in (("one_lost", 1), ("many_lost", 301)):
        shop = world.source("shopify", world.brand(name))
        landed = [order("1", "2026-05-10T10:00", 10), order("2", "2026-05-11T10:00", 10)]
        days = [total("2026-05-10", 10 + 10 * missing, 1 + missing), total("2026-05-11", 10)]
        world.land(shop, orders=landed, sales_totals=days)
        quarantine(world, shop, 1)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    home = tmp_path_factory.mktemp("edges") / "home"
    settings = Settings.from_environment({"VOXHOUSE_HOME": str(home)})
    home.mkdir()
    made = World(settings, NOW)
    _amounts(made)
    _cancellations(made)
    _versions_and_days(made)
    return made


@dataclass
class Build:
    """A build, and what is asked of it most."""

    connection: duckdb.DuckDBPyConnection

    def rows(self, sql: str, *given: Any) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, given).fetchall()

    def days(self, brand: str) -> dict[str, float]:
        """Revenue by day of the brand as the facts have it, days that come to nothing left out."""
        sql = """
            select day::varchar, sum(amount)::double from (
                select ordered_on as day, net_revenue as amount from fct_order where brand_id = $1
                union all select refunded_on, -refunded_revenue from fct_refund where brand_id = $1
            ) group by 1 having sum(amount) <> 0 order by 1
        """
        return dict(self.connection.execute(sql, [brand]).fetchall())

    def reconciled(self, brand: str) -> dict[str, tuple[Any, ...]]:
        """Day to control total, warehouse total and what nothing explains, where any of them is something."""
        sql = """
            select day::varchar, control_total::double, warehouse_total::double, unexplained_difference::double
            from mart_revenue_reconciliation
            where brand_id = ? and (control_total <> 0 or warehouse_total <> 0 or unexplained_difference <> 0)
            order by day
        """
        return {day: tuple(rest) for day, *rest in self.rows(sql, brand)}

    def one(self, column: str, brand: str, day: str) -> Any:
        """A column of the reconciliation of a day."""
        sql = f"select {column} from mart_revenue_reconciliation where brand_id = ? and day = ?"
        ((value,),) = self.rows(sql, brand, day)
        return float(value) if isinstance(value, Decimal) else value


@pytest.fixture(scope="module")
def june(world: World) -> Iterator[Build]:
    with world.build() as connection:
        yield Build(connection)


@pytest.fixture(scope="module")
def may(world: World) -> Iterator[Build]:
    with world.build(MAY) as connection:
        yield Build(connection)


@pytest.fixture(scope="module")
def before(world: World) -> Iterator[Build]:
    with world.build(date(2025, 12, 31)) as connection:
        yield Build(connection)


# Amounts


def test_a_discount_of_shipping_lessens_no_revenue(june: Build) -> None:
    assert june.days("free_shipping") == {"2026-05-10": 100}
    assert june.days("no_lines") == {"2026-05-10": 90}


def test_an_order_that_is_the_sum_of_its_lines_keeps_a_discount_of_its_own(june: Build) -> None:
    assert june.days("two_discounts") == {"2026-05-10": 80}


def test_a_refund_at_another_rate_leaves_nothing_and_an_exchange_difference(june: Build) -> None:
    assert june.days("dollars") == {"2026-05-04": 80, "2026-05-18": -80}
    refunded = june.rows("select amount_reporting, refunded_revenue, exchange_difference from fct_refund"
                         " where brand_id = 'dollars'")  # fmt: skip
    assert refunded == [(100, 80, 20)]
    assert june.one("exchange_difference", "dollars", "2026-05-18") == -20
    assert june.reconciled("dollars") == {"2026-05-04": (80, 80, 0), "2026-05-18": (-100, -80, 0)}
    assert june.rows("select sum(historic_net_revenue) from mart_customer_lifetime_value"
                     " where brand_id = 'dollars' and is_current") == [(0,)]  # fmt: skip


def test_a_gift_card_is_revenue_when_it_is_redeemed(june: Build) -> None:
    assert june.days("gift_card") == {"2026-05-20": 50}
    assert june.reconciled("gift_card") == {"2026-05-20": (50, 50, 0)}


# Cancellations


def test_a_cancellation_is_taken_back_on_its_own_day(june: Build) -> None:
    assert june.days("cancelled_later") == {"2026-01-20": 100, "2026-02-10": -100}
    days = june.reconciled("cancelled_later")
    assert days == {"2026-01-20": (100, 100, 0), "2026-02-10": (-100, -100, 0)}
    assert june.one("cancelled_difference", "cancelled_later", "2026-02-10") == 0


def test_a_month_is_not_changed_by_what_is_cancelled_after_it(june: Build, may: Build) -> None:
    sql = """
        select as_of::varchar, sum(historic_net_revenue)::double from mart_customer_lifetime_value
        where brand_id = 'hindsight' group by 1 order by 1
    """
    assert june.rows(sql) == [("2026-05-31", 140), ("2026-06-30", 40)]
    assert may.rows(sql) == [("2026-05-31", 140)]
    assert june.days("hindsight") == {"2026-05-05": 40, "2026-05-10": 100, "2026-06-10": -100}
    bought = (
        "select ordered_on::varchar, net_revenue from int_customer_order_days where brand_id = 'hindsight' order by 1"
    )
    assert june.rows(bought) == may.rows(bought) == [("2026-05-05", 40), ("2026-05-10", 100)]


def test_a_day_sees_all_of_a_refund_and_a_cancellation_before_its_midnight(may: Build, june: Build) -> None:
    assert sum(may.days("west_night").values()) == 80
    assert sum(june.days("west_night").values()) == 80


def test_a_cancellation_takes_back_what_no_refund_has(june: Build) -> None:
    days = {"2026-05-03": 100, "2026-05-05": -30, "2026-05-08": -70}
    assert june.days("refunded_and_cancelled") == days
    assert june.reconciled("refunded_and_cancelled") == {day: (net, net, 0) for day, net in days.items()}
    assert june.rows("select refunded_amount_reporting from fct_order where brand_id = 'refunded_and_cancelled'") == [
        (100,)
    ]


def test_money_given_back_after_a_cancellation_takes_nothing_back_again(june: Build, may: Build) -> None:
    assert june.days("money_back_late") == may.days("money_back_late") == {"2026-05-03": 100, "2026-05-08": -100}


def test_versions_count_from_when_they_were_made(may: Build, june: Build) -> None:
    assert may.days("landed_after") == june.days("landed_after") == {}
    assert may.days("edited") == {"2026-05-31": 60}
    assert june.days("edited") == {"2026-05-31": 70}


def test_a_file_never_takes_a_cancelled_order_back(june: Build) -> None:
    assert june.days("file_cancelled") == {"2026-05-03": 100, "2026-05-08": -100}
    assert june.reconciled("file_cancelled") == {"2026-05-03": (100, 100, 0), "2026-05-08": (0, -100, 0)}
    assert june.one("cancelled_difference", "file_cancelled", "2026-05-08") == 100


# Versions, days and control totals


def test_lines_and_order_are_of_one_version(may: Build, june: Build) -> None:
    lines = "select line_id, net_amount from fct_order_line where brand_id = 'line_added' order by 1"
    assert may.days("line_added") == {"2026-05-10": 100}
    assert may.rows(lines) == [("a", 100)]
    assert june.days("line_added") == {"2026-05-10": 150}
    assert june.rows(lines) == [("a", 100), ("b", 50)]


def test_a_past_day_ends_at_the_brands_midnight(may: Build, june: Build) -> None:
    month = """
        select is_complete, order_revenue, as_of::varchar from mart_lifetime_value_monthly
        where brand_id = 'new_york' and segment_type = 'all' and month = date '2026-05-01'
    """
    assert may.days("new_york") == june.days("new_york") == {"2026-05-31": 100}
    assert may.rows(month) == june.rows(month) == [(True, 100, "2026-05-31")]
    assert may.one("is_complete", "new_york", "2026-05-31") is True


def test_each_brand_has_its_own_day(june: Build) -> None:
    assert june.days("tokyo") == {"2026-06-30": 10, "2026-07-01": 100}
    assert june.days("kiritimati") == {"2026-06-30": 10, "2026-07-01": 100}
    assert june.days("pago") == {"2026-06-29": 100, "2026-06-30": 10}
    over = {name: june.one("is_complete", name, "2026-06-30") for name in ("tokyo", "kiritimati", "pago")}
    assert over == {"tokyo": True, "kiritimati": True, "pago": False}
    assert june.one("is_complete", "tokyo", "2026-07-01") is False
    last = dict(june.rows("select brand_id, last_day::varchar from int_brand_clocks"))
    assert (last["tokyo"], last["kiritimati"], last["pago"]) == ("2026-07-01", "2026-07-01", "2026-06-30")


def test_a_past_day_that_is_not_over_in_the_west_is_not_complete(world: World) -> None:
    night = World(world.settings, at("2026-05-31T02:00"), world.brands, world.sources, world.drops)
    with night.build(date(2026, 5, 30)) as connection:
        early = Build(connection)
        assert early.one("is_complete", "west_night", "2026-05-30") is False
        assert early.one("is_complete", "free_shipping", "2026-05-30") is True


def test_a_control_total_is_of_the_shops_own_day(june: Build) -> None:
    assert june.reconciled("two_zones") == {"2026-05-09": (100, 0, 0), "2026-05-10": (10, 110, 0)}
    assert june.one("order_timing_difference", "two_zones", "2026-05-09") == 100


def test_a_day_that_is_over_has_a_control_total_read_after_its_end(may: Build, june: Build) -> None:
    for build in (may, june):
        assert build.reconciled("early_reading") == {"2026-05-31": (200, 200, 0)}
        assert build.one("control_total", "early_reading", "2026-05-30") == 0
        assert build.one("control_total", "only_early", "2026-05-31") is None


def test_quarantine_explains_as_many_orders_as_it_holds(june: Build) -> None:
    assert june.reconciled("one_lost") == {"2026-05-10": (20, 10, 0), "2026-05-11": (10, 10, 0)}
    assert june.one("quarantined_difference", "one_lost", "2026-05-10") == 10
    assert june.reconciled("many_lost")["2026-05-10"] == (3020, 10, 3010)


def test_a_past_month_without_an_order_may_be_empty(before: Build) -> None:
    fed = frozenset({ORDERS, TOTALS})
    for table in ("marts.fct_order", "marts.fct_order_line", "finance.mart_revenue_reconciliation"):
        assert before.rows(f"select count(*) from {table}") == [(0,)]
        query = str(has_rows(table, fed).unexpected_rows_query).replace("{batch}", "")
        assert before.rows(f"select is_met from ({query})") == [(True,)]


# The clock that goes back


def test_a_day_begins_with_its_first_moment_in_every_zone() -> None:
    """By the engine's own zones, on every night on which a clock was moved: no moment before has the day's date."""
    connection = duckdb.connect()
    connection.execute("set timezone = 'UTC'")
    known = {row[0] for row in connection.execute("select name from pg_timezone_names()").fetchall()}
    zones = sorted(available_timezones() & known)
    assert len(zones) > 400
    connection.execute("create table zones as select unnest(?) as zone", [zones])
    start = _macro("local_to_utc", "day", "zone")
    connection.execute(
        """
        create table nights as
        with hours as (
            select zone, day::date as day, (day at time zone 'UTC' at time zone zone) - day as shift
            from zones, generate_series(timestamp '2014-12-31', timestamp '2030-12-31', interval 1 day) as days(day)
        ),
        moved as (
            select zone, day, shift <> lag(shift) over (partition by zone order by day) as is_moved from hours
        )
        select distinct zone, (day + near)::date as day from moved, unnest([-2, -1, 0, 1]) as near(near) where is_moved
        """
    )
    connection.execute(f"create table starts as select zone, day, {start} as start from nights")
    wrong = connection.execute(
        """
        select zone, day, start from starts where (start at time zone 'UTC' at time zone zone)::date <> day
        union
        select zone, day, start from starts, generate_series(1, 30) as steps(step)
        where ((start - step * interval 10 minute) at time zone 'UTC' at time zone zone)::date >= day
        """
    ).fetchall()
    assert [row for row in wrong if not _is_skipped(row[0], row[1])] == []
    havana, azores = ("America/Havana", "2026-11-01 04:00:00"), ("Atlantic/Azores", "2026-10-25 00:00:00")
    first = connection.execute(
        "select zone, start::varchar from starts where (zone, day) in"
        " (('America/Havana', date '2026-11-01'), ('Atlantic/Azores', date '2026-10-25')) order by zone"
    ).fetchall()
    assert first == [havana, azores]


def _is_skipped(zone: str, day: date) -> bool:
    """A day that the zone left out whole."""
    connection = duckdb.connect()
    noon = datetime.combine(day, datetime.min.time()) + timedelta(hours=12)
    moments = [noon + timedelta(hours=h) for h in range(-36, 37)]
    sql = "select bool_or((m at time zone 'UTC' at time zone ?)::date = ?) from (select unnest(?) as m)"
    return not connection.execute(sql, [zone, day, moments]).fetchone()[0]  # type: ignore[index]


def _macro(name: str, *arguments: str) -> str:
    """SQL of a portable macro as dbt renders it."""
    import jinja2

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["return"] = lambda value: value
    found: dict[str, Any] = {}

    class _Adapter:
        @staticmethod
        def dispatch(macro: str, _package: str) -> Any:
            return found[f"duckdb__{macro}"]

    environment.globals["adapter"] = _Adapter
    for file in ("utc_to_local", "local_to_utc"):
        module = environment.from_string((MACROS / f"{file}.sql").read_text(encoding="utf-8"), found | {}).module
        for macro in (file, f"duckdb__{file}"):
            found[macro] = environment.globals[macro] = getattr(module, macro)
    return str(found[name](*arguments)).strip()
