"""Charts over REST: each has rows, follows what is published, and deployment is safe to repeat."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
from superset_server import Client, Superset

pytestmark = [pytest.mark.xdist_group("superset"), pytest.mark.slow]

MAY_BE_EMPTY = {"Quarantine by reason", "Checks that did not pass"}
"""Tables of what went wrong."""


def test_every_chart_returns_rows(admin: Client) -> None:
    empty = []
    for chart in admin.all("chart"):
        answer = admin.get(f"chart/{chart['id']}/data/", force="true")
        assert answer.status_code == 200, f"{chart['slice_name']}: {answer.text[:500]}"
        (result,) = answer.json()["result"]
        assert result["error"] is None
        if not result["rowcount"] and chart["slice_name"] not in MAY_BE_EMPTY:
            empty.append(chart["slice_name"])
    assert empty == []


def test_a_publication_and_a_rollback_show_at_the_next_query(
    superset: Superset, operator: Client, put_in_service: Callable[[str], None]
) -> None:
    dataset = next(d["id"] for d in operator.all("dataset") if d["table_name"] == "version")

    def shown() -> tuple[str, bool]:
        (result,) = operator.query(dataset, columns=["version_id"], metrics=[]).json()["result"]
        return result["data"][0]["version_id"], bool(result["is_cached"])

    before, _ = shown()
    assert shown() == (before, True), "the second answer comes from the cache"
    versions = superset.home / "serving" / "versions"
    _copy_version(versions / "first", versions / "second")
    put_in_service("second")
    assert shown() == ("second", False)
    put_in_service("first")
    assert shown() == (before, True)


def test_a_query_without_a_publication_says_so(operator: Client, put_in_service: Callable[[str], None]) -> None:
    dataset = next(d["id"] for d in operator.all("dataset") if d["table_name"] == "version")
    put_in_service("nowhere")
    answer = operator.query(dataset, columns=["run_id"], metrics=[], row_limit=7)
    assert answer.status_code >= 400
    assert "published" in answer.text


def test_deploying_again_changes_nothing_but_what_left_git(superset: Superset, admin: Client) -> None:
    dataset = next(d["id"] for d in admin.all("dataset") if d["table_name"] == "dim_brand")
    body = {"viz_type": "table", "datasource_id": dataset, "datasource_type": "table", "params": "{}"}
    own = admin.post("chart/", body | {"slice_name": "Built by a person"}).json()["id"]
    left = admin.post("chart/", body | {"slice_name": "Left git", "is_managed_externally": True}).json()["id"]
    before = _identities(admin)
    deployed = superset.deploy()
    assert deployed.returncode == 0, deployed.stderr[-2000:]
    assert "1 removed" in deployed.stdout
    assert _identities(admin) == before - {("chart", left)}
    admin.delete(f"chart/{own}")


def test_a_fault_in_the_assets_is_one_clear_line(superset: Superset, tmp_path: Path) -> None:
    project = tmp_path / "superset"
    shutil.copytree(Path(superset.environment["PYTHONPATH"]), project)
    chart = next((project / "assets" / "charts").rglob("*.yaml"))
    chart.write_text(chart.read_text(encoding="utf-8").replace("viz_type:", "vis_type:", 1), encoding="utf-8")
    failed = superset.run(project / "deploy.py")
    assert failed.returncode == 1
    assert chart.name in failed.stderr.splitlines()[-1]
    assert "viz_type" in failed.stderr.splitlines()[-1]


def test_the_connection_itself_reaches_nothing(superset: Superset, tmp_path: Path) -> None:
    script = tmp_path / "attack.py"
    script.write_text(ATTACK, encoding="utf-8")
    outcome = superset.run(script, str(tmp_path))
    assert outcome.returncode == 0, outcome.stderr[-2000:]
    assert outcome.stdout.splitlines()[-1] == "refused 12 of 12"
    assert sorted(os.listdir(tmp_path)) == ["attack.py"]


ATTACK = """
import sys
import duckdb
from sqlalchemy.engine.url import make_url
from superset_config import DB_CONNECTION_MUTATOR
folder = sys.argv[1]
uri, params = DB_CONNECTION_MUTATOR(make_url("duckdb:///published.duckdb"), {}, None, None, None)
con = duckdb.connect(uri.database, **params["connect_args"])
con.execute("select * from operations.version").fetchall()
ledger = uri.database.replace("published", "ledger")
statements = [
    "from read_csv('/etc/passwd')", "from read_text('/etc/passwd')", "from '/etc/passwd'", "from glob('/etc/*')",
    f"attach '{ledger}' as ledger", f"from read_duckdb('{ledger}')", f"copy (select 1) to '{folder}/written.csv'",
    f"export database '{folder}/written'", "set memory_limit = '20GB'", "set enable_external_access = true",
    "create table marts.mine (a int)", "install httpfs",
]
refused = 0
for statement in statements:
    try:
        con.execute(statement).fetchall()
        print("ran", statement)
    except duckdb.Error:
        refused += 1
print(f"refused {refused} of {len(statements)}")
"""


@pytest.fixture
def put_in_service(superset: Superset) -> Any:
    """Swap `current` as a publication does; afterwards `first` is in service again."""

    def swap(version: str) -> None:
        pointer = superset.home / "serving" / "current"
        new = pointer.with_name("new")
        new.symlink_to(superset.home / "serving" / "versions" / version)
        os.replace(new, pointer)

    yield swap
    swap("first")


def _copy_version(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    target.chmod(0o755)
    file = target / "published.duckdb"
    file.chmod(0o644)
    with duckdb.connect(str(file)) as con:
        con.execute("update operations.version set version_id = 'second'")


def _identities(client: Client) -> set[tuple[str, int]]:
    return {(kind, item["id"]) for kind in ("database", "dataset", "chart", "dashboard") for item in client.all(kind)}
