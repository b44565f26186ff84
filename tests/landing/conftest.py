"""A home of its own for each test with one instance, whose far side is a list of records that the test changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pytest

from pipelines.brands import Brand, Brands
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import Again, LoadReport, load_instance
from pipelines.sources import Given, SourceConfiguration
from pipelines.sources.hints import (
    count,
    currency,
    decimal,
    document,
    flag,
    moment,
    personal,
    resource_of,
    table,
    text,
)

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
FIRST_DAY = "2006-01-01T00:00:00Z"
ORDERS = table(
    "One version of an order.",
    ("order_id",),
    {
        "order_id": text("Id.", required=True),
        "email": personal("email", "Who ordered."),
        "handle": personal("handle", "Who ordered.", network="instagram"),
        "note": personal("text", "What the person wrote."),
        "status": text("State.", one_of=("open", "paid")),
        "amount": decimal("Charged.", required=True, minimum=0),
        "currency": currency(),
        "quantity": count("Units."),
        "is_deleted": flag("Gone.", erases=True),
        "_extra": document("More."),
        "updated_at": moment("Last change.", required=True, version=True),
    },
    "merge",
)
READINGS = table(
    "A reading of a shop.",
    ("shop_id",),
    {"shop_id": text("Id.", required=True), "visits": count("Visits so far.")},
    "append",
)


@dataclass
class Vendor:
    """A shop whose API gives orders changed since the cursor, and a reading of its visits."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    readings: list[dict[str, Any]] = field(default_factory=list)
    failure: Exception | None = None
    since: list[str | None] = field(default_factory=list)
    given: list[Given] = field(default_factory=list)

    def add(self, order_id: Any, updated_at: Any, **fields: Any) -> None:
        self.orders.append({"order_id": order_id, "amount": "12.30", "updated_at": updated_at, **fields})

    def source(self, given: Given) -> Any:
        self.given.append(given)

        @dlt.source(name="shop", max_table_nesting=0)
        def shop() -> Any:
            first = f"{given.since}T00:00:00Z" if given.since else FIRST_DAY

            @dlt.resource(**resource_of(ORDERS))
            def orders(
                changed: dlt.sources.incremental[str] = dlt.sources.incremental(  # noqa: B008 - as dlt declares cursors
                    "updated_at", initial_value=first
                ),
            ) -> Iterator[Any]:
                since = changed.last_value
                self.since.append(since)
                changed.advance(None)
                for order in self.orders:
                    if str(order["updated_at"]) >= str(since):
                        yield [order]
                        changed.advance(max(str(order["updated_at"]), str(changed.last_value)))
                if self.failure:
                    raise self.failure

            @dlt.resource(**resource_of(READINGS))
            def readings() -> Iterator[Any]:
                yield list(self.readings)

            return orders, readings

        return shop()


class Shop(SourceConfiguration):
    """An instance of the test's own kind."""

    vendor: Any
    credentials = (("access_token",), ("client_id", "client_secret", "refresh_token"))

    def source(self, given: Given) -> Any:
        return self.vendor.source(given)


class World:
    """One home under test."""

    def __init__(self, root: Path) -> None:
        self.home, self.vendor, self.loads = Home(root), Vendor(), 0
        brand = Brand(name="Aurora", ownership="own", timezone="Europe/Paris")
        shop = Shop(kind="shop", brand="aurora", vendor=self.vendor)
        self.brands = Brands(brands={"aurora": brand}, sources={"shop": shop, "other": shop})
        self.environment = {"VOXHOUSE_SHOP_ACCESS_TOKEN": "abc", "VOXHOUSE_OTHER_ACCESS_TOKEN": "abc"}

    def load(self, accept: bool = True, again: Again | None = None, instance: str = "shop") -> LoadReport:
        """Load an instance an hour after the load before, and accept what came."""
        now = NOW + timedelta(hours=self.loads)
        report = load_instance(self.home, instance, self.brands, now, self.environment, again)
        self.loads += 1
        if accept and report.load_id:
            self.ledger.accept(report.load_id, "test", "as expected")
        return report

    @property
    def ledger(self) -> Ledger:
        return Ledger(self.home.landing)

    def rows(self, sql: str, table_name: str = "orders", instance: str = "shop") -> list[tuple[Any, ...]]:
        """SQL over `t`, the accepted rows of a landed table."""
        files = [str(path) for path in self.ledger.files([table_name], instance)[table_name]]
        with duckdb.connect() as con:
            con.execute("set timezone = 'UTC'")
            if not files:
                return []
            con.execute(f"create view t as from read_parquet({files}, union_by_name = true, hive_partitioning = false)")
            return con.execute(sql).fetchall()


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")


@pytest.fixture
def make_world(tmp_path: Path) -> Callable[[str], World]:
    return lambda name: World(tmp_path / name)
