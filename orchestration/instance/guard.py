"""What a request must look like to reach Dagster's web server, which by itself asks nobody who they are.

Any page that a colleague has open can send requests to their loopback, and the stock server answers any Host, runs
mutations sent by GET or as a form, and opens web sockets to any origin. The page as Dagster ships it cannot add a
header of its own, so a browser proves itself by what it sets and no script can change:

- DNS rebinding: `Host` is a loopback name at the served port, given once, and the target of a request is a path.
- An image, a form, `fetch` with `no-cors`: GraphQL takes nothing but POST, with the media type `application/json`
  exactly. Elsewhere a browser asks first (OPTIONS), and that is refused. Nothing else is written to.
- `fetch` from another origin, another port of this machine included, or from a sandboxed frame (`Origin: null`):
  `Origin` is this server under the very name that `Host` has, and `Sec-Fetch-Site` is not another site's.
- Web sockets, which no rule of the browser holds back: the same, and here as for POST one of both has to be there.
- Programs send neither, but `X-Voxhouse: 1`; a page of another origin that sends it has to ask first, too.
- Framing and leaking: headers on every answer.

Data Docs are made of vendors' values, unescaped, and load scripts from elsewhere. They are sandboxed, so their scripts
have an origin of their own and are strangers to GraphQL. Their links and images then count as another site's, which is
why `Sec-Fetch-Site` alone is not asked about under /data_docs/: files, read only, that no other page can look into.

Who runs programs on this machine is not kept out: there are no passwords here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orchestration.instance.run_config import reads_environment

PROGRAM_HEADER = {"X-Voxhouse": "1"}
"""What programs send with GraphQL requests, as `DagsterGraphQLClient(..., headers=PROGRAM_HEADER)`."""

MAX_BODY_BYTES = 10 * 1024 * 1024
GRAPHQL = "/graphql"
DATA_DOCS = "/data_docs/"

_OWN_SITE = {"same-origin", "same-site", "none"}
_NAMES = ("127.0.0.1", "localhost", "[::1]")
_OF_A_RUN = re.compile(r"/(?:logs|download_debug)/([^/]*)")
_NOTEBOOKS = re.compile(r"/(dagit/)?notebook/?")
_NO_PATH = re.compile(r"//|.*(?:[\\\x00-\x1f\x7f]|/\.{1,2}(?:/|$))", flags=re.DOTALL)
_ESCAPE_LEFT = re.compile(r"%[0-9A-Fa-f]{2}")
_JSON = re.compile(r'application/json\s*(?:;\s*charset="?utf-8"?\s*)?', flags=re.IGNORECASE)


class Refusal(NamedTuple):
    """The status and the one line of an answer."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Request:
    """What is known of a request before its body; names of headers in lower case."""

    kind: str
    method: str
    path: str
    headers: Mapping[str, str]

    @property
    def origin(self) -> str | None:
        """The page that asks, where a browser says so."""
        return self.headers.get("origin")

    @property
    def site(self) -> str | None:
        """How that page is related to this server, where a browser says so."""
        return self.headers.get("sec-fetch-site")

    @property
    def acts(self) -> bool:
        """Whether it may change something, or hold a connection that tells what happens."""
        return self.kind == "websocket" or self.path == GRAPHQL

    @property
    def is_followed_link(self) -> bool:
        """Whether a person opens a page in a tab of its own, as by a link in a mail; none of them changes anything."""
        mode, shown_in = self.headers.get("sec-fetch-mode"), self.headers.get("sec-fetch-dest")
        return not self.acts and mode == "navigate" and shown_in == "document"


def hosts_at(port: int) -> frozenset[str]:
    """The values of Host that mean this server."""
    return frozenset(f"{name}:{port}" for name in _NAMES) | frozenset(_NAMES if port == 80 else ())


def _host_fault(asked: Request, hosts: frozenset[str]) -> Refusal | None:
    if asked.headers.get("host", "").lower() not in hosts:
        return Refusal(403, "unknown host")
    if any(name == "forwarded" or name.startswith("x-forwarded-") for name in asked.headers):
        return Refusal(403, "no proxy stands before this server")
    return None


def _path_fault(asked: Request) -> Refusal | None:
    if not asked.path.startswith("/"):
        return Refusal(400, "the target is a path")
    if _NO_PATH.match(asked.path):
        return Refusal(403, "no such path")
    if asked.path.startswith(DATA_DOCS) and _ESCAPE_LEFT.search(asked.path):
        return Refusal(403, "no such path")
    if _NOTEBOOKS.fullmatch(asked.path):
        return Refusal(403, "notebooks are not shown: the code server would read any file")
    return None


def _page_fault(asked: Request) -> Refusal | None:
    own = f"http://{asked.headers['host'].lower()}"
    if asked.origin is not None and asked.origin != own:
        return Refusal(403, "foreign origin")
    if asked.is_followed_link or (asked.path.startswith(DATA_DOCS) and not asked.acts):
        return None
    if asked.site is not None and asked.site not in _OWN_SITE:
        return Refusal(403, "asked by another site")
    if asked.acts and asked.site not in {None, "same-origin"}:
        return Refusal(403, "asked by another page")
    return None


