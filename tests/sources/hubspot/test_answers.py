"""HubSpot: what its budgets, errors and answers of another form come to."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.sources.hubspot import settings
from tests.sources.far_side import FarSide, Reply
from tests.sources.hubspot.crm import (
    NOW,
    SECRET,
    Account,
    Crm,
    Record,
    ago,
    iso,
    newest,
    problem,
)

# Budgets and errors


def test_searches_are_spaced(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, NOW)
    list(account.source())
    assert len(crm.slept) == 2
    assert all(0 < seconds <= settings.SEARCH_SPACING_SECONDS for seconds in crm.slept)


def test_waits_for_the_interval_when_its_budget_is_used_up(crm: Crm, account: Account, far_side: FarSide) -> None:
    headers = {"X-HubSpot-RateLimit-Remaining": "0", "X-HubSpot-RateLimit-Interval-Milliseconds": "2500"}
    far_side.answer = lambda request: Reply(
        crm(request).content, headers={} if request.path.endswith("search") else headers
    )
    account.read("contacts")
    assert crm.slept == [2.5]


@pytest.mark.parametrize(
    ("status", "policy", "headers", "seconds"),
    [
        (429, "TEN_SECONDLY_ROLLING", {}, 10),
        (429, "TEN_SECONDLY_ROLLING", {"X-HubSpot-RateLimit-Interval-Milliseconds": "5000"}, 5),
        (429, "SECONDLY", {}, 1),
        (429, "SECONDLY", {"Retry-After": "4"}, 4),
        (429, "SECONDLY", {"Retry-After": "soon"}, 1),
        (423, "", {}, 2),
        (477, "", {"Retry-After": "30"}, 30),
    ],
)
def test_a_throttled_request_waits_as_its_policy_says(
    crm: Crm,
    account: Account,
    far_side: FarSide,
    status: int,
    policy: str,
    headers: dict[str, str],
    seconds: float,
) -> None:
    replies = [problem(status, "You have reached your limit.", headers, policyName=policy)]
    far_side.answer = lambda request: replies.pop() if replies else crm(request)
    account.read("contacts")
    assert len(crm.slept) == 1
    assert seconds <= crm.slept[0] <= seconds + 1


SEARCH = "POST /crm/objects/2026-09/contacts/search"
LIST = "GET /crm/objects/2026-09/contacts"


@pytest.mark.parametrize(
    ("reply", "requests", "line"),
    [
        (
            problem(401, "The OAuth token expired.", category="EXPIRED_AUTHENTICATION"),
            1,
            f"401 {LIST}: The OAuth token expired. (EXPIRED_AUTHENTICATION)",
        ),
        (
            problem(403, "This app hasn't been granted scopes", category="MISSING_SCOPES"),
            1,
            f"403 {LIST}: This app hasn't been granted scopes (MISSING_SCOPES)",
        ),
        (
            problem(404, "no\x1b[31m such\nthing for ann@mail.example", category="OBJECT_NOT_FOUND"),
            1,
            f"404 {LIST}: no [31m such thing for *** (OBJECT_NOT_FOUND)",
        ),
        (
            problem(429, "You have reached your daily limit.", policyName="DAILY"),
            1,
            f"429 {LIST}: the account's daily request limit is used up, to be asked again in 86400 s",
        ),
        (problem(500, "internal error"), 5, f"500 {LIST}: internal error"),
        (problem(200, f"odd {SECRET}"), 1, f"200 {LIST}: odd ***"),
    ],
    ids=["expired token", "permission", "not found", "daily limit", "server", "an error with 200"],
)
def test_an_error_is_one_line(
    crm: Crm, account: Account, far_side: FarSide, reply: Reply, requests: int, line: str
) -> None:
    far_side.answer = lambda _: reply
    assert account.fault() == line
    assert len(far_side.requests) == requests


RECORD: Record = {
    "id": "1",
    "properties": {"lastmodifieddate": iso(ago(days=1))},
    "createdAt": iso(ago(days=9)),
    "updatedAt": iso(ago(days=1)),
    "archived": False,
}
WITHOUT = {name: {k: v for k, v in RECORD.items() if k != name} for name in RECORD}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ([], "the answer is a list, not an object"),
        ("text", "the answer is a text, not an object"),
        (None, "the answer is null, not an object"),
        ({"results": []}, "total is missing"),
        ({"total": 0}, "results is missing"),
        ({"total": 0, "results": None}, "results is null, not a list"),
        ({"total": 1, "results": {"0": RECORD}}, "results is an object, not a list"),
        ({"total": "1", "results": [RECORD]}, "total is a text, not a whole number"),
        ({"total": True, "results": [RECORD]}, "total is true or false, not a whole number"),
        ({"total": 1, "results": [[]]}, "results[0] is a list, not an object"),
        ({"total": 2, "results": [RECORD, None]}, "results[1] is null, not an object"),
        ({"total": 1, "results": [{**RECORD, "id": 1}]}, "results[0].id is a whole number, not a text"),
        ({"total": 1, "results": [WITHOUT["id"]]}, "results[0].id is missing"),
        ({"total": 1, "results": [WITHOUT["properties"]]}, "results[0].properties is missing"),
        ({"total": 1, "results": [{**RECORD, "properties": []}]}, "results[0].properties is a list, not an object"),
        (
            {"total": 1, "results": [{**RECORD, "properties": {"email": ["a"]}}]},
            "results[0].properties.email is a list, not a text",
        ),
        ({"total": 1, "results": [WITHOUT["archived"]]}, "results[0].archived is missing"),
        ({"total": 1, "results": [{**RECORD, "archived": "no"}]}, "results[0].archived is a text, not true or false"),
        ({"total": 1, "results": [WITHOUT["updatedAt"]]}, "results[0].updatedAt is missing"),
        ({"total": 1, "results": [{**RECORD, "createdAt": 5}]}, "results[0].createdAt is a whole number, not a text"),
        ({"total": 30, "results": [RECORD]}, "the search found 30 records and gave 1 of the 200 asked for"),
        ({"total": 0, "results": [RECORD]}, "the search found 0 records and gave 1 of the 200 asked for"),
        ({"total": -1, "results": []}, "the search found -1 records and gave 0 of the 200 asked for"),
        (
            {"total": 1, "results": [{**RECORD, "properties": {"lastmodifieddate": "lately"}}]},
            "no record has a lastmodifieddate that can be read",
        ),
        (
            {"total": 1, "results": [{**RECORD, "properties": {"lastmodifieddate": "2001-01-01T00:00:00Z"}}]},
            "the records found are not those asked for, in the order of lastmodifieddate",
        ),
    ],
)
def test_a_search_of_another_form_is_refused(
    crm: Crm, account: Account, far_side: FarSide, answer: Any, line: str
) -> None:
    reply = Reply(answer if answer != "text" else '"text"')
    far_side.answer = lambda request: reply if request.path.endswith("search") else crm(request)
    assert account.fault() == f"{SEARCH}: {line}"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({}, "results is missing"),
        ({"results": None}, "results is null, not a list"),
        ({"results": [WITHOUT["properties"]]}, "results[0].properties is missing"),
        ({"results": [], "paging": []}, "paging is a list, not an object"),
        ({"results": [], "paging": {"next": {}}}, "paging.next.after is missing"),
        (
            {"results": [RECORD | {"archived": True}], "paging": {"next": {"after": "7"}}},
            "the same cursor came twice, so the list has no end",
        ),
    ],
)
def test_a_list_of_another_form_is_refused(
    crm: Crm, account: Account, far_side: FarSide, answer: Any, line: str
) -> None:
    far_side.answer = lambda request: crm(request) if request.method == "POST" else Reply(answer)
    assert account.fault() == f"{LIST}: {line}"


UNHARMED = {"category": "OBJECT_NOT_FOUND", "message": "gone", "context": {"ids": ["5"]}}


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({"status": "COMPLETE"}, "results is missing"),
        ({"results": None}, "results is null, not a list"),
        ({"results": [WITHOUT["properties"]]}, "results[0].properties is missing"),
        (
            {"results": [], "errors": [UNHARMED]},
            "1 of the 2 records asked for are neither there nor said to be missing",
        ),
        (
            {"results": [], "errors": [{**UNHARMED, "context": None}]},
            "2 of the 2 records asked for are neither there nor said to be missing",
        ),
        (
            {"results": [], "errors": [{"category": "RATE_LIMITS", "message": "for ann@mail.example"}]},
            "a part of the batch failed: for *** (RATE_LIMITS)",
        ),
        ({"results": [], "errors": [{"message": "no"}]}, "errors[0].category is missing"),
    ],
)
def test_a_batch_of_another_form_is_refused(
    crm: Crm, account: Account, far_side: FarSide, answer: Any, line: str
) -> None:
    far_side.answer = lambda request: Reply(answer, 207) if request.path.endswith("batch/read") else crm(request)
    where = "POST /crm/objects/2026-09/contacts/batch/read"
    assert account.fault(landed_archived=lambda _: ["5", "6"]) == f"{where}: {line}"


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        ({}, "results is missing"),
        ({"results": {}}, "results is an object, not a list"),
        ({"results": []}, "2 of the 2 records asked for are neither there nor said to be missing"),
        (
            {"results": [{"from": {"id": "7"}, "to": [{"toObjectId": 1}]}]},
            "1 of the 2 records asked for are neither there nor said to be missing",
        ),
        ({"results": [{"from": {"id": 7}, "to": []}]}, "results[0].from.id is a whole number, not a text"),
        ({"results": [{"from": {"id": "7"}}]}, "results[0].to is missing"),
        ({"results": [{"from": {"id": "7"}, "to": None}]}, "results[0].to is null, not a list"),
        (
            {"results": [{"from": {"id": "7"}, "to": [{"toObjectId": None}]}]},
            "results[0].to[0].toObjectId is null, not a text",
        ),
        (
            {"results": [], "errors": [{"category": "MISSING_SCOPES", "message": "no scope"}]},
            "a part of the batch failed: no scope (MISSING_SCOPES)",
        ),
    ],
)
def test_associations_of_another_form_are_refused(
    crm: Crm, account: Account, far_side: FarSide, answer: Any, line: str
) -> None:
    crm.put("deals", 7, ago(hours=2))
    crm.put("deals", 8, ago(hours=1))
    far_side.answer = lambda request: Reply(answer, 207) if "associations" in request.path else crm(request)
    where = "POST /crm/associations/2026-09/deals/contacts/batch/read"
    assert account.fault("deals") == f"{where}: {line}"


@pytest.mark.usefixtures("_small_pages")
def test_a_search_that_ignores_where_it_shall_begin_ends(crm: Crm, account: Account, far_side: FarSide) -> None:
    page = [crm.put("contacts", number, ago(minutes=100 - number)) for number in range(10)]
    reply = Reply({"total": 30, "results": page})
    far_side.answer = lambda request: reply if request.path.endswith("search") else crm(request)
    assert account.fault() == f"{SEARCH}: the records found are not those asked for, in the order of lastmodifieddate"
    assert len(far_side.requests) == 1 + 1 + settings.SEARCH_PASSES


def test_fewer_records_than_were_found_stop_the_load(crm: Crm, account: Account) -> None:
    for number in range(30):
        crm.put("contacts", number + 1, ago(minutes=100 - number))
    crm.lost = {"7", "8"}
    assert account.fault() == f"{SEARCH}: the search found 30 records and gave 28 of the 200 asked for"
    assert len(crm.searches) == settings.SEARCH_PASSES


def test_a_passing_contradiction_is_asked_about_again(crm: Crm, account: Account) -> None:
    for number in range(30):
        crm.put("contacts", number + 1, ago(minutes=100 - number))
    crm.lost = {"7", "8"}

    def find() -> None:
        crm.lost = crm.lost if not crm.searches else set()

    crm.before_search = find
    assert sorted(newest(account.read("contacts")), key=int) == [str(number + 1) for number in range(30)]


def test_one_record_without_a_readable_time_does_not_stop_the_rest(
    crm: Crm, account: Account, far_side: FarSide
) -> None:
    odd = {**RECORD, "id": "2", "properties": {"lastmodifieddate": "lately"}}
    pages = [Reply({"total": 2, "results": [RECORD, odd]})]
    far_side.answer = lambda request: pages.pop() if request.path.endswith("search") else crm(request)
    rows = account.read("contacts")
    assert [(row["contact_id"], row["updated_at"]) for row in rows] == [("1", iso(ago(days=1))), ("2", "lately")]
