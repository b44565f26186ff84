"""A real Superset for tests: deployed and served as its README says, on a free loopback port, in a home of its own."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests

from tests.ports import free_port

PROJECT = Path(__file__).resolve().parents[2] / "superset"
ACCOUNTS = ("admin", "viewer", "author", "finance", "operator")


@dataclass
class Superset:
    """A home and the server on it; `start` and `stop` are one each."""

    home: Path
    python: Path
    query_seconds: float = 60
    port: int = field(default_factory=free_port)
    _process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's environment but the path; HOME is empty and has to stay so."""
        return {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home / "nobody"),
            "VOXHOUSE_HOME": str(self.home),
            "VOXHOUSE_SUPERSET_PORT": str(self.port),
            "VOXHOUSE_SUPERSET_QUERY_SECONDS": str(self.query_seconds),
            "SUPERSET_SECRET_KEY": "only-for-tests-" * 4,
            "SUPERSET_CONFIG_PATH": str(PROJECT / "superset_config.py"),
            "PYTHONPATH": str(PROJECT),
        }

    def deploy(self) -> subprocess.CompletedProcess[str]:
        """Run deploy.py; its output and return code."""
        (self.home / "nobody").mkdir(exist_ok=True)
        passwords = self.home / "superset" / "passwords.env"
        passwords.parent.mkdir(exist_ok=True)
        passwords.touch(mode=0o600)
        lines = (f"VOXHOUSE_SUPERSET_{name.upper()}_PASSWORD={password(name)}\n" for name in ACCOUNTS)
        passwords.write_text("".join(lines), encoding="utf-8")
        return self.run(PROJECT / "deploy.py")

    def run(self, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
        """Run Python in Superset's environment, with this home's settings."""
        command = [str(self.python), *map(str, arguments)]
        return subprocess.run(command, env=self.environment, capture_output=True, text=True, check=False)

    def start(self) -> None:
        """Serve, and wait until the login page is there."""
        command = [str(self.python), "-m", "gunicorn", "--config", str(PROJECT / "gunicorn.conf.py")]
        with (self.home / "superset.log").open("wb") as log:
            self._process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        for _ in range(240):
            if self._process.poll() is not None:
                break
            try:
                if requests.get(f"{self.url}/login/", timeout=60).status_code == 200:
                    return
            except (requests.ConnectionError, requests.Timeout):
                time.sleep(0.5)
        raise RuntimeError(f"Superset did not start: {(self.home / 'superset.log').read_text()[-2000:]}")

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=30)

    def login(self, account: str) -> Client:
        return Client(self.url, account)


class Client:
    """REST calls of one account, with its token and its CSRF token."""

    def __init__(self, url: str, account: str) -> None:
        self._url, self._session = url, requests.Session()
        body = {"username": account, "password": password(account), "provider": "db", "refresh": False}
        token = self._session.post(f"{url}/api/v1/security/login", json=body, timeout=60).json()["access_token"]
        self._session.headers.update({"Authorization": f"Bearer {token}", "Referer": url})
        self._session.headers["X-CSRFToken"] = self.get("security/csrf_token/").json()["result"]

    def get(self, path: str, **parameters: Any) -> requests.Response:
        return self._session.get(f"{self._url}/api/v1/{path}", params=parameters, timeout=120)

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._session.post(f"{self._url}/api/v1/{path}", json=body, timeout=120)

    def put(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self._session.put(f"{self._url}/api/v1/{path}", json=body, timeout=120)

    def delete(self, path: str) -> requests.Response:
        return self._session.delete(f"{self._url}/api/v1/{path}", timeout=120)

    def all(self, kind: str) -> list[dict[str, Any]]:
        """Every chart, dashboard, dataset or database that the account can see."""
        result: list[dict[str, Any]] = self.get(f"{kind}/", q="(page_size:500)").json()["result"]
        return result

    def query(self, dataset_id: int, **query: Any) -> requests.Response:
        """A chart query on a dataset."""
        body = {"datasource": {"id": dataset_id, "type": "table"}, "queries": [query], "force": False}
        return self.post("chart/data", body)

    def sql(self, database_id: int, sql: str, schema: str | None = None) -> requests.Response:
        """A statement in SQL Lab."""
        body = {"database_id": database_id, "sql": sql, "schema": schema, "runAsync": False, "queryLimit": 100}
        return self.post("sqllab/execute/", body)


def password(account: str) -> str:
    return f"{account}-of-the-tests"
