"""A vendor on the loopback that answers over real sockets."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import orjson
import uvicorn


@dataclass(frozen=True)
class Request:
    """What reached the far side."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return orjson.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """What the far side gives back; `missing` bytes of the announced length are never sent."""

    content: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    missing: int = 0

    @property
    def body(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else orjson.dumps(self.content)


class FarSide:
    """A vendor on the loopback. Set `answer`, or `script` for a sequence of replies."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[Request] = []
        self.script: list[Reply] = []
        self.answer: Callable[[Request], Reply] = lambda _: self.script.pop(0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            body, more = body + message.get("body", b""), message.get("more_body", False)
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        request = Request(scope["method"], scope["path"], scope["query_string"].decode(), headers, body)
        self.requests.append(request)
        reply = self.answer(request)
        length = str(len(reply.body) + reply.missing)
        sent = {"content-type": "application/json", **reply.headers, "content-length": length}
        raw = [(name.lower().encode(), value.encode()) for name, value in sent.items()]
        await send({"type": "http.response.start", "status": reply.status, "headers": raw})
        await send({"type": "http.response.body", "body": reply.body})


@dataclass(frozen=True)
class Serving:
    """An ASGI application on a free port of the loopback until it is stopped."""

    url: str
    stop: Callable[[], None]


def serve(make: Callable[[str], Any]) -> Serving:
    """Serve the application that `make` gives for its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = uvicorn.Server(uvicorn.Config(make(url), lifespan="off", log_level="critical"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.005)

    def stop() -> None:
        server.should_exit = True
        thread.join(10)

    return Serving(url, stop)
