"""Typing and row rules over what dlt extracted, as every source's records pass them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import dlt
import pyarrow as pa

from pipelines.landing.loading import LoadReport, load_instance
from pipelines.sources import Given
from pipelines.sources.hints import (
    count,
    currency,
    day,
    decimal,
    document,
    flag,
    moment,
    number,
    personal,
    resource_of,
    table,
    text,
)
from tests.landing.conftest import NOW, Shop

THINGS = table(
    "One of each type and rule.",
    ("id",),
    {
        "id": text("Key.", required=True),
        "count": count("Count."),
        "share": number("Share."),
        "amount": decimal("Amount."),
        "currency": currency(),
        "is_new": flag("New."),
        "day": day("Day."),
        "at": moment("Moment."),
        "state": text("State.", one_of=("open", "closed")),
        "order_id": text("Another record."),
        "_extra": document("More."),
    },
    "append",
)
FAULTS = [
    ({"id": None}, "id", "null", "required and missing"),
    ({"id": ""}, "id", "text", "required and missing"),
    ({"id": {"a": 1}}, "id", "object", "wrong type: no text"),
    ({"count": "many"}, "count", "text", "wrong type: no integer"),
    ({"count": 1.5}, "count", "decimal", "wrong type: no integer"),
    ({"count": True}, "count", "boolean", "wrong type: no integer"),
    ({"count": 10**19}, "count", "integer", "wrong type: no integer"),
    ({"count": -1}, "count", "integer", "below the minimum of 0"),
    ({"amount": "1,5"}, "amount", "text", "wrong type: no decimal"),
    ({"amount": [1]}, "amount", "object", "wrong type: no decimal"),
    ({"share": "NaN"}, "share", "text", "wrong type: no decimal"),
    ({"currency": "EURO"}, "currency", "text", "unknown currency"),
    ({"is_new": "maybe"}, "is_new", "text", "wrong type: no boolean"),
    ({"day": "2026-02-30"}, "day", "text", "impossible date"),
    ({"day": "0026-02-20"}, "day", "text", "impossible date"),
    ({"at": "2026-01-31T25:00:00Z"}, "at", "text", "impossible date"),
    ({"at": 1700000000}, "at", "integer", "wrong type: no timestamp"),
    ({"at": "epoch"}, "at", "text", "wrong type: no timestamp"),
    ({"state": "ajar"}, "state", "text", "not one of closed, open"),
    ({"_extra": "more"}, "_extra", "text", "wrong type: no object"),
    ({"order_id": "Anna@mail.example"}, "order_id", "text", "an e-mail address is no id: map it as an identifier"),
    ({"order_id": "+33 6 12 34 56 78"}, "order_id", "text", "a phone number is no id: map it as an identifier"),
    ({"_broken": "wrong number of fields"}, None, "text", "wrong number of fields"),
]


def load(world: Any, records: Any, declared: Any = THINGS, **hints: Any) -> LoadReport:
    """Load records of table `things` and accept them."""

    class Things(Shop):
        def source(self, _given: Given) -> Any:
            @dlt.resource(**resource_of(declared))
            def things() -> Iterator[Any]:
                yield records

            things.apply_hints(additional_table_hints=hints)
            return dlt.source(lambda: things, name="shop", max_table_nesting=0)()

    shop = Things(kind="shop", brand="aurora", vendor=None)
    brands = world.brands.model_copy(update={"sources": {"shop": shop}})
    report = load_instance(world.home, "shop", brands, NOW, world.environment)
    if report.load_id:
        world.ledger.accept(report.load_id, "test", "as expected")
    return report


def test_values_are_typed_and_the_loaders_columns_filled(world):
    record = {
        "id": 17,
        "count": "3",
        "share": 0.5,
        "amount": "12.30",
        "currency": "EUR",
        "is_new": True,
        "day": "2026-01-31",
        "at": "2026-01-31T10:00:00.5+02:00",
        "state": "open",
        "order_id": "0012",
        "unknown": 1,
        "_extra": {"a": [1]},
    }
    load_id = load(world, [record]).load_id
    assert world.rows("from t", "things") == [
        (
            "17",
            3,
            0.5,
            Decimal("12.3000"),
            "EUR",
            True,
            date(2026, 1, 31),
            datetime(2026, 1, 31, 8, 0, 0, 500000, tzinfo=UTC),
            "open",
            "0012",
            '{"a":[1]}',
            "aurora",
            "shop",
            NOW,
            load_id,
        )
    ]


def test_python_values_of_other_sources_land_as_they_are(world):
    record = {"id": "1", "amount": Decimal("1.25"), "at": datetime(2026, 1, 31, 8, tzinfo=UTC), "day": date(2026, 2, 1)}
    load(world, [record])
    assert world.rows("select amount, t.at, day from t", "things") == [(record["amount"], record["at"], record["day"])]


def test_blank_is_absent_and_never_zero(world):
    blank = {"id": "1", "count": "", "share": None, "amount": " ", "is_new": "", "day": "", "at": ""}
    load(world, [blank])
    assert world.rows("select count, share, amount, is_new, day, t.at, state from t", "things") == [(None,) * 7]


def test_each_broken_rule_is_named_without_its_value(world):
    records = [{"id": f"bad {number}", **fields} for number, (fields, *_) in enumerate(FAULTS)]
    assert load(world, [*records, {"id": "good"}]).tables == {"things": (1, len(FAULTS))}
    assert world.rows("select id from t", "things") == [("good",)]
    told = "select column_name, value_kind, reason from t order by record_number"
    assert world.rows(told, "_quarantine") == [tuple(fault) for _, *fault in FAULTS]
    assert world.rows("select count(distinct record_digest) from t", "_quarantine") == [(len(FAULTS),)]
    texts = [str(value) for row in world.rows("from t", "_quarantine") for value in row]
    assert not [text for text in texts if "bad " in text or "mail.example" in text]


def test_arrow_tables_are_judged_like_documents(world):
    things = pa.table(
        {
            "id": ["1", "2", "3"],
            "count": ["3", "many", None],
            "at": ["2026-01-31T10:00:00+02:00", None, None],
            "_broken": [None, None, "wrong number of fields"],
        }
    )
    assert load(world, things).tables == {"things": (1, 2)}
    assert world.rows("select id, count, t.at from t", "things") == [("1", 3, datetime(2026, 1, 31, 8, tzinfo=UTC))]
    told = "select record_number, column_name, reason from t order by 1"
    assert world.rows(told, "_quarantine") == [
        (2, "count", "wrong type: no integer"),
        (3, None, "wrong number of fields"),
    ]
    assert load(world, things).tables == {"things": (1, 0)}


def test_a_repeated_key_of_a_file_is_a_fault_of_every_record_but_the_first(world):
    columns = {"_source_file": text("File."), "_file_version": text("Version.")}
    declared = table("Things of files.", ("id",), {"id": text("Key."), **columns}, "append")
    rows = [("1", "a", "x"), ("1", "a", "x"), ("1", "b", "x"), ("2", "a", "x")]
    things = pa.table(
        dict(zip(("id", "_source_file", "_file_version"), map(list, zip(*rows, strict=True)), strict=True))
    )
    assert load(world, things, declared, **{"x-repeated-key": "quarantine"}).tables == {"things": (3, 1)}
    told = "select source_file, record_number, column_name, reason from t"
    assert world.rows(told, "_quarantine") == [("a", 2, "id", "duplicate key")]


PERSONS = table(
    "Persons.",
    ("id",),
    {
        "id": text("Key.", required=True),
        "email": personal("email", "E-mail."),
        "handle": personal("handle", "Handle.", network="mastodon"),
        "said": personal("text", "What was said."),
        "is_gone": flag("Gone.", erases=True),
    },
    "merge",
)


def _vault(world: Any) -> list[tuple[str, str]]:
    with sqlite3.connect(world.home.pii / "vault.db") as con:
        return con.execute("select kind, identifier from identifiers order by 1, 2").fetchall()


def test_what_leads_to_a_person_is_a_token_and_what_was_written_a_token_of_its_own(world):
    said = {"handle": "@Anna", "said": "hello!"}
    load(world, [{"id": "1", "email": "Anna@mail.example", **said}, {"id": "2", "email": "nobody", **said}], PERSONS)
    rows = world.rows("select id, email_token, handle_token, said_token, said_length from t order by 1", "things")
    ((_, email, handle, first, length), (_, no_email, same_handle, second, _)) = rows
    assert (no_email, same_handle, length) == (None, handle, 6)
    assert len({email, handle, first, second}) == 4
    assert _vault(world) == [
        ("email", "anna@mail.example"),
        ("handle@mastodon", "anna"),
        ("text", "shop|things|1\nhello!"),
        ("text", "shop|things|2\nhello!"),
    ]


def test_texts_of_a_record_that_is_gone_leave_the_vault_and_no_others(world):
    load(world, [{"id": "1", "said": "hello!"}, {"id": "2", "said": "hello!"}], PERSONS)
    load(world, [{"id": "1", "said": "hello again"}], PERSONS)
    assert len(_vault(world)) == 3
    load(world, [{"id": "1", "said": None, "is_gone": True}], PERSONS)
    assert _vault(world) == [("text", "shop|things|2\nhello!")]


def test_no_identifier_and_no_text_of_a_person_lies_outside_the_vaults_half(world):
    load(world, [{"id": "1", "email": "anna@mail.example", "handle": "annabel", "said": "a secret"}], PERSONS)
    files = [path for path in world.home.root.rglob("*") if path.is_file() and "pii" not in path.parts]
    assert files
    for path in files:
        content = path.read_bytes()
        assert not [word for word in (b"anna", b"secret") if word in content], path
