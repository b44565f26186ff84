"""What people do to the sandbox: clock, refunds, likes, newcomers. It shows, it is true, and it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox import RefusedError
from tests.sandbox.conftest import Client, served

OWN = "17841400000000001"
SUM = (
    "query ($id: ID!) { order(id: $id) { updatedAt displayFinancialStatus totalRefundedSet { shopMoney { amount } } } }"
)


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
    backwards = fresh.try_control("clock", {"advance_days": -1})
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
    again = fresh.try_control("refund", {"order_id": done["order_id"]})
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
    home = tmp_path
    running = served(home)
    client = next(running)
    made = [client.control("customer"), client.control("refund", share=0.25), client.control("clock", advance_days=1)]
    made.append(client.control("customer"))
    kept = client.truth("orders"), client.truth("refunds")
    next(running, None)
    again = served(home)
    client = next(again)
    for newcomer in (made[0], made[3]):
        assert client.shopify(
            "query ($id: ID!) { order(id: $id) { id } }", id=f"gid://shopify/Order/{newcomer['order_id']}"
        ).json()["data"]["order"]
    client.control("likes", count=1)
    assert (client.truth("orders"), client.truth("refunds")) == kept
    next(again, None)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Bearer x"}, 401),
        ({"Authorization": ""}, 401),
        ({"Host": "voxhouse.example"}, 403),
        ({"Host": "127.0.0.1"}, 403),
        ({"Origin": "https://voxhouse.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Content-Type": "text/plain"}, 415),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_only_the_owner_controls_the_sandbox(sandbox: Client, headers: dict[str, str], status: int) -> None:
    answer = sandbox.try_control("clock", {"advance_days": 1}, **headers)
    assert answer.status_code == status
    assert list(answer.json()) == ["error"]
    assert sandbox.session.get(sandbox.url("/health")).json()["now"] == "2026-06-30T22:00:00+00:00"


def test_its_own_page_may_control_it(sandbox: Client) -> None:
    own = {"Host": f"localhost:{sandbox.port}", "Origin": f"http://localhost:{sandbox.port}"}
    assert sandbox.try_control("calm", {}, **own, **{"Content-Type": "application/json; charset=utf-8"}).ok


@pytest.mark.parametrize(
    ("action", "body", "told"),
    [
        ("clock", [], "the body must be a JSON object"),
        ("clock", 5, "the body must be a JSON object"),
        ("clock", b"{", "the body must be JSON"),
        ("clock", b"[" * 100_000, "the body must be JSON"),
        ("clock", b"\xff", "the body must be JSON"),
        ("clock", {"advance_days": 1e308}, "advance_days must be a number from -400 to 400"),
        ("clock", {"advance_days": 0.5}, "advance_days must be a whole number from -400 to 400"),
        ("clock", {"advance_days": True}, "advance_days must be a number from -400 to 400"),
        ("clock", {"advance_days": "1e9"}, "advance_days must be a number from -400 to 400"),
        ("clock", {"days": 1}, "unknown: days"),
        ("likes", {"count": -9_000_000_000_000_000_000}, "count must be a number from 1 to 1000000"),
        ("likes", {"count": 9_000_000_000_000_000_000}, "count must be a number from 1 to 1000000"),
        ("likes", {"media_id": "9" * 30}, "media_id must be a number from 1 to 9223372036854775807"),
        ("refund", {"share": 2}, "share must be a number from 0 to 1"),
        ("refund", {"share": 0}, "share must be above 0 and at most 1"),
        ("trouble", {"api": "tiktok", "kind": "html"}, "api must be one of hubspot, instagram, shopify"),
        ("trouble", {"api": "hubspot", "kind": []}, None),
        ("trouble", {"api": "hubspot", "kind": "retired_metric"}, None),
        ("trouble", {"api": "hubspot", "kind": "html", "times": 0}, "times must be a number from 1 to 100000"),
        ("change", {"kind": "refund"}, None),
        ("change", {"kind": "edit_contact", "contact_id": 1}, "there is no such contact 1 at the clock"),
        ("change", {"kind": "edit_contact"}, "there is no such contact 0 at the clock"),
        ("conditions", {"moves": -1}, "moves must be a number from 0 to 100000"),
        ("conditions", {"rotates": 1}, "rotates must be true or false"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_line(sandbox: Client, action: str, body: object, told: str | None) -> None:
    answer = sandbox.try_control(action, body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert "\n" not in error
    if told:
        assert error == told


def test_the_client_says_why(sandbox: Client) -> None:
    with pytest.raises(RefusedError, match=r"^count must be a number from 1 to 1000000$"):
        sandbox.control("likes", count=0)


def test_a_hidden_comment_is_shown_to_its_owner_and_counts_for_nobody(fresh: Client) -> None:
    media = max(
        fresh.graph(f"{OWN}/media", fields="id,comments_count", limit=100).json()["data"],
        key=lambda found: found["comments_count"],
    )
    path, fields = f"{media['id']}/comments", "id,hidden,replies{id}"
    before = fresh.graph(path, fields=fields, limit=50).json()["data"]
    hidden, deleted = before[0]["id"], next(c for c in before[1:] if "replies" in c)
    fresh.control("change", kind="hide_comment", comment_id=hidden)
    assert fresh.graph(hidden, fields="hidden").json() == {"hidden": True, "id": hidden}
    assert fresh.graph(path, fields=fields, limit=50).json()["data"][0] == {**before[0], "hidden": True}
    count = fresh.graph(media["id"], fields="comments_count").json()["comments_count"]
    assert count == media["comments_count"] - 1
    fresh.control("change", kind="delete_comment", comment_id=deleted["id"])
    gone = 1 + len(deleted["replies"]["data"])
    left = fresh.graph(path, fields=fields, limit=50).json()["data"]
    assert [c["id"] for c in left] == [c["id"] for c in before if c is not deleted]
    assert fresh.graph(deleted["id"], fields="id").status_code == 400
    assert fresh.graph(media["id"], fields="comments_count").json()["comments_count"] == count - gone
    (row,) = [row for row in fresh.truth("posts") if row["media_id"] == media["id"]]
    assert row["comments"] == count - gone
    states = {r["comment_id"]: (r["is_hidden"], r["is_deleted"]) for r in fresh.truth("responses")}
    assert (states[hidden], states[deleted["id"]]) == ((True, False), (False, True))
    added = fresh.control("change", kind="add_comment", media_id=media["id"])["comment_id"]
    assert fresh.graph(path, fields="id", limit=1).json()["data"] == [{"id": added}]


def test_a_contact_is_archived_and_comes_back(fresh: Client) -> None:
    contact = fresh.search("contacts", limit=1).json()["results"][0]["id"]
    path = f"/crm/v3/objects/contacts/{contact}"
    before = fresh.hubspot("GET", path).json()
    fresh.control("change", kind="archive_contact", contact_id=contact)
    assert fresh.hubspot("GET", path).status_code == 404
    archived = fresh.hubspot("GET", path, params={"archived": "true"}).json()
    assert (archived["archived"], archived["archivedAt"]) == (True, "2026-06-30T22:00:00.200Z")
    fresh.control("change", kind="restore_contact", contact_id=contact)
    restored = fresh.hubspot("GET", path).json()
    assert restored == before
