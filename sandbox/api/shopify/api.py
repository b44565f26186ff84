"""Shopify's GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from graphql import GraphQLSchema, build_schema

from sandbox.api.answer import Answer, Request, json_answer
from sandbox.api.kind import Given
from sandbox.api.shopify import shopifyql
from sandbox.api.shopify.errors import (
    MOST_POINTS,
    ShopifyError,
    bad_request,
    cost_of,
    not_found,
    throttled,
    too_costly,
    unauthorised,
)
from sandbox.api.shopify.oauth import token
from sandbox.api.shopify.projection import Plan, QueryError, Selected, introspect, page, plan, project
from sandbox.api.shopify.roots import shop
from sandbox.api.shopify.search import BEFORE_ALL, after, cursor

VERSIONS = ("2026-01", "2026-04", "2026-07", "2026-10")
PAGING_CEILING = 25_000
"""No list is paged deeper than this."""
_LARGEST_PAGE = 250


@cache
def schema() -> GraphQLSchema:
    """The sandbox's part of the Admin schema."""
    return build_schema(Path(__file__).with_name("schema.graphql").read_text(encoding="utf-8"))


class ShopifyApi:
    """Answers queries of one custom app."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._shop = shop(given.scene)
        self._indexed = shop(given.indexed)
        self._is_emptied = self._is_page = False

    def answer(self, request: Request) -> Answer:
        """The answer to a query, or a new token."""
        self._is_emptied, self._is_page = request.is_emptied, False
        parts = request.path.strip("/").split("/")
        if request.method == "POST" and parts == ["admin", "oauth", "access_token"]:
            return token(self._given, request)
        sent = request.headers.get("x-shopify-access-token", "")
        if self._given.tokens.state(sent, self._given.scene.clock) != "good":
            return unauthorised()
        match (request.method, *parts):
            case ("POST", "admin", "api", asked, "graphql.json") if version := _served(asked):
                return self._answer(request.body, {"X-Shopify-API-Version": version, "X-Request-Id": "sandbox"})
        return not_found()

    def _answer(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        try:
            query = _plan(body)
            if query.cost > MOST_POINTS:
                raise too_costly(query.cost)
            if not self._given.bucket.take(query.cost):
                return replace(throttled(query.cost, self._given.bucket), headers=headers)
            found = introspect(schema(), query)
            data = found or {field.key: self._root(field) for field in query.root}
        except (QueryError, ShopifyError) as error:
            return json_answer({"errors": error.errors}, headers=headers)
        cost = cost_of(query.cost, query.cost, self._given.bucket)
        return json_answer({"data": data, "extensions": {"cost": cost}}, headers=headers, is_page=self._is_page)

    def _root(self, field: Selected) -> Any:
        if field.name in self._shop.roots:
            return self._page(field)
        if self._shop.is_by_id(field.name):
            record = self._shop.one(field.name, field.arguments["id"])
            return None if record is None else project(record, field.below)
        if field.name == "shopifyqlQuery":
            report = shopifyql.answer(field.arguments["query"], self._shop.scene, self._shop.sales)
            return project(report, field.below)
        if field.name == "shop":
            return project(self._shop.objects.shop(), field.below)
        return field.arguments["type"]

    def _page(self, field: Selected) -> dict[str, Any]:
        """A page of a root connection; with a search it knows what the search index knows."""
        first, search = field.arguments.get("first"), field.arguments.get("query") or ""
        if first is None or field.arguments.get("last") is not None:
            raise bad_request("you must provide one of first or last")
        if not 0 < first <= _LARGEST_PAGE:
            raise bad_request(f"Invalid value for first: must be between 1 and {_LARGEST_PAGE}")
        root = (self._indexed if search else self._shop).roots[field.name]
        key = field.arguments.get("sortKey") or "ID"
        try:
            pairs, rows = root.sorted(search, key, bool(field.arguments.get("reverse")))
            start = after(pairs, field.arguments.get("after"))
        except (ValueError, OverflowError) as error:
            raise bad_request(str(error)[:200]) from error
        ceiling = self._given.conditions.ceiling or PAGING_CEILING
        if start >= ceiling:
            raise bad_request(f"Cannot paginate beyond {ceiling} objects: add filters to narrow the list")
        self._is_page = True
        stop = start if self._is_emptied else min(start + first, len(rows), ceiling)
        last = pairs[stop - 1] if stop else BEFORE_ALL
        info = {
            "hasNextPage": stop < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": cursor(pairs[start]) if start < stop else None,
            "endCursor": cursor(last) if rows else None,
        }
        render = self._shop.renders[field.name]
        shown = [(pairs[at], render(rows[at])) for at in range(start, stop)]
        return page(shown, info, field, cursor)


def _served(asked: str) -> str | None:
    """The version that answers: a quarter that is no longer served falls forward to the oldest one that is."""
    year, _, month = asked.partition("-")
    is_quarter = len(year) == 4 and year.isdecimal() and month in ("01", "04", "07", "10")
    if is_quarter and asked < VERSIONS[0]:
        return VERSIONS[0]
    return asked if asked in VERSIONS else None


def _plan(body: bytes) -> Plan:
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise bad_request("Required parameter missing or invalid") from error
    text = content.get("query") if isinstance(content, dict) else None
    variables = content.get("variables") or {} if isinstance(content, dict) else None
    if not isinstance(text, str) or not isinstance(variables, dict):
        raise bad_request("Required parameter missing or invalid")
    return plan(schema(), text, variables, content.get("operationName"))
