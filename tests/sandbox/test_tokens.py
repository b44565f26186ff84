"""Tokens age as the vendors' do: they are given, end, and are renewed."""

from __future__ import annotations

import json
from typing import Any

import pytest
import requests

from tests.sandbox.conftest import Client

SHOP = b'{"query": "{ shop { name } }"}'
START, DAY = 1_782_856_800, 86_400


def shop_token(sandbox: Client, as_json: bool = False, **changed: str) -> requests.Response:
    known = sandbox.credentials("shopify")
    asked = {
        "grant_type": "client_credentials",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        **changed,
    }
    url = sandbox.url("/shopify/admin/oauth/access_token")
    return requests.post(url, json=asked) if as_json else requests.post(url, data=asked)


def crm_token(sandbox: Client, path: str = "oauth/v1/token", **changed: str) -> requests.Response:
    known = sandbox.credentials("hubspot")
    names = ("client_id", "client_secret", "refresh_token")
    asked = {"grant_type": "refresh_token", **{name: known[name] for name in names}, **changed}
    return requests.post(sandbox.url(f"/hubspot/{path}"), data=asked)


def crm_status(sandbox: Client, token: str) -> int:
    url = sandbox.url("/hubspot/crm/v3/objects/contacts?limit=1")
    return requests.get(url, headers={"Authorization": f"Bearer {token}"}).status_code


@pytest.mark.parametrize("as_json", [False, True], ids=["form", "json"])
def test_client_credentials_give_a_token_for_a_day_of_the_sandbox(fresh: Client, as_json: bool) -> None:
    answer = shop_token(fresh, as_json).json()
    assert (answer.keys(), answer["expires_in"]) == ({"access_token", "scope", "expires_in"}, 86_399)
    token = answer["access_token"]
    assert fresh.send(SHOP, token).json()["data"] == {"shop": {"name": "Aurora"}}
    fresh.control("clock", advance_hours=23)
    assert fresh.send(SHOP, token).status_code == 200
    fresh.control("clock", advance_hours=1)
    assert fresh.send(SHOP, token).status_code == 401
    assert fresh.send(SHOP, shop_token(fresh).json()["access_token"]).status_code == 200
    assert fresh.send(SHOP).status_code == 200, "the static token stays"


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"client_secret": "x"}, "invalid_client"),
        ({"client_id": ""}, "invalid_client"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
    ids=["secret", "id", "grant"],
)
def test_wrong_client_credentials_are_refused(sandbox: Client, changed: dict[str, str], error: str) -> None:
    answer = shop_token(sandbox, False, **changed)
    assert (answer.status_code, answer.json()["error"]) == (400, error)


def test_a_token_ends_at_once_or_after_some_requests(sandbox: Client) -> None:
    first = shop_token(sandbox).json()["access_token"]
    sandbox.control("trouble", api="shopify", kind="token_ends")
    assert sandbox.send(SHOP, first).status_code == 401
    second = shop_token(sandbox).json()["access_token"]
    sandbox.control("trouble", api="shopify", kind="token_ends", after=2)
    assert [sandbox.send(SHOP, second).status_code for _ in range(4)] == [200, 200, 401, 401]
    assert sandbox.send(SHOP, shop_token(sandbox).json()["access_token"]).status_code == 200


@pytest.mark.parametrize("path", ["oauth/v1/token", "oauth/v3/token", "oauth/2026-03/token"])
def test_a_refresh_token_gives_half_an_hour(fresh: Client, path: str) -> None:
    answer = crm_token(fresh, path).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 1800)
    assert answer["refresh_token"] == fresh.credentials("hubspot")["refresh_token"]
    assert crm_status(fresh, answer["access_token"]) == 200
    fresh.control("clock", advance_hours=1)
    assert crm_status(fresh, answer["access_token"]) == 401
    assert crm_status(fresh, fresh.token("hubspot")) == 200


def test_a_refresh_token_that_rotates_holds_once(fresh: Client) -> None:
    fresh.control("conditions", api="hubspot", rotates=True)
    old = fresh.credentials("hubspot")["refresh_token"]
    new = crm_token(fresh).json()["refresh_token"]
    assert new != old
    refused = crm_token(fresh, refresh_token=old)
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    assert crm_token(fresh, refresh_token=new).status_code == 200


def debug(sandbox: Client, token: str) -> dict[str, Any]:
    told: dict[str, Any] = sandbox.graph("debug_token", input_token=token).json()["data"]
    return told


def test_the_long_lived_token_tells_when_it_ends_and_ends_then(fresh: Client) -> None:
    token, ends = fresh.token("instagram"), START + 60 * DAY
    told = debug(fresh, token)
    assert (told["is_valid"], told["expires_at"], told["data_access_expires_at"]) == (True, ends, START + 90 * DAY)
    assert debug(fresh, "no such token")["is_valid"] is False
    calls = json.dumps([{"method": "GET", "relative_url": f"v24.0/debug_token?input_token={token}"}])
    (batched,) = requests.post(fresh.url("/instagram/"), data={"access_token": token, "batch": calls}).json()
    assert json.loads(batched["body"])["data"] == told
    fresh.control("clock", advance_days=59)
    assert fresh.graph("me", fields="id").status_code == 200
    fresh.control("clock", advance_days=1)
    error = fresh.graph("me", fields="id").json()["error"]
    assert (error["code"], error["error_subcode"]) == (190, 463)
    assert fresh.control("renew", api="instagram") == {"api": "instagram", "ends_at": ends + 60 * DAY}
    assert fresh.graph("me", fields="id").status_code == 200


def test_a_long_lived_token_is_exchanged_for_another(sandbox: Client) -> None:
    known = sandbox.credentials("instagram")
    asked = {
        "grant_type": "fb_exchange_token",
        "client_id": known["client_id"],
        "client_secret": known["client_secret"],
        "fb_exchange_token": known["access_token"],
    }
    url = sandbox.url("/instagram/v24.0/oauth/access_token")
    answer = requests.get(url, params=asked).json()
    assert (answer["token_type"], answer["expires_in"]) == ("bearer", 60 * DAY)
    page = sandbox.session.get(
        sandbox.url("/instagram/v24.0/me/media"), params={"access_token": answer["access_token"], "limit": 2}
    ).json()
    assert f"access_token={answer['access_token']}" in page["paging"]["next"]
    assert requests.get(url, params={**asked, "client_secret": "x"}).json()["error"]["code"] == 1


def test_tokens_are_kept_over_a_restart(sandbox: Client) -> None:
    token = shop_token(sandbox).json()["access_token"]
    kept = json.loads((sandbox.home / "sandbox" / "tokens.json").read_text())
    assert kept["shopify"]["given"][token] == START + 86_399
