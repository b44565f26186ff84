"""Loads of API sources: cursors, failure, repetition and threads, through dlt into Parquet. Only the vendor is ours."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

import pytest

from pipelines.brands import Brand, Brands, SourceConfig
from pipelines.errors import ConfigError, TransientError
from pipelines.extract import LoadContext, Page, Stream
from pipelines.loading import instances, load_instance
from pipelines.sources.shopify.tables import ORDERS, REFUNDS

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
ORDER = {
    "ordered_at": "2026-01-01T10:00:00Z",
    "is_test": False,
    "currency": "EUR",
    "is_tax_included": True,
    "gross_amount": "12.30",
    "total_amount": 12.3,
    "created_at": "2026-01-01T10:00:00+0000",
}


@dataclass
class Vendor:
    """A shop that gives the orders changed since the cursor, a page for each."""

    orders: list[dict[str, Any]] = field(default_factory=list)
    fails: bool = False
    contexts: list[LoadContext] = field(default_factory=list)

    def add(self, order_id: str, updated_at: str, **fields: Any) -> None:
        self.orders.append({**ORDER, "order_id": order_id, "updated_at": updated_at, **fields})

    def streams(self, _instance: str, _config: SourceConfig, context: LoadContext) -> list[Stream]:
        self.contexts.append(context)

        def read():
            since = context.cursor("orders") or ""
            for order in sorted(self.orders, key=lambda order: order["updated_at"]):
                if order["updated_at"] > since:
                    yield Page(ORDERS, [order], order["updated_at"])
            if self.fails:
                raise TransientError("answers 503", "shop", "run again later")

        return [Stream("orders", read, (ORDERS,)), Stream("refunds", lambda: iter(()), (REFUNDS,))]


@pytest.fixture
def vendor(monkeypatch) -> Vendor:
    vendor, module = Vendor(), ModuleType("pipelines.sources.shopify")
    module.CREDENTIALS, module.streams = ("ACCESS_TOKEN",), vendor.streams
    monkeypatch.setitem(sys.modules, "pipelines.sources.shopify", module)
    return vendor


@pytest.fixture
def world(world):
    shop = SourceConfig(kind="shopify", brand="aurora", base_url="http://localhost")
    brand = Brand(name="Aurora", ownership="own", timezone="Europe/Paris")
    world.brands = Brands(brands={"aurora": brand}, sources={"shop": shop, "other": shop})
    world.home.root.mkdir()
    world.home.secrets_file.touch(mode=0o600)
    world.home.secrets_file.write_text("VOXHOUSE_SHOP_ACCESS_TOKEN=abc\nVOXHOUSE_OTHER_ACCESS_TOKEN=abc\n")
    return world


def test_a_load_goes_on_where_the_last_accepted_one_ended(world, vendor):
    vendor.add("1", "2026-01-01T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}
    assert world.load().load_id is None
    vendor.add("2", "2026-01-02T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}
    assert vendor.contexts[-1].credentials == {"ACCESS_TOKEN": "abc"}
    assert world.query("select order_id from landing.shopify__orders order by 1") == [("1",), ("2",)]
    streams = (
        "select stream, table_name, records_read, cursor, is_complete from landing.streams order by _dlt_load_id, 1"
    )
    assert world.query(streams) == [
        ("orders", "orders", 1, "2026-01-01T10:00:00Z", True),
        ("refunds", "refunds", 0, None, True),
        ("orders", "orders", 1, "2026-01-02T10:00:00Z", True),
        ("refunds", "refunds", 0, None, True),
    ]


@pytest.mark.parametrize("decision", ["held", "rejected"])
def test_a_load_that_is_not_accepted_loses_nothing(world, vendor, decision):
    vendor.add("1", "2026-01-01T10:00:00Z")
    first = world.load(accept=False).load_id
    if decision == "rejected":
        world.ledger.reject(first, "test", "no")
    assert world.query("select count(*) from landing.shopify__orders") == [(0,)]
    assert world.load().tables == {"orders": (1, 0)}
    assert world.query("select count(*) from landing.shopify__orders") == [(1,)]
    assert [load.status for load in world.ledger.loads()] == [
        decision if decision == "rejected" else "superseded",
        "accepted",
    ]


def test_a_stream_that_fails_lands_nothing_of_the_load(world, vendor):
    vendor.add("1", "2026-01-01T10:00:00Z")
    vendor.fails = True
    with pytest.raises(TransientError, match="answers 503"):
        world.load()
    assert world.ledger.loads() == []
    vendor.fails = False
    assert world.load().tables == {"orders": (1, 0)}


def test_pages_that_repeat_a_record_land_it_once(world, vendor):
    vendor.add("1", "2026-01-01T10:00:00Z")
    vendor.add("1", "2026-01-01T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}


def test_a_source_reads_what_it_landed(world, vendor):
    vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    world.load()
    known = vendor.contexts[-1].query("select order_id, _dlt_load_id from landing.shopify__orders").to_pylist()
    assert [row["order_id"] for row in known] == ["1"]


def test_one_error_names_all_missing_credentials(world, vendor):
    world.home.secrets_file.write_text("# nothing\n")
    with pytest.raises(ConfigError, match="shop: missing credentials VOXHOUSE_SHOP_ACCESS_TOKEN; set them in"):
        world.load()


def test_secrets_that_others_can_read_are_refused(world, vendor):
    world.home.secrets_file.chmod(0o644)
    with pytest.raises(ConfigError, match="others than its owner may read it; run `chmod 600"):
        world.load()


def test_instances_load_side_by_side_in_one_process(world, vendor):
    for number in range(50):
        vendor.add(str(number), f"2026-01-01T10:00:{number:02}Z")
    world.brands = world.brands.model_copy(
        update={"sources": {f"shop{n}": world.brands.sources["shop"] for n in range(4)}}
    )
    environment = {f"VOXHOUSE_SHOP{n}_ACCESS_TOKEN": "abc" for n in range(4)}

    def load(name: str):
        return load_instance(world.home, name, world.brands, NOW, environment=environment)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(load, world.brands.sources))
    assert [report.tables for report in reports] == [{"orders": (50, 0)}] * 4
    assert {load.source_instance for load in world.ledger.loads()} == set(world.brands.sources)


def test_progress_is_told_while_a_stream_is_read(world, vendor):
    vendor.add("1", "2026-01-01T10:00:00Z")
    vendor.add("2", "2026-01-02T10:00:00Z")
    told: list[tuple[str, int]] = []
    load_instance(world.home, "shop", world.brands, NOW, lambda *step: told.append(step), {})
    assert told == [("orders", 1), ("orders", 2)]


def test_a_drop_may_not_have_the_name_of_a_source_nor_an_unknown_brand(world, vendor):
    folder = world.drop("files: [{match: a.csv, entities: [{entity: products, columns: {product_id: a}}]}]\n")
    with pytest.raises(ConfigError, match=r"shop is a source of brands.yml too"):
        instances(world.home, world.brands)
    folder = folder.rename(folder.with_name("Bad Name"))
    with pytest.raises(ConfigError, match="no name for a source; rename it"):
        instances(world.home, world.brands)
    folder = folder.rename(folder.with_name("products"))
    assert instances(world.home, world.brands)["products"].kind == "file_drop"
    (folder / "drop.yml").write_text((folder / "drop.yml").read_text().replace("aurora", "nova"))
    with pytest.raises(ConfigError, match="unknown brand nova; use aurora"):
        instances(world.home, world.brands)
    (folder / "drop.yml").rename(folder / "drop.yaml")
    with pytest.raises(ConfigError, match=r"the folder has no drop.yml; copy a template and adapt it"):
        instances(world.home, world.brands)


def test_a_broken_drop_does_not_stop_another_source(world, vendor):
    world.drop("files: []\n", "broken")
    vendor.add("1", "2026-01-01T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}


def test_an_unknown_source_is_refused(world):
    with pytest.raises(ConfigError, match="nowhere: there is no such source"):
        world.load("nowhere")
