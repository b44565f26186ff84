"""Requests and answers of the simulated APIs, free of any web framework."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

JSON = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Request:
    """What a client sent. `path` follows the API's prefix and begins with a slash; header names are lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    base_url: str
    """Address of the API as the client sees it, for absolute links."""
    is_emptied: bool = False
    """Give the page without its records, and a link that leads to the very same page: legal with all three vendors."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client gets."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = JSON
    is_page: bool = False
    """Whether it is one of several pages, or could be."""


def json_answer(
    content: Any, status: int = 200, headers: Mapping[str, str] | None = None, is_page: bool = False
) -> Answer:
    """An answer with a JSON body."""
    return Answer(status, orjson.dumps(content), headers or {}, is_page=is_page)


def cursor_of(position: int) -> str:
    """An opaque cursor for the records that follow a position."""
    return base64.urlsafe_b64encode(f"p:{position}".encode()).decode().rstrip("=")


def position_of(cursor: str) -> int | None:
    """The position in a cursor; None for what is no cursor of ours."""
    try:
        kind, _, position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return int(position) if kind == "p" and position.isdigit() else None
