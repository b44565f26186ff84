"""Credentials go to their vendor only, and what is wrong with them is told."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.hostile.changes import MISSING, after, answer, first, put
from tests.hostile.general import HTML
from tests.hostile.hubspot_vendor import HubSpot
from tests.hostile.hubspot_vendor import error as hubspot_error
from tests.hostile.instagram_vendor import Instagram
from tests.hostile.judging import differences
from tests.hostile.shopify_vendor import Shopify
from tests.hostile.trial import Case, Exact, Refused, Rows, Trial
from tests.hostile.vendor import Change, Vendor
from tests.hostile.wire import Reply, Request, listening

VENDORS = (HubSpot, Shopify, Instagram)
APP = {
    HubSpot: {"CLIENT_ID": "an-app", "CLIENT_SECRET": "cl13nt-s3cret", "REFRESH_TOKEN": "r3fresh-0"},
    Shopify: {"CLIENT_ID": "an-app", "CLIENT_SECRET": "cl13nt-s3cret"},
}
OpenTrial = Callable[..., Trial]


@pytest.mark.parametrize(
    ("make", "status"),
    [*((HubSpot, status) for status in (301, 302, 303, 307, 308)), (Shopify, 302), (Shopify, 308), (Instagram, 307)],
    ids=lambda value: getattr(value, "kind", str(value)),
)
def test_a_redirect_takes_nothing_elsewhere(make: type[Vendor], status: int, open_trial: OpenTrial) -> None:
    reached: list[Request] = []

    def elsewhere(request: Request) -> Reply:
        reached.append(request)
        return Reply({})

    vendor = make()
    trial = open_trial(vendor)
    with listening(elsewhere) as url:
        vendor.change = answer(b"", status, Location=f"{url}{vendor.main}")
        line = trial.refusal()
        trial.check_line(line)
        assert f"{status} " in line
        assert "a redirect, which is not followed" in line
        assert url not in line
    assert reached == []


@pytest.mark.parametrize("make", VENDORS, ids=lambda make: make.kind)
def test_a_link_takes_nothing_elsewhere(make: type[Vendor], open_trial: OpenTrial, well_of: Any) -> None:
    reached: list[Request] = []

    def elsewhere(request: Request) -> Reply:
        reached.append(request)
        return Reply({})

    vendor = make()
    trial = open_trial(vendor)
    with listening(elsewhere) as url:
        vendor.spoils = vendor.paged
        vendor.change = lambda _, reply: Reply(json.loads(reply.body.replace(vendor.url.encode(), url.encode())))
        trial.load()
        assert differences(trial.rows(), well_of(make)) == {}
    assert reached == []


@pytest.mark.parametrize("make", VENDORS, ids=lambda make: make.kind)
def test_credentials_stand_in_no_address(make: type[Vendor], open_trial: OpenTrial) -> None:
    vendor = make()
    open_trial(vendor).load()
    (secret,) = make.variables.values()
    assert [r.path for r in vendor.requests if secret in r.path or secret in " ".join(r.query.values())] == []
    assert all(secret in f"{request.headers} {request.body!r}" for request in vendor.requests)


def _variables(make: type[Vendor], **more: str) -> Mapping[str, str]:
    return {f"VOXHOUSE_AURORA_{make.kind.upper()}_{name}": value for name, value in {**APP[make], **more}.items()}


TOKENS = [
    Case("a good token", None, Exact()),
    Case("numbers as texts", put("expires_in", "1800"), Refused("expires_in|no access token was given")),
    Case("no time of its end", put("expires_in", MISSING), Exact()),
    Case("null for its end", put("expires_in", None), Refused("expires_in|no access token was given")),
    Case("an end in words", put("expires_in", "soon"), Refused("expires_in|no access token was given")),
    Case("an end before its beginning", put("expires_in", -5), Exact()),
    Case("an end beyond all", put("expires_in", 10**18), Exact()),
    Case("a list for a token", put("access_token", ["a"]), Refused("no access token was given")),
    Case("no token", put("access_token", MISSING), Refused("no access token was given")),
    Case("an empty token", put("access_token", ""), Refused("no access token was given|40[01] ")),
    Case("a token of several lines", put("access_token", "a\r\nX-Evil: 1"), Refused("no access token was given")),
    Case("a list for the answer", answer([]), Refused("no access token was given")),
    Case("HTML", answer(HTML), Refused("an HTML page instead of JSON")),
    Case("half an answer", answer(b'{"access_to'), Refused("the answer is not JSON, or was cut off")),
    Case("a refusal", answer({"error": "invalid_client", "error_description": "words"}, 401), Refused("401 .*words")),
    Case(
        "a refusal that says the secret",
        answer({"error": "invalid_client", "error_description": "no cl13nt-s3cret of piep@kanari.example"}, 400),
        Refused("400 .*no access token was given"),
    ),
    Case("500, twice", first(2, answer(b"", 500)), Exact()),
    Case("500 for ever", answer(b"", 500), Refused("500 .*run again later")),
    Case("a redirect", answer(b"", 302, Location="http://127.0.0.1:9/"), Refused("302 .*a redirect, which is not")),
]


OF_EACH = {"a good token", "a list for a token", "HTML", "a refusal that says the secret", "500 for ever"}
"""The rest is said of one vendor, as both are given tokens by the same client."""


@pytest.mark.parametrize(
    ("make", "case"),
    [*((HubSpot, case) for case in TOKENS), *((Shopify, case) for case in TOKENS if case.name in OF_EACH)],
    ids=lambda value: getattr(value, "kind", None) or value.name,
)
def test_a_token_is_asked_for(
    make: type[Vendor], case: Case, open_trial: OpenTrial, well_of: Callable[[type[Vendor]], Rows]
) -> None:
    vendor = make()
    vendor.spoils, vendor.change = "token", case.change
    trial = open_trial(vendor)
    if isinstance(case.expected, Refused):
        line = trial.refusal(**_variables(make))
        trial.check_line(line)
        assert re.search(case.expected.line, line), line
        assert not any(trial.rows().values())
    else:
        trial.load(**_variables(make))
        different = differences(trial.rows(), well_of(make))
        assert different == {}, different
    assert vendor.failures == []
    assert trial.leaks() == []


@pytest.mark.parametrize("make", [HubSpot, Shopify], ids=lambda make: make.kind)
def test_a_token_that_ends_in_the_middle_is_renewed(make: type[Vendor], open_trial: OpenTrial, well_of: Any) -> None:
    vendor = make()
    ended: Change = lambda _, reply: Reply(make.error_of(401, "the token has expired"), 401)  # noqa: E731
    vendor.change = after(1, lambda ask, reply: ended(ask, reply) if ask.number == 2 else reply)
    trial = open_trial(vendor)
    trial.load(**_variables(make))
    different = differences(trial.rows(), well_of(make))
    assert different == {}, different
    assert vendor.asks["token"] == 2


def test_a_refresh_token_that_rotates_is_kept_before_it_is_used(open_trial: OpenTrial) -> None:
    vendor = HubSpot()
    valid = {"token": "r3fresh-0"}

    def rotate(ask: Any, reply: Reply) -> Reply:
        if ask.request.form["refresh_token"] != valid["token"]:
            return Reply(hubspot_error(400, "refresh token is invalid, expired or revoked", "X").content, 400)
        valid["token"] = f"r3fresh-{ask.number}"
        vendor.tokens.add("acc3ss-1")
        answered = {"access_token": "acc3ss-1", "refresh_token": valid["token"], "expires_in": 1800}
        return Reply({"token_type": "bearer", **answered})

    trial = open_trial(vendor)
    vendor.spoils, vendor.change = "token contacts", _either(rotate, answer(b"no", 400))
    trial.refusal(**_variables(HubSpot))
    vendor.spoils, vendor.change = "token", rotate
    trial.load(**_variables(HubSpot))
    assert len(trial.rows()["contacts"]) == 15
    assert trial.leaks() == []


def _either(of_token: Change, otherwise: Change) -> Change:
    return lambda ask, reply: (of_token if ask.request.path.endswith("/token") else otherwise)(ask, reply)
