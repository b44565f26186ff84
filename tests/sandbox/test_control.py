"""What people do to the sandbox: clock, refunds, likes, newcomers. It shows, it is true, and it is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.sandbox import prepare
from tests.sandbox.conftest import SMALL, Client, free_port, served

OWN = "17841400000000001"
SUM = (
    "query ($id: ID!) { order(id: $id) { updatedAt displayFinancialStatus totalRefundedSet { shopMoney { amount } } } }"
)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Client]:
    port = free_port()
    prepare(tmp_path, SMALL, port)
    yield from served(tmp_path, port)


def revenue(sandbox: Client) -> float:
    return sum(row["net_revenue"] for row in sandbox.truth("revenue_daily"))


def order(sandbox: Client, order_id: str) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.shopify(SUM, id=f"gid://shopify/Order/{order_id}").json()["data"]["order"]
    return found


def test_the_clock_hides_the_future_and_moves_forward_only(fresh: Client) -> None:
    before = {row["order_id"] for row in fresh.truth("orders")}
    assert fresh.session.get(fresh.url("/health")).json()["now"] == "2026-06-30T22:00:00+00:00"
    assert fresh.control("clock", advance_days=1) == {"now": "2026-07-01T22:00:00+00:00"}
    after = {row["order_id"]: row["ordered_at"] for row in fresh.truth("orders")}
    assert before < set(after)
    new = min(after[order_id] for order_id in set(after) - before)
    assert new.isoformat() >= "2026-06-30T22:00:00"
    assert fresh.graph(OWN, fields="id").headers["Date"] == "Wed, 01 Jul 2026 22:00:00 GMT"
    assert (fresh.home / "inbox" / "exchange_rates" / "rates_2026-07-01.csv").exists()
    backwards = fresh.session.post(fresh.url("/_sandbox/clock"), json={"advance_days": -1})
    assert backwards.status_code == 400
    assert "forward" in backwards.json()["error"]


def test_a_refund_takes_off_exactly_its_amount(fresh: Client) -> None:
    before = revenue(fresh)
    done = fresh.control("refund")
    assert done["currency"] in ("EUR", "CHF")
    (row,) = [row for row in fresh.truth("refunds") if row["refund_id"] == done["refund_id"]]
    assert before - revenue(fresh) == pytest.approx(row["net_amount_eur"])
    shown = order(fresh, done["order_id"])
    assert shown["displayFinancialStatus"] == "REFUNDED"
    assert shown["updatedAt"] == "2026-06-30T22:00:00Z"
    again = fresh.session.post(fresh.url("/_sandbox/refund"), json={"order_id": done["order_id"]})
    assert "refunded already" in again.json()["error"]


def test_a_partial_refund_is_an_amount_without_lines(fresh: Client) -> None:
    done = fresh.control("refund", share=0.5)
    (row,) = [row for row in fresh.truth("orders") if row["order_id"] == done["order_id"]]
    assert float(done["net_amount"]) == pytest.approx(row["net_revenue"] / 2, abs=0.011)
    assert order(fresh, done["order_id"])["displayFinancialStatus"] == "PARTIALLY_REFUNDED"


def test_likes_are_gained_from_the_clock_on(fresh: Client) -> None:
    newest = fresh.graph(f"{OWN}/media", fields="id,like_count", limit=1).json()["data"][0]
    done = fresh.control("likes", media_id=newest["id"], count=1000)
    assert done == {"media_id": newest["id"], "like_count": newest["like_count"] + 1000}
    assert fresh.graph(newest["id"], fields="like_count").json()["like_count"] == done["like_count"]
    (row,) = [row for row in fresh.truth("posts") if row["media_id"] == newest["id"]]
    assert row["likes"] == done["like_count"]


def test_a_newcomer_is_known_everywhere_under_one_address(fresh: Client) -> None:
    before = revenue(fresh)
    done = fresh.control("customer")
    assert revenue(fresh) - before == pytest.approx(float(done["net_amount"]))
    contact = fresh.search(
        "contacts",
        properties=["email"],
        filterGroups=[{"filters": [{"propertyName": "hs_object_id", "operator": "EQ", "value": done["contact_id"]}]}],
    ).json()["results"][0]
    assert contact["properties"]["email"] == done["email"]
    query = "query ($id: ID!) { order(id: $id) { email customer { id email } } }"
    shown = fresh.shopify(query, id=f"gid://shopify/Order/{done['order_id']}").json()["data"]["order"]
    assert shown["email"] == shown["customer"]["email"] == done["email"]
    (row,) = [row for row in fresh.truth("people") if row["email"] == done["email"]]
    assert row["contact_ids"] == [done["contact_id"]]
    assert row["shop_customer_id"] == done["customer_id"]


def test_a_restart_keeps_every_change(tmp_path: Path) -> None:
    home, port = tmp_path, free_port()
    prepare(home, SMALL, port)
    running = served(home, port)
    client = next(running)
    made = [client.control("customer"), client.control("refund", share=0.25), client.control("clock", advance_days=1)]
    made.append(client.control("customer"))
    kept = client.truth("orders"), client.truth("refunds")
    next(running, None)
    prepare(home, SMALL, port)
    again = served(home, port)
    client = next(again)
    for newcomer in (made[0], made[3]):
        assert client.shopify(
            "query ($id: ID!) { order(id: $id) { id } }", id=f"gid://shopify/Order/{newcomer['order_id']}"
        ).json()["data"]["order"]
    client.control("likes", count=1)
    assert (client.truth("orders"), client.truth("refunds")) == kept
    next(again, None)
