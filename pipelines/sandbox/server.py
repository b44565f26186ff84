"""The ASGI app: three vendors' APIs under their prefixes, and the sandbox's own controls. Loopback only."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request as WebRequest
from starlette.responses import Response
from starlette.routing import Route

from pipelines.sandbox.api.answer import Request
from pipelines.sandbox.changes import ChangeError
from pipelines.sandbox.live import SOURCES, Sandbox
from pipelines.sandbox.store import Store
from pipelines.sandbox.trouble import trouble

HOST = "127.0.0.1"
Endpoint = Callable[[WebRequest], Awaitable[Response]]
Control = Callable[[dict[str, Any]], dict[str, Any]]


def app(sandbox: Sandbox) -> Starlette:
    """The app over a running sandbox."""

    def vendor(api: str) -> Endpoint:
        async def answer(web: WebRequest) -> Response:
            request = Request(
                method=web.method,
                path="/" + web.path_params["path"],
                query=web.query_params,
                headers=web.headers,
                body=await web.body(),
                base_url=str(web.base_url).rstrip("/"),
            )
            told = sandbox.answer(api, request)
            headers = {**told.headers, "Date": format_datetime(sandbox.scene.now, usegmt=True)}
            return Response(told.body, told.status, headers, told.media_type)

        return answer

    def control(act: Control) -> Endpoint:
        async def answer(web: WebRequest) -> Response:
            try:
                content = orjson.loads(await web.body() or b"{}")
                return _json(act(content))
            except (ChangeError, ValueError, TypeError, KeyError) as error:
                return _json({"error": str(error)}, 400)

        return answer

    routes = [Route(f"/{api}/{{path:path}}", vendor(api), methods=["GET", "POST"]) for api in SOURCES]
    routes += [Route(f"/_sandbox/{name}", control(act), methods=["POST"]) for name, act in _controls(sandbox).items()]
    routes.append(Route("/_sandbox/trouble", control(lambda _: _clear(sandbox)), methods=["DELETE"]))
    routes.append(
        Route("/health", control(lambda _: {"status": "ok", "now": sandbox.scene.now.isoformat()}), methods=["GET"])
    )
    return Starlette(routes=routes)


def _controls(sandbox: Sandbox) -> dict[str, Control]:
    def order_of(content: dict[str, Any]) -> int | None:
        return int(content["order_id"]) if content.get("order_id") else None

    def media_of(content: dict[str, Any]) -> int | None:
        return int(content["media_id"]) if content.get("media_id") else None

    return {
        "clock": lambda c: sandbox.advance(int(c.get("advance_days", 0)), int(c.get("advance_hours", 0))),
        "refund": lambda c: sandbox.refund(order_of(c), float(c.get("share", 1.0))),
        "likes": lambda c: sandbox.likes(media_of(c), int(c.get("count", 100))),
        "customer": lambda _: sandbox.customer(),
        "trouble": lambda c: _trouble(sandbox, c),
    }


def _trouble(sandbox: Sandbox, content: dict[str, Any]) -> dict[str, Any]:
    new = trouble(content)
    sandbox.troubles.add(new)
    return {"api": new.api, "kind": new.kind, "times": new.times}


def _clear(sandbox: Sandbox) -> dict[str, Any]:
    sandbox.troubles.clear()
    return {"cleared": True}


def _json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


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


def serve(home: Path, port: int) -> None:
    """Serve until told to stop."""
    uvicorn.Server(config(home, port)).run()
