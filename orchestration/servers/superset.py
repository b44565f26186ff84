"""Superset as a process in its own environment: its secrets, its deployment and its server."""

from __future__ import annotations

import os
import secrets
import subprocess
from pathlib import Path

from orchestration.config import SUPERSET_PROJECT, Settings
from orchestration.servers.processes import Server
from pipelines.errors import ConfigError, TerminalError

ACCOUNTS = ("admin", "viewer", "author", "finance", "operator")


def passwords_file(settings: Settings) -> Path:
    """KEY=VALUE lines, one an account, readable by the owner only."""
    return settings.home / "superset" / "passwords.env"


def environment(settings: Settings) -> dict[str, str]:
    """What Superset's own configuration reads; the secret key is made once and kept in the home."""
    folder = settings.home / "superset"
    folder.mkdir(parents=True, exist_ok=True)
    key = folder / "secret.key"
    if not key.exists():
        _write_private(key, secrets.token_urlsafe(48))
    return {
        "VOXHOUSE_HOME": str(settings.home),
        "VOXHOUSE_SUPERSET_PORT": str(settings.superset_port),
        "SUPERSET_SECRET_KEY": key.read_text(encoding="utf-8"),
        "SUPERSET_CONFIG_PATH": str(SUPERSET_PROJECT / "superset_config.py"),
        "SUPERSET_HOME": str(folder),
        "PYTHONPATH": str(SUPERSET_PROJECT),
        "FLASK_APP": "superset.app:create_app()",
    }


def deploy(settings: Settings) -> None:
    """Bring Superset to the state in git; raises TerminalError with the deployment's one line."""
    if not settings.superset_python.exists():
        raise ConfigError("no such environment", str(settings.superset_python), "run `make demo` or `make setup` first")
    passwords = passwords_file(settings)
    variables = environment(settings)
    if not passwords.exists():
        lines = [f"VOXHOUSE_SUPERSET_{name.upper()}_PASSWORD={secrets.token_urlsafe(12)}" for name in ACCOUNTS]
        _write_private(passwords, "\n".join(lines) + "\n")
    result = subprocess.run(
        [str(settings.superset_python), str(SUPERSET_PROJECT / "deploy.py")],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        lines = [line for line in result.stderr.splitlines() if line.strip()]
        raise TerminalError(lines[-1] if lines else "deployment failed", "Superset", "mend it and run again")


def superset_server(settings: Settings) -> Server:
    """Superset's web server."""
    command = [
        str(settings.superset_python), "-m", "gunicorn", "--config", str(SUPERSET_PROJECT / "gunicorn.conf.py"),
    ]  # fmt: skip
    url = f"http://127.0.0.1:{settings.superset_port}/login/"
    return Server("superset", command, environment(settings), url, patience_seconds=180)


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
