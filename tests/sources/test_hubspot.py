"""HubSpot: windows around the search ceiling, deletions, merges, what leaves the source, and what each error says."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest

import pipelines.sources.hubspot as hubspot
from pipelines.brands import SourceConfig
from pipelines.errors import PipelineError, TerminalError, TransientError
from pipelines.http import ATTEMPTS
from pipelines.sources.hubspot import settings
from tests.sources.far_side import FarSide, Reply, Request
from tests.sources.memory_landing import SECRET, MemoryLanding, token

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
Record = dict[str, Any]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"


class Crm:
    """HubSpot's search with its one sort and its ceiling, the list of archived records, and associations."""

    def __init__(self) -> None:
        self.records: dict[str, list[Record]] = {"contacts": [], "companies": [], "deals": []}
        self.archived: dict[str, list[Record]] = {"contacts": [], "companies": [], "deals": []}
        self.associations: dict[tuple[str, str], list[str]] = {}
        self.searches: list[Record] = []
        self.lost: set[str] = set()

    def add(self, kind: str, record_id: int, modified: datetime, **properties: str | None) -> Record:
        name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        known = {"hs_object_id": str(record_id), "createdate": iso(NOW - timedelta(days=400)), name: iso(modified)}
        record = {
            "id": str(record_id),
            "properties": {**properties, **known},
            "createdAt": known["createdate"],
            "updatedAt": iso(modified),
            "archived": False,
        }
        self.records[kind].append(record)
        return record

    def archive(self, kind: str, record: Record, moment: datetime) -> None:
        self.records[kind].remove(record)
        self.archived[kind].append({**record, "archived": True, "archivedAt": iso(moment)})

    def __call__(self, request: Request) -> Reply:
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        parts = request.path.strip("/").split("/")
        if parts[-1] == "search":
            return self._search(parts[3], request.json)
        if parts[2] == "associations":
            return self._associated(parts[4], request.json)
        query = parse_qs(request.query)
        assert query["archived"] == ["true"]
        start = int(query.get("after", ["0"])[0])
        rows = self.archived[parts[3]]
        page: Record = {"results": rows[start : start + 2]}
        if start + 2 < len(rows):
            page["paging"] = {"next": {"after": str(start + 2), "link": "?"}}
        return Reply(page)

    def _search(self, kind: str, query: Record) -> Reply:
        self.searches.append(query)
        (sort,) = query["sorts"]
        assert sort["direction"] == "ASCENDING"
        start, limit = int(query.get("after", 0)), query["limit"]
        if start + limit > settings.SEARCH_CEILING:
            return Reply(
                {"status": "error", "message": "Paging beyond the ceiling", "category": "VALIDATION_ERROR"}, 400
            )
        filters = query["filterGroups"][0]["filters"]
        rows = [r for r in self.records[kind] if all(_fits(r, f) for f in filters)]
        rows.sort(key=lambda r: _number(r, sort["propertyName"]))
        given = [r for r in rows[start : start + limit] if r["id"] not in self.lost]
        page: Record = {"total": len(rows), "results": given}
        if start + limit < len(rows):
            page["paging"] = {"next": {"after": str(start + limit), "link": "?"}}
        return Reply(page)

    def _associated(self, to_type: str, query: Record) -> Reply:
        results = [
            {"from": {"id": i["id"]}, "to": [{"toObjectId": t, "associationTypes": []} for t in to]}
            for i in query["inputs"]
            if (to := self.associations.get((i["id"], to_type)))
        ]
        return Reply({"status": "COMPLETE", "results": results}, 200 if len(results) == len(query["inputs"]) else 207)


def _number(record: Record, name: str) -> int:
    value = record["properties"][name]
    return int(value) if value.isdigit() else round(datetime.fromisoformat(value).timestamp() * 1000)


def _fits(record: Record, condition: Record) -> bool:
    value, wanted = _number(record, condition["propertyName"]), int(condition["value"])
    return {"GTE": value >= wanted, "EQ": value == wanted, "GT": value > wanted}[condition["operator"]]


