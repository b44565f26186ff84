"""A vendor in a process of its own: cursor pages of JSON records over HTTP, made before anyone asks."""

from __future__ import annotations

import json
import multiprocessing
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import uvicorn

RECORDS, PAGE = 200_000, 1_000
NOW = datetime(2026, 6, 30, tzinfo=UTC)


def record(number: int) -> dict[str, Any]:
    """One contact."""
    at = (NOW - timedelta(seconds=number)).isoformat()
    return {
        "contact_id": str(number),
        "email": f"person{number}@mail.example",
        "lifecycle_stage": "customer",
        "country_code": "FR",
        "acquisition_channel": "organic_search",
        "marketing_consent": "subscribed",
        "created_at": at,
        "updated_at": at,
        "is_archived": False,
    }


def _pages() -> list[bytes]:
    starts = range(0, RECORDS, PAGE)
    after = [*range(1, len(starts)), None]
    return [
        json.dumps({"results": [record(n) for n in range(start, start + PAGE)], "after": following}).encode()
        for start, following in zip(starts, after, strict=True)
    ]


def _serve(listener: socket.socket) -> None:
    pages = _pages()

    async def answer(scope: Any, receive: Any, send: Any) -> None:
        page = pages[int(parse_qs(scope["query_string"].decode()).get("after", ["0"])[0])]
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(page)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": page})

    uvicorn.Server(uvicorn.Config(answer, lifespan="off", log_level="critical")).run([listener])


@contextmanager
def serving() -> Iterator[str]:
    """The vendor's address while it serves."""
    listener = socket.create_server(("127.0.0.1", 0))
    process = multiprocessing.get_context("fork").Process(target=_serve, args=(listener,), daemon=True)
    process.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        process.terminate()
        process.join()
        listener.close()
