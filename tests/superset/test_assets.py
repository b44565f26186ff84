"""The assets on disk: every reference resolves, down to the columns and metrics that dbt declares."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from generate_datasets import DATASETS, datasets

ASSETS = DATASETS.parent
CHECKOUT = ASSETS.parents[1]
DBT_PROJECT = CHECKOUT / "dbt_project"
DASHBOARDS = {"engagement", "reach", "attrition", "lifetime-value", "operations"}


def _read(kind: str) -> dict[str, dict[str, Any]]:
    return {
        str(path.relative_to(ASSETS / kind)): yaml.safe_load(path.read_text(encoding="utf-8"))
        for path in sorted((ASSETS / kind).rglob("*.yaml"))
    }


CHARTS, DASHBOARD_FILES, DATASET_FILES, DATABASES = (
    _read(kind) for kind in ("charts", "dashboards", "datasets", "databases")
)
DATASET_BY_UUID = {dataset["uuid"]: dataset for dataset in DATASET_FILES.values()}


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("dbt")
    environment = os.environ | {
        "VOXHOUSE_WAREHOUSE": str(folder / "warehouse.duckdb"),
        "DBT_TARGET_PATH": str(folder / "target"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }
    command = [str(Path(sys.executable).with_name("dbt")), "parse", "--no-partial-parse"]
    command += ["--project-dir", str(DBT_PROJECT), "--profiles-dir", str(DBT_PROJECT)]
    parsed = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert parsed.returncode == 0, parsed.stdout[-3000:]
    content: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    return content


def test_datasets_are_in_step_with_dbt(manifest: dict[str, Any]) -> None:
    written = {name: content for name, content in DATASET_FILES.items() if not name.startswith("operations/")}
    generated = datasets(manifest)
    assert sorted(written) == sorted(generated), "run superset/generate_datasets.py"
    for name, content in generated.items():
        assert written[name] == content, f"{name}: run superset/generate_datasets.py"


def test_every_uuid_stands_once_and_every_reference_resolves() -> None:
    uuids = [a["uuid"] for files in (CHARTS, DASHBOARD_FILES, DATASET_FILES, DATABASES) for a in files.values()]
    assert len(uuids) == len(set(uuids))
    databases = {database["uuid"] for database in DATABASES.values()}
    assert {dataset["database_uuid"] for dataset in DATASET_FILES.values()} <= databases
    assert {chart["dataset_uuid"] for chart in CHARTS.values()} <= set(DATASET_BY_UUID)


OF_OTHER_SCHEMAS = {"operations", "lifetime-value"}
"""Who reads these need not see the marts, and who reads those need not see these."""


def test_the_five_dashboards_hold_all_charts_of_their_folder_and_the_shared_ones() -> None:
    assert {dashboard["slug"] for dashboard in DASHBOARD_FILES.values()} == DASHBOARDS
    for dashboard in DASHBOARD_FILES.values():
        folders = {dashboard["slug"]} | ({"shared"} if dashboard["slug"] not in OF_OTHER_SCHEMAS else set())
        titles = {
            chart["uuid"]: chart["slice_name"] for name, chart in CHARTS.items() if Path(name).parent.name in folders
        }
        shown = {item["meta"]["uuid"]: item["meta"]["sliceName"] for item in _items(dashboard, "CHART")}
        assert shown == titles
        assert dashboard["description"]


def test_a_dashboard_is_laid_out_whole() -> None:
    for dashboard in DASHBOARD_FILES.values():
        position = dashboard["position"]
        placed = [child for item in position.values() if isinstance(item, dict) for child in item.get("children", [])]
        assert len(placed) == len(set(placed))
        assert set(placed) == set(position) - {"DASHBOARD_VERSION_KEY", "ROOT_ID", "HEADER_ID"}
        for row in _items(dashboard, "ROW"):
            assert sum(position[child]["meta"]["width"] for child in row["children"]) <= 12


@pytest.mark.parametrize("name", CHARTS)
def test_a_chart_uses_what_its_dataset_has(name: str) -> None:
    chart = CHARTS[name]
    dataset = DATASET_BY_UUID[chart["dataset_uuid"]]
    columns = {column["column_name"] for column in dataset["columns"]}
    metrics = {metric["metric_name"] for metric in dataset["metrics"]}
    (query,) = json.loads(chart["query_context"])["queries"]
    assert set(query.get("metrics", [])) <= metrics
    assert {_name(column) for column in query["columns"]} <= columns
    assert all(isinstance(column, str) or column["sqlExpression"] in columns for column in query["columns"])
    assert {condition["col"] for condition in query["filters"]} <= columns
    assert {ordered for ordered, _ in query["orderby"] if isinstance(ordered, str)} <= columns | metrics
    assert chart["description"]


@pytest.mark.parametrize("name", CHARTS)
def test_what_the_browser_asks_is_what_the_server_is_told(name: str) -> None:
    params = CHARTS[name]["params"]
    (query,) = json.loads(CHARTS[name]["query_context"])["queries"]
    single = [params["metric"]] if "metric" in params else []
    assert [*params.get("metrics", []), *single] == query.get("metrics", [])
    keys = ("x_axis", "groupby", "groupbyRows", "groupbyColumns", "all_columns")
    asked = [entry for key in keys for entry in _listed(params.get(key))]
    assert sorted(map(_name, asked)) == sorted(map(_name, query["columns"]))
    asked_filters = {(f["subject"], f["operator"], json.dumps(f.get("comparator"))) for f in params["adhoc_filters"]}
    assert asked_filters == {(f["col"], f["op"], json.dumps(f.get("val"))) for f in query["filters"]}


def test_filters_name_columns_that_exist_and_charts_that_are_there() -> None:
    for dashboard in DASHBOARD_FILES.values():
        numbers = {item["meta"]["chartId"] for item in _items(dashboard, "CHART")}
        for native in dashboard["metadata"]["native_filter_configuration"]:
            assert set(native["scope"]["excluded"]) <= numbers
            for target in filter(None, native["targets"]):
                columns = {column["column_name"] for column in DATASET_BY_UUID[target["datasetUuid"]]["columns"]}
                assert target["column"]["name"] in columns


def test_databases_hold_neither_path_nor_password_and_let_nobody_write() -> None:
    assert {database["sqlalchemy_uri"] for database in DATABASES.values()} == {
        "duckdb:///published.duckdb",
        "duckdb:///ledger.duckdb",
    }
    for database in DATABASES.values():
        assert not any(database[key] for key in ("allow_ctas", "allow_cvas", "allow_dml", "allow_csv_upload"))


def test_finance_is_read_from_the_ledger_only() -> None:
    ledger = DATABASES["ledger.yaml"]["uuid"]
    assert {d["table_name"] for d in DATASET_FILES.values() if d["database_uuid"] == ledger} == {
        d["table_name"] for d in DATASET_FILES.values() if d["schema"] == "finance"
    }
    for name, chart in CHARTS.items():
        schema = DATASET_BY_UUID[chart["dataset_uuid"]]["schema"]
        assert schema == {"lifetime-value": "finance", "operations": "operations"}.get(Path(name).parent.name, "marts")


@pytest.mark.parametrize("name", DATASET_FILES)
def test_a_dataset_lets_nobody_add_what_cannot_be_added(name: str) -> None:
    dataset = DATASET_FILES[name]
    assert dataset["extra"]["disallow_adhoc_metrics"] is True
    assert dataset["extra"]["certification"]["certified_by"]
    assert dataset["description"]
    assert all(column["description"] for column in dataset["columns"])
    for metric in dataset["metrics"]:
        assert metric["description"]
        assert isinstance(metric["extra"]["additive"], bool)
        assert "reach" not in metric["expression"] or "sum(reach)" not in metric["expression"]


def test_what_adds_up_is_what_dbt_calls_additive_and_may_be_mixed() -> None:
    additive = {
        metric["metric_name"]: metric["extra"]["additive"]
        for dataset in DATASET_FILES.values()
        for metric in dataset["metrics"]
    }
    assert not any(additive[name] for name in ("reach", "frequency", "attrition_rate", "customers_lost", "followers"))
    assert all(additive[name] for name in ("reactions_gained", "posts_published", "rows_landed"))
    for dataset in DATASET_FILES.values():
        for metric in dataset["metrics"]:
            warned = any(word in (metric.get("warning_text") or "") for word in ("-additive.", "Empty unless"))
            assert not (metric["extra"]["additive"] and warned), metric["metric_name"]


def _items(dashboard: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [item for item in dashboard["position"].values() if isinstance(item, dict) and item["type"] == kind]


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value] if value else []


def _name(column: Any) -> str:
    return column if isinstance(column, str) else str(column["label"])
