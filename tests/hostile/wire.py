"""HTTP/1.1 over a raw socket of the loopback: it says what it is told to, however wrong.

A proper server refuses to lie about lengths and encodings, so this one writes the bytes itself.
"""

from __future__ import annotations

import json
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Request:
    """What reached the far side."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))

    @property
    def bearer(self) -> str:
        return self.headers.get("authorization", "").removeprefix("Bearer ")


@dataclass(frozen=True)
class Pause:
    """Nothing is written for so long."""

    seconds: float


@dataclass(frozen=True)
class Reset:
    """The connection is torn down, not closed."""


@dataclass(frozen=True)
class Hangup:
    """The connection is closed."""


Step = bytes | Pause | Reset | Hangup
Script = Callable[[bytes, bytes], Iterable[Step]]


@dataclass(frozen=True)
class Reply:
    """What the far side gives back. `script` writes head and body in its own way."""

    content: Any = None
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    script: Script | None = None

    @property
    def body(self) -> bytes:
        return (
            self.content if isinstance(self.content, bytes) else json.dumps(self.content, ensure_ascii=False).encode()
        )

    def steps(self) -> Iterable[Step]:
        sent = {"Content-Type": "application/json", "Content-Length": str(len(self.body)), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
        head = f"HTTP/1.1 {self.status} Whatever\r\n{lines}\r\n".encode("latin-1")
        return self.script(head, self.body) if self.script else [head + self.body]


class _Handler(socketserver.StreamRequestHandler):
    disable_nagle_algorithm = True
    server: _Server

    def handle(self) -> None:
        try:
            while (request := self._request()) and all(map(self._write, self.server.answer(request).steps())):
                pass
        except OSError:
            return

    def _request(self) -> Request | None:
        first = self.rfile.readline().decode("latin-1").split()
        if len(first) != 3:
            return None
        headers: dict[str, str] = {}
        while line := self.rfile.readline().decode("latin-1").strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = self.rfile.read(int(headers.get("content-length", "0")))
        parts = urlsplit(first[1])
        return Request(first[0], parts.path, dict(parse_qsl(parts.query, keep_blank_values=True)), headers, body)

    def _write(self, step: Step) -> bool:
        """Do one step; false when the connection is over."""
        if isinstance(step, bytes):
            self.request.sendall(step)
        elif isinstance(step, Pause):
            return not self.server.over.wait(step.seconds)
        elif isinstance(step, Reset):
            self.request.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.request.close()
        return not isinstance(step, Reset | Hangup)


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads, block_on_close, request_queue_size = True, False, 32

    def __init__(self, answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.over = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: Any) -> None:
        """A client that leaves in the middle is no fault of the server; one of the vendor's shows in the test."""


@contextmanager
def listening(answer: Callable[[Request], Reply]) -> Iterator[str]:
    """Address of a server that answers so, as long as the context is open."""
    server = _Server(answer)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
