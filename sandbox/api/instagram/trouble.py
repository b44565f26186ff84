"""The pages in an answer of the Graph API, and records that are spoilt."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

Record = dict[str, Any]


def pages(content: Any) -> Iterator[list[Record]]:
    """The page of an edge, or that of a discovered account's media."""
    if not isinstance(content, dict):
        return
    if isinstance(content.get("data"), list) and "paging" in content:
        yield content["data"]
    elif "media" in content.get("business_discovery", {}):
        yield content["business_discovery"]["media"]["data"]


def spoil(record: Record) -> None:
    """A word in the place of the likes."""
    if "like_count" in record:
        record["like_count"] = "many"
