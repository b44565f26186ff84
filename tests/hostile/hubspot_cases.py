"""What HubSpot in particular can get wrong, and records that are odd."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from tests.hostile.changes import MISSING, after, answer, body, first, put, raw
from tests.hostile.general import WELL
from tests.hostile.hubspot_vendor import HubSpot, error
from tests.hostile.oddities import Odd, member
from tests.hostile.trial import Case, Exact, Refused
from tests.hostile.vendor import once_given

ONE = "results.0"
MOMENT = datetime(2026, 6, 2, 10, 0, 1, 11_000, UTC)
TIMES = {
    "2026-06-02T12:00:01.011+02:00": MOMENT,
    "2026-06-02T10:00:01.011+0000": MOMENT,
    "2026-06-02T05:30:01.011-04:30": MOMENT,
    "2026-06-02T10:00:01Z": MOMENT.replace(microsecond=0),
    "2026-06-02T10:00Z": MOMENT.replace(second=0, microsecond=0),
    "2026-06-02T10:00:01.011000999Z": MOMENT,
    "2026-06-02T10:00:01.011": MOMENT,
    "2026-06-02 10:00:01.011Z": MOMENT,
}


def cases() -> list[Case]:
    """All of them."""
    parts = (_searches, _archives, _associations, _records, _moves)
    return [case for part in parts for case in part()]


def _cell(table: str, key: str, **values: Any) -> Exact:
    return Exact({table: {(key,): values}})


def _searches() -> Iterator[Case]:
    counts = Refused("the search found .* and gave .* of the 5 asked for")
    yield Case("a total below the page", put("total", 3), counts)
    yield Case("a total of nothing", put("total", 0), counts)
    yield Case("a total below nothing", put("total", -1), counts)
    yield Case("a total within the page, once", first(1, put("total", 3)), WELL)
    for kind, value in {"a text": "12", "null": None, "a number": 12.5, "an object": {}}.items():
        yield Case(f"{kind} for a total", put("total", value), Refused(f"total is {kind}, not a whole number"))
    yield Case("no total", put("total", MISSING), Refused("total is missing"))
    yield Case("a record short of the page", put("results", lambda rows: rows[:-1]), counts, is_loaded_again=True)
    yield Case("no records, and a total", put("results", []), counts)
    order = Refused("the records found are not those asked for, in the order of lastmodifieddate")
    yield Case("the newest first", put("results", lambda rows: rows[::-1]), order)
    earlier = put(f"{ONE}.properties.lastmodifieddate", "2019-01-01T00:00:00Z")
    yield Case("older than asked for, later on", after(1, earlier), order, is_loaded_again=True)
    unread = body(lambda page: [r["properties"].update(lastmodifieddate="soon") for r in page["results"]] and page)
    yield Case("a page without a time that can be read", unread, Refused("no record has a lastmodifieddate that can"))
    yield Case("a record twice on a page, for another", first(1, put("results", lambda r: [r[0], *r[:4]])), WELL)
    failed = Refused("200 .*the vendor's words")
    yield Case("200 with an error in it", answer(error(500, "the vendor's words", "X").content), failed)
    for policy, line in {
        "DAILY": "daily request limit is used up",
        "TEN_SECONDLY_ROLLING": "too many requests",
    }.items():
        throttled = answer(error(429, "You have reached your limit.", "RATE_LIMITS", policyName=policy).content, 429)
        yield Case(f"429 for ever, {policy}", throttled, Refused(f"429 .*{line}.*run again later"))
    once = answer(error(429, "Slow down", "RATE_LIMITS", policyName="SECONDLY").content, 429)
    yield Case("429 for a second", first(1, once), WELL)
    yield Case(
        "477, once", first(1, answer(error(477, "in migration", "MIGRATION").content, 477, Retry_After="9")), WELL
    )
    headers = {"X_HubSpot_RateLimit_Remaining": "0", "X_HubSpot_RateLimit_Interval_Milliseconds": "a while"}
    yield Case("a budget used up, of no interval", first(1, raw(bytes, **headers)), WELL)


def _archives() -> Iterator[Case]:
    spot = "archived_contacts"
    yield Case("null for what is archived", put("results", None), Refused("results is null, not a list"), spot)
    yield Case("no list of what is archived", put("results", MISSING), Refused("results is missing"), spot)
    for kind, value in {"a text": "false", "null": None, "a whole number": 1}.items():
        wrong = put(f"{ONE}.archived", value)
        yield Case(f"{kind} for archived", wrong, Refused(f"archived is {kind}, not true or false"), spot)
    yield Case("no time of the deletion", first(1, put(f"{ONE}.archivedAt", MISSING)), _no_end(), spot)
    live = body(lambda page: {"results": [{**r, "archived": False} for r in page["results"]]})
    yield Case("live records for the archived ones", live, Refused("archived"), spot)
    for kind, value in {"a list": [], "a text": "2", "true or false": False}.items():
        yield Case(f"{kind} for the paging", put("paging", value), Refused(f"paging is {kind}, not an object"), spot)
    yield Case("null for the last paging", after(1, put("paging", None)), WELL, spot)


def _no_end() -> Exact:
    return _cell("contacts", "113", archived_at=None)


def _associations() -> Iterator[Case]:
    spot = "associated_contacts"
    short = Refused("1 of the 2 records asked for are neither there nor said to be missing")
    yield Case("a batch one short", put("results", lambda rows: rows[1:]), short, spot, is_loaded_again=True)
    yield Case("null in a batch", put("results", lambda rows: [None, *rows]), Refused(r"results\[0\] is null"), spot)
    yield Case("a batch in another order", put("results", lambda rows: rows[::-1]), WELL, spot)
    yield Case("a batch twice", put("results", lambda rows: rows + rows), WELL, spot)
    yield Case("null for a batch", put("results", None), Refused("results is null, not a list"), spot)
    other = {"from": {"id": "999"}, "to": [{"toObjectId": 5, "associationTypes": []}]}
    yield Case("one that nobody asked for", put("results", lambda rows: [*rows, other]), WELL, spot)
    for name, value in {"a number": int, "a text": str}.items():
        as_such = first(1, put(f"{ONE}.to.0.toObjectId", value))
        yield Case(f"{name} for the associated id", as_such, WELL, spot)
    for kind, value in {"null": None, "an object": {"id": 1}, "true or false": True}.items():
        wrong = first(1, put(f"{ONE}.to.0.toObjectId", value))
        yield Case(f"{kind} for the associated id", wrong, Refused(f"toObjectId is {kind}, not a text"), spot)
    for kind, value in {"null": None, "an object": {}, "a text": "101"}.items():
        wrong = first(1, put(f"{ONE}.to", value))
        yield Case(f"{kind} for what is associated", wrong, Refused(rf"results\[0\]\.to is {kind}, not a list"), spot)
    yield Case("nothing associated", first(1, put(f"{ONE}.to", [])), _cell("deals", "301", contact_id=None), spot)
    pending = answer({"status": "PENDING", "results": [], "startedAt": "2026-06-30T22:00:00Z"})
    yield Case("a batch that is not done", pending, Refused("neither there nor said to be missing"), spot)
    broken = {"status": "error", "category": "INTERNAL_ERROR", "message": "the vendor's words", "context": {}}
    failed = body(lambda page: {**page, "results": page["results"][1:], "numErrors": 1, "errors": [broken]})
    yield Case("207 with a failure in it", failed, Refused("a part of the batch failed: the vendor's words"), spot)
    yield Case("a text for the errors of a batch", put("errors", "no"), Refused("errors is a text, not"), spot)


def _records() -> Iterator[Case]:
    for kind, value in {"null": None, "a list": [], "a text": "x"}.items():
        wrong = put(f"{ONE}.properties", value)
        yield Case(f"{kind} for the properties", wrong, Refused(f"properties is {kind}, not an object"))
    yield Case("no properties", put(f"{ONE}.properties", MISSING), Refused("properties is missing"))
    for kind, value in {"an object": {"value": "lead"}, "a list": ["lead"]}.items():
        wrong = put(f"{ONE}.properties.lifecyclestage", value)
        yield Case(f"{kind} for a property", wrong, Refused(rf"properties\.lifecyclestage is {kind}, not a text"))
    number = put(f"{ONE}.id", int)
    yield Case("a whole number for an id", number, Refused(r"results\[0\]\.id is a whole number, not a text"))
    for name in ("createdAt", "updatedAt", "archived"):
        yield Case(f"no {name}", put(f"{ONE}.{name}", MISSING), Refused(f"{name} is missing"))
    yield Case("modified at no time but the record's", first(1, put(f"{ONE}.properties.lastmodifieddate", None)), WELL)


def odds() -> list[Odd]:
    """Records that are odd; what HubSpot calls a property, the source calls a column."""
    parts = (_odd_texts, _odd_times, _odd_amounts, _odd_ids)
    return [odd for part in parts for odd in part()]


def _property(name: str, value: Any) -> Callable[[Any], object]:
    return member(f"properties.{name}", value)


def _odd_texts() -> Iterator[Odd]:
    texts = {
        "a text of a million signs": "ü" * (1 << 20),
        "control signs": "a\u0001\u001b[31mb\u2028c\U0001f600",
        "quotes": """a'b"c\\d;--{}$1%s""",
        "what looks like JSON": '{"a": [1]}',
        "what looks like a time": "\uf0272026-06-02",
    }
    for name, text in texts.items():
        yield Odd(name, "contacts", _property("lifecyclestage", text), {"lifecycle_stage": text})
    yield Odd("a number for a text", "contacts", _property("lifecyclestage", 7), {"lifecycle_stage": "7"})
    yield Odd("an empty text", "contacts", _property("lifecyclestage", ""), {"lifecycle_stage": None})
    yield Odd("a name for an e-mail", "contacts", _property("email", "piep"), {"email_token": None})
    capitals = {"email_token": "«piep101@kanari.example»"}
    yield Odd("an e-mail in capitals", "contacts", _property("email", " PIEP101@Kanari.example "), capitals)
    yield Odd("a phone without a country", "contacts", _property("phone", "0612 00 01"), {"phone_token": None})
    out = {"marketing_consent": "unsubscribed"}
    yield Odd("an opt-out as a boolean", "contacts", _property("hs_email_optout", True), out)
    yield Odd("a country by name", "contacts", _property("hs_country_region_code", "France"), {"country_code": None})
    for name, value in {"a boolean": True, "a word": "TRUE", "a number": 1, "a text": "true"}.items():
        yield Odd(f"{name} for won", "deals", _property("hs_is_closed_won", value), {"is_closed_won": True})
    yield Odd("perhaps won", "deals", _property("hs_is_closed_won", "maybe"), None)
    yield Odd("neither won nor lost", "deals", _property("hs_is_closed_won", None), {"is_closed_won": None})


