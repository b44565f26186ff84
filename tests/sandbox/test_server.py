"""The server itself: fast enough that it is never what a load waits for."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import yaml

from sandbox import control
from sandbox.server import bind
from sandbox.store import Store
from tests.homes import ROOT
from tests.ports import free_port
from tests.sandbox.conftest import Client


def test_a_simple_call_takes_less_than_four_milliseconds(sandbox: Client) -> None:
    """Three hundred microseconds on an idle machine; the bound leaves room for a busy one."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
    path = f"/instagram/v24.0/17841400000000001?fields=id,followers_count&access_token={sandbox.token('instagram')}"
    start = time.monotonic()
    for _ in range(500):
        connection.request("GET", path)
        assert connection.getresponse().read()
    assert time.monotonic() - start < 2


def test_what_is_nobody_s_path_is_not_found(sandbox: Client) -> None:
    assert sandbox.session.get(sandbox.url("/tiktok/v2/video/list/")).status_code == 404
    assert sandbox.session.get(sandbox.url("/health")).json()["status"] == "ok"


SIZE = ("--posts", "60", "--customers", "80", "--orders", "240", "--months", "3")


def started(home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "sandbox", "--home", str(home), "--port", str(port), *SIZE]
    return subprocess.Popen(command, cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT)})


def answering(home: Path) -> str:
    """Address of a home's sandbox, once it answers."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        port = Store(home).port()
        try:
            if port and requests.get(f"http://127.0.0.1:{port}/health", timeout=5).ok:
                return f"http://127.0.0.1:{port}"
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise AssertionError("the sandbox does not answer")


def test_a_free_port_is_told_in_the_home_and_kept(tmp_path: Path) -> None:
    seen = []
    for _ in range(2):
        process = started(tmp_path, 0)
        try:
            seen.append(answering(tmp_path))
            assert control(tmp_path, "calm", {}) == {"cleared": True}
        finally:
            process.terminate()
            process.wait(timeout=20)
    assert seen[0] == seen[1]
    sources = yaml.safe_load((tmp_path / "brands.yml").read_text())["sources"]
    assert {source["base_url"].rpartition("/")[0] for source in sources.values()} == {seen[0]}


def test_a_fixed_port_is_used_as_it_is(tmp_path: Path) -> None:
    port = free_port()
    process = started(tmp_path, port)
    try:
        assert answering(tmp_path) == f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=20)


def test_a_port_that_was_found_free_is_nobody_else_s(tmp_path: Path) -> None:
    held = free_port()
    others = [socket.create_server(("127.0.0.1", 0)) for _ in range(300)]
    try:
        assert held not in {other.getsockname()[1] for other in others}
        with pytest.raises(OSError, match="in use"):
            socket.socket().bind(("127.0.0.1", held))
        with bind(tmp_path, held) as listener:
            assert listener.getsockname()[1] == held
    finally:
        for other in others:
            other.close()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--port", "99999"), "port 99999 cannot be had"),
        (("--port", "0", "--posts", "1"), "a world needs at least 2 months, 20 customers and 30 posts"),
        (("--port", "0", "--moves", "-1"), "moves, lag, ceiling and rate are 0 or more"),
    ],
)
def test_what_cannot_be_served_is_told_in_one_line(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    command = [sys.executable, "-m", "sandbox", "--home", str(tmp_path / "home"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": str(ROOT)})
    assert done.returncode == 2
    assert told in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "home").exists()
