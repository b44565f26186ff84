"""Dagster as three processes of a home: one code server that the web server and the daemon share."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from orchestration.config import CHECKOUT, Settings
from orchestration.instance.files import LOCATION
from orchestration.servers.processes import Server

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
_PASSED_ON_PREFIXES = ("VOXHOUSE_PROFILE", "VOXHOUSE_TIMEZONE", "VOXHOUSE_SUPERSET_PYTHON", "VOXHOUSE_ALERT_")


def dagster_servers(settings: Settings) -> list[Server]:
    """In the order in which they need each other."""
    bin_folder, shown = Path(sys.executable).parent, _environment(settings)
    code_port, web_port = settings.code_server_port, settings.dagster_port
    at = ["--host", "127.0.0.1", "--port", str(code_port)]
    code = [
        str(bin_folder / "dagster"), "code-server", "start", "--module-name", "orchestration.definitions",
        "--location-name", LOCATION, *at,
    ]  # fmt: skip
    web = [
        sys.executable, "-m", "orchestration.instance.web", "--port", str(web_port),
        "--code-server-port", str(code_port), "--data-docs", str(settings.data_docs),
    ]  # fmt: skip
    workspace = str(settings.home / "dagster" / "workspace.yaml")
    daemon = [str(bin_folder / "dagster-daemon"), "run", "--workspace", workspace]
    return [
        Server("code_server", code, shown, port=code_port, inherits=False),
        Server("dagster", web, shown, url=f"http://127.0.0.1:{web_port}/server_info", inherits=False),
        Server("daemon", daemon, shown, inherits=False),
    ]


def _environment(settings: Settings) -> dict[str, str]:
    """What runs may see: nothing that a person has in the shell, as run configuration can ask for any variable."""
    kept = {
        name: value for name, value in os.environ.items() if name in _PASSED_ON or name.startswith(_PASSED_ON_PREFIXES)
    }
    ports = {
        "VOXHOUSE_SUPERSET_PORT": settings.superset_port,
        "VOXHOUSE_DAGSTER_PORT": settings.dagster_port,
        "VOXHOUSE_CODE_SERVER_PORT": settings.code_server_port,
        "VOXHOUSE_SANDBOX_PORT": settings.sandbox_port,
    }
    return {
        **kept,
        **settings.tool_environment(),
        **{name: str(port) for name, port in ports.items()},
        "PYTHONPATH": str(CHECKOUT),
    }