@pytest.fixture
def crm(far_side: FarSide) -> Crm:
    crm = Crm()
    far_side.answer = crm
    return crm


@pytest.fixture
def landing(far_side: FarSide, slept: list[float]) -> MemoryLanding:
    config = SourceConfig(kind="hubspot", brand="aurora", base_url=far_side.url)
    return MemoryLanding(hubspot, "aurora_hubspot", config, slept.append)


@pytest.fixture
def _low_ceiling(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SEARCH_CEILING", 40)
    monkeypatch.setattr(settings, "SEARCH_PAGE_SIZE", 10)


def _ids(records: dict[str, list[Record]], table: str = "contacts") -> list[str]:
    return [record[f"{table.removesuffix('s')}_id"] for record in records.get(table, [])]


@pytest.mark.usefixtures("_low_ceiling")
def test_more_than_the_ceiling_is_read_in_windows(crm: Crm, landing: MemoryLanding) -> None:
    for number in range(133):
        crm.add("contacts", number + 1, NOW - timedelta(minutes=200 - number // 3))
    ids = _ids(landing.read(NOW, "contacts"))
    assert len(ids) == 133
    assert len(set(ids)) == 133
    assert {search["filterGroups"][0]["filters"][0]["operator"] for search in crm.searches} == {"GTE"}


@pytest.mark.usefixtures("_low_ceiling")
def test_a_moment_with_more_than_the_ceiling_is_read_by_id(crm: Crm, landing: MemoryLanding) -> None:
    moment = NOW - timedelta(days=9)
    for number in range(95):
        crm.add("contacts", 1000 - number, moment)
    for number in range(7):
        crm.add("contacts", number + 1, moment + timedelta(milliseconds=number - 3))
    ids = _ids(landing.read(NOW, "contacts"))
    assert len(ids) == 102
    assert len(set(ids)) == 102


@pytest.mark.usefixtures("_low_ceiling")
def test_a_record_that_moves_while_it_is_read_shifts_nothing_out(
    crm: Crm, landing: MemoryLanding, far_side: FarSide
) -> None:
    for number in range(30):
        crm.add("contacts", number + 1, NOW - timedelta(minutes=100 - number))

    def answer(request: Request) -> Reply:
        if len(crm.searches) == 1:
            crm.records["contacts"][0]["properties"]["lastmodifieddate"] = iso(NOW)
        return crm(request)

    far_side.answer = answer
    assert set(_ids(landing.read(NOW, "contacts"))) == {str(number + 1) for number in range(30)}


@pytest.mark.usefixtures("_low_ceiling")
def test_fewer_records_than_were_found_stop_the_load(crm: Crm, landing: MemoryLanding) -> None:
    for number in range(30):
        crm.add("contacts", number + 1, NOW - timedelta(minutes=100 - number))
    crm.lost = {"7", "8"}
    with pytest.raises(TransientError) as caught:
        landing.read(NOW, "contacts")
    assert str(caught.value) == (
        "aurora_hubspot POST /crm/v3/objects/contacts/search: the search found 30 records and gave 28; "
        "run again: records change while they are read"
    )


def test_a_second_run_asks_from_the_cursor_and_yields_nothing(crm: Crm, landing: MemoryLanding) -> None:
    crm.add("contacts", 1, NOW - timedelta(days=30))
    crm.add("contacts", 2, NOW - timedelta(hours=3))
    crm.add("deals", 7, NOW - timedelta(hours=3))
    crm.archive("contacts", crm.add("contacts", 3, NOW - timedelta(days=5)), NOW - timedelta(days=1))
    landing.read(NOW)
    crm.searches.clear()
    assert landing.read(NOW) == {}
    since = int(crm.searches[0]["filterGroups"][0]["filters"][0]["value"])
    assert since == round((NOW - timedelta(hours=3) - settings.OVERLAP).timestamp() * 1000)


def test_a_change_lands_a_new_version(crm: Crm, landing: MemoryLanding) -> None:
    record = crm.add("contacts", 1, NOW - timedelta(days=30), lifecyclestage="lead")
    landing.read(NOW)
    record["properties"] |= {"lastmodifieddate": iso(NOW + timedelta(hours=1)), "lifecyclestage": "customer"}
    (version,) = landing.read(NOW + timedelta(hours=2))["contacts"]
    assert (version["lifecycle_stage"], version["is_archived"]) == ("customer", False)


def test_archived_records_are_listed_to_the_end_and_landed_once(crm: Crm, landing: MemoryLanding) -> None:
    records = [crm.add("contacts", number, NOW - timedelta(days=9)) for number in range(1, 6)]
    landing.read(NOW)
    for record in records:
        crm.archive("contacts", record, NOW + timedelta(minutes=1))
    deleted = landing.read(NOW + timedelta(hours=1))["contacts"]
    assert [(r["contact_id"], r["is_archived"]) for r in deleted] == [(str(n), True) for n in range(1, 6)]
    assert {record["updated_at"] for record in deleted} == {iso(NOW + timedelta(minutes=1))}
    assert landing.read(NOW + timedelta(hours=1)) == {}


def test_what_leaves_a_contact_is_declared_and_without_identifiers(crm: Crm, landing: MemoryLanding) -> None:
    crm.add(
        "contacts",
        1,
        NOW - timedelta(days=1),
        email="Ann@Mail.Example",
        phone="+33639980001",
        instagram_handle="ann_1",
        firstname="Ann",
        lastname="Dubois",
        address="1 rue X",
        lifecyclestage="",
        hs_country_region_code="FR",
        hs_analytics_source="SOCIAL_MEDIA",
        hs_email_optout="",
        hs_legal_basis="Freely given consent from contact",
        hs_merged_object_ids="101;102",
        hs_lead_status="OPEN",
    )
    (row,) = landing.read(NOW, "contacts")["contacts"]
    assert row["email_token"] == token("email", "ann@mail.example")
    assert row["phone_token"] == token("phone", "+33639980001")
    assert row["handle_token"] == token("handle", "ann_1")
    assert row["lifecycle_stage"] is None, "an empty text is unknown"
    assert (row["acquisition_channel"], row["country_code"]) == ("social_media", "FR")
    assert (row["merged_contact_ids"], row["marketing_consent"]) == ("101;102", "subscribed")
    assert row["_extra"] == {"hs_lead_status": "OPEN"}
    text = json.dumps(row)
    assert not any(word in text for word in ("Ann", "ann_1", "Dubois", "Mail", "33639980001", "rue"))
    assert "firstname" not in crm.searches[0]["properties"]


@pytest.mark.parametrize(
    ("opt_out", "basis", "consent"),
    [
        ("true", "Freely given consent from contact", "unsubscribed"),
        ("false", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_an_opt_out_counts_and_its_absence_is_no_consent(
    crm: Crm, landing: MemoryLanding, opt_out: str | None, basis: str | None, consent: str
) -> None:
    crm.add("contacts", 1, NOW, hs_email_optout=opt_out, hs_legal_basis=basis)
    assert landing.read(NOW, "contacts")["contacts"][0]["marketing_consent"] == consent


def test_a_country_that_is_no_code_is_left_out(crm: Crm, landing: MemoryLanding) -> None:
    crm.add("contacts", 1, NOW, hs_country_region_code="12 rue de la Paix")
    assert landing.read(NOW, "contacts")["contacts"][0]["country_code"] is None


def test_deals_come_with_their_first_contact_and_company(crm: Crm, landing: MemoryLanding) -> None:
    crm.add("deals", 7, NOW, amount="1200.00", deal_currency_code="EUR", hs_is_closed_won="true", dealstage="closedwon")
    crm.add("deals", 8, NOW, amount="")
    crm.associations = {("7", "contacts"): ["5", "6"], ("7", "companies"): ["9"]}
    won, plain = landing.read(NOW, "deals")["deals"]
    assert (won["contact_id"], won["company_id"], won["amount"], won["is_closed_won"]) == ("5", "9", "1200.00", "true")
    assert (plain["contact_id"], plain["company_id"], plain["amount"]) == (None, None, None)


def test_searches_are_spaced(crm: Crm, landing: MemoryLanding, slept: list[float]) -> None:
    crm.add("contacts", 1, NOW)
    landing.read(NOW, "contacts", "companies", "deals")
    assert len(slept) == 2
    assert all(0 < seconds <= settings.SEARCH_SPACING_SECONDS for seconds in slept)


def test_waits_for_the_interval_when_its_budget_is_used_up(
    crm: Crm, landing: MemoryLanding, far_side: FarSide, slept: list[float]
) -> None:
    headers = {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "2500"}
    far_side.answer = lambda request: Reply(crm(request).content, headers=headers)
    landing.read(NOW, "contacts_archived")
    assert slept == [2.5]


@pytest.mark.parametrize(
    ("policy", "headers", "seconds"),
    [
        ("TEN_SECONDLY_ROLLING", {}, 10.0),
        ("TEN_SECONDLY_ROLLING", {"X-HubSpot-RateLimit-Interval-Milliseconds": "5000"}, 5.0),
        ("SECONDLY", {}, 1.0),
        ("SECONDLY", {"Retry-After": "4"}, 4.0),
    ],
)
def test_a_throttled_request_waits_as_its_policy_says(
    crm: Crm,
    landing: MemoryLanding,
    far_side: FarSide,
    slept: list[float],
    policy: str,
    headers: dict[str, str],
    seconds: float,
) -> None:
    body = {
        "status": "error",
        "message": "You have reached your limit.",
        "errorType": "RATE_LIMIT",
        "policyName": policy,
    }
    replies = [Reply(body, 429, headers)]
    far_side.answer = lambda request: replies.pop() if replies else crm(request)
    landing.read(NOW, "contacts_archived")
    assert slept == [seconds]


WHERE = "aurora_hubspot GET /crm/v3/objects/contacts"


@pytest.mark.parametrize(
    ("reply", "kind", "line"),
    [
        (
            Reply(
                {"status": "error", "message": "The OAuth token expired.", "category": "EXPIRED_AUTHENTICATION"}, 401
            ),
            TerminalError,
            (
                f"{WHERE}: the access token was refused: The OAuth token expired.; "
                "set a new VOXHOUSE_AURORA_HUBSPOT_ACCESS_TOKEN"
            ),
        ),
        (
            Reply(
                {"status": "error", "message": "This app hasn't been granted scopes", "category": "MISSING_SCOPES"}, 403
            ),
            TerminalError,
            (
                f"{WHERE}: This app hasn't been granted scopes; "
                "grant the private app crm.objects.contacts.read, companies.read and deals.read"
            ),
        ),
        (
            Reply({"status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND"}, 404),
            TerminalError,
            f"{WHERE}: resource not found (OBJECT_NOT_FOUND); check base_url in brands.yml",
        ),
        (
            Reply({"status": "error", "message": "You have reached your daily limit.", "policyName": "DAILY"}, 429),
            TransientError,
            (
                f"{WHERE}: the account's daily request limit is used up, to be asked again in 86400 s; "
                "run again after that time"
            ),
        ),
        (
            Reply({"status": "error", "message": "internal error"}, 500),
            TransientError,
            f"{WHERE}: internal error ({ATTEMPTS} attempts); run again later",
        ),
    ],
    ids=["expired token", "permission", "bad request", "daily limit", "server"],
)
def test_an_error_is_one_line(
    landing: MemoryLanding, far_side: FarSide, reply: Reply, kind: type[PipelineError], line: str
) -> None:
    far_side.answer = lambda _: reply
    with pytest.raises(kind) as caught:
        landing.read(NOW, "contacts_archived")
    assert str(caught.value) == line
    assert len(far_side.requests) == (ATTEMPTS if "attempts" in line else 1)
