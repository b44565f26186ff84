"""Whatever is sent, the vendors answer as vendors do: never a fault of ours, and never a traceback."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client

DEEP = b"[" * 100_000
HUGE = "9" * 5_000
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1.5,
    10**30,
    "",
    "x",
    "²",
    HUGE,
    "2026-13-45",
    "\x00",
    [],
    [[]],
    [None],
    {},
    {"a": 1},
    [5],
)
INTROSPECTION = "{ __schema { queryType { name } types { name } } }"
QUERIES = (
    '{ __type(name: "Order") { fields { name } } }',
    "{ shop { __typename } __typename }",
    "{" * 5_000,
    "{ shop " * 200,
    "{ orders(first: -1) { nodes { id } } }",
    "{ orders(first: 0) { nodes { id } } }",
    "{ orders(first: 1, sortKey: null, reverse: null) { nodes { id } } }",
    "{ orders(first: 1, last: 1) { nodes { id } } }",
    '{ orders(first: 1, query: "updated_at:>never") { nodes { id } } }',
    f'{{ orders(first: 1, query: "id:{HUGE}") {{ nodes {{ id }} }} }}',
    '{ orders(first: 1, after: "é") { nodes { id } } }',
    '{ orders(first: 1, after: "W10=") { nodes { id } } }',
    '{ orders(first: 1, after: "eyJsYXN0X2lkIjogW119") { nodes { id } } }',
    "{ orders(first: 1) { nodes { lineItems { nodes { id } } } } }",
    "{ orders(first: 1) { nodes { lineItems(first: -5) { nodes { id } } refunds(first: -3) { id } } } }",
    '{ orders(first: 1) { nodes { lineItems(first: 1, after: "é") { nodes { id } } } } }',
    f'{{ order(id: "gid://shopify/Order/{HUGE}") {{ id }} }}',
    '{ order(id: "") { id } }',
    "mutation { shop { id } }",
    "subscription { shop { id } }",
    "query a { shop { id } } query b { shop { id } }",
    "fragment f on Order { ...f } { shop { id } }",
    "{ shop { ...nothing } }",
    "query ($a: Int!) { orders(first: $a) { nodes { id } } }",
    f'{{ shopifyqlQuery(query: "FROM sales SHOW orders SINCE -{HUGE}d") {{ parseErrors }} }}',
    '{ shopifyqlQuery(query: "FROM sales SHOW orders TIMESERIES day SINCE 0001-01-01") { parseErrors } }',
    f'{{ shopifyqlQuery(query: "FROM sales SHOW orders LIMIT {HUGE}") {{ parseErrors }} }}',
    "",
)


def is_told(answer: requests.Response) -> bool:
    """Whether a vendor could have answered so: an object or list of JSON, and no fault of the server."""
    return answer.status_code < 500 and isinstance(answer.json(), dict | list) and "Traceback" not in answer.text


def test_the_schema_tells_of_itself(sandbox: Client) -> None:
    told = sandbox.shopify(INTROSPECTION).json()["data"]["__schema"]
    assert told["queryType"] == {"name": "QueryRoot"} or told["queryType"] == {"name": "Query"}
    assert {"Order", "Refund", "Customer"} <= {kind["name"] for kind in told["types"]}


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_odd_queries_are_answered_or_refused(sandbox: Client, query: str) -> None:
    answer = sandbox.shopify(query)
    assert is_told(answer)
    assert answer.json().keys() & {"data", "errors"}


BODIES = (
    b"", b"{", b"\xff", b"null", b"5", b'"x"', b"[]", DEEP, b'{"query": 5}',
    b'{"query": "{shop{id}}", "variables": [1]}', b'{"query": "{shop{id}}", "operationName": {}}',
    b'{"query": "{shop{id}}", "variables": "x"}',
)  # fmt: skip
BATCHES = (
    "", "5", "null", "{}", "[5]", "[[]]", "[null]", '[{"relative_url": 5}]', '[{"method": "GET"}]', "[" * 50_000,
    '[{"relative_url": "//[x"}]', '[{"relative_url": "v99.0/me"}]', '[{"relative_url": "?a"}]',
)  # fmt: skip


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_bodies_that_are_no_query(sandbox: Client, body: bytes) -> None:
    answer = sandbox.send(body)
    assert is_told(answer)
    assert answer.json()["errors"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"null", b"5", b'"x"', b"[]", DEEP])
@pytest.mark.parametrize("path", ["objects/contacts/search", "objects/contacts/batch/read"])
def test_bodies_that_are_no_search(sandbox: Client, path: str, body: bytes) -> None:
    answer = sandbox.hubspot("POST", f"/crm/v3/{path}", data=body)
    assert (answer.status_code, answer.json()["category"]) == (400, "VALIDATION_ERROR")


@pytest.mark.parametrize("field", ["filterGroups", "sorts", "properties", "limit", "after", "inputs"])
def test_odd_values_in_a_search(sandbox: Client, field: str) -> None:
    for value in VALUES:
        assert is_told(sandbox.search("contacts", **{field: value})), value
        body = {"inputs": [{"id": "1"}], field: value}
        for path in ("crm/v3/objects/deals/batch/read", "crm/v4/associations/deals/contacts/batch/read"):
            assert is_told(sandbox.hubspot("POST", f"/{path}", json=body)), value


@pytest.mark.parametrize("name", ["hs_object_id", "lastmodifieddate", "email"])
def test_odd_values_in_a_filter(sandbox: Client, name: str) -> None:
    operators = ("EQ", "NEQ", "GT", "LTE", "IN", "BETWEEN", "HAS_PROPERTY", None, 5)
    for operator in operators:
        for value in VALUES:
            condition = {"propertyName": name, "operator": operator, "value": value, "values": value}
            groups = [{"filters": [{**condition, "highValue": value}]}]
            assert is_told(sandbox.search("contacts", filterGroups=groups)), (operator, value)


def test_odd_parameters_of_the_graph(sandbox: Client) -> None:
    texts = ("", "²", "-1", HUGE, "x" * 300, "é", "{", "id{" * 300, "(", ".", "\x00", "YTox", "2026-13-45", "LTE6MA==")
    for text in texts:
        for name in ("fields", "limit", "after", "metric", "since", "until", "period", "batch", "input_token"):
            for path in ("me", "me/media", "me/insights", "debug_token", "oauth/access_token"):
                usual = {"period": "day", "metric": "reach", "metric_type": "total_value"} if "insights" in path else {}
                assert is_told(sandbox.graph(path, **{**usual, name: text})), (path, name, text)


@pytest.mark.parametrize("batch", BATCHES, ids=range(len(BATCHES)))
def test_odd_batches(sandbox: Client, batch: str) -> None:
    form = {"access_token": sandbox.token("instagram"), "batch": batch}
    assert is_told(requests.post(sandbox.url("/instagram/v24.0/"), data=form))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"access_token=%FF", b"[]", b"{}", b"=&=&", DEEP])
def test_odd_forms(sandbox: Client, body: bytes) -> None:
    for path in ("instagram/v24.0/", "hubspot/oauth/v1/token", "shopify/admin/oauth/access_token"):
        for content_type in ("application/x-www-form-urlencoded", "application/json", "text/plain"):
            answer = requests.post(sandbox.url(f"/{path}"), data=body, headers={"Content-Type": content_type})
            assert 400 <= answer.status_code < 500
            assert isinstance(answer.json(), dict)


def test_random_requests_find_nothing_more(sandbox: Client) -> None:
    chance = random.Random(7)
    for _ in range(400):
        content = odd(chance, 4)
        body = json.dumps(content).encode()
        calls = (
            lambda body=body: sandbox.send(body),
            lambda body=body: sandbox.hubspot("POST", "/crm/v3/objects/contacts/search", data=body),
            lambda content=content: sandbox.graph("me/media", fields=str(content), limit=str(content)),
            lambda body=body: sandbox.try_control(chance.choice(["likes", "refund", "trouble", "change"]), body),
        )
        answer = chance.choice(calls)()
        assert is_told(answer), content
        sandbox.calm()


def odd(chance: random.Random, depth: int) -> Any:
    """A value of any form, with names that mean something here and there."""
    names = ["query", "variables", "filterGroups", "filters", "propertyName", "operator", "value", "sorts", "limit"]
    names += ["count", "share", "api", "kind", "times", "media_id", "order_id", "contact_id"]
    words = ("createdate", "EQ", "hs_object_id", "shopify", "html", "edit_contact", "{ shop { id } }", "10")
    if depth == 0 or chance.random() < 0.3:
        return chance.choice([*VALUES, *words])
    if chance.random() < 0.4:
        return [odd(chance, depth - 1) for _ in range(chance.randrange(3))]
    return {chance.choice(names): odd(chance, depth - 1) for _ in range(chance.randrange(1, 4))}
