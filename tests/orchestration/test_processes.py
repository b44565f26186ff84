"""Servers: started once, ended by pid, and never somebody else's."""

from __future__ import annotations

import json
import os
import socket
import sys

import pytest

from orchestration.config import Settings
from orchestration.servers import processes
from orchestration.servers.processes import Server
from pipelines.errors import TerminalError
from tests.ports import free_port


def _server(port: int) -> Server:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    return Server("files", command, {}, f"http://127.0.0.1:{port}/", patience_seconds=20)


def test_a_server_is_started_once_and_ended(settings: Settings) -> None:
    server = _server(free_port())
    assert processes.start(settings, server)
    assert not processes.start(settings, server)
    assert processes.names(settings) == ["files"]
    assert processes.stop(settings, "files")
    assert not processes.is_running(settings, "files")
    assert processes.names(settings) == []


def test_a_pid_that_belongs_to_another_process_now_is_left_alone(settings: Settings) -> None:
    note = settings.home / "run" / "files.server"
    note.write_text(json.dumps({"pid": os.getpid(), "start_time": 1}), encoding="utf-8")
    assert not processes.stop(settings, "files")


def test_a_port_that_another_home_holds_is_named(settings: Settings) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(
            TerminalError, match=f"files: port {port} is taken; end what holds it or set VOXHOUSE_FILES_PORT"
        ):
            processes.start(settings, _server(port))
    assert processes.names(settings) == []


def test_a_server_that_dies_says_why(settings: Settings) -> None:
    server = Server(
        "broken", [sys.executable, "-c", "raise SystemExit('no such thing')"], {}, f"http://127.0.0.1:{free_port()}/"
    )
    with pytest.raises(TerminalError, match="broken ended: no such thing"):
        processes.start(settings, server)
