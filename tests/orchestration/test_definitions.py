"""The graph of assets, checks, jobs and schedules, as people see it in Dagster."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg
import pytest

if TYPE_CHECKING:
    from syrupy.assertion import SnapshotAssertion

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    os.environ["VOXHOUSE_HOME"] = str(tmp_path_factory.mktemp("definitions"))
    from orchestration.definitions import defs

    return defs


def _graph(defs: dg.Definitions) -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def test_assets_and_what_they_depend_on(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    graph = _graph(defs)
    lines = [
        f"{key.to_user_string()} <- {', '.join(sorted(p.to_user_string() for p in graph.get(key).parent_keys))}"
        for key in sorted(graph.get_all_asset_keys())
    ]
    assert "\n".join(lines) == snapshot


def test_checks_that_block(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    graph = _graph(defs)
    blocking = [key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking]
    assert "\n".join(sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in blocking)) == snapshot


def test_jobs_and_schedules(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    schedules = defs.resolve_all_job_defs() and [
        defs.resolve_schedule_def(f"{n}_schedule") for n in ("land", "nightly", "weekly")
    ]
    told = [
        f"{s.name}: {s.job_name} at {s.cron_schedule} {s.execution_timezone}, {s.default_status.value}"
        for s in schedules
    ]
    assert "\n".join(told) == snapshot


def test_every_asset_says_what_it_is_and_whose(defs: dg.Definitions) -> None:
    graph = _graph(defs)
    for key in graph.materializable_asset_keys:
        node = graph.get(key)
        assert node.description, key
        assert node.owners, key
        assert node.kinds, key


def test_every_dashboard_stands_downstream_of_the_publication(defs: dg.Definitions) -> None:
    children = _graph(defs).get(dg.AssetKey(["serving", "published_version"])).child_keys
    files = (ROOT / "superset" / "assets" / "dashboards").glob("*.yaml")
    assert {key.path[-1] for key in children} == {path.stem for path in files}


def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-m", "orchestration.definitions"],
        env={**os.environ, "VOXHOUSE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
