"""HubSpot: contacts, companies and deals by search, list, id and batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sandbox.api.hubspot.api import HubspotApi
from sandbox.api.hubspot.errors import expired_token, throttled, unavailable
from sandbox.api.hubspot.moves import move
from sandbox.api.kind import Kind, Record


def _pages(content: Any) -> Iterator[list[Record]]:
    if isinstance(content, dict) and "results" in content and ("total" in content or "paging" in content):
        yield content["results"]


def _spoil(record: Record) -> None:
    record["properties"]["createdate"] = record["createdAt"] = "a while ago"


KIND = Kind(
    make=HubspotApi,
    refusals={
        "rate_limit": throttled,
        "server_error": unavailable,
        "expired_token": lambda: expired_token().answer(),
    },
    pages=_pages,
    spoil=_spoil,
    move=move,
    secrets=("access_token",),
    bucket_seconds=10,
)
