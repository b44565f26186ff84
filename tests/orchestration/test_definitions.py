"""The graph of assets, checks, jobs, schedules and sensors, as people see it in Dagster."""

from __future__ import annotations

import json
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
BRANDS = """\
brands:
  aurora: {name: Aurora, ownership: own, timezone: Europe/Paris}
sources:
  aurora_hubspot: {kind: hubspot, brand: aurora}
  aurora_instagram: {kind: instagram, brand: aurora, account_id: "17841400000000000"}
  aurora_shopify: {kind: shopify, brand: aurora, base_url: "https://aurora.myshopify.com"}
"""
DROP = """\
brand: aurora
files:
  - match: "*.csv"
    entities: [{entity: customers, columns: {customer_id: id}}]
"""
JOBS = ("land", "build", "past_day")


def _write_home(home: Path, brands: str = BRANDS) -> None:
    (home / "inbox" / "till").mkdir(parents=True)
    (home / "inbox" / "till" / "drop.yml").write_text(DROP, encoding="utf-8")
    (home / "brands.yml").write_text(brands, encoding="utf-8")


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    home = tmp_path_factory.mktemp("definitions")
    _write_home(home)
    os.environ["VOXHOUSE_HOME"] = str(home)
    from orchestration.definitions import defs

    return defs()


@pytest.fixture(scope="module")
def graph(defs: dg.Definitions) -> dg.AssetGraph:
    return defs.resolve_asset_graph()


def test_assets_and_what_they_depend_on(graph: dg.AssetGraph, snapshot: SnapshotAssertion) -> None:
    lines = [
        f"{key.to_user_string()} <- {', '.join(sorted(p.to_user_string() for p in graph.get(key).parent_keys))}"
        for key in sorted(graph.get_all_asset_keys())
    ]
    assert "\n".join(lines) == snapshot


def test_checks_that_block(graph: dg.AssetGraph, snapshot: SnapshotAssertion) -> None:
    blocking = [key for key in graph.asset_check_keys if graph.get_check_spec(key).blocking]
    assert "\n".join(sorted(f"{key.asset_key.to_user_string()}: {key.name}" for key in blocking)) == snapshot


def test_jobs_schedules_and_sensors(defs: dg.Definitions, snapshot: SnapshotAssertion) -> None:
    schedules = [
        f"{s.name}: {s.job_name} at {s.cron_schedule} {s.execution_timezone}, {s.default_status.value}"
        for s in map(defs.resolve_schedule_def, ("hourly", "nightly", "weekly"))
    ]
    sensors = [
        f"{s.name}: {s.default_status.value}"
        for s in map(defs.resolve_sensor_def, ("alerts", "configuration", "inbox"))
    ]
    assert "\n".join([*schedules, *sensors]) == snapshot


def test_groups_stand_in_one_line_from_the_sources_to_the_dashboards(graph: dg.AssetGraph) -> None:
    upstream: dict[str, set[str]] = {}
    for key in graph.get_all_asset_keys():
        group = graph.get(key).group_name or "none"
        parents = {graph.get(parent).group_name or "none" for parent in graph.get(key).parent_keys}
        upstream.setdefault(group, set()).update(parents - {group})
    line = ["sources", "staging", "social", "customers", "value", "published", "dashboards"]
    assert sorted(upstream) == sorted(line)
    assert [group for n, group in enumerate(line) if not upstream[group] <= set(line[:n])] == []


def test_a_source_is_one_asset_one_step_and_a_check_a_table(defs: dg.Definitions, graph: dg.AssetGraph) -> None:
    land = defs.resolve_job_def("land")
    assert {node.name for node in land.nodes} == {"aurora_hubspot", "aurora_instagram", "aurora_shopify", "till"}
    key = dg.AssetKey(["sources", "aurora_hubspot"])
    checks = {check.name for check in graph.asset_check_keys if check.asset_key == key}
    assert checks == {"raw_companies", "raw_contacts", "raw_deals"}
    sources = [key for key in graph.get_all_asset_keys() if key.path[0] == "sources"]
    with_policy = {key.path[1] for key in sources if graph.get(key).freshness_policy}
    assert with_policy == {"aurora_hubspot", "aurora_instagram", "aurora_shopify"}, "a delivery is never late"


def test_every_asset_says_what_it_is_and_whose_without_its_sql(graph: dg.AssetGraph) -> None:
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description, key
        assert "Raw SQL" not in node.description, key
        assert node.owners, key
        assert node.kinds, key
    for check in graph.asset_check_keys:
        assert graph.get_check_spec(check).description, check


def test_every_dashboard_stands_downstream_of_the_publication(graph: dg.AssetGraph) -> None:
    children = graph.get(dg.AssetKey(["serving", "published_version"])).child_keys
    files = (ROOT / "superset" / "assets" / "dashboards").glob("*.yaml")
    assert {key.path[-1] for key in children} == {path.stem for path in files}


@pytest.mark.parametrize("job", JOBS)
def test_no_option_of_a_run_can_name_a_variable_of_the_environment(defs: dg.Definitions, job: str) -> None:
    assert _resolved_from_the_environment(defs.resolve_job_def(job)) == []


class Careless(dg.ConfigurableResource):
    place: str = ""


@dg.op
def _careless_step(careless: Careless) -> None: ...


def test_an_option_that_can_would_be_found() -> None:
    job = dg.GraphDefinition("careless", node_defs=[_careless_step]).to_job(resource_defs={"careless": Careless()})
    # The stock place of results has such an option, too.
    assert set(_resolved_from_the_environment(job)) == {"StringSourceType", "Noneable.StringSourceType"}


def _resolved_from_the_environment(job: dg.JobDefinition) -> list[str]:
    """Dagster's types of options that take `{env: NAME}` in place of a value."""
    return [name for name in job.run_config_schema.config_type_dict_by_key if name.endswith("SourceType")]


def _in_a_process_of_its_own(home: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "VOXHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


def test_importing_the_definitions_opens_no_file_of_a_home(tmp_path: Path) -> None:
    _write_home(tmp_path)
    code = f"""
import sys, pkgutil, importlib
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import orchestration.definitions, orchestration.defs
for module in pkgutil.iter_modules(orchestration.defs.__path__):
    importlib.import_module("orchestration.defs." + module.name)
print([path for path in opened if path.startswith({str(tmp_path)!r})])
"""
    assert _in_a_process_of_its_own(tmp_path, code) == "[]\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["brands.yml", "inbox"]


@pytest.mark.parametrize(
    ("brands", "told"),
    [
        ("brands: [", "not YAML"),
        (BRANDS.replace("kind: hubspot", "kind: hubspott"), "unknown kind"),
    ],
)
def test_a_broken_brands_file_leaves_one_source_that_says_so(tmp_path: Path, brands: str, told: str) -> None:
    _write_home(tmp_path, brands)
    code = """
import json
from orchestration.definitions import defs
graph = defs().resolve_asset_graph()
sources = [key for key in graph.get_all_asset_keys() if key.path[0] == "sources"]
print(json.dumps({key.path[1]: graph.get(key).description for key in sources}))
"""
    found = json.loads(_in_a_process_of_its_own(tmp_path, code))
    assert list(found) == ["brands_yml"]
    assert told in found["brands_yml"]


def test_dagster_validates_the_definitions(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dagster")), "definitions", "validate", "-m", "orchestration.definitions"],
        env={**os.environ, "VOXHOUSE_HOME": str(tmp_path), "PYTHONPATH": str(ROOT), "DAGSTER_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