def _method_fault(asked: Request) -> Refusal | None:
    if asked.kind == "websocket":
        return None if asked.path == GRAPHQL else Refusal(403, "no web socket here")
    if asked.path == GRAPHQL and asked.method != "POST":
        return Refusal(405, "queries are sent by POST")
    if asked.path != GRAPHQL and asked.method not in {"GET", "HEAD"}:
        return Refusal(405, "only to be read")
    return None


def _proof_fault(asked: Request) -> Refusal | None:
    if not asked.acts:
        return None
    is_program = all(asked.headers.get(name.lower()) == value for name, value in PROGRAM_HEADER.items())
    if asked.origin is None and asked.site is None and not is_program:
        return Refusal(403, "neither Origin nor X-Voxhouse: who asks?")
    if asked.kind == "http" and not _JSON.fullmatch(asked.headers.get("content-type", "")):
        return Refusal(415, "bodies are application/json")
    length = asked.headers.get("content-length", "0")
    if not length.isdecimal() or int(length[:20]) > MAX_BODY_BYTES:
        return Refusal(413, "the body is too large")
    return None


def fault(scope: Scope, hosts: frozenset[str]) -> Refusal | None:
    """Why a request or web socket is refused before its body is read; None: it is not."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in headers and name in {"host", "origin", "sec-fetch-site", "content-type", "content-length"}:
            return Refusal(400, f"{name} is given twice")
        headers[name] = raw_value.decode("latin-1").strip()
    asked = Request(scope["type"], scope.get("method", "GET"), scope["path"], headers)
    return (
        _host_fault(asked, hosts)
        or _path_fault(asked)
        or _page_fault(asked)
        or _method_fault(asked)
        or _proof_fault(asked)
    )


def body_fault(body: bytes) -> Refusal | None:
    """Why a body is refused; None: it is one GraphQL request that reads no variable of the environment."""
    try:
        request = json.loads(body)
        if not isinstance(request, dict) or not isinstance(request.get("query"), str):
            return Refusal(400, "the body is one request with its query")
        if reads_environment(request):
            return Refusal(403, "run configuration does not read the environment")
    except (ValueError, RecursionError):
        return Refusal(400, "the body is not JSON that can be looked through")
    return None


class Guard:
    """Lets pages of this server and programs that say so talk to it; refuses the rest in one line."""

    def __init__(self, app: ASGIApp, port: int, is_run: Callable[[str], bool]) -> None:
        self._app, self._hosts, self._is_run = app, hosts_at(port), is_run

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse or pass on; what is passed on has its body read already."""
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = fault(scope, self._hosts)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": 1008, "reason": refusal.reason})
            return
        body = b""
        if refusal is None and scope["method"] == "POST":
            refusal, body = await _read(receive)
        if refusal is None:
            refusal = await self._look_closer(scope, body)
        answer = self._app if refusal is None else PlainTextResponse(f"{refusal.reason}\n", refusal.status)
        await answer(scope, _replay(body, receive) if body else receive, _with_headers(scope["path"], send))

    async def _look_closer(self, scope: Scope, body: bytes) -> Refusal | None:
        if scope["method"] == "POST":
            return await run_in_threadpool(body_fault, body)
        of_a_run = _OF_A_RUN.match(scope["path"])
        if of_a_run and not (of_a_run[1] and await run_in_threadpool(self._is_run, of_a_run[1])):
            return Refusal(404, "no such run")
        return None


async def _read(receive: Receive) -> tuple[Refusal | None, bytes]:
    """The whole body, whatever length was announced."""
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return Refusal(400, "the body ended early"), b""
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        more = message.get("more_body", False)
        if size > MAX_BODY_BYTES:
            return Refusal(413, "the body is too large"), b""
    return None, b"".join(parts)


def _replay(body: bytes, receive: Receive) -> Receive:
    """The body as one message, then what really comes: the end of the connection."""
    waiting: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return waiting.pop() if waiting else await receive()

    return replayed


def _with_headers(path: str, send: Send) -> Send:
    """Every answer says that it is not to be framed, guessed at, or told of to others."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["X-Content-Type-Options"] = "nosniff"
            headers["X-Frame-Options"] = "DENY"
            headers["Referrer-Policy"] = "same-origin"
            headers["Cross-Origin-Opener-Policy"] = "same-origin"
            # Beside Dagster's own policy: a browser keeps to all that it is given.
            headers.append("Content-Security-Policy", "frame-ancestors 'none'")
            if path.startswith(DATA_DOCS):
                headers.append("Content-Security-Policy", "sandbox allow-scripts")
            else:
                headers["Cross-Origin-Resource-Policy"] = "same-origin"
        await send(message)

    return sent