def _odd_times() -> Iterator[Odd]:
    for text, moment in TIMES.items():
        yield Odd(f"modified at {text}", "contacts", _property("lastmodifieddate", text), {"updated_at": moment})
    for text in ("2026-02-30T10:00:00Z", "2 June 2026", "1780394401011", "tomorrow", "20260602T100001Z", "99999-01-01"):
        yield Odd(f"created at {text}", "contacts", _property("createdate", text), None)
    yield Odd("created as a number", "contacts", _property("createdate", 1780394401011), None)
    yield Odd("created in the year 1", "contacts", _property("createdate", "0001-01-01T00:00:00Z"), None)
    # a copy of the first contact, whose own time of creation is the same
    yield Odd("created at no time but the record's", "contacts", _property("createdate", None), {})
    future = {"updated_at": datetime(2099, 1, 1, tzinfo=UTC)}
    yield Odd("modified in 2099", "contacts", _property("lastmodifieddate", "2099-01-01T00:00:00Z"), future)


def _odd_amounts() -> Iterator[Odd]:
    right = {"1200.5": "1200.5", " 1200.50 ": "1200.5", "1.2005e3": "1200.5", "-3": "-3", "0": "0"}
    right |= {"0.123456": "0.1235", "99999999999999.9999": "99999999999999.9999"}
    for text, amount in right.items():
        yield Odd(f"an amount of {text!r}", "deals", _property("amount", text), {"amount": Decimal(amount)})
    yield Odd("an amount as a number", "deals", _property("amount", 1200.5), {"amount": Decimal("1200.5")})
    yield Odd("an empty amount", "deals", _property("amount", ""), {"amount": None})
    for text in ("1,200.50", "1.200,50", "€5", "NaN", "Infinity", "1e400", "9" * 5_000, "0x10", "1_000", "٣", "true"):
        yield Odd(f"an amount of {text[:12]!r}", "deals", _property("amount", text), None)
    for text in ("eur", "€", "EURO", "XXQ"):
        yield Odd(f"a currency of {text}", "deals", _property("deal_currency_code", text), None)


