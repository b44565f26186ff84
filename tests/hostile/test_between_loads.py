"""What happens at a vendor between two loads: afterwards all is as it is at the vendor, and nothing else has moved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.hostile.changes import put
from tests.hostile.hubspot_vendor import HubSpot
from tests.hostile.instagram_cases import NOT_FOUND
from tests.hostile.instagram_vendor import Instagram, comment
from tests.hostile.judging import differences, expected_rows
from tests.hostile.shopify_vendor import Shopify, refund
from tests.hostile.trial import Exact, Rows, Trial
from tests.hostile.vendor import Vendor

LATER = "2026-06-30T22:30:00.000Z"
LATER_MOMENT = datetime(2026, 6, 30, 22, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Between:
    """What is done to the vendor's world between two loads, and what differs after the second."""

    name: str
    vendor: type[Vendor]
    move: Callable[[Any], object]
    expected: Exact
    landed: Mapping[str, int]
    """Rows that the second load lands."""
    before: Callable[[Any], object] = lambda _: None
    """What is done to the world before the first load."""
    hours: int = 24


def _nothing(_: Any) -> None:
    """The world stands still."""


def _contact(number: str, *properties: tuple[str, str], **members: Any) -> Callable[[HubSpot], None]:
    def move(vendor: HubSpot) -> None:
        record = vendor.world["contacts"][number]
        record["properties"].update(dict(properties))
        record |= members

    return move


def _cell(table: str, *key: str, **values: Any) -> Exact:
    return Exact({table: {key: values}})


_MODIFIED = ("lastmodifieddate", LATER)
_STAGE = ("lifecyclestage", "evangelist")
_FAR = ("lastmodifieddate", "2099-01-01T00:00:00.000Z")
_NOW_ARCHIVED = {"archived": True, "archivedAt": LATER}
HUBSPOT = [
    Between("nothing", HubSpot, _nothing, Exact(), {}),
    Between(
        "a contact is edited",
        HubSpot,
        _contact("103", _MODIFIED, _STAGE),
        _cell("contacts", "103", updated_at=LATER_MOMENT, lifecycle_stage="evangelist"),
        {"contacts": 1},
    ),
    Between(
        "a contact is edited again within the same millisecond",
        HubSpot,
        _contact("112", _STAGE),
        _cell("contacts", "112", lifecycle_stage="evangelist"),
        {"contacts": 1},
    ),
    Between(
        "a contact is archived",
        HubSpot,
        _contact("103", **_NOW_ARCHIVED),
        _cell("contacts", "103", is_archived=True, archived_at=LATER_MOMENT),
        {"contacts": 1},
    ),
    Between(
        "a contact is restored",
        HubSpot,
        _contact("113", archived=False, archivedAt=None),
        _cell("contacts", "113", is_archived=False, archived_at=None),
        {"contacts": 1},
    ),
    Between(
        "a contact is edited, after one that is dated in the future",
        HubSpot,
        _contact("103", _MODIFIED, _STAGE),
        Exact(
            {
                "contacts": {
                    ("103",): {"updated_at": LATER_MOMENT, "lifecycle_stage": "evangelist"},
                    ("112",): {"updated_at": datetime(2099, 1, 1, tzinfo=UTC)},
                }
            }
        ),
        {"contacts": 1},
        before=_contact("112", _FAR),
    ),
    Between(
        "a record that was set aside is mended",
        HubSpot,
        lambda vendor: vendor.world["deals"]["301"]["properties"].update(amount="1200.50"),
        _cell("deals", "301", updated_at=datetime(2026, 6, 30, 21, tzinfo=UTC)),
        {"deals": 1},
        before=lambda vendor: vendor.world["deals"]["301"]["properties"].update(
            amount="a lot", hs_lastmodifieddate="2026-06-30T21:00:00.000Z"
        ),
    ),
    Between(
        "the index falls back to an older state",
        HubSpot,
        _contact("112", ("lastmodifieddate", "2026-06-12T10:00:00.000Z"), _STAGE),
        Exact(),
        {},
    ),
]


def _order(place: int, **members: Any) -> Callable[[Shopify], None]:
    return lambda vendor: vendor.world["orders"][place].update(members)


def _refunded(vendor: Shopify) -> None:
    node = vendor.world["orders"][0]
    node |= {"updatedAt": LATER, "refunds": [refund(901, LATER, node["lines"])]}


