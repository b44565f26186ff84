"""HubSpot: versions, credentials, and how Voxhouse configures an account."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.sources import Given
from pipelines.sources.hubspot import hubspot
from pipelines.sources.hubspot.configuration import Configuration
from tests.sources.far_side import FarSide, Reply
from tests.sources.hubspot.crm import (
    NOW,
    SECRET,
    Account,
    Crm,
    Tokens,
    ago,
    newest,
)

# Versions and credentials


@pytest.mark.parametrize(
    ("version", "objects", "associations"),
    [
        ("2026-09", "/crm/objects/2026-09/deals", "/crm/associations/2026-09/deals/contacts/batch/read"),
        ("2026-03", "/crm/objects/2026-03/deals", "/crm/associations/2026-03/deals/contacts/batch/read"),
        ("v3", "/crm/v3/objects/deals", "/crm/v4/associations/deals/contacts/batch/read"),
    ],
)
def test_the_version_stands_in_every_path(
    crm: Crm, account: Account, version: str, objects: str, associations: str
) -> None:
    crm.put("deals", 1, ago(days=1))
    account.read("deals", api_version=version, landed_archived=lambda _: ["1"])
    companies = associations.replace("contacts", "companies")
    assert crm.paths == [
        objects,
        f"{objects}/batch/read",
        associations,
        companies,
        f"{objects}/search",
        associations,
        companies,
    ]


def test_secrets_and_settings_come_as_dlt_gives_them(
    crm: Crm, far_side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCES__HUBSPOT__ACCESS_TOKEN", SECRET)
    monkeypatch.setenv("SOURCES__HUBSPOT__BASE_URL", far_side.url)
    monkeypatch.setenv("SOURCES__HUBSPOT__API_VERSION", "2026-03")
    crm.put("contacts", 1, ago(days=1))
    assert [row["contact_id"] for row in hubspot().with_resources("contacts")] == ["1"]
    assert crm.paths[0] == "/crm/objects/2026-03/contacts"


def test_an_unknown_version_and_an_unreadable_day_are_refused(account: Account) -> None:
    with pytest.raises(ValueError, match=r"^hubspot: unknown api_version 'v9', use one of 2026-09, 2026-03, v3$"):
        account.source(api_version="v9")
    with pytest.raises(ValueError, match=r"^hubspot: start_date is not an ISO 8601 time$"):
        account.source(start_date="yesterday")


def test_without_credentials_nothing_is_asked(account: Account, far_side: FarSide) -> None:
    line = "HubSpot: set access_token, or client_id, client_secret and refresh_token"
    assert account.fault(access_token=None) == line
    assert far_side.requests == []


OAUTH = {"access_token": None, "client_id": "app", "client_secret": "s3cr3t", "refresh_token": "refresh-0"}


@pytest.mark.usefixtures("_small_pages")
def test_a_token_that_ends_in_mid_run_is_renewed_and_kept_before_it_is_used(
    crm: Crm, account: Account, far_side: FarSide
) -> None:
    tokens = Tokens(crm)
    far_side.answer = tokens
    for number in range(50):
        crm.put("contacts", number + 1, ago(minutes=100 - number))

    def end_the_token() -> None:
        if len(crm.searches) == 3:
            crm.token = "another"

    crm.before_search = end_the_token
    kept: list[tuple[str, str]] = []

    def keep(answer: Any) -> None:
        kept.append((answer["access_token"], far_side.requests[-1].path))
        assert answer["refresh_token"] == tokens.refresh

    assert len(newest(account.read("contacts", **OAUTH, keep=keep))) == 50
    assert kept == [("access-1", "/oauth/2026-09/token"), ("access-2", "/oauth/2026-09/token")]
    sent = {"grant_type": ["refresh_token"], "client_id": ["app"], "client_secret": ["s3cr3t"]}
    assert tokens.forms == [{**sent, "refresh_token": [f"refresh-{number}"]} for number in (0, 1)]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"error": "invalid_grant", "error_description": "unknown refresh-9"}, "unknown ***"),
        (
            {"status": "BAD_REFRESH_TOKEN", "message": "missing or unknown refresh token"},
            "missing or unknown refresh token",
        ),
    ],
)
def test_a_refresh_token_that_is_refused_is_not_told(
    account: Account, far_side: FarSide, body: dict[str, str], told: str
) -> None:
    far_side.answer = lambda _: Reply(body, 400)
    refused = {**OAUTH, "refresh_token": "refresh-9"}
    assert account.fault(**refused) == f"400 POST /oauth/2026-09/token: no access token was given ({told})"


# As Voxhouse configures it


def _given(**changed: Any) -> Given:
    def query(sql: str, *tables: str) -> pa.Table:
        raise AssertionError(sql)

    plain = {
        "instance": "aurora_hubspot",
        "credentials": {"access_token": SECRET},
        "now": NOW,
        "since": None,
        "query": query,
        "keep_token": lambda _: None,
    }
    return Given(**(plain | changed))


def _configuration(url: str, **changed: Any) -> Configuration:
    return Configuration(kind="hubspot", brand="aurora", base_url=url, **changed)


def test_a_configuration_has_hubspots_defaults_and_refuses_unknown_versions() -> None:
    plain = Configuration(kind="hubspot", brand="aurora")
    assert (plain.base_url, plain.api_version, plain.address) == (
        "https://api.hubapi.com",
        "2026-09",
        "https://api.hubapi.com",
    )
    assert plain.versions == {
        "2026-09": date(2028, 3, 8),
        "2026-03": date(2027, 9, 30),
        "v3": date(2027, 3, 30),
    }
    assert plain.credentials == (("access_token",), ("client_id", "client_secret", "refresh_token"))
    with pytest.raises(ValidationError, match="unknown version 'v4', use one of 2026-09, 2026-03, v3"):
        Configuration(kind="hubspot", brand="aurora", api_version="v4")


def test_nothing_of_the_environment_reaches_the_source(
    crm: Crm, far_side: FarSide, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in (
        "ACCESS_TOKEN",
        "CLIENT_ID",
        "CLIENT_SECRET",
        "REFRESH_TOKEN",
        "BASE_URL",
        "API_VERSION",
        "START_DATE",
    ):
        monkeypatch.setenv(name, "planted")
        monkeypatch.setenv(f"SOURCES__HUBSPOT__{name}", "planted")
    crm.put("contacts", 1, ago(days=1))
    source = _configuration(far_side.url, api_version="2026-03").source(_given(query=_landed_nothing))
    assert [row["contact_id"] for row in source.with_resources("contacts")] == ["1"]
    assert crm.paths == ["/crm/objects/2026-03/contacts", "/crm/objects/2026-03/contacts/search"]


def _landed_nothing(_: str, *__: str) -> pa.Table:
    return pa.table({"contact_id": pa.array([], pa.string())})


def test_since_reads_again_from_its_day(crm: Crm, far_side: FarSide) -> None:
    crm.put("contacts", 1, ago(days=9))
    crm.put("contacts", 2, ago(days=1))
    given = _given(since=date(2026, 6, 28), query=_landed_nothing)
    rows = list(_configuration(far_side.url).source(given).with_resources("contacts"))
    assert [row["contact_id"] for row in rows] == ["2"]


def test_a_renewed_token_is_kept_and_a_stored_refresh_token_is_used(crm: Crm, far_side: FarSide) -> None:
    far_side.answer = Tokens(crm)
    kept: list[str] = []
    credentials = {"client_id": "app", "client_secret": "s3cr3t", "refresh_token": "refresh-0"}
    given = _given(
        credentials=credentials, keep_token=lambda answer: kept.append(answer["refresh_token"]), query=_landed_nothing
    )
    assert list(_configuration(far_side.url).source(given).with_resources("contacts")) == []
    assert kept == ["refresh-1"]


def test_what_landed_as_deleted_is_asked_for_while_it_can_be_restored(crm: Crm, far_side: FarSide) -> None:
    landed = duckdb.connect()
    landed.execute(
        """
        create table hubspot__contacts (
            source_instance varchar, contact_id varchar, is_archived boolean, archived_at timestamptz,
            _observed_at timestamptz, _dlt_load_id varchar
        );
        insert into hubspot__contacts values
            ('aurora_hubspot', '1', false, null, '2026-06-01 00:00:00+00', '1'),
            ('aurora_hubspot', '1', true, '2026-06-02 00:00:00+00', '2026-06-03 00:00:00+00', '2'),
            ('aurora_hubspot', '2', true, '2026-06-02 00:00:00+00', '2026-06-03 00:00:00+00', '2'),
            ('aurora_hubspot', '2', false, null, '2026-06-04 00:00:00+00', '3'),
            ('aurora_hubspot', '3', true, '2025-06-02 00:00:00+00', '2025-06-03 00:00:00+00', '2'),
            ('aurora_hubspot', '4', true, null, '2026-06-03 00:00:00+00', '2'),
            ('borealis_hubspot', '5', true, '2026-06-02 00:00:00+00', '2026-06-03 00:00:00+00', '2')
        """
    )
    asked: list[tuple[str, ...]] = []

    def query(sql: str, *tables: str) -> pa.Table:
        asked.append(tables)
        return landed.execute(sql).to_arrow_table()

    crm.put("contacts", 1, ago(days=300))
    given = _given(query=query, since=date(2026, 6, 28))
    rows = list(_configuration(far_side.url).source(given).with_resources("contacts"))
    assert [row["contact_id"] for row in rows] == ["1"]
    assert (asked, crm.batches) == ([("hubspot__contacts",)], [["1", "4"]])
