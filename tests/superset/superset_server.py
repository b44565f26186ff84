"""A real Superset for tests: deployed and served as its README says, on a free loopback port, in a home of its own."""

from __future__ import annotations

import os
import re
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
    known_as: str = "bi.example.org"
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
            "VOXHOUSE_SUPERSET_HOSTS": f"other.example.org, {self.known_as}",
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
    """Requests of one account, logged in as a browser is: by the form, with a session cookie and a CSRF token."""

    def __init__(self, url: str, account: str) -> None:
        self._url, self._session = url, requests.Session()
        # The server drops idle connections after 2 s, and may do so while a request is on its way.
        self._session.headers.update({"Referer": url, "Connection": "close"})
        answer = log_in(self._session, url, account, password(account))
        assert answer.headers.get("Location") == "/", f"{account} was not let in: {answer.status_code}"
        self._session.headers["X-CSRFToken"] = self.get("security/csrf_token/").json()["result"]

    @property
    def cookies(self) -> dict[str, str]:
        return dict(self._session.cookies)

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **keywords: Any) -> requests.Response:
        """Any path of the server, not of its API alone."""
        return self._session.request(method, f"{self._url}/{path}", json=body, timeout=120, **keywords)

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


def log_in(session: requests.Session, url: str, account: str, secret: str) -> requests.Response:
    """Fill in the form, and do not follow where it leads: to the start page, or back to the form."""
    page = session.get(f"{url}/login/", timeout=60).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None, page[:500]
    form = {"username": account, "password": secret, "csrf_token": token.group(1)}
    return session.post(f"{url}/login/", data=form, allow_redirects=False, timeout=60)


def password(account: str) -> str:
    return f"{account}-of-the-tests"
