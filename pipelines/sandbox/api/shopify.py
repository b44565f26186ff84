"""Shopify's GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from graphql import GraphQLSchema, build_schema

from pipelines.sandbox.api import shopifyql
from pipelines.sandbox.api.answer import Answer, Request, json_answer
from pipelines.sandbox.api.projection import Plan, QueryError, Record, Selected, page, plan, project
from pipelines.sandbox.api.shopify_objects import ShopifyScene, visible
from pipelines.sandbox.api.shopify_search import BEFORE_ALL, Root, after, cursor
from pipelines.sandbox.sales import DailySales, daily_sales

BUCKET, RESTORE_RATE = 20_000, 1_000
"""Shopify Plus: points in the bucket, and points that come back in a second."""
_LARGEST_PAGE = 250


def load_schema() -> GraphQLSchema:
    """The sandbox's part of the Admin schema."""
    return build_schema(Path(__file__).with_name("shopify.graphql").read_text(encoding="utf-8"))


class ShopifyError(Exception):
    """A query that the shop refuses."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.errors = [{"message": message, "extensions": {"code": code}}]


def unauthorised() -> Answer:
    """The token was not given out, or no longer holds."""
    return json_answer({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401)


def throttled(cost: int = 100) -> Answer:
    """The bucket is empty; a second refills it."""
    documentation = "https://shopify.dev/api/usage/rate-limits"
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": documentation}}
    return json_answer({"errors": [error], "extensions": {"cost": _cost(cost, None, 0)}})


def _cost(requested: int, actual: int | None, available: int) -> dict[str, Any]:
    status = {"maximumAvailable": float(BUCKET), "currentlyAvailable": available, "restoreRate": float(RESTORE_RATE)}
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}


class ShopifyApi:
    """Answers queries of one custom app over one scene."""

    def __init__(self, shown: ShopifyScene, token: str, schema: GraphQLSchema) -> None:
        self._shown = shown
        self._token = token
        self._schema = schema
        self._is_emptied = self._is_page = False

    def answer(self, request: Request) -> Answer:
        """The answer to a query."""
        self._is_emptied, self._is_page = request.is_emptied, False
        if request.headers.get("x-shopify-access-token") != self._token:
            return unauthorised()
        parts = request.path.strip("/").split("/")
        if request.method != "POST" or parts[:2] != ["admin", "api"] or parts[-1] != "graphql.json":
            return json_answer({"errors": "Not Found"}, 404)
        try:
            query = self._plan(request.body)
            data = {field.key: self._root(field) for field in query.root}
        except QueryError as error:
            return json_answer({"errors": error.errors})
        except ShopifyError as error:
            return json_answer({"errors": error.errors})
        headers = {"X-Shopify-API-Version": parts[2], "X-Request-Id": "sandbox"}
        cost = _cost(query.cost, query.cost, BUCKET - query.cost)
        return json_answer({"data": data, "extensions": {"cost": cost}}, headers=headers, is_page=self._is_page)

    def _plan(self, body: bytes) -> Plan:
        try:
            content = orjson.loads(body)
            text, variables = str(content["query"]), content.get("variables") or {}
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise ShopifyError("Required parameter missing or invalid", "BAD_REQUEST") from error
        return plan(self._schema, text, variables, content.get("operationName"))

    def _root(self, field: Selected) -> Any:
        if field.name in self._roots:
            return self._page(field)
        if field.name in self._by_id:
            return self._one(field)
        if field.name == "shopifyqlQuery":
            return project(shopifyql.answer(field.arguments["query"], self._shown.scene, self._sales), field.below)
        if field.name == "shop":
            return project(self._shown.shop(), field.below)
        return field.arguments["type"]

    @cached_property
    def _sales(self) -> DailySales:
        return daily_sales(self._shown.scene)

    @cached_property
    def _roots(self) -> dict[str, tuple[Root, Callable[[int], Record]]]:
        w, clock, shown = self._shown.scene.world, self._shown.scene.clock, self._shown
        orders, customers, checkouts = w.orders, w.customers, w.checkouts
        order_columns = {
            "id": orders.order_id,
            "created_at": orders.created_at,
            "processed_at": orders.created_at,
            "updated_at": shown.order_updated_at,
            "test": orders.is_test.astype(np.int64),
        }
        customer_columns = {
            "id": customers.customer_id,
            "created_at": customers.created_at,
            "updated_at": shown.customer_updated_at,
        }
        checkout_columns = {
            "id": checkouts.checkout_id,
            "created_at": checkouts.created_at,
            "updated_at": np.where(checkouts.completed_at <= clock, checkouts.completed_at, checkouts.created_at),
        }
        return {
            "orders": (Root(visible(orders.created_at, clock), order_columns), shown.order),
            "customers": (Root(visible(customers.created_at, clock), customer_columns), shown.customer),
            "abandonedCheckouts": (Root(visible(checkouts.created_at, clock), checkout_columns), shown.checkout),
        }

    @cached_property
    def _by_id(self) -> Mapping[str, tuple[dict[int, int], Callable[[int], Record]]]:
        w, clock, shown = self._shown.scene.world, self._shown.scene.clock, self._shown
        refunds = w.books.refunds

        def rows(ids: Any, moments: Any) -> dict[int, int]:
            return {int(ids[row]): int(row) for row in visible(moments, clock)}

        return {
            "order": (rows(w.orders.order_id, w.orders.created_at), shown.order),
            "customer": (rows(w.customers.customer_id, w.customers.created_at), shown.customer),
            "refund": (rows(refunds.refund_id, refunds.created_at), shown.refund),
        }

    def _one(self, field: Selected) -> Any:
        rows, render = self._by_id[field.name]
        number = str(field.arguments["id"]).rpartition("/")[2]
        row = rows.get(int(number)) if number.isdigit() else None
        return None if row is None else project(render(row), field.below)

    def _page(self, field: Selected) -> dict[str, Any]:
        root, render = self._roots[field.name]
        arguments = field.arguments
        first = arguments.get("first")
        if first is None or arguments.get("last") is not None:
            raise ShopifyError("you must provide one of first or last", "BAD_REQUEST")
        if not 0 < first <= _LARGEST_PAGE:
            raise ShopifyError(f"Invalid value for first: must be between 1 and {_LARGEST_PAGE}", "BAD_REQUEST")
        try:
            pairs, rows = root.sorted(arguments.get("query") or "", arguments["sortKey"], arguments["reverse"])
            start = after(pairs, arguments.get("after"))
        except ValueError as error:
            raise ShopifyError(str(error), "BAD_REQUEST") from error
        self._is_page = True
        stop = start if self._is_emptied else min(start + first, len(rows))
        last = pairs[stop - 1] if stop else BEFORE_ALL
        info = {
            "hasNextPage": stop < len(rows),
            "hasPreviousPage": start > 0,
            "startCursor": cursor(pairs[start]) if start < stop else None,
            "endCursor": cursor(last) if rows else None,
        }
        shown = [(pairs[at], render(rows[at])) for at in range(start, stop)]
        return page(shown, info, field, cursor)
