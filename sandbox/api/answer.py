"""Requests and answers of the simulated APIs, free of any web framework."""

from __future__ import annotations

import base64
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
    is_emptied: bool = False
    """Give the page without its records, and a link that leads to the very same page: a legal answer."""


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
    except ValueError:
        return None
    return number_of(position) if kind == "p" else None


def number_of(text: str) -> int | None:
    """A whole number from 0 up that fits into 64 bits; None for anything else."""
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 20 else -1
    return number if 0 <= number < 1 << 63 else None
