"""Who reads what, through every door that Superset has: charts, SQL Lab and the REST API, on a live server.

`attack_rows.py` and `errand_rows.py` are the tables; every row of both is asked once.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
from access_rows import CACHED, Row, chart
from access_world import World, build_world, remove_world
from attack_rows import ATTACKS
from errand_rows import ERRANDS
from superset_server import Client, Superset

pytestmark = [pytest.mark.xdist_group("superset"), pytest.mark.slow]

AT_ONCE = 6
PEOPLE = ("viewer", "author", "finance", "operator")
Answers = dict[str, requests.Response]


@pytest.fixture(scope="module")
def world(superset: Superset, clients: dict[str, Client]) -> Iterator[World]:
    yield build_world(superset, clients)
    remove_world(clients["admin"])


def _named(rows: list[Row]) -> dict[str, Row]:
    return {f"{number:03} {row.who} {row.what}": row for number, row in enumerate(rows)}


ATTACK, ERRAND = _named(ATTACKS), _named(ERRANDS)


def _ask_all(rows: dict[str, Row], clients: dict[str, Client], world: World) -> Answers:
    def ask(row: Row) -> requests.Response:
        return clients[row.who].ask(row.method, world.path(row.path), world.body(row.body))

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return dict(zip(rows, pool.map(ask, rows.values()), strict=True))


@pytest.fixture(scope="module")
def refusals(clients: dict[str, Client], world: World) -> Answers:
    """What each attack is answered, after the finance role has filled the cache."""
    row = chart("finance", "", "", on="mart_customer_lifetime_value", **CACHED)
    assert clients["finance"].ask(row.method, row.path, world.body(row.body)).ok
    return _ask_all(ATTACK, clients, world)


@pytest.fixture(scope="module")
def answers(clients: dict[str, Client], world: World) -> Answers:
    return _ask_all(ERRAND, clients, world)


@pytest.mark.parametrize("name", ATTACK)
def test_an_attack_is_refused(refusals: Answers, name: str) -> None:
    answer, row = refusals[name], ATTACK[name]
    assert answer.status_code == row.status, answer.text[:500]
    assert row.says in answer.text
    assert not any(leaked in answer.text for leaked in ("root:", "customer1", "duckdb_tmp"))


@pytest.mark.parametrize("name", ERRAND)
def test_an_errand_is_done(answers: Answers, name: str) -> None:
    answer = answers[name]
    assert answer.status_code == ERRAND[name].status, answer.text[:500]
    assert _rows(answer) > 0, answer.text[:500]


def _rows(answer: requests.Response) -> int:
    """How many rows, values or things an answer holds."""
    if not answer.headers["Content-Type"].startswith("application/json"):
        return len(answer.text.splitlines()) - 1
    content = answer.json()
    found: Any = content.get("data", content.get("result", [content]))
    if isinstance(found, dict) and "data" in found:
        found = found["data"]
    if isinstance(found, list) and found and isinstance(found[0], dict) and "rowcount" in found[0]:
        return int(found[0]["rowcount"])
    return len(found)


def test_the_tables_are_long_enough_to_mean_something() -> None:
    assert len(ATTACKS) >= 110
    assert {row.who for row in ATTACKS} == {row.who for row in ERRANDS} == {"admin", *PEOPLE}


@pytest.mark.parametrize(
    ("account", "schemas", "dashboards"),
    [
        ("viewer", {"marts"}, {"attrition", "engagement", "reach"}),
        ("author", {"marts"}, {"attrition", "engagement", "reach"}),
        ("finance", {"marts", "finance"}, {"attrition", "engagement", "reach", "lifetime-value"}),
        ("operator", {"operations"}, {"operations"}),
    ],
)
def test_a_role_sees_what_it_may_read(
    clients: dict[str, Client], account: str, schemas: set[str], dashboards: set[str]
) -> None:
    client = clients[account]
    assert {dataset["schema"] for dataset in client.all("dataset")} == schemas
    assert {dashboard["slug"] for dashboard in client.all("dashboard") if dashboard["slug"]} == dashboards


@pytest.mark.usefixtures("refusals")
def test_no_statement_wrote_a_file(superset: Superset) -> None:
    assert not list(superset.home.rglob("written*"))


LISTS_OF_PEOPLE = (
    *(f"{kind}/related/{who}" for kind in ("chart", "dashboard") for who in ("owners", "created_by", "changed_by")),
    *(f"{kind}/related/{who}" for kind in ("dataset", "report") for who in ("owners", "changed_by")),
    *(f"{kind}/related/changed_by" for kind in ("database", "saved_query", "css_template", "theme")),
    "query/related/user",
    "tag/related/created_by",
    "security/users/",
)


def test_the_administrator_finds_everybody(clients: dict[str, Client]) -> None:
    assert len(clients["admin"].get("chart/related/owners").json()["result"]) == len(clients)


@pytest.mark.parametrize("path", LISTS_OF_PEOPLE)
def test_only_the_administrator_finds_other_people(clients: dict[str, Client], path: str) -> None:
    for account in PEOPLE:
        answer = clients[account].get(path)
        assert answer.status_code in {200, 403, 404}
        assert not [name for name in clients if name != account and f"{name}@" in answer.text.lower()]
        people = answer.json().get("result", [])
        assert {person["text"].strip().lower() for person in people} <= {account}, answer.text


def test_nothing_but_the_login_is_open_to_strangers(superset: Superset) -> None:
    for path in ("api/v1/chart/", "api/v1/dashboard/", "api/v1/dataset/", "api/v1/chart/1/data/"):
        assert requests.get(f"{superset.url}/{path}", timeout=30).status_code == 401
    page = requests.get(f"{superset.url}/superset/welcome/", timeout=30)
    assert page.url.startswith(f"{superset.url}/login/")
    policy = page.headers["Content-Security-Policy"]
    assert "scarf" not in policy
    assert "http" not in policy.replace(superset.url, "")


def test_a_statement_is_interrupted_at_its_time_limit(author: Client, world: World) -> None:
    days = ", ".join(f"marts.mart_engagement_daily as d{n}" for n in range(6))
    endless = (
        f"select count(*) from {days} where hash(d0.activity_on, d1.activity_on, d2.activity_on, d5.activity_on) = 1"
    )
    answer = author.sql(world["marts"], endless)
    assert answer.status_code >= 400
    assert "nterrupt" in answer.text


def test_superset_writes_nothing_outside_its_home(superset: Superset) -> None:
    assert list(Path(superset.environment["HOME"]).iterdir()) == []
