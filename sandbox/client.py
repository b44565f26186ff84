"""How the control of a home's sandbox is asked, from any process of the same owner."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sandbox.prepare import HOST
from sandbox.store import Store


class RefusedError(Exception):
    """The sandbox would not do it; the text says why."""


def control(home: Path, action: str, content: Mapping[str, Any], port: int | None = None) -> dict[str, Any]:
    """Ask the sandbox of a home to do something; raises RefusedError, or OSError when it does not answer."""
    store = Store(home)
    port = port or store.port()
    if port is None or not store.control_token.exists():
        raise ConnectionError("no sandbox was ever served from this home")
    url = f"http://{HOST}:{port}/_sandbox/{action}"
    token = store.control_token.read_text(encoding="utf-8").strip()
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    request = urllib.request.Request(url, json.dumps(content).encode(), headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            answer: dict[str, Any] = json.loads(response.read())
            return answer
    except urllib.error.HTTPError as error:
        text = error.read().decode(errors="replace")[:300]
        raise RefusedError(json.loads(text)["error"] if text.startswith("{") else text) from error
