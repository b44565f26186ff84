"""The sandbox as a process of the home, and the ways to change its world."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from typing import Any

from orchestration.config import Settings
from orchestration.processes import Server, start
from orchestration.steps import say
from pipelines.errors import TerminalError
from pipelines.sandbox import WorldOptions, prepare


def start_sandbox(settings: Settings, options: WorldOptions) -> None:
    """Make the world unless the home has one, then serve its APIs on loopback."""
    if not (settings.home / "sandbox").exists():
        say("making the world: people, posts and orders of 18 months")
    prepare(settings.home, options, settings.sandbox_port)
    start(settings, sandbox_server(settings))
    say(f"sandbox: http://127.0.0.1:{settings.sandbox_port}")


def sandbox_server(settings: Settings) -> Server:
    """The sandbox's process."""
    port = str(settings.sandbox_port)
    command = [sys.executable, "-m", "pipelines.sandbox", "--home", str(settings.home), "--port", port]
    return Server("sandbox", command, {}, f"http://127.0.0.1:{port}/health")


def control(settings: Settings, action: str, body: dict[str, Any]) -> str:
    """Ask the sandbox to change its world; returns what it says. Raises TerminalError when it refuses or is down."""
    url = f"http://127.0.0.1:{settings.sandbox_port}/_sandbox/{action}"
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            return str(response.read().decode())
    except urllib.error.HTTPError as error:
        raise TerminalError(error.read().decode()[:300], url, "correct the arguments") from error
    except OSError as error:
        raise TerminalError(f"no answer ({error})", url, "start it with `voxhouse sandbox start`") from error
