"""A run of the thread executor, queued by the page, started by the daemon and ended from the page."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from orchestration.instance.files import LOCATION
from orchestration.instance.threads import SIDE_BY_SIDE
from tests.instance.guarded_server import guarded_server

DEFINITIONS = """
import time
import dagster as dg
from orchestration.instance.threads import raise_if_stopping, threads

def source(name):
    @dg.asset(name=name)
    def land(context: dg.AssetExecutionContext) -> None:
        for _ in range(3000):
            raise_if_stopping()
            time.sleep(0.1)
    return land

assets = [source(name) for name in "abcdef"]
defs = dg.Definitions(assets=assets, jobs=[dg.define_asset_job("land", assets, executor_def=threads)])
"""
LAUNCH = """mutation Op($p: ExecutionParams!) { launchRun(executionParams: $p) {
  ... on LaunchRunSuccess { run { runId } } } }"""
LOOK = """query Op($id: ID!) { runOrError(runId: $id) { ... on Run { status stepStats { stepKey status } } } }"""
END = """mutation Op($id: String!) { terminateRun(runId: $id) { __typename } }"""


def _wait(look: Callable[[], Any], is_there: Callable[[Any], bool]) -> Any:
    deadline = time.monotonic() + 90
    while not is_there(seen := look()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return seen


def test_a_run_in_threads_is_ended_from_the_page(tmp_path: Path) -> None:
    with guarded_server(tmp_path, DEFINITIONS) as server:
        command = [sys.executable, "-m", "dagster._daemon", "run", "-w", str(server.home / "workspace.yaml")]
        with (tmp_path / "daemon.log").open("wb") as log:
            daemon = subprocess.Popen(command, env=server.environment, cwd=tmp_path, stdout=log, stderr=log)
        try:
            selector = {"jobName": "land", "repositoryName": "__repository__", "repositoryLocationName": LOCATION}
            launched = server.page(LAUNCH, {"p": {"selector": selector, "mode": "default", "runConfigData": "{}"}})
            run = {"id": launched.json()["data"]["launchRun"]["run"]["runId"]}

            def look() -> Any:
                return server.page(LOOK, run).json()["data"]["runOrError"]

            seen = _wait(look, lambda seen: len(seen["stepStats"]) == SIDE_BY_SIDE)
            assert {step["status"] for step in seen["stepStats"]} == {"IN_PROGRESS"}
            assert server.page(END, run).json()["data"] == {"terminateRun": {"__typename": "TerminateRunSuccess"}}
            seen = _wait(look, lambda seen: seen["status"] not in {"STARTED", "CANCELING"})
            assert seen["status"] == "CANCELED"
            assert len(seen["stepStats"]) == SIDE_BY_SIDE
        finally:
            daemon.terminate()
            try:
                daemon.wait(20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
