"""The ASGI app: the vendors' APIs under their names, and the sandbox's own control. Loopback only."""

from __future__ import annotations

import asyncio
import hmac
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Route

from sandbox.actions import ACTIONS, ControlError, act
from sandbox.api import kinds
from sandbox.api.answer import Request
from sandbox.edits import ChangeError
from sandbox.live import Sandbox
from sandbox.prepare import HOST
from sandbox.store import Store

_QUIET_SECONDS = 1.0
Endpoint = Callable[[WebRequest], Awaitable[Response]]


def app(sandbox: Sandbox) -> Starlette:
    """The app over a running sandbox."""
    last_asked = [time.monotonic()]

    def vendor(api: str) -> Endpoint:
        async def answer(web: WebRequest) -> Response:
            request = Request(
                method=web.method,
                path="/" + web.path_params["path"],
                query=web.query_params,
                headers=web.headers,
                body=await web.body(),
            )
            told = sandbox.answer(api, request)
            last_asked[0] = time.monotonic()
            headers = {**told.headers, "Date": format_datetime(sandbox.scene.now, usegmt=True)}
            return Response(told.body, told.status, headers, told.media_type)

        return answer

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        writing = asyncio.create_task(_keep_truth(sandbox, last_asked))
        yield
        writing.cancel()
        with suppress(asyncio.CancelledError):
            await writing
        if sandbox.is_truth_stale:
            sandbox.write_truth()

    routes = [Route(f"/{api}/{{path:path}}", vendor(api), methods=["GET", "POST"]) for api in kinds()]
    routes += [Route(f"/_sandbox/{name}", _control(sandbox, name), methods=["POST"]) for name in ACTIONS]
    routes.append(Route("/health", _health(sandbox), methods=["GET"]))
    return Starlette(routes=routes, lifespan=lifespan)


async def _keep_truth(sandbox: Sandbox, last_asked: list[float]) -> None:
    """Write the truth when the world has moved of itself and nobody asks for anything."""
    while True:
        await asyncio.sleep(_QUIET_SECONDS)
        if sandbox.is_truth_stale and time.monotonic() - last_asked[0] >= _QUIET_SECONDS:
            sandbox.write_truth()


def _health(sandbox: Sandbox) -> Endpoint:
    async def answer(_: WebRequest) -> Response:
        return _json({"status": "ok", "now": sandbox.scene.now.isoformat()})

    return answer


def _control(sandbox: Sandbox, name: str) -> Endpoint:
    async def answer(web: WebRequest) -> Response:
        if refusal := _refusal(sandbox, web.headers):
            return refusal
        try:
            return _json(act(sandbox, name, orjson.loads(await web.body() or b"{}")))
        except orjson.JSONDecodeError:
            return _json({"error": "the body must be JSON"}, 400)
        except (ChangeError, ControlError) as error:
            return _json({"error": str(error)}, 400)

    return answer


def _refusal(sandbox: Sandbox, headers: Mapping[str, str]) -> Response | None:
    """Why a request may not control the sandbox: a web page could send it, or the token is not in it."""
    port = urlsplit(sandbox.base_url).port
    if headers.get("host") not in (f"{HOST}:{port}", f"localhost:{port}"):
        return _json({"error": "this is not the sandbox's own address"}, 403)
    if headers.get("origin") not in (None, f"http://{HOST}:{port}", f"http://localhost:{port}"):
        return _json({"error": "no page of another origin controls the sandbox"}, 403)
    if headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        return _json({"error": "the content type must be application/json"}, 415)
    sent = headers.get("authorization", "").encode()
    if not hmac.compare_digest(sent, f"Bearer {sandbox.control_token}".encode()):
        return _json({"error": "the token is in sandbox/control.token of the home"}, 401)
    return None


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def bind(home: Path, port: int) -> socket.socket:
    """A socket on a port, which is ours from now on; 0: the home's own port of the last time, or any in a new home."""
    return socket.create_server((HOST, port or Store(home).port() or 0), backlog=128)


def config(home: Path, port: int) -> uvicorn.Config:
    """uvicorn's configuration for the sandbox of a home. The vendors' answers carry the sandbox's own date."""
    sandbox = Sandbox(Store(home), f"http://{HOST}:{port}")
    return uvicorn.Config(
        app(sandbox),
        host=HOST,
        port=port,
        access_log=False,
        log_level="warning",
        date_header=False,
        server_header=False,
    )


def serve(home: Path, listener: socket.socket) -> None:
    """Serve on a bound socket until told to stop."""
    port = int(listener.getsockname()[1])
    Store(home).write_port(port)
    uvicorn.Server(config(home, port)).run(sockets=[listener])
