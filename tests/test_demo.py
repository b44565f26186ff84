"""`voxhouse demo`: two days of runs, dashboards that show the published figures, a second call that reuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.homes import LiveHome, make_home, ports

pytestmark = pytest.mark.xdist_group("demo")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    home = make_home(tmp_path_factory.mktemp("demo") / "home", ports())
    home.voxhouse("demo")
    yield home
    home.voxhouse("stop")
    assert list((home.path / "run").glob("*.server")) == []
    assert list(home.nobody.iterdir()) == [], "something was written to HOME"


def _superset(home: LiveHome) -> tuple[requests.Session, str]:
    url = f"http://127.0.0.1:{home.variables['VOXHOUSE_SUPERSET_PORT']}"
    passwords = home.path / "superset" / "passwords.env"
    assert passwords.stat().st_mode & 0o077 == 0
    lines = dict(line.split("=", 1) for line in passwords.read_text(encoding="utf-8").splitlines())
    session = requests.Session()
    login = {"username": "admin", "password": lines["VOXHOUSE_SUPERSET_ADMIN_PASSWORD"], "provider": "db"}
    token = session.post(f"{url}/api/v1/security/login", json=login, timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    return session, url


def _shown(home: LiveHome, chart: str) -> Any:
    """The first figure of a chart, as Superset answers it."""
    session, url = _superset(home)
    charts = session.get(f"{url}/api/v1/chart/?q=(page_size:100)", timeout=60).json()["result"]
    (number,) = [found["id"] for found in charts if found["slice_name"] == chart]
    answer = session.get(f"{url}/api/v1/chart/{number}/data/", timeout=120)
    assert answer.status_code == 200, answer.text
    (row,) = answer.json()["result"][0]["data"]
    return next(iter(row.values()))


def test_superset_shows_the_published_figure_and_the_old_one_after_a_rollback(home: LiveHome) -> None:
    figure = "select sum(historic_net_revenue)::double from mart_customer_lifetime_value where is_current"
    new = home.one(figure)
    assert _shown(home, "Historic net revenue") == pytest.approx(new, abs=0.01)
    home.voxhouse("rollback")
    old = home.one(figure)
    assert old != new
    assert _shown(home, "Historic net revenue") == pytest.approx(old, abs=0.01)


def test_every_chart_of_every_dashboard_has_rows(home: LiveHome) -> None:
    session, url = _superset(home)
    charts = session.get(f"{url}/api/v1/chart/?q=(page_size:100)", timeout=60).json()["result"]
    assert len(charts) > 50
    may_be_empty = {"Quarantine by reason", "Checks that did not pass"}
    for chart in charts:
        answer = session.get(f"{url}/api/v1/chart/{chart['id']}/data/", timeout=120)
        assert answer.status_code == 200, (chart["slice_name"], answer.text)
        assert answer.json()["result"][0]["data"] or chart["slice_name"] in may_be_empty, chart["slice_name"]


def test_dagster_shows_both_runs_and_schedules_that_are_switched_off(home: LiveHome) -> None:
    query = (
        "{runsOrError {... on Runs {results {status jobName}}}"
        " repositoriesOrError {... on RepositoryConnection {nodes {schedules {name scheduleState {status}}}}}}"
    )
    data = home.graphql(query)
    runs = data["runsOrError"]["results"]
    assert [run["status"] for run in runs] == ["SUCCESS"] * len(runs)
    assert [run["jobName"] for run in runs] == ["build", "land"] * 2
    (repository,) = data["repositoriesOrError"]["nodes"]
    states = {schedule["name"]: schedule["scheduleState"]["status"] for schedule in repository["schedules"]}
    assert states == {"hourly": "STOPPED", "nightly": "STOPPED", "weekly": "STOPPED", "mornings": "RUNNING"}


def test_data_docs_are_pages_of_the_home(home: LiveHome) -> None:
    folder = home.path / "data_docs"
    pages = {str(page.parent.relative_to(folder)) for page in folder.rglob("index.html")}
    sources = ("aurora_hubspot", "aurora_instagram", "aurora_shopify", "exchange_rates", "sandbox_history")
    assert pages == {"marts", "staging", *(f"raw/{name}" for name in sources)}


def test_a_second_demo_reuses_what_is_there(home: LiveHome) -> None:
    before = home.voxhouse("versions")
    home.voxhouse("demo")
    assert home.voxhouse("versions") == before
