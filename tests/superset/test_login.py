"""Logging in and out, and under which names: on a live server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from superset_server import Client, Superset, log_in, password

pytestmark = [pytest.mark.xdist_group("superset"), pytest.mark.slow]

TRIES = 15
READERS = ("viewer", "author", "finance", "viewer") * 2
CHARTS = 20
PAUSE = "Too many wrong passwords: wait a minute."
STRANGE_HOSTS = (
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1.evil.example:{port}",
    "localhost",
    "localhost:1",
    "0.0.0.0:{port}",
)


def test_wrong_passwords_in_the_form_make_one_wait(superset: Superset) -> None:
    answers = [log_in(requests.Session(), superset.url, "mallory", f"guess {n}") for n in range(TRIES)]
    _assert_paused(answers, at_first=302)
    assert superset.login("viewer").get("me/").status_code == 200, "other accounts of the same address are let in"


def test_wrong_passwords_in_the_api_make_one_wait(superset: Superset) -> None:
    url, body = f"{superset.url}/api/v1/security/login", {"username": "Trudy", "provider": "db"}
    answers = [requests.post(url, json=body | {"password": f"guess {n}"}, timeout=60) for n in range(TRIES)]
    _assert_paused(answers, at_first=401)
    right = body | {"username": "viewer", "password": password("viewer")}
    assert requests.post(url, json=right, timeout=60).json()["access_token"]


def _assert_paused(answers: list[requests.Response], at_first: int) -> None:
    statuses = [answer.status_code for answer in answers]
    assert set(statuses) == {at_first, 429}
    assert statuses.count(at_first) <= 10
    assert PAUSE in next(answer.text for answer in answers if answer.status_code == 429)


def test_right_passwords_make_nobody_wait(superset: Superset) -> None:
    for _ in range(TRIES):
        superset.login("viewer")


def test_eight_readers_at_once_load_their_dashboards(superset: Superset, admin: Client) -> None:
    readers = [superset.login(account) for account in READERS]
    charts = [
        chart["id"]
        for slug in ("engagement", "attrition")
        for chart in admin.get(f"dashboard/{slug}/charts").json()["result"]
    ][:CHARTS]
    assert (len(readers), len(charts)) == (8, CHARTS)

    def load(reader: Client) -> set[int]:
        page = [reader.ask("GET", "static/assets/manifest.json") for _ in charts]
        data = [reader.get(f"chart/{chart}/data/") for chart in charts]
        return {answer.status_code for answer in (*page, *data)}

    with ThreadPoolExecutor(len(readers)) as pool:
        assert set().union(*pool.map(load, readers)) == {200}


def test_a_copied_cookie_is_worth_nothing_after_logging_out(superset: Superset) -> None:
    reader = superset.login("viewer")
    copied = reader.cookies
    assert _as(superset, copied).status_code == 200
    reader.ask("GET", "logout/", allow_redirects=False)
    assert _as(superset, copied).status_code == 401
    assert _as(superset, copied, "chart/").status_code == 401


def test_a_session_takes_another_name_when_somebody_logs_in(superset: Superset) -> None:
    session = requests.Session()
    session.get(f"{superset.url}/login/", timeout=60)
    before = session.cookies["session"]
    log_in(session, superset.url, "viewer", password("viewer"))
    assert _as(superset, {"session": session.cookies["session"]}).status_code == 200
    assert _as(superset, {"session": before}).status_code == 401


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]", "LOCALHOST"])
def test_it_is_served_under_the_names_of_the_loopback(superset: Superset, name: str) -> None:
    assert _under(superset, f"{name}:{superset.port}").status_code == 200


def test_it_is_served_under_a_configured_name(superset: Superset) -> None:
    assert _under(superset, superset.known_as).status_code == 200


@pytest.mark.parametrize("host", STRANGE_HOSTS)
@pytest.mark.parametrize("path", ["login/", "api/v1/chart/", "static/assets/manifest.json", "health"])
def test_it_is_served_under_no_other_name(superset: Superset, host: str, path: str) -> None:
    answer = _under(superset, host.format(port=superset.port), path)
    assert answer.status_code == 400
    assert "VOXHOUSE_SUPERSET_HOSTS" in answer.text


def test_no_other_origin_is_let_in(superset: Superset) -> None:
    headers = {"Origin": "https://tile.openstreetmap.org"}
    answer = requests.get(f"{superset.url}/login/", headers=headers, timeout=60)
    assert not [name for name in answer.headers if name.startswith("Access-Control")]


def _as(superset: Superset, cookies: dict[str, str], path: str = "me/") -> requests.Response:
    return requests.get(f"{superset.url}/api/v1/{path}", cookies=cookies, timeout=60)


def _under(superset: Superset, host: str, path: str = "login/") -> requests.Response:
    return requests.get(f"{superset.url}/{path}", headers={"Host": host}, allow_redirects=False, timeout=60)