_REFUND = {"refund_id": "901", "order_id": "1001", "refunded_at": LATER_MOMENT, "updated_at": LATER_MOMENT}
SHOPIFY = [
    Between("nothing", Shopify, _nothing, Exact(), {}),
    Between(
        "an order is refunded",
        Shopify,
        _refunded,
        Exact(
            {
                "orders": {("1001",): {"updated_at": LATER_MOMENT}},
                "order_lines": {("20001",): {"updated_at": LATER_MOMENT}},
                "refunds": {
                    ("901", "line", "20001"): {**_REFUND, "line_id": "20001"},
                    ("901", "shipping", None): _REFUND,
                },
            },
            like={
                ("refunds", ("901", "line", "20001")): ("900", "line", "20003"),
                ("refunds", ("901", "shipping", None)): ("900", "shipping", None),
            },
        ),
        {"orders": 1, "order_lines": 1, "refunds": 2},
    ),
    Between(
        "an order is edited again within the same second",
        Shopify,
        _order(11, displayFinancialStatus="VOIDED"),
        _cell("orders", "1012", financial_status="VOIDED"),
        {"orders": 1},
    ),
    Between(
        "an order is edited, after one that is dated in the future",
        Shopify,
        _order(3, updatedAt=LATER, displayFinancialStatus="VOIDED"),
        Exact(
            {
                "orders": {
                    ("1004",): {"updated_at": LATER_MOMENT, "financial_status": "VOIDED"},
                    ("1006",): {"updated_at": datetime(2099, 1, 1, tzinfo=UTC)},
                },
                "order_lines": {
                    ("20004",): {"updated_at": LATER_MOMENT},
                    ("20006",): {"updated_at": datetime(2099, 1, 1, tzinfo=UTC)},
                },
            }
        ),
        {"orders": 1, "order_lines": 1},
        before=_order(5, updatedAt="2099-01-01T00:00:00Z"),
    ),
]


def _rewrite(change: Callable[[dict[str, Any]], object]) -> Callable[[Instagram], None]:
    return lambda vendor: change(vendor.world)


def _thread(world: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Of the newest post but one, which has one comment."""
    comments: list[dict[str, Any]] = world["own"]["media"][1]["comments"]
    return comments


def _replaced(world: dict[str, Any]) -> None:
    _thread(world)[:] = [comment(21, "2026-06-30T22:10:00+0000", "zaubernuss dann", "zaunkoenig.d")]


def _removed(world: dict[str, Any]) -> None:
    del world["own"]["media"][0]
    world["own"]["media_count"] -= 1


_GONE = {"is_deleted": True, "text_token": None, "text_length": None, "like_count": None, "is_hidden": None}
_WRITTEN = {
    "comment_id": "18000000000000021",
    "author_handle_token": "«zaunkoenig.d»",
    "is_from_brand": False,
    "text_token": "«zaubernuss dann»",
    "text_length": 15,
    "like_count": 1,
    "posted_at": datetime(2026, 6, 30, 22, 10, tzinfo=UTC),
}
INSTAGRAM = [
    Between(
        "one comment is deleted, and one is new",
        Instagram,
        _rewrite(_replaced),
        Exact(
            {"comments": {("18000000000000020",): _GONE, ("18000000000000021",): _WRITTEN}},
            like={("comments", ("18000000000000021",)): ("18000000000000020",)},
        ),
        {"comments": 2},
        hours=48,
    ),
    Between(
        "a comment is hidden",
        Instagram,
        _rewrite(lambda world: _thread(world)[0].update(hidden=True)),
        _cell("comments", "18000000000000020", is_hidden=True),
        {"comments": 1},
        hours=48,
    ),
    Between(
        "a post is deleted",
        Instagram,
        _rewrite(_removed),
        Exact(
            {
                "media": {
                    ("17900000000000012",): {"is_deleted": True, "like_count": None, "comments_count": None},
                },
                "accounts": {("17841400000000001",): {"media_count": 11}},
                "comments": {("18000000000000030",): {**_GONE, "author_handle_token": None}},
            }
        ),
        {"comments": 1},
        hours=48,
    ),
    Between(
        "a competitor is renamed",
        Instagram,
        _rewrite(lambda world: world["rival"].update(username="rival.new")),
        Exact({"competitor_status": {("rival.brand",): NOT_FOUND}}),
        {"competitor_status": 1},
        hours=1,
    ),
]


@pytest.mark.parametrize("case", [*HUBSPOT, *SHOPIFY, *INSTAGRAM], ids=lambda case: f"{case.vendor.kind}, {case.name}")
def test_the_second_load_lands_what_has_changed(
    case: Between, open_trial: Callable[..., Trial], well_of: Callable[[type[Vendor]], Rows]
) -> None:
    vendor = case.vendor()
    trial = open_trial(vendor)
    case.before(vendor)
    trial.load()
    case.move(vendor)
    tables = trial.load(case.hours)
    counted = {table: landed for table, (landed, _) in tables.items() if landed and table in {**case.landed, **_FIXED}}
    assert (vendor.failures, counted) == ([], dict(case.landed)), tables
    expected = expected_rows(case.expected, well_of(case.vendor))
    found = trial.rows()
    compared = {table: rows for table, rows in expected.items() if table not in _READINGS}
    different = differences({table: found[table] for table in compared}, compared)
    assert different == {}, different
    assert trial.leaks() == []


_READINGS = {"account_insights", "media_insights", "metric_status", "sales_totals"}
"""Read anew as days pass."""
_FIXED = dict.fromkeys(("contacts", "companies", "deals", "customers", "orders", "order_lines", "refunds"), 0)


def test_what_changed_while_nothing_could_be_read_is_not_lost(open_trial: Callable[..., Trial]) -> None:
    vendor = HubSpot()
    trial = open_trial(vendor)
    trial.load()
    vendor.world["contacts"]["103"]["properties"].update(dict([_MODIFIED, _STAGE]))
    vendor.change = put("results", None)
    trial.refusal()
    vendor.change = None
    assert trial.load(24) == {"contacts": (1, 0)}
    assert trial.rows()["contacts"]["103",]["lifecycle_stage"] == "evangelist"
