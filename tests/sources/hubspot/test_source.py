"""HubSpot by plain dlt into DuckDB: a CRM that changes while it is read, deletions, and what leaves the source."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipelines.sources.hubspot import TABLES, search, settings
from tests.sources.far_side import FarSide, Reply
from tests.sources.hubspot.crm import (
    KINDS,
    NOW,
    Account,
    Crm,
    Record,
    ago,
    iso,
    newest,
)

# A CRM that changes while it is read


@pytest.mark.usefixtures("_small_pages")
def test_what_is_more_than_a_page_is_read_from_the_last_change_seen(crm: Crm, account: Account) -> None:
    for number in range(133):
        crm.put("contacts", number + 1, ago(minutes=200 - number // 3))
    ids = [row["contact_id"] for row in account.read("contacts")]
    assert sorted(ids, key=int) == [str(number + 1) for number in range(133)]
    assert not any("after" in query for query in crm.searches), "pages are offsets, so none is asked for"


@pytest.mark.usefixtures("_small_pages")
def test_a_moment_that_holds_more_than_a_page_is_read_by_id(crm: Crm, account: Account) -> None:
    moment = ago(days=9)
    for number in range(95):
        crm.put("contacts", 1000 - number, moment)
    for number in range(7):
        crm.put("contacts", number + 1, moment + timedelta(milliseconds=number - 3))
    expected = {*range(1, 8), *range(906, 1001)}
    assert {int(number) for number in newest(account.read("contacts"))} == expected
    assert len(crm.searches) == 1 + 1 + 10 + 1


def test_of_25000_contacts_with_6_edited_while_they_are_read_all_come_in_their_newest_version(
    crm: Crm, account: Account
) -> None:
    for number in range(25_000):
        crm.put("contacts", number + 1, ago(days=300) + timedelta(minutes=number // 2), lifecyclestage="lead")
    edits = {3: 9, 20: 1, 50: 24_999, 51: 12_345, 90: 12_346, 120: 2}

    def edit() -> None:
        if number := edits.get(len(crm.searches)):
            crm.put("contacts", number, ago(hours=1), lifecyclestage="customer")

    crm.before_search = edit
    found = newest(account.read("contacts"))
    assert sorted(map(int, found)) == list(range(1, 25_001))
    assert {int(n) for n, row in found.items() if row["lifecycle_stage"] == "customer"} == set(edits.values())


@pytest.mark.usefixtures("_small_pages")
def test_an_edit_within_the_moment_at_which_a_page_ends_comes_too(crm: Crm, account: Account) -> None:
    moment = ago(hours=3)
    for number in range(1, 16):
        crm.put("contacts", number, moment + timedelta(minutes=number), lifecyclestage="lead")

    def edit() -> None:
        if len(crm.searches) == 1:
            crm.put("contacts", 10, moment + timedelta(minutes=10), lifecyclestage="customer")

    crm.before_search = edit
    assert newest(account.read("contacts"))["10"]["lifecycle_stage"] == "customer"


class Editor:
    """Edits, adds, deletes and restores at random before each search; several edits may share a millisecond."""

    def __init__(self, crm: Crm, seed: int) -> None:
        self._crm, self._random, self.clock = crm, random.Random(seed), ago(hours=5)
        self._restorable = list(crm.deleted["contacts"])
        self._next_id = 10_000

    def __call__(self) -> None:
        for _ in range(self._random.randrange(4)):
            self.clock += timedelta(milliseconds=self._random.randrange(2))
            action, number = self._random.random(), self._random.choice(list(self._crm.live["contacts"]))
            if action < 0.5:
                self._crm.put("contacts", number, self.clock, lifecyclestage=f"edit {self._random.random()}")
            elif action < 0.7:
                self._next_id += self._random.randrange(1, 5)
                self._crm.put("contacts", self._next_id, self.clock)
            elif action < 0.9 or not self._restorable:
                self._crm.archive("contacts", number, self.clock)
            else:
                self._crm.restore("contacts", self._restorable.pop())


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize(("seed", "ceiling"), [(seed, ceiling) for seed in range(2) for ceiling in (20, 40, 100)])
def test_a_random_editor_hides_nothing(crm: Crm, account: Account, seed: int, ceiling: int) -> None:
    crm.ceiling = ceiling
    crowd = random.Random(seed)
    for number in range(1, 401):
        moment = ago(days=2) + timedelta(milliseconds=crowd.choice([0, 5, crowd.randrange(99)]))
        crm.put("contacts", number, moment, lifecyclestage="lead")
    for number in range(1, 401, 20):
        crm.archive("contacts", number, ago(days=1))
    editor = Editor(crm, seed)
    crm.before_search = editor
    account.load("contacts")
    columns = "contact_id, updated_at, lifecycle_stage, is_archived, archived_at"
    seen = account.rows("contacts", columns)
    restored = [number for number in range(1, 401, 20) if number not in crm.deleted["contacts"]]
    behind = {str(number) for number in [*restored, *crm.deleted["contacts"]]}
    present = {number: record for number, record in crm.live["contacts"].items() if str(number) not in behind}
    assert [row for row in seen if row[0] not in behind] == _expected(present)

    crm.before_search = lambda: None
    deleted = [row[0] for row in seen if row[3]]
    account.load("contacts", landed_archived=lambda _: deleted)
    known = {row[0] for row in seen}
    everything = crm.live["contacts"] | crm.deleted["contacts"]
    assert account.rows("contacts", columns) == _expected(everything)
    assert known <= {str(number) for number in everything}


def _expected(records: dict[int, Record]) -> list[tuple[Any, ...]]:
    found = [
        (
            record["id"],
            datetime.fromisoformat(record["updatedAt"]),
            record["properties"].get("lifecyclestage"),
            record["archived"],
            datetime.fromisoformat(record["archivedAt"]) if record["archived"] else None,
        )
        for record in records.values()
    ]
    return sorted(found)


def test_a_second_run_goes_on_and_changes_only_what_changed(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, ago(days=30), lifecyclestage="lead")
    crm.put("contacts", 2, ago(days=3), lifecyclestage="lead")
    account.load()
    assert crm.searches[0]["filterGroups"][0]["filters"][0]["value"] == str(search.milliseconds(settings.START_DATE))
    crm.searches.clear()
    crm.put("contacts", 1, ago(hours=1), lifecyclestage="customer")
    account.load(now=NOW + timedelta(days=1))
    value = crm.searches[0]["filterGroups"][0]["filters"][0]["value"]
    assert int(value) == search.milliseconds(iso(ago(days=4))), "the newest change, less the overlap"
    assert account.rows("contacts", "contact_id, lifecycle_stage, is_archived") == [
        ("1", "customer", False),
        ("2", "lead", False),
    ]


def test_what_the_index_showed_late_comes_with_the_next_run(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, ago(hours=9), lifecyclestage="lead")
    crm.put("contacts", 2, ago(hours=1), lifecyclestage="lead")
    crm.is_lagging = True
    crm.put("contacts", 1, ago(hours=2), lifecyclestage="customer")
    account.load("contacts")
    assert account.rows("contacts", "contact_id, lifecycle_stage") == [("1", "lead"), ("2", "lead")]
    crm.catch_up()
    account.load("contacts")
    assert account.rows("contacts", "contact_id, lifecycle_stage") == [("1", "customer"), ("2", "lead")]


def test_of_two_edits_in_one_millisecond_the_second_comes_with_the_next_run(crm: Crm, account: Account) -> None:
    moment = ago(minutes=5)
    crm.put("contacts", 1, moment, lifecyclestage="lead")
    account.load("contacts")
    crm.put("contacts", 1, moment, lifecyclestage="customer")
    account.load("contacts")
    assert account.rows("contacts", "contact_id, lifecycle_stage") == [("1", "customer")]


def test_a_record_of_the_future_lands_and_does_not_move_the_cursor(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, ago(days=1))
    crm.put("contacts", 2, NOW + timedelta(days=30_000))
    account.load("contacts")
    assert account.rows("contacts", "contact_id") == [("1",), ("2",)]
    crm.put("contacts", 3, ago(hours=1))
    account.load("contacts")
    assert account.rows("contacts", "contact_id") == [("1",), ("2",), ("3",)]


def test_an_empty_overlap_does_not_move_the_cursor_back(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, ago(days=1))
    account.load("contacts")
    crm.archive("contacts", 1, ago(hours=1))
    for _ in range(3):
        account.load("contacts")
    asked = [query["filterGroups"][0]["filters"][0]["value"] for query in crm.searches[1:]]
    assert asked == [str(search.milliseconds(iso(ago(days=2))))] * 3


def test_what_the_lagging_index_still_shows_of_a_deleted_record_does_not_bring_it_back(
    crm: Crm, account: Account
) -> None:
    crm.put("contacts", 1, ago(hours=3))
    crm.archive("contacts", 1, ago(hours=2))
    shown = {k: v for k, v in crm.deleted["contacts"][1].items() if k != "archivedAt"} | {"archived": False}
    crm._index("contacts", 1, shown)
    account.load("contacts")
    assert account.rows("contacts", "contact_id, is_archived") == [("1", True)]
    crm.restore("contacts", 1)
    crm.put("contacts", 1, ago(hours=1))
    account.load("contacts")
    assert account.rows("contacts", "contact_id, is_archived") == [("1", False)]


def test_the_first_run_can_begin_on_a_day(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, datetime(2026, 5, 31, 23, 59, tzinfo=UTC))
    crm.put("contacts", 2, datetime(2026, 6, 1, tzinfo=UTC))
    assert [row["contact_id"] for row in account.read("contacts", start_date="2026-06-01")] == ["2"]


# Deleted and restored


def test_deleted_records_are_listed_to_the_end_and_keep_their_last_modification(crm: Crm, account: Account) -> None:
    for number in range(1, 8):
        crm.put("contacts", number, ago(days=9))
    account.load("contacts")
    for number in range(1, 8):
        crm.archive("contacts", number, ago(minutes=number))
    account.load("contacts")
    columns = "contact_id, is_archived, updated_at, archived_at"
    expected = [(str(number), True, ago(days=9), ago(minutes=number)) for number in range(1, 8)]
    assert account.rows("contacts", columns) == expected
    assert crm.paths.count("/crm/objects/2026-09/contacts") == 1 + 3


def test_a_restored_record_comes_though_its_time_stands_and_a_purged_one_does_not(crm: Crm, account: Account) -> None:
    for number in range(1, 6):
        crm.put("contacts", number, ago(days=90), lifecyclestage="lead")
        crm.archive("contacts", number, ago(days=3))
    crm.put("contacts", 9, ago(hours=1))
    account.load("contacts")
    crm.restore("contacts", 2)
    del crm.deleted["contacts"][4]
    crm.searches.clear()
    account.load("contacts", landed_archived=lambda table: ["1", "2", "3", "4", "5"] if table == "contacts" else [])
    assert crm.batches == [["2", "4"]]
    assert account.rows("contacts", "contact_id, is_archived, archived_at is null, updated_at") == [
        ("1", True, False, ago(days=90)),
        ("2", False, True, ago(days=90)),
        ("3", True, False, ago(days=90)),
        ("4", True, False, ago(days=90)),
        ("5", True, False, ago(days=90)),
        ("9", False, True, ago(hours=1)),
    ]


def test_restored_records_are_asked_for_in_batches(crm: Crm, account: Account) -> None:
    for number in range(1, 251):
        crm.put("companies", number, ago(days=90))
    rows = account.read("companies", landed_archived=lambda _: map(str, range(1, 251)), start_date=iso(ago(days=1)))
    assert sorted(int(row["company_id"]) for row in rows) == list(range(1, 251))
    assert [len(batch) for batch in crm.batches] == [100, 100, 50]


def test_a_record_that_was_merged_meanwhile_comes_under_the_id_of_the_other(
    crm: Crm, account: Account, far_side: FarSide
) -> None:
    other = crm.put("contacts", 7, ago(days=90), hs_merged_object_ids="5")
    merged = Reply({"status": "COMPLETE", "results": [other]})
    far_side.answer = lambda request: merged if request.path.endswith("batch/read") else crm(request)
    rows = account.read("contacts", landed_archived=lambda _: ["5"], start_date=iso(ago(days=1)))
    assert [(row["contact_id"], row["merged_contact_ids"]) for row in rows] == [("7", "5")]


# What leaves the source


def test_what_leaves_a_contact_is_declared(crm: Crm, account: Account) -> None:
    given = {
        "email": "Ann@Mail.Example",
        "phone": "+33639980001",
        "instagram_handle": "ann_1",
        "firstname": "Ann",
        "address": "1 rue X",
        "lifecyclestage": "",
        "hs_country_region_code": "FR",
        "hs_analytics_source": "SOCIAL_MEDIA",
        "hs_email_optout": "",
        "hs_legal_basis": "Freely given consent from contact",
        "hs_merged_object_ids": "101;102",
        "hs_lead_status": "OPEN",
    }
    crm.put("contacts", 1, ago(days=1), **given)
    assert account.read("contacts") == [
        {
            "contact_id": "1",
            "email": "Ann@Mail.Example",
            "phone": "+33639980001",
            "handle": "ann_1",
            "lifecycle_stage": None,
            "country_code": "FR",
            "acquisition_channel": "social_media",
            "marketing_consent": "subscribed",
            "merged_contact_ids": "101;102",
            "created_at": iso(ago(days=400)),
            "updated_at": iso(ago(days=1)),
            "archived_at": None,
            "is_archived": False,
            "_extra": {"hs_lead_status": "OPEN"},
        }
    ]
    asked = crm.searches[0]["properties"]
    assert not {"firstname", "lastname", "address"} & set(asked)
    hints = {
        name: (column.get("x-annotation-pii"), column.get("x-annotation-network"))
        for name, column in TABLES["contacts"]["columns"].items()
        if "x-annotation-pii" in column
    }
    assert hints == {"email": ("email", None), "phone": ("phone", None), "handle": ("handle", "instagram")}


def test_every_row_has_the_declared_columns(crm: Crm, account: Account) -> None:
    for kind in KINDS:
        crm.put(kind, 1, ago(days=1))
        assert [set(row) for row in account.read(kind)] == [set(TABLES[kind]["columns"])]


@pytest.mark.parametrize(
    ("opt_out", "basis", "consent"),
    [
        ("true", "Freely given consent from contact", "unsubscribed"),
        (True, "Freely given consent from contact", "unsubscribed"),
        ("false", None, "unknown"),
        (None, None, "unknown"),
    ],
)
def test_an_opt_out_counts_and_its_absence_is_no_consent(
    crm: Crm, account: Account, opt_out: object, basis: str | None, consent: str
) -> None:
    crm.put("contacts", 1, NOW, hs_email_optout=opt_out, hs_legal_basis=basis)
    assert [row["marketing_consent"] for row in account.read("contacts")] == [consent]


def test_a_country_that_is_no_code_is_left_out(crm: Crm, account: Account) -> None:
    crm.put("contacts", 1, NOW, hs_country_region_code="12 rue de la Paix")
    crm.put("companies", 1, NOW, hs_country_code="12 rue de la Paix")
    assert [account.read(kind)[0]["country_code"] for kind in ("contacts", "companies")] == [None, None]


def test_properties_may_be_any_scalar(crm: Crm, account: Account) -> None:
    crm.put("deals", 1, ago(days=1), amount=1200.5, hs_is_closed_won=True, pipeline=7, closedate=None)
    account.load("deals")
    assert account.rows("deals", "deal_id, amount, is_closed_won, pipeline, closed_at") == [
        ("1", 1200.5, True, "7", None)
    ]


@pytest.mark.parametrize("as_id", [int, str])
def test_deals_come_with_their_first_contact_and_company(
    crm: Crm, account: Account, as_id: Callable[[int], object]
) -> None:
    crm.put("deals", 7, ago(hours=2), amount="1200.00", deal_currency_code="EUR", hs_is_closed_won="true")
    crm.put("deals", 8, ago(hours=1), amount="")
    crm.associations = {("7", "contacts"): [as_id(5), as_id(6)], ("7", "companies"): [as_id(9)]}
    account.load("deals")
    columns = "deal_id, contact_id, company_id, cast(amount as varchar), currency, is_closed_won"
    assert account.rows("deals", columns) == [
        ("7", "5", "9", "1200.0000", "EUR", True),
        ("8", None, None, None, None, None),
    ]
