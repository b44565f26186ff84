"""A code server with one asset, the guarded web server before it, and a client that sends any bytes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.instance.files import ENVIRONMENT, LOCATION, write_instance
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 90.0
DEFINITIONS = """
import dagster as dg

class Options(dg.Config):
    as_of: str = "today"

@dg.asset
def measured(config: Options) -> None:
    return None

defs = dg.Definitions(assets=[measured], jobs=[dg.define_asset_job("measure", [measured])])
"""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, list[str]]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Asked:
    """A request as it stands on the wire; `{port}` is the server's."""

    method: str = "GET"
    target: str = "/"
    headers: Sequence[tuple[str, str]] = ()
    body: bytes = b""
    host: str | None = "127.0.0.1:{port}"
    length: bool = True
    as_sent: str = ""

    def wire(self, port: int) -> bytes:
        if self.as_sent:
            return self.as_sent.replace("{port}", str(port)).encode("latin-1")
        lines = [f"{self.method} {self.target} HTTP/1.1"]
        lines += [f"Host: {self.host}"] if self.host is not None else []
        lines += [f"{name}: {value}" for name, value in self.headers]
        lines += [f"Content-Length: {len(self.body)}"] if self.length and (self.body or self.method == "POST") else []
        lines += [] if any(name == "Connection" for name, _ in self.headers) else ["Connection: close"]
        head = "\r\n".join(lines).replace("{port}", str(port)) + "\r\n\r\n"
        return head.encode("latin-1") + self.body


def send(port: int, asked: Asked) -> Answer:
    """The answer's head and, where it has one, its body; the server closes, or a web socket is opened."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        with suppress(BrokenPipeError, ConnectionResetError):  # refused before the body had been sent
            connection.sendall(asked.wire(port))
        received = b""
        with suppress(ConnectionResetError):
            while not (received.startswith(b"HTTP/1.1 101") and b"\r\n\r\n" in received):
                part = connection.recv(65536)
                if not part:
                    break
                received += part
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers.setdefault(name.lower(), []).append(value.strip())
    return Answer(int(first.split(" ")[1]), headers, body)


@dataclass(frozen=True)
class Server:
    port: int
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        return {**os.environ, **ENVIRONMENT, "DAGSTER_HOME": str(self.home), "PYTHONPATH": str(ROOT)}

    def page(self, query: str, variables: Mapping[str, object] | None = None) -> Answer:
        """GraphQL as the bundled page sends it."""
        body = json.dumps({"operationName": "Op", "variables": variables or {}, "query": query}).encode()
        headers = [
            ("Content-Type", "application/json"),
            ("Origin", "http://127.0.0.1:{port}"),
            ("Sec-Fetch-Site", "same-origin"),
            ("Sec-Fetch-Mode", "cors"),
            ("Referer", "http://127.0.0.1:{port}/runs"),
        ]
        return send(self.port, Asked("POST", "/graphql?op=Op", headers, body))


@contextmanager
def guarded_server(folder: Path, definitions: str = DEFINITIONS) -> Iterator[Server]:
    """Both processes, ended by their ids; a secret lies beside Data Docs and a symlink in them leads to it."""
    home = folder / "dagster"
    docs = folder / "data_docs"
    for made in (home, docs / "static"):
        made.mkdir(parents=True)
    (docs / "index.html").write_text("<title>suites</title>")
    (docs / "static" / "style.css").write_text("p {}")
    (folder / "secrets.env").write_text("TOKEN=stolen")
    (docs / "way_out").symlink_to(folder)
    (docs / "link.env").symlink_to(folder / "secrets.env")
    (folder / "tiny.py").write_text(definitions)
    code, web = free_port(), free_port()
    write_instance(home, code)
    with dg.DagsterInstance.from_config(str(home)):
        pass  # two servers that make a new instance's tables at once fail, one of them
    server = Server(web, home)
    code_server = ["dagster", "code-server", "start", "-f", str(folder / "tiny.py"), "--location-name", LOCATION]
    web_server = ["orchestration.instance.web", "--port", str(web), "--code-server-port", str(code)]
    commands = [
        [sys.executable, "-m", *code_server, "--host", "127.0.0.1", "-p", str(code)],
        [sys.executable, "-m", *web_server, "--data-docs", str(docs)],
    ]
    processes: list[subprocess.Popen[bytes]] = []
    try:
        with (folder / "servers.log").open("wb") as log:
            for command, is_up in zip(commands, (lambda: _listens(code), lambda: _knows_code(server)), strict=True):
                process = subprocess.Popen(command, cwd=folder, env=server.environment, stdout=log, stderr=log)
                processes.append(process)
                _wait(process, is_up, folder / "servers.log")
        yield server
    finally:
        for process in reversed(processes):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


_LOCATION = (
    "query Op { workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError { __typename } } } } }"
)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _knows_code(server: Server) -> bool:
    return _listens(server.port) and b'"RepositoryLocation"' in server.page(_LOCATION).body


def _wait(process: subprocess.Popen[bytes], is_up: Callable[[], bool], log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        if is_up():
            return
        time.sleep(0.2)
    raise RuntimeError(log.read_text(encoding="utf-8")[-3000:])
