"""Shopify: one shop's GraphQL Admin API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.api.answer import json_answer
from sandbox.api.kind import Kind, Record
from sandbox.api.shopify.api import ShopifyApi
from sandbox.api.shopify.errors import throttled, unauthorised
from sandbox.api.shopify.moves import move


def _pages(content: Any) -> Iterator[list[Record]]:
    found = content.get("data") if isinstance(content, dict) else None
    for part in found.values() if isinstance(found, dict) else ():
        if isinstance(part, dict) and "pageInfo" in part:
            yield part.get("nodes") or []


def _spoil(record: Record) -> None:
    for name in ("totalTaxSet", "totalPriceSet"):
        if name in record:
            record[name] = {"shopMoney": {"amount": "n/a", "currencyCode": "EUR"}}
            return
    if "createdAt" in record:
        record["createdAt"] = "a while ago"


KIND = Kind(
    make=ShopifyApi,
    refusals={
        "rate_limit": throttled,
        "server_error": lambda: json_answer({"errors": "Internal Server Error"}, 500),
        "expired_token": unauthorised,
    },
    pages=_pages,
    spoil=_spoil,
    move=move,
    secrets=("client_id", "client_secret"),
    credentials=("access_token", "client_id", "client_secret"),
    request_points=50,
    bucket_seconds=20,
)
