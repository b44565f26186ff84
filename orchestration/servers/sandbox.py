"""The sandbox as a process of the home, and the ways to change its world."""

from __future__ import annotations

import json
import sys
from typing import Any

import sandbox
from orchestration.config import CHECKOUT, Settings
from orchestration.progress import say
from orchestration.servers.processes import Server, start
from pipelines.errors import TerminalError


def start_sandbox(settings: Settings, options: sandbox.WorldOptions) -> None:
    """Make the world unless the home has one, then serve its APIs on loopback."""
    if not (settings.home / "sandbox").exists():
        say("making the world: people, posts and orders of 18 months")
    sandbox.prepare(settings.home, options, settings.sandbox_port)
    start(settings, sandbox_server(settings))
    say(f"sandbox: http://127.0.0.1:{settings.sandbox_port}")


def sandbox_server(settings: Settings) -> Server:
    """The sandbox's process."""
    port = str(settings.sandbox_port)
    command = [sys.executable, "-m", "sandbox", "--home", str(settings.home), "--port", port]
    return Server("sandbox", command, {"PYTHONPATH": str(CHECKOUT)}, f"http://127.0.0.1:{port}/health")


def control(settings: Settings, action: str, body: dict[str, Any]) -> str:
    """Ask the sandbox to change its world; returns what it says. Raises TerminalError when it refuses or is down."""
    try:
        return json.dumps(sandbox.control(settings.home, action, body))
    except sandbox.RefusedError as error:
        raise TerminalError(str(error), f"sandbox {action}", "correct the arguments") from error
    except OSError as error:
        raise TerminalError(f"no answer ({error})", "sandbox", "start it with `voxhouse sandbox start`") from error
