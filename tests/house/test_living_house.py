"""Servers of a home at work: what a data engineer sees at seven, and what goes on by itself after a kill."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest
from playwright.sync_api import Page, sync_playwright

from orchestration.instance.launcher import PROCESS_TAG
from tests.homes import LiveHome, make_home, ports

pytestmark = [pytest.mark.xdist_group("house"), pytest.mark.slow]

RUNS = "{runsOrError {... on Runs {results {runId jobName status tags {key value}}}}}"
LAUNCH = """mutation ($job: String!, $tags: [ExecutionTag!]) {launchRun(executionParams: {
  selector: {repositoryLocationName: "voxhouse", repositoryName: "__repository__", jobName: $job},
  mode: "default", executionMetadata: {tags: $tags}}) {__typename ... on LaunchRunSuccess {run {runId}}}}"""
ASSETS = "{assetNodes {assetKey {path} groupName}}"
EVENTS = """query ($run: ID!) {logsForRun(runId: $run) {... on EventConnection {events {
  ... on MessageEvent {message}}}}}"""
PATIENCE_SECONDS = 150.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    home = make_home(tmp_path_factory.mktemp("house") / "home", {**ports(), "OTHER_TOKEN": "planted"})
    home.voxhouse("run")
    home.voxhouse("serve", "--only", "dagster", "--only", "daemon")
    yield home
    home.voxhouse("stop")
    assert list((home.path / "run").glob("*.server")) == []


@pytest.fixture(scope="module")
def page(home: LiveHome) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def _wait(found: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if value := found():
            return value
        time.sleep(0.5)
    raise AssertionError("nothing came of it")


def _launch(home: LiveHome, job: str, **tags: str) -> str:
    told = [{"key": key, "value": value} for key, value in tags.items()]
    return str(home.graphql(LAUNCH, job=job, tags=told)["launchRun"]["run"]["runId"])


def _process(home: LiveHome, run_id: str) -> int | None:
    """Pid of a run at work; the web server does not show the tag."""
    with dg.DagsterInstance.from_config(str(home.path / "dagster")) as instance:
        run = instance.get_run_by_id(run_id)
        said = run.tags.get(PROCESS_TAG) if run else None
    return int(said.partition(":")[0]) if said else None


def _run(home: LiveHome, run_id: str) -> dict[str, Any]:
    (run,) = [run for run in home.graphql(RUNS)["runsOrError"]["results"] if run["runId"] == run_id]
    return dict(run, tags={tag["key"]: tag["value"] for tag in run["tags"]})


def _finished(home: LiveHome, run_id: str) -> dict[str, Any] | None:
    run = _run(home, run_id)
    return run if run["status"] in {"SUCCESS", "FAILURE", "CANCELED"} else None


def _address(home: LiveHome, path: str) -> str:
    return f"http://127.0.0.1:{home.variables['VOXHOUSE_DAGSTER_PORT']}{path}"


def _shot(page: Page, name: str) -> None:
    """Keep what a person sees where a folder for it is named."""
    if folder := os.environ.get("TEST_PICTURES"):
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def test_a_run_of_the_command_line_stands_on_the_timeline_like_any_other(home: LiveHome, page: Page) -> None:
    runs = home.graphql(RUNS)["runsOrError"]["results"]
    assert [(run["jobName"], run["status"]) for run in runs] == [("build", "SUCCESS"), ("land", "SUCCESS")]
    page.goto(_address(home, "/overview/timeline"))
    for job in ("build", "land"):
        page.get_by_text(job, exact=True).first.wait_for()
    page.get_by_text("voxhouse", exact=True).wait_for()
    _shot(page, "timeline")


def test_the_graph_is_one_line_of_groups(home: LiveHome, page: Page) -> None:
    page.goto(_address(home, "/asset-groups/"))
    names = ("sources", "staging", "social", "customers", "value", "published", "dashboards")
    for name in names:
        page.get_by_text(name, exact=True).first.wait_for()
    page.wait_for_timeout(3000)
    _shot(page, "graph")
    boxes = [page.locator("svg").get_by_text(name, exact=True).first.bounding_box() for name in names]
    places = [box["x"] for box in boxes if box]
    assert len(places) == len(names)
    assert places == sorted(places), "from left to right"


def test_a_sources_page_says_when_it_was_read_and_what_came(home: LiveHome, page: Page) -> None:
    page.goto(_address(home, "/assets/sources/aurora_shopify"))
    page.get_by_text("What counts of aurora_shopify").wait_for()
    page.get_by_text("rows/orders", exact=True).wait_for()
    page.get_by_text("Fails if more than 2 days since last materialization").wait_for()
    _shot(page, "source")


def test_a_source_that_fails_is_a_red_bar_and_one_line_to_people(home: LiveHome, page: Page) -> None:
    home.sandbox("trouble", {"api": "hubspot", "kind": "expired_token", "times": 1000})
    try:
        failed = _launch(home, "land")
        assert _wait(lambda: _finished(home, failed))["status"] == "FAILURE"
    finally:
        home.sandbox("calm", {})
    alerts = home.path / "logs" / "alerts.log"
    (line,) = _wait(lambda: alerts.exists() and alerts.read_text(encoding="utf-8").splitlines())
    assert "aurora_hubspot: " in line
    assert "; since 20" in line
    messages = [event["message"] for event in home.graphql(EVENTS, run=failed)["logsForRun"]["events"] if event]
    assert messages[-1].startswith("aurora_hubspot: "), "the newest line of a failed run says why"
    page.goto(_address(home, f"/runs/{failed}"))
    page.get_by_text("Failure", exact=True).first.wait_for()
    page.get_by_text("Errored (1)").wait_for()
    page.get_by_text("Succeeded (4)").wait_for()
    _shot(page, "failed_run")
    mended = _launch(home, "land")
    assert _wait(lambda: _finished(home, mended))["status"] == "SUCCESS"
    over = _wait(lambda: alerts.read_text(encoding="utf-8").splitlines()[1:])
    assert len(over) == 1
    assert " over since " in over[0]


def test_a_killed_run_is_found_and_ended_and_the_waiting_one_starts(home: LiveHome) -> None:
    first = _launch(home, "build")
    process = _wait(lambda: _process(home, first))
    waiting = _launch(home, "build")
    os.kill(process, signal.SIGKILL)
    assert _wait(lambda: _finished(home, first))["status"] == "FAILURE"
    assert _wait(lambda: _finished(home, waiting))["status"] == "SUCCESS"
    _wait(
        lambda: not [run for run in home.graphql(RUNS)["runsOrError"]["results"] if not _finished(home, run["runId"])]
    )


def test_a_source_added_while_the_server_runs_appears_and_its_file_lands(home: LiveHome) -> None:
    folder = home.path / "inbox" / "till"
    folder.mkdir()
    (folder / "customers.csv").write_text("id\nc-1\nc-2\n", encoding="utf-8")
    mapping = "brand: aurora\nfiles: [{match: '*.csv', entities: [{entity: customers, columns: {customer_id: id}}]}]\n"
    (folder / "drop.yml").write_text(mapping, encoding="utf-8")
    _wait(lambda: ["sources", "till"] in [node["assetKey"]["path"] for node in home.graphql(ASSETS)["assetNodes"]])
    listed = f"select count(*) from read_parquet('{home.path}/landing/till/customers/*/*.parquet')"
    _wait((home.path / "landing" / "till" / "_acceptance").is_dir)
    assert duckdb.sql(listed).fetchall() == [(2,)]


def _environments(home: LiveHome) -> dict[int, list[bytes]]:
    """Variables of every process of a home."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            variables = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if f"VOXHOUSE_HOME={home.path}".encode() in variables:
            found[int(path.parent.name)] = variables
    return found


def test_what_a_person_has_in_the_shell_reaches_no_run(home: LiveHome) -> None:
    notes = [json.loads(path.read_text(encoding="utf-8")) for path in (home.path / "run").glob("*.server")]
    sandbox = json.loads((home.path / "run" / "sandbox.server").read_text(encoding="utf-8"))["pid"]
    found = _environments(home)
    assert {note["pid"] for note in notes} <= set(found)
    assert b"OTHER_TOKEN=planted" in found.pop(sandbox), "it is there to be passed on"
    assert [pid for pid, variables in found.items() if b"OTHER_TOKEN=planted" in variables] == []


def test_a_stopped_home_leaves_no_process_behind(home: LiveHome) -> None:
    assert _environments(home)
    home.voxhouse("stop")
    assert _environments(home) == {}
