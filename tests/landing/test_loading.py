"""Loads of any dlt source: cursors, failure, repetition, reading again and threads. Only the vendor is ours."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from decimal import Decimal

import dlt
import pytest
import requests

from pipelines.errors import ConfigError, TerminalError, TransientError
from pipelines.landing.loading import Again, load_instance
from pipelines.landing.readings import note_success
from pipelines.sources.hints import resource_of
from tests.landing.conftest import NOW, READINGS, Shop


def test_a_load_goes_on_where_the_last_accepted_one_ended(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}
    assert world.load().load_id is None
    world.vendor.add("2", "2026-01-02T10:00:00Z")
    assert world.load().tables == {"orders": (1, 0)}
    assert world.vendor.since == ["2006-01-01T00:00:00Z", "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z"]
    assert world.vendor.given[-1].credentials == {"access_token": "abc"}
    assert world.rows("select order_id from t order by 1") == [("1",), ("2",)]
    streams = "select table_name, records_read, records_landed, records_quarantined, records_known from t order by all"
    assert world.rows(streams, "_streams") == [
        ("orders", 1, 1, 0, 0),
        ("orders", 2, 1, 0, 1),
        ("readings", 0, 0, 0, 0),
        ("readings", 0, 0, 0, 0),
    ]


@pytest.mark.parametrize("decision", ["held", "rejected"])
def test_a_load_that_is_not_accepted_loses_nothing(world, decision):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    first = world.load(accept=False).load_id
    if decision == "rejected":
        world.ledger.reject(first, "test", "no")
    assert world.rows("from t") == []
    assert world.load().tables == {"orders": (1, 0)}
    assert world.vendor.since == ["2006-01-01T00:00:00Z"] * 2
    assert [load.status for load in world.ledger.loads()] == [
        decision if decision == "rejected" else "superseded",
        "accepted",
    ]


def test_a_source_that_fails_lands_nothing_of_the_load(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.vendor.failure = requests.ConnectionError("GET /orders: cannot connect to shop")
    with pytest.raises(TransientError, match=r"^shop: GET /orders: cannot connect to shop; run again later"):
        world.load()
    assert world.ledger.loads() == []
    world.vendor.failure = None
    assert world.load().tables == {"orders": (1, 0)}


def test_a_fault_that_nobody_foresaw_is_told_without_a_value_of_a_record(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.vendor.failure = KeyError("anna@mail.example")
    with pytest.raises(TerminalError) as caught:
        world.load()
    assert str(caught.value) == "shop: could not be landed (KeyError); run again; if it stays, report it"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_version_is_told_by_its_content_and_not_by_its_time_alone(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z", status="open")
    world.load()
    world.vendor.orders[0]["status"] = "paid"
    assert world.load().tables == {"orders": (1, 0)}
    assert world.load().load_id is None
    assert world.rows("select order_id, status from t order by 2") == [("1", "open"), ("1", "paid")]


def test_a_version_older_than_the_landed_one_comes_from_an_index_that_lags(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z", status="paid")
    world.load()
    world.vendor.orders[0] |= {"updated_at": "2026-01-01T09:59:59Z", "status": "open"}
    world.vendor.add("2", "2026-01-01T10:00:00Z")
    assert world.load(again=Again(date(2026, 1, 1))).tables == {"orders": (1, 0)}
    assert world.rows("select order_id, status from t order by 1") == [("1", "paid"), ("2", None)]


def test_a_load_keeps_one_version_of_a_record_the_newest_and_then_the_last_read(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z", quantity=1)
    world.vendor.add("1", "2026-01-02T10:00:00Z", quantity=2)
    world.vendor.add("1", "2026-01-02T10:00:00Z", quantity=3)
    world.vendor.add("1", "2026-01-01T11:00:00Z", quantity=4)
    world.vendor.readings = [{"shop_id": "s", "visits": 1}, {"shop_id": "s", "visits": 2}]
    assert world.load().tables == {"orders": (1, 0), "readings": (1, 0)}
    assert world.rows("select quantity from t") == [(3,)]
    assert world.rows("select visits from t", "readings") == [(2,)]


def test_readings_land_each_time(world):
    world.vendor.readings = [{"shop_id": "s", "visits": 1}]
    for _ in range(2):
        assert world.load().tables == {"readings": (1, 0)}
    assert world.rows("select visits from t", "readings") == [(1,), (1,)]


def test_a_bad_record_is_quarantined_once_and_lands_once_it_is_mended(world):
    for number in range(500):
        world.vendor.add(str(number), "2026-01-01T10:00:00Z")
    world.vendor.orders[7]["amount"] = "many"
    assert world.load().tables == {"orders": (499, 1)}
    for _ in range(3):
        assert world.load().load_id is None
    assert world.rows("from t", "_mended") == []
    world.vendor.orders[7]["amount"] = "7.00"
    assert world.load().tables == {"orders": (1, 0)}
    assert world.rows("select count(*) from t") == [(500,)]
    assert world.rows("select count(*) from t", "_quarantine") == [(1,)]
    ((key,),) = world.rows("select record_key from t", "_quarantine")
    assert world.rows("select table_name, record_key from t", "_mended") == [("orders", key)]
    assert world.load().load_id is None


def test_a_record_that_is_again_as_it_had_landed_is_mended_too(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    for amount, tables in (
        ("many", {"orders": (0, 1)}),
        ("12.30", {}),
        ("many more", {"orders": (0, 1)}),
        ("12.30", {}),
    ):
        world.vendor.orders[0]["amount"] = amount
        assert world.load().tables == tables
    assert world.rows("select count(*) from t") == [(1,)]
    assert world.rows("select count(*) from t", "_mended") == [(2,)]
    assert world.load().load_id is None


def test_what_a_bad_record_came_in_lies_in_the_vaults_half_for_a_month(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z", amount="many", email="anna@mail.example")
    load_id = world.load().load_id
    path = world.home.pii / "quarantined" / "shop" / f"{load_id}.orders.jsonl"
    kept = json.loads(path.read_text())
    assert (kept["record_number"], kept["column_name"], kept["reason"]) == (1, "amount", "wrong type: no decimal")
    assert kept["record"] == world.vendor.orders[0]
    assert path.stat().st_mode & 0o777 == 0o600
    month_ago = path.stat().st_mtime - 31 * 86_400
    os.utime(path, (month_ago, month_ago))
    world.vendor.add("2", "2026-01-01T10:00:00Z", amount="more")
    world.load()
    assert [p.read_text().count("more") for p in path.parent.iterdir()] == [1]


def test_reading_again_brings_what_changed_without_a_new_time_and_moves_no_other_stream(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.vendor.add("2", "2026-03-01T10:00:00Z")
    world.load()
    world.vendor.orders[0]["amount"] = "99.00"
    assert world.load().load_id is None
    assert world.load(again=Again(date(2026, 1, 1), ["readings"])).load_id is None
    assert world.load(again=Again(date(2026, 1, 1), ["orders"])).tables == {"orders": (1, 0)}
    assert world.vendor.since[-3:] == ["2026-03-01T10:00:00Z", "2026-03-01T10:00:00Z", "2026-01-01T00:00:00Z"]
    assert world.rows("select amount from t where order_id = '1' order by 1") == [
        (Decimal("12.3000"),),
        (Decimal("99.0000"),),
    ]
    world.load()
    assert world.vendor.since[-1] == "2026-03-01T10:00:00Z"


def test_reading_again_leaves_nothing_unread_that_changed_since_the_last_reading(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    note_success(world.ledger, "shop", datetime(2026, 3, 1, 10, tzinfo=UTC))
    world.vendor.add("2", "2026-03-02T10:00:00Z")
    world.vendor.add("3", "2026-06-02T10:00:00Z")
    assert world.load(again=Again(date(2026, 6, 1))).tables == {"orders": (2, 0)}
    assert world.vendor.since[-1] == "2026-02-28T00:00:00Z"
    world.load(again=Again(date(2026, 1, 1)))
    assert world.vendor.since[-1] == "2026-01-01T00:00:00Z"


def test_a_stream_that_there_is_not_cannot_be_read_again(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    with pytest.raises(ConfigError, match=r"--stream: shop has no stream refunds; it has orders, readings"):
        world.load(again=Again(date(2026, 1, 1), ["refunds"]))


def test_one_error_names_all_missing_credentials(world):
    world.environment = {"VOXHOUSE_SHOP_CLIENT_ID": "id"}
    with pytest.raises(ConfigError) as caught:
        world.load()
    assert str(caught.value) == (
        "shop: missing credentials VOXHOUSE_SHOP_ACCESS_TOKEN or VOXHOUSE_SHOP_CLIENT_SECRET, "
        f"VOXHOUSE_SHOP_REFRESH_TOKEN; set them in the environment or in {world.home.secrets_file}"
    )


def test_secrets_that_others_can_read_are_refused(world):
    world.home.root.mkdir()
    world.home.secrets_file.touch(mode=0o644)
    world.home.secrets_file.chmod(0o644)
    with pytest.raises(ConfigError, match=r"others than its owner may read it; run `chmod 600"):
        world.load()


def test_a_refresh_token_that_rotates_is_kept_until_a_person_sets_another(world):
    client = {"VOXHOUSE_SHOP_CLIENT_ID": "id", "VOXHOUSE_SHOP_CLIENT_SECRET": "secret"}
    world.environment = {**client, "VOXHOUSE_SHOP_REFRESH_TOKEN": "first"}
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    world.vendor.given[-1].keep_token({"access_token": "a", "refresh_token": "second"})
    path = world.home.pii / "credentials" / "shop.json"
    assert path.stat().st_mode & 0o777 == 0o600
    world.load()
    assert world.vendor.given[-1].credentials["refresh_token"] == "second"
    world.vendor.given[-1].keep_token({"access_token": "b", "refresh_token": "third"})
    world.load()
    assert world.vendor.given[-1].credentials["refresh_token"] == "third"
    world.environment = {**client, "VOXHOUSE_SHOP_REFRESH_TOKEN": "anew"}
    world.load()
    assert world.vendor.given[-1].credentials["refresh_token"] == "anew"


def test_instances_load_side_by_side_in_one_process(world):
    for number in range(50):
        world.vendor.add(str(number), f"2026-01-01T10:00:{number:02}Z")
    shops = {f"shop{n}": Shop(kind="shop", brand="aurora", vendor=world.vendor) for n in range(4)}
    brands = world.brands.model_copy(update={"sources": shops})
    environment = {f"VOXHOUSE_SHOP{n}_ACCESS_TOKEN": "abc" for n in range(4)}

    def load(name: str):
        return load_instance(world.home, name, brands, NOW, environment)

    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(load, shops))
    assert [report.tables for report in reports] == [{"orders": (50, 0)}] * 4
    assert {load.source_instance for load in world.ledger.loads()} == set(shops)


def test_nothing_of_a_home_is_for_others_whatever_the_umask(world):
    before = os.umask(0)
    try:
        world.vendor.add("1", "2026-01-01T10:00:00Z", email="anna@mail.example", amount="many")
        world.load()
        open_to_others = [p for p in [world.home.root, *world.home.root.rglob("*")] if p.stat().st_mode & 0o077]
    finally:
        os.umask(before)
    assert open_to_others == []


def test_an_unknown_source_is_refused(world):
    with pytest.raises(ConfigError, match="nowhere: there is no such source"):
        world.load(instance="nowhere")


def test_six_ways_to_write_a_moment_are_the_moments_that_they_say(world):
    written = {
        "a": ("2026-10-01T09:00:00+0000", (2026, 10, 1, 9)),
        "b": ("2026-10-01T09:00:00-04:00", (2026, 10, 1, 13)),
        "c": ("2026-10-01T09:00+02:00", (2026, 10, 1, 7)),
        "d": ("2026-10-01T09:00:00.123456789Z", (2026, 10, 1, 9, 0, 0, 123456)),
        "e": ("2026-10-01 09:00:00.5-0430", (2026, 10, 1, 13, 30, 0, 500000)),
        "f": ("2026-10-01T09:00", (2026, 10, 1, 9)),
    }
    for order_id, (text, _) in written.items():
        world.vendor.add(order_id, text)
    world.load()
    expected = [(order_id, datetime(*moment, tzinfo=UTC)) for order_id, (_, moment) in written.items()]
    assert world.rows("select order_id, updated_at from t order by 1") == expected


def test_a_source_is_read_resource_by_resource_in_its_order(world):
    read = []

    class Counting(Shop):
        def source(self, _given):
            def records(name):
                for number in range(3):
                    read.append((name, number))
                    yield [{"shop_id": f"{name}{number}"}]

            declared = resource_of(READINGS)
            names = ("orders", "report")
            resources = [dlt.resource(records(name), name=name, **declared) for name in names]
            return dlt.source(lambda: resources, name="shop", max_table_nesting=0)()

    shops = {"shop": Counting(kind="shop", brand="aurora", vendor=None)}
    load_instance(world.home, "shop", world.brands.model_copy(update={"sources": shops}), NOW, world.environment)
    assert read == [(name, number) for name in ("orders", "report") for number in range(3)]
