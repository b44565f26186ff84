"""Who is one person, and what is known of them: what sources do at their edges, each in a brand of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import duckdb
import pytest

from orchestration.config import Settings
from tests.edges.world import World

NOW = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)
LATE_FEBRUARY = date(2026, 2, 28)
LONG_AGO = datetime(2026, 1, 5, 12, tzinfo=UTC)
Row = dict[str, Any]
Builds = Mapping[str, duckdb.DuckDBPyConnection]


def day(month: int, day_of_month: int, hour: int = 12) -> datetime:
    return datetime(2026, month, day_of_month, hour, tzinfo=UTC)


def order(order_id: str, at: datetime, customer_id: str | None = None, **said: Any) -> Row:
    usual = {"is_test": False, "currency": "EUR", "is_tax_included": False, "gross_amount": 50, "updated_at": at}
    return {"order_id": order_id, "customer_id": customer_id, "ordered_at": at, **usual, **said}


def shopper(customer_id: str, at: datetime = LONG_AGO, **said: Any) -> Row:
    return {"customer_id": customer_id, "created_at": at, "updated_at": at, **said}


def contact(contact_id: str, at: datetime = LONG_AGO, **said: Any) -> Row:
    return {"contact_id": contact_id, "created_at": at, "updated_at": at, "is_archived": False, **said}


def _shared_identifiers(world: World) -> None:
    shop = world.source("shopify", world.brand("placeholder_phone"))
    people = [shopper(str(n), phone_token="none") for n in range(29)]
    world.land(shop, customers=[*people, shopper("29", phone_token="none", email_token="anna")])

    shop = world.source("shopify", world.brand("phone_with_emails"))
    people = [shopper(str(n), phone_token="none", email_token=f"mail {n}") for n in range(10)]
    world.land(shop, customers=[*people, shopper("10", phone_token="none")])

    shop = world.source("shopify", world.brand("till"))
    at_till = [order(f"till {n}", day(3, 1), email_token="till") for n in range(40)]
    regular = [order(f"regular {n}", day(3, 1), email_token="regular") for n in range(10)]
    owner = shopper("owner", email_token="till")
    world.land(shop, customers=[owner], orders=[*at_till, *regular, order("own", day(3, 2), "owner")])

    brand = world.brand("former_placeholder")
    shop, crm = world.source("shopify", brand), world.source("hubspot", brand)
    people = [shopper(str(n), email_token="none") for n in range(12)]
    world.land(shop, customers=[*people, shopper("anna", email_token="anna")])
    world.land(
        crm, contacts=[contact("1", email_token="none"), contact("2", email_token="anna", merged_contact_ids="1")]
    )

    brand = world.brand("handles")
    crm = world.source("hubspot", brand)
    people = [contact(str(n), phone_token="none", handle_token="none") for n in range(30)]
    many = [contact(f"merged {n}", handle_token="anna") for n in range(20)]
    anna = contact("anna", handle_token="anna", merged_contact_ids=";".join(row["contact_id"] for row in many))
    world.land(crm, contacts=[*people, *many, anna])


def _merges(world: World) -> None:
    crm = world.source("hubspot", world.brand("merges"))
    rows = [contact("1", email_token="e1", marketing_consent="unsubscribed"), contact("2", merged_contact_ids="1")]
    rows += [contact("3", merged_contact_ids="2"), contact("4", marketing_consent="subscribed", merged_contact_ids="3")]
    world.land(crm, contacts=rows)

    crm = world.source("hubspot", world.brand("long_merges"))
    rows = [contact(f"{n:02}", merged_contact_ids=f"{n - 1:02}" if n else None) for n in range(40)]
    world.land(crm, contacts=rows)

    crm = world.source("hubspot", world.brand("circle"))
    rows = [contact("1", merged_contact_ids="3"), contact("2", merged_contact_ids="1")]
    rows += [contact("3", merged_contact_ids="2;4"), contact("4", marketing_consent="unsubscribed")]
    world.land(crm, contacts=rows)


def _attributes(world: World) -> None:
    brand = world.brand("spelling")
    drop, shop = world.drop(brand), world.source("shopify", brand)
    words = ["Unsubscribed", "UNSUBSCRIBED ", "opted out", "Opt-Out", "un-subscribed", "Subscribed", "maybe", None]
    rows = [{"customer_id": str(n), "country_code": " fr", "marketing_consent": word} for n, word in enumerate(words)]
    world.land(drop, customers=rows)
    world.land(
        shop, customers=[shopper("a", country_code="FR")], orders=[order("1", day(3, 1), "b", country_code="fr")]
    )

    shop = world.source("shopify", world.brand("imported_orders"))
    world.land(
        shop, customers=[shopper("a", day(3, 1))], orders=[order("1", day(1, 5), "a"), order("2", day(4, 5), "a")]
    )

    brand = world.brand("corrected_drops")
    drop, b_drop, a_drop = world.drop(brand), world.drop(brand, "b"), world.drop(brand, "a")
    world.land(drop, day(1, 10), customers=[{"customer_id": "again", "country_code": "DE"}])
    world.land(drop, day(3, 10), customers=[{"customer_id": "again", "country_code": "FR"}])
    other = {"customer_id": "other", "country_code": "DE", "_source_file": "z.csv"}
    world.land(drop, day(1, 10), customers=[other])
    world.land(drop, day(3, 10), customers=[{**other, "country_code": "FR", "_source_file": "a.csv"}])
    two = {"customer_id": "two", "email_token": "two", "acquisition_channel": "referrals"}
    world.land(a_drop, day(1, 10), customers=[{**two, "country_code": "DE"}])
    world.land(b_drop, day(3, 10), customers=[{**two, "country_code": "FR", "acquisition_channel": "Paid Search"}])

    brand = world.brand("shop_first")
    drop, shop = world.drop(brand, "a"), world.source("shopify", brand)
    world.land(shop, day(1, 10), customers=[shopper("1", email_token="e", country_code="FR")])
    world.land(drop, day(3, 10), customers=[{"customer_id": "1", "email_token": "e", "country_code": "DE"}])

    brand = world.brand("channels")
    shop = world.source("shopify", brand)
    orders = [order("1", day(3, 1), "tagged", utm_source="Google"), order("2", day(3, 1), "raw", utm_source="Podcast ")]
    world.land(
        shop,
        customers=[shopper("tagged"), shopper("raw"), shopper("none")],
        orders=[*orders, order("3", day(3, 1), "none")],
    )


def _past(world: World) -> None:
    crm = world.source("hubspot", world.brand("leads"))
    world.land(crm, contacts=[contact(str(n), day(n, 10), email_token=f"lead {n}") for n in range(1, 7)])

    brand = world.brand("future_records")
    crm, shop = world.source("hubspot", brand), world.source("shopify", brand)
    deleted = contact("2", is_archived=True, archived_at=day(5, 1))
    world.land(crm, contacts=[contact("1"), deleted, contact("3", day(5, 2), merged_contact_ids="1")])
    world.land(shop, customers=[shopper("late", day(4, 1))], orders=[order("1", day(1, 20), "late")])

    drop = world.drop(world.brand("corrected_file"))
    world.land(drop, day(1, 10), customers=[{"customer_id": "1", "country_code": "FR", "created_at": day(1, 2)}])
    corrected = [{"customer_id": str(n), "country_code": "BE", "created_at": day(1, 2)} for n in (1, 2)]
    world.land(drop, day(3, 10), customers=corrected)
    crm = world.source("hubspot", "corrected_file")
    world.land(crm, day(1, 10), contacts=[contact("1", country_code="FR")])
    world.land(crm, day(3, 10), contacts=[contact("1", country_code="BE"), contact("2", country_code="BE")])


@pytest.fixture(scope="module")
def builds(tmp_path_factory: pytest.TempPathFactory) -> Builds:
    settings = replace(Settings.from_environment({}), home=tmp_path_factory.mktemp("persons"))
    world = World(settings, NOW)
    for cases in (_shared_identifiers, _merges, _attributes, _past):
        cases(world)
    return {"now": world.build(), "late February": world.build(LATE_FEBRUARY)}


@pytest.fixture
def now(builds: Builds) -> duckdb.DuckDBPyConnection:
    return builds["now"]


@pytest.fixture
def past(builds: Builds) -> duckdb.DuckDBPyConnection:
    return builds["late February"]


def persons(warehouse: duckdb.DuckDBPyConnection, brand: str) -> int:
    (count,) = warehouse.execute("select count(*) from dim_customer where brand_id = ?", [brand]).fetchall()[0]
    return int(count)


def known(warehouse: duckdb.DuckDBPyConnection, brand: str, columns: str, source: str = "%") -> list[tuple[Any, ...]]:
    """Columns of the persons behind the records of a brand, by record id."""
    return warehouse.execute(
        f"select source_id, {columns} from bridge_identity inner join dim_customer using (brand_id, customer_key)"
        " where brand_id = ? and source_instance like ? and record_type <> 'handle' order by source_id",
        [brand, source],
    ).fetchall()


# Shared identifiers


def test_a_placeholder_phone_joins_nobody(now: duckdb.DuckDBPyConnection) -> None:
    assert persons(now, "placeholder_phone") == 30
    assert persons(now, "phone_with_emails") == 11


def test_orders_of_guests_under_the_tills_email_have_no_customer(now: duckdb.DuckDBPyConnection) -> None:
    found = now.execute(
        "select count(*), count(customer_key), count(distinct customer_key), sum(net_revenue)::int from fct_order"
        " where brand_id = 'till' group by split_part(order_id, ' ', 1) order by split_part(order_id, ' ', 1)"
    ).fetchall()
    assert found == [(1, 1, 1, 50), (10, 10, 1, 500), (40, 0, 0, 2000)]
    assert persons(now, "till") == 2


def test_a_former_email_that_many_have_gives_the_survivor_nobody(now: duckdb.DuckDBPyConnection) -> None:
    assert persons(now, "former_placeholder") == 13
    anna = now.execute(
        "select count(distinct customer_key), count(*) from bridge_identity where brand_id = 'former_placeholder'"
        " and (record_type = 'contact' or source_id = 'anna')"
    ).fetchall()
    assert anna == [(1, 3)]


def test_a_handle_of_many_is_nobodys(now: duckdb.DuckDBPyConnection) -> None:
    assert persons(now, "handles") == 31
    assert now.execute(
        "select source_id from bridge_identity where brand_id = 'handles' and record_type = 'handle'"
    ).fetchall() == [("anna",)]


# Merges


def test_a_chain_of_merges_ends_in_its_last_survivor(now: duckdb.DuckDBPyConnection) -> None:
    assert known(now, "merges", "rule, evidence, marketing_consent") == [
        ("1", "merged_contact", "4", "unsubscribed"),
        ("2", "merged_contact", "4", "unsubscribed"),
        ("3", "merged_contact", "4", "unsubscribed"),
        ("4", "own_record", None, "unsubscribed"),
    ]
    assert persons(now, "merges") == 1
    assert persons(now, "long_merges") == 1
    assert len(known(now, "long_merges", "rule")) == 40


def test_merges_in_a_circle_are_one_person(now: duckdb.DuckDBPyConnection) -> None:
    assert persons(now, "circle") == 1
    assert known(now, "circle", "rule, marketing_consent") == [
        ("1", "own_record", "unsubscribed"),
        *((n, "merged_contact", "unsubscribed") for n in "234"),
    ]


@pytest.mark.parametrize("build", ["now", "late February"])
def test_every_record_has_a_person_but_guests_of_a_shared_email(builds: Builds, build: str) -> None:
    assert builds[build].execute(
        "select records.brand_id, records.record_type, count(*) from int_person_records as records"
        " anti join int_person_identities using (record_key) group by all"
    ).fetchall() == ([("till", "guest_order", 40)] if build == "now" else [])


# Attributes


def test_countries_and_consents_have_one_spelling(now: duckdb.DuckDBPyConnection) -> None:
    countries = now.execute("select distinct country_code from dim_customer where brand_id = 'spelling'").fetchall()
    assert countries == [("FR",)]
    consents = [row[1] for row in known(now, "spelling", "marketing_consent", "%drop")]
    assert consents == [*["unsubscribed"] * 5, "subscribed", "unknown", "unknown"]


def test_first_seen_is_the_earliest_sign(now: duckdb.DuckDBPyConnection) -> None:
    assert known(now, "imported_orders", "first_seen_at::text") == [("a", "2026-01-05 12:00:00")]


def test_a_later_drop_corrects_an_earlier_one_from_its_day_on(builds: Builds) -> None:
    columns = "country_code, acquisition_channel, is_attribute_current_fallback"
    assert set(known(builds["now"], "corrected_drops", columns)) == {
        ("again", "FR", None, False),
        ("other", "FR", None, False),
        ("two", "FR", "paid_search", False),
    }
    assert {row[:3] for row in known(builds["late February"], "corrected_drops", columns)} == {
        ("again", "DE", None),
        ("other", "DE", None),
        ("two", "DE", "referrals"),
    }


def test_the_shop_knows_the_country_better_than_a_file(now: duckdb.DuckDBPyConnection) -> None:
    assert {row[1] for row in known(now, "shop_first", "country_code")} == {"FR"}


def test_an_unknown_utm_source_is_no_channel_but_stays_to_be_read(now: duckdb.DuckDBPyConnection) -> None:
    assert known(now, "channels", "acquisition_channel, acquisition_source") == [
        ("none", None, None),
        ("raw", None, "podcast"),
        ("tagged", "paid_search", "google"),
    ]


# Past days


def test_a_past_run_knows_nobody_of_later(builds: Builds) -> None:
    assert persons(builds["late February"], "leads") == 2
    assert persons(builds["now"], "leads") == 6


def test_a_past_run_keeps_who_was_there_and_who_had_bought(past: duckdb.DuckDBPyConnection) -> None:
    assert known(past, "future_records", "rule, is_deleted, party_class") == [
        ("1", "own_record", False, "lead"),
        ("2", "own_record", False, "lead"),
        ("late", "own_record", False, "customer"),
    ]


@pytest.mark.parametrize("source", ["%drop", "%hubspot"])
def test_a_past_run_shows_attributes_as_known_then_else_todays(builds: Builds, source: str) -> None:
    columns = "country_code, is_attribute_current_fallback"
    assert known(builds["late February"], "corrected_file", columns, source) == [("1", "FR", False), ("2", "BE", True)]
    assert known(builds["now"], "corrected_file", columns, source) == [("1", "BE", False), ("2", "BE", False)]
