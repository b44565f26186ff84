"""A small world that really serves on loopback; each module has its own server, since tests change the world."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import requests
import uvicorn

from sandbox import WorldOptions, control, prepare
from sandbox.server import bind, config
from sandbox.store import Store
from sandbox.world.build import World, build

SMALL = WorldOptions(seed=7, posts=120, customers=300, orders=1_200)


@dataclass
class Client:
    """Calls the vendors' APIs and the controls of a served home."""

    home: Path
    port: int
    session: requests.Session = field(default_factory=requests.Session)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def credentials(self, kind: str) -> dict[str, str]:
        known: dict[str, str] = Store(self.home).tokens()[kind]["credentials"]
        return known

    def token(self, kind: str) -> str:
        return self.credentials(kind)["access_token"]

    def graph(self, path: str, **params: Any) -> requests.Response:
        return self.session.get(
            self.url(f"/instagram/v24.0/{path}"), params={"access_token": self.token("instagram"), **params}
        )

    def hubspot(self, method: str, path: str, **more: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token('hubspot')}"}
        return self.session.request(method, self.url(f"/hubspot{path}"), headers=headers, **more)

    def search(self, name: str, **body: Any) -> requests.Response:
        return self.hubspot("POST", f"/crm/v3/objects/{name}/search", json=body)

    def shopify(self, query: str, **variables: Any) -> requests.Response:
        return self.send(json.dumps({"query": query, "variables": variables}).encode())

    def send(self, body: bytes, token: str | None = None, version: str = "2026-10") -> requests.Response:
        """Any body to the shop."""
        headers = {"X-Shopify-Access-Token": token or self.token("shopify"), "Content-Type": "application/json"}
        return self.session.post(self.url(f"/shopify/admin/api/{version}/graphql.json"), data=body, headers=headers)

    def control(self, name: str, **body: Any) -> dict[str, Any]:
        return control(self.home, name, body, self.port)

    def try_control(self, name: str, body: object, **headers: str) -> requests.Response:
        """Any body to the control, with the token and the headers that it wants unless others are given."""
        token = (self.home / "sandbox" / "control.token").read_text()
        usual = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.session.post(self.url(f"/_sandbox/{name}"), data=sent, headers={**usual, **headers})

    def calm(self) -> None:
        assert self.control("calm") == {"cleared": True}

    def truth(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.home / "sandbox" / "truth" / f"{name}.parquet").to_pylist()
        return rows


@pytest.fixture(scope="session")
def world() -> World:
    return build(SMALL)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    yield from served(tmp_path_factory.mktemp("home"), SMALL)


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Client]:
    yield from served(tmp_path, SMALL)


def served(home: Path, options: WorldOptions = SMALL) -> Iterator[Client]:
    """A home with a world, on a port that is bound before anybody hears of it."""
    with bind(home, 0) as listener:
        port = int(listener.getsockname()[1])
        prepare(home, options, port)
        server = uvicorn.Server(config(home, port))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        deadline = time.monotonic() + 20
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        yield Client(home, port)
        server.should_exit = True
        thread.join(timeout=10)
