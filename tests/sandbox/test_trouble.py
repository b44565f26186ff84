"""The APIs on bad days: each trouble as the vendor gives it, for as long as it was asked for."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client

OWN = "17841400000000001"
ORDERS = """{ orders(first: 30, sortKey: ID) {
  pageInfo { hasNextPage endCursor } nodes { id totalTaxSet { shopMoney { amount } } }
} }"""
_SPOILT = {"amount": "n/a", "currencyCode": "EUR"}
CALLS = {
    "instagram": lambda sandbox: sandbox.graph(f"{OWN}/media", fields="id,like_count", limit=20),
    "hubspot": lambda sandbox: sandbox.search("contacts", limit=50),
    "shopify": lambda sandbox: sandbox.shopify(ORDERS),
}


@pytest.fixture(autouse=True)
def calm(sandbox: Client) -> Any:
    yield
    sandbox.calm()


def call(sandbox: Client, api: str) -> requests.Response:
    answer: requests.Response = CALLS[api](sandbox)
    return answer


@pytest.mark.parametrize("api", CALLS)
def test_too_many_requests(sandbox: Client, api: str) -> None:
    sandbox.control("trouble", api=api, kind="rate_limit", times=2)
    refused = [call(sandbox, api) for _ in range(2)]
    assert call(sandbox, api).json() == call(sandbox, api).json()
    for answer in refused:
        body = answer.json()
        if api == "instagram":
            assert (answer.status_code, body["error"]["code"]) == (403, 4)
            assert '"call_count":100' in answer.headers["X-Business-Use-Case-Usage"]
        elif api == "hubspot":
            assert (answer.status_code, body["policyName"]) == (429, "TEN_SECONDLY_ROLLING")
            assert answer.headers["X-HubSpot-RateLimit-Remaining"] == "0"
        else:
            assert body["errors"][0]["extensions"]["code"] == "THROTTLED"
            assert body["extensions"]["cost"]["throttleStatus"]["currentlyAvailable"] == 0


@pytest.mark.parametrize("api", CALLS)
def test_a_server_error_passes_by_itself(sandbox: Client, api: str) -> None:
    sandbox.control("trouble", api=api, kind="server_error")
    assert call(sandbox, api).status_code >= 500
    assert call(sandbox, api).status_code == 200


@pytest.mark.parametrize("api", CALLS)
def test_an_expired_token_stays_expired(sandbox: Client, api: str) -> None:
    sandbox.control("trouble", api=api, kind="expired_token")
    assert [call(sandbox, api).status_code for _ in range(3)] == [401, 401, 401]
    others = [call(sandbox, other).status_code for other in CALLS if other != api]
    assert others == [200, 200]


@pytest.mark.parametrize("api", CALLS)
def test_html_instead_of_json(sandbox: Client, api: str) -> None:
    sandbox.control("trouble", api=api, kind="html")
    answer = call(sandbox, api)
    assert answer.headers["Content-Type"].startswith("text/html")
    assert answer.text.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize("api", CALLS)
def test_a_truncated_body(sandbox: Client, api: str) -> None:
    sandbox.control("trouble", api=api, kind="truncated")
    with pytest.raises(requests.exceptions.JSONDecodeError):
        call(sandbox, api).json()
    assert call(sandbox, api).json()


def test_an_empty_page_with_a_next_link_leads_to_what_it_left_out(sandbox: Client) -> None:
    whole = call(sandbox, "instagram").json()["data"]
    sandbox.control("trouble", api="instagram", kind="empty_page")
    assert sandbox.graph(OWN, fields="username").json()["username"], "no page: the trouble waits for one"
    page = call(sandbox, "instagram").json()
    assert page["data"] == []
    assert requests.get(page["paging"]["next"]).json()["data"] == whole


def test_an_empty_search_page_leads_to_what_it_left_out(sandbox: Client) -> None:
    whole = sandbox.search("contacts", limit=50, after="50").json()["results"]
    sandbox.control("trouble", api="hubspot", kind="empty_page")
    page = sandbox.search("contacts", limit=50, after="50").json()
    assert page["results"] == []
    assert sandbox.search("contacts", limit=50, after=page["paging"]["next"]["after"]).json()["results"] == whole


def test_an_empty_connection_leads_to_what_it_left_out(sandbox: Client) -> None:
    whole = call(sandbox, "shopify").json()["data"]["orders"]["nodes"]
    sandbox.control("trouble", api="shopify", kind="empty_page")
    page = call(sandbox, "shopify").json()["data"]["orders"]
    assert page["nodes"] == []
    assert page["pageInfo"]["hasNextPage"] is True
    rest = sandbox.shopify(ORDERS.replace("first: 30", f'first: 30, after: "{page["pageInfo"]["endCursor"]}"'))
    assert rest.json()["data"]["orders"]["nodes"] == whole


@pytest.mark.parametrize(
    ("api", "records", "is_spoilt"),
    [
        ("instagram", lambda body: body["data"], lambda r: r["like_count"] == "many"),
        ("hubspot", lambda body: body["results"], lambda r: r["properties"]["createdate"] == "a while ago"),
        ("shopify", lambda body: body["data"]["orders"]["nodes"], lambda r: r["totalTaxSet"]["shopMoney"] == _SPOILT),
    ],
    ids=CALLS,
)  # fmt: skip
def test_wrong_types_come_in_a_share_of_the_records_and_always_in_the_same(
    sandbox: Client, api: str, records: Any, is_spoilt: Any
) -> None:
    sandbox.control("trouble", api=api, kind="bad_types", share=0.3)
    first, second = ([is_spoilt(record) for record in records(call(sandbox, api).json())] for _ in range(2))
    assert first == second
    assert 0 < sum(first) < 0.7 * len(first)
    sandbox.calm()
    assert not any(is_spoilt(record) for record in records(call(sandbox, api).json()))


def test_unknown_trouble_is_refused(sandbox: Client) -> None:
    answer = sandbox.try_control("trouble", {"api": "instagram", "kind": "gremlins"})
    assert answer.status_code == 400
    assert "rate_limit" in answer.json()["error"]
