"""Real homes for tests: a small simulated world behind its APIs, driven by the command line as a person would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestration.instance.guard import PROGRAM_HEADER
from orchestration.publication.query import run_query
from sandbox import control
from tests.ports import free_port

ROOT = Path(__file__).resolve().parent.parent
SMALL_WORLD = ("--customers", "400", "--orders", "1600", "--posts", "150")
_NONE: Mapping[str, str] = {}


@dataclass(frozen=True)
class LiveHome:
    """A home and the `voxhouse` command on it."""

    path: Path
    sandbox_port: int
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        """The caller's environment without its home, and this one instead."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith("VOXHOUSE_") or k == "VOXHOUSE_SUPERSET_PYTHON"}
        return kept | {
            "HOME": str(self.nobody),
            "VOXHOUSE_HOME": str(self.path),
            "VOXHOUSE_SANDBOX_PORT": str(self.sandbox_port),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            **self.variables,
        }

    @property
    def nobody(self) -> Path:
        """The HOME of everything that is started: empty, and to stay so."""
        folder = self.path.parent / "nobody"
        folder.mkdir(exist_ok=True)
        return folder

    def command(self, *arguments: str) -> list[str]:
        """The command line of one call."""
        return [sys.executable, "-m", "orchestration.commands", *arguments]

    def try_voxhouse(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One call, whatever comes of it."""
        return subprocess.run(
            self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=600, cwd=self.path
        )

    def voxhouse(self, *arguments: str) -> str:
        """One call that must succeed; its standard output."""
        done = self.try_voxhouse(*arguments)
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Rows of the version in service."""
        columns, rows = run_query(self.path / "serving", sql)
        return [dict(zip(columns, row, strict=True)) for row in rows]

    def one(self, sql: str) -> Any:
        """The only value of the only row."""
        ((value,),) = [tuple(row.values()) for row in self.rows(sql)]
        return value

    def graphql(self, query: str, **variables: Any) -> Any:
        """Ask Dagster's web server as a program; its data."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.variables['VOXHOUSE_DAGSTER_PORT']}/graphql",
            json.dumps({"query": query, "variables": variables}).encode(),
            {"Content-Type": "application/json", **PROGRAM_HEADER},
        )
        with urllib.request.urlopen(request, timeout=60) as response:
            return json.loads(response.read())["data"]

    def sandbox(self, action: str, body: dict[str, Any]) -> dict[str, Any]:
        """Ask the sandbox to change its world."""
        return control(self.path, action, body)


def ports() -> dict[str, str]:
    """Free ports for all that a home serves."""
    names = ("SUPERSET", "DAGSTER", "CODE_SERVER")
    return {f"VOXHOUSE_{name}_PORT": str(free_port()) for name in names}


def make_home(folder: Path, variables: Mapping[str, str] = _NONE, options: Sequence[str] = SMALL_WORLD) -> LiveHome:
    """A home with a small world whose sandbox is up; nothing has run yet."""
    folder.mkdir(parents=True, exist_ok=True)
    home = LiveHome(folder, free_port(), variables)
    home.voxhouse("sandbox", "start", *options)
    return home