def _odd_ids() -> Iterator[Odd]:
    for name, number in {"an empty id": "", "an e-mail": "x@y.example", "a phone": "+33 6 12 34 56 78"}.items():
        yield Odd(f"{name} for an id", "companies", member("id", number), None)
    for number in ("00203", "203 ", "2.03e2", "0x7f", "٢٠٣"):
        renamed = {"company_id": number}
        yield Odd(f"{number!r} for an id", "companies", member("id", number), renamed, key=(number,))


def _moves() -> Iterator[Case]:
    late = "2026-06-30T21:00:00.000Z"

    def edited(number: str) -> Callable[[HubSpot], object]:
        return lambda vendor: vendor.world["contacts"][number]["properties"].update(
            lastmodifieddate=late, lifecyclestage="evangelist"
        )

    new = {"updated_at": datetime(2026, 6, 30, 21, tzinfo=UTC), "lifecycle_stage": "evangelist"}
    for number in ("101", "108"):
        yield Case(
            f"{number} is edited while it is read",
            None,
            _cell("contacts", number, **new),
            world=once_given("contacts", 1, edited(number)),
        )

    def deleted(vendor: HubSpot) -> None:
        vendor.world["contacts"]["108"] |= {"archived": True, "archivedAt": late}

    gone = {"is_archived": True, "archived_at": datetime(2026, 6, 30, 21, tzinfo=UTC)}
    yield Case(
        "one is deleted while it is read",
        None,
        _cell("contacts", "108", **gone),
        world=once_given("contacts", 1, deleted),
        loads=2,
    )

    def restored(vendor: HubSpot) -> None:
        vendor.world["contacts"]["113"] |= {"archived": False, "archivedAt": None}

    back = _cell("contacts", "113", is_archived=False, archived_at=None)
    yield Case(
        "one is restored while it is read", None, back, world=once_given("archived_contacts", 1, restored), loads=2
    )

    def added(vendor: HubSpot) -> None:
        record = copy.deepcopy(vendor.world["contacts"]["112"])
        record["id"] = record["properties"]["hs_object_id"] = "190"
        record["properties"] |= {"lastmodifieddate": late, "email": "piep190@kanari.example"}
        vendor.world["contacts"]["190"] = record

    new = {
        "contact_id": "190",
        "email_token": "«piep190@kanari.example»",
        "updated_at": datetime(2026, 6, 30, 21, tzinfo=UTC),
    }
    yield Case(
        "one is added while it is read",
        None,
        Exact({"contacts": {("190",): new}}, like={("contacts", ("190",)): ("112",)}),
        world=once_given("contacts", 1, added),
    )
