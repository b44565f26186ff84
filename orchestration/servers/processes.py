"""Starts and stops the servers of a home; only processes that it started, by pid and start time."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.config import Settings
from pipelines.errors import ConfigError, TerminalError, shown

STOP_SECONDS = 15.0
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")


@dataclass(frozen=True, slots=True)
class Server:
    """A process to start: its command, and how it shows that it is up: by a page, by a port, or not at all."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    url: str | None = None
    port: int | None = None
    patience_seconds: float = 120.0
    inherits: bool = True
    """Whether it also gets the variables of whoever starts it."""


def is_running(settings: Settings, name: str) -> bool:
    """Whether the process of that name that we started is still the one with its pid."""
    note = _read_note(_note_path(settings, name))
    return note is not None and start_time(note["pid"]) == note["start_time"]


def start(settings: Settings, server: Server) -> bool:
    """Start a server unless it runs; returns whether it was started. Raises TerminalError with the log's last line."""
    if is_running(settings, server.name):
        return False
    port = urllib.parse.urlsplit(server.url).port if server.url else server.port
    if port:
        _require_free_port(server.name, port)
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A shell's background jobs ignore it, children inherit that, and Dagster's servers end by it.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    log_path = settings.home / "logs" / f"{server.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    with log_path.open("ab") as log:
        process = subprocess.Popen(
            server.command,
            env={**(os.environ if server.inherits else {}), **server.environment},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=settings.home,
        )
    note = {"pid": process.pid, "start_time": start_time(process.pid)}
    _note_path(settings, server.name).write_text(json.dumps(note), encoding="utf-8")
    _wait(process, server, log_path)
    return True


def stop(settings: Settings, name: str) -> bool:
    """End a server that we started, with its children; returns whether one was running."""
    path = _note_path(settings, name)
    note = _read_note(path)
    running = is_running(settings, name)
    if note and running:
        os.killpg(note["pid"], signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while is_running(settings, name) and time.monotonic() < deadline:
            _reap(note["pid"])
            time.sleep(0.1)
        if is_running(settings, name):
            os.killpg(note["pid"], signal.SIGKILL)
    path.unlink(missing_ok=True)
    return running


def names(settings: Settings) -> list[str]:
    """Names of the servers that were started and not stopped."""
    stems = (path.stem for path in (settings.home / "run").glob("*.server"))
    return sorted(name for name in stems if _NAME.fullmatch(name))


def _require_free_port(name: str, port: int) -> None:
    """Another home's server on our port would answer in place of ours."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            remedy = f"end what holds it or set VOXHOUSE_{name.upper()}_PORT"
            raise TerminalError(f"port {port} is taken", name, remedy) from error


def _wait(process: subprocess.Popen[bytes], server: Server, log_path: Path) -> None:
    deadline = time.monotonic() + server.patience_seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TerminalError(f"{server.name} ended: {_last_line(log_path)}", str(log_path), "read the log")
        if _is_up(server):
            return
        time.sleep(0.3)
    raise TerminalError(f"{server.name} does not answer at {server.url or server.port}", str(log_path), "read the log")


def _is_up(server: Server) -> bool:
    if server.url:
        return _answers(server.url)
    if server.port:
        with socket.socket() as probe:
            probe.settimeout(1)
            return probe.connect_ex(("127.0.0.1", server.port)) == 0
    return True


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status < 500)
    except urllib.error.HTTPError as error:
        return error.code < 500
    except OSError:
        return False


def _last_line(path: Path) -> str:
    lines = [line for line in path.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1][:300] if lines else "no output"


def _note_path(settings: Settings, name: str) -> Path:
    """Raises ConfigError for what is no name, before it becomes part of a path."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"'{shown(name)}' is no name of a server", "servers", "small letters, digits, _ and -")
    return settings.home / "run" / f"{name}.server"


def _read_note(path: Path) -> dict[str, int] | None:
    if not path.exists():
        return None
    content: dict[str, int] = json.loads(path.read_text(encoding="utf-8"))
    return content


def start_time(pid: int) -> int:
    """Clock ticks after boot at which a live process started; 0 when there is none: pids are used again."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return 0 if fields[0] == "Z" else int(fields[19])


def _reap(pid: int) -> None:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return
