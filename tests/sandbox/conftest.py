"""A small world that really serves on loopback; each module has its own server, since tests change the world."""

from __future__ import annotations

import socket
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

from pipelines.credentials import read_secrets
from pipelines.sandbox import WorldOptions, prepare
from pipelines.sandbox.server import config
from pipelines.sandbox.world.build import World, build

SMALL = WorldOptions(seed=7, posts=120, customers=300, orders=1_200)


@dataclass
class Client:
    """Calls the vendors' APIs and the controls of a served home."""

    home: Path
    port: int
    session: requests.Session = field(default_factory=requests.Session)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def token(self, kind: str) -> str:
        return read_secrets(self.home / "secrets.env")[f"VOXHOUSE_AURORA_{kind.upper()}_ACCESS_TOKEN"]

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
        return self.session.post(
            self.url("/shopify/admin/api/2026-10/graphql.json"),
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token("shopify")},
        )

    def control(self, name: str, **body: Any) -> dict[str, Any]:
        response = self.session.post(self.url(f"/_sandbox/{name}"), json=body)
        assert response.status_code == 200, response.text
        content: dict[str, Any] = response.json()
        return content

    def calm(self) -> None:
        assert self.session.delete(self.url("/_sandbox/trouble")).json() == {"cleared": True}

    def truth(self, name: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = pq.read_table(self.home / "sandbox" / "truth" / f"{name}.parquet").to_pylist()
        return rows


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def world() -> World:
    return build(SMALL)


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    home, port = tmp_path_factory.mktemp("home"), free_port()
    prepare(home, SMALL, port)
    yield from served(home, port)


def served(home: Path, port: int) -> Iterator[Client]:
    server = uvicorn.Server(config(home, port))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield Client(home, port)
    server.should_exit = True
    thread.join(timeout=10)
