"""Instagram's Graph API as the sandbox speaks it."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from sandbox.api.instagram.fields import Field, FieldsError, parse_fields
from tests.sandbox.conftest import Client

OWN = "17841400000000001"


def listed(sandbox: Client, fields: str, limit: int = 7) -> list[dict[str, Any]]:
    """All media, by the absolute next links."""
    page = sandbox.graph(f"{OWN}/media", fields=fields, limit=limit).json()
    found = page["data"]
    while "next" in page["paging"]:
        page = requests.get(page["paging"]["next"]).json()
        found += page["data"]
    return found


def test_media_are_paged_to_the_end_newest_first_and_deleted_ones_are_gone(sandbox: Client) -> None:
    found = listed(sandbox, "id,timestamp,like_count,comments_count")
    truth = {row["media_id"]: row for row in sandbox.truth("posts") if row["brand_id"] == "aurora"}
    assert {media["id"] for media in found} == {i for i, row in truth.items() if not row["is_deleted"]}
    assert [m["timestamp"] for m in found] == sorted((m["timestamp"] for m in found), reverse=True)
    assert all(media["like_count"] == truth[media["id"]]["likes"] for media in found)
    assert all(media["comments_count"] == truth[media["id"]]["comments"] for media in found)
    profile = sandbox.graph(OWN, fields="username,followers_count,media_count").json()
    assert profile["media_count"] == len(found)
    assert profile.keys() == {"username", "followers_count", "media_count", "id"}


def test_every_answer_carries_the_usage_header_and_the_sandbox_s_date(sandbox: Client) -> None:
    answer = sandbox.graph(OWN, fields="id")
    assert OWN in json.loads(answer.headers["X-Business-Use-Case-Usage"])
    assert answer.headers["Date"] == "Tue, 30 Jun 2026 22:00:00 GMT"


def test_insights_are_those_of_the_truth_and_what_is_zero_is_left_out(sandbox: Client) -> None:
    truth = {row["media_id"]: row for row in sandbox.truth("posts")}
    metrics = ("views", "reach", "likes", "shares", "saved", "follows", "profile_visits")
    feed = [m for m in listed(sandbox, "id,media_product_type") if m["media_product_type"] == "FEED"][:10]
    for media in feed:
        data = sandbox.graph(f"{media['id']}/insights", metric=",".join(metrics)).json()["data"]
        values = {row["name"]: row["values"][0]["value"] for row in data}
        assert all(values.get(name) == truth[media["id"]][name] for name in metrics)
        assert 0 not in values.values()


def test_one_wrong_metric_fails_the_whole_call(sandbox: Client) -> None:
    reel = next(m for m in listed(sandbox, "id,media_product_type") if m["media_product_type"] == "REELS")
    for metric, told in (
        ("reach,impressions", "must be one of the following values"),
        ("reach,profile_visits", "Incompatible metrics (profile_visits) with reel media"),
    ):
        answer = sandbox.graph(f"{reel['id']}/insights", metric=metric)
        assert answer.status_code == 400
        assert answer.json()["error"]["code"] == 100
        assert told in answer.json()["error"]["message"]


def test_a_retired_metric_fails_until_the_trouble_is_over(sandbox: Client) -> None:
    media = listed(sandbox, "id")[-1]["id"]
    sandbox.control("trouble", api="instagram", kind="retired_metric", metric="saved")
    answer = sandbox.graph(f"{media}/insights", metric="reach,saved")
    assert answer.json()["error"]["message"] == "(#100) The value must be a valid insights metric"
    assert sandbox.graph(f"{media}/insights", metric="reach").status_code == 200
    sandbox.calm()
    assert sandbox.graph(f"{media}/insights", metric="reach,saved").status_code == 200


def test_account_totals_need_their_metric_type_and_windows_are_bounded(sandbox: Client) -> None:
    question = {"period": "day", "since": "2026-06-02", "until": "2026-06-30", "metric": "reach,views"}
    answer = sandbox.graph(f"{OWN}/insights", **question)
    assert "metric_type=total_value" in answer.json()["error"]["message"]
    data = sandbox.graph(f"{OWN}/insights", **question, metric_type="total_value").json()["data"]
    totals = {row["name"]: row["total_value"]["value"] for row in data}
    (truth,) = [
        row
        for row in sandbox.truth("account_windows")
        if str(row["window_end"]) == "2026-06-29" and row["window_days"] == 28
    ]
    assert totals == {"reach": truth["reach"], "views": truth["views"]}
    days = sandbox.graph(f"{OWN}/insights", **{**question, "metric": "reach"}).json()["data"][0]["values"]
    assert len(days) == 28
    assert max(day["value"] for day in days) <= totals["reach"] <= sum(day["value"] for day in days)
    too_long = sandbox.graph(f"{OWN}/insights", **{**question, "since": "2026-05-01"}, metric_type="total_value")
    assert "30 days" in too_long.json()["error"]["message"]


def test_comments_come_with_replies_and_add_up_to_the_count(sandbox: Client) -> None:
    media = max(listed(sandbox, "id,comments_count"), key=lambda m: m["comments_count"])
    fields = "id,text,username,replies.limit(50){id,username,timestamp}"
    page = sandbox.graph(f"{media['id']}/comments", fields=fields, limit=5).json()
    found = page["data"]
    while "next" in page.get("paging", {}):
        page = requests.get(page["paging"]["next"]).json()
        found += page["data"]
    replies = [reply for comment in found for reply in comment.get("replies", {"data": []})["data"]]
    assert len(found) + len(replies) == media["comments_count"]
    assert {reply["username"] for reply in replies} == {"aurora.paris"}


def test_business_discovery_shows_what_is_public_and_pages_by_cursor(sandbox: Client) -> None:
    found: list[dict[str, Any]] = []
    after = ""
    while True:
        media = f"media.limit(9){after}{{id,like_count,comments_count}}"
        fields = f"business_discovery.username(borealis_home){{followers_count,media_count,{media}}}"
        profile = sandbox.graph(OWN, fields=fields).json()["business_discovery"]
        found += profile["media"]["data"]
        cursor = profile["media"]["paging"]["cursors"].get("after")
        if cursor is None:
            break
        after = f".after({cursor})"
    assert len(found) == profile["media_count"] == len({media["id"] for media in found})
    hidden = {row["media_id"] for row in sandbox.truth("posts") if row["likes"] is None}
    assert all(("like_count" not in media) == (media["id"] in hidden) for media in found)
    unknown = sandbox.graph(OWN, fields="business_discovery.username(nobody){id}").json()["error"]
    assert (unknown["code"], unknown["error_subcode"]) == (110, 2207013)


def test_media_of_competitors_deleted_media_and_unknown_fields_are_refused(sandbox: Client) -> None:
    rows = sandbox.truth("posts")
    foreign = next(row["media_id"] for row in rows if row["brand_id"] == "cirrus")
    error = sandbox.graph(foreign, fields="id").json()["error"]
    assert (error["code"], error["error_subcode"]) == (100, 33)
    assert "nonexisting field" in sandbox.graph(OWN, fields="password").json()["error"]["message"]
    assert sandbox.graph(OWN, fields="id{").json()["error"]["code"] == 2500


def test_a_batch_answers_each_request_and_takes_fifty_at_most(sandbox: Client) -> None:
    media = listed(sandbox, "id")[0]["id"]
    calls = [
        {"method": "GET", "relative_url": f"v24.0/{media}?fields=id"},
        {"method": "GET", "relative_url": "v24.0/1"},
    ]
    form = {"access_token": sandbox.token("instagram"), "batch": json.dumps(calls)}
    first, second = requests.post(sandbox.url("/instagram/"), data=form).json()
    assert first["code"] == 200
    assert json.loads(first["body"]) == {"id": media}
    assert second["code"] == 400
    many = requests.post(sandbox.url("/instagram/"), data={**form, "batch": json.dumps(calls * 26)})
    assert "Maximum batch size is 50" in many.json()["error"]["message"]


def test_a_wrong_token_is_told_so(sandbox: Client) -> None:
    answer = requests.get(sandbox.url(f"/instagram/v24.0/{OWN}"), params={"access_token": "x"})
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == 190


def test_fields_are_parsed_with_modifiers_and_nesting() -> None:
    (discovery,) = parse_fields("business_discovery.username(a.b){id, media.limit(2).after(x){id}}")
    assert discovery.modifiers == {"username": "a.b"}
    assert discovery.children[1] == Field("media", {"limit": "2", "after": "x"}, (Field("id"),))
    with pytest.raises(FieldsError, match="expected a field name"):
        parse_fields("id,")
