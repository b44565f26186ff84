"""Typing and row rules over JSON documents, as every API's records pass them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from pipelines.casts import Times, cast
from pipelines.records import (
    DOCUMENT_EXTRA,
    Judged,
    Origin,
    connect,
    document_values,
    documents,
    encode,
    judge,
    landed,
    quarantined,
)
from pipelines.schema import BOOLEAN, DATE, DOUBLE, INTEGER, MONEY, TEXT, TIMESTAMP, Column, table

THINGS = table(
    "things",
    "One of each type and rule.",
    ("id",),
    (
        Column("id", TEXT, "Key.", required=True),
        Column("count", INTEGER, "Count.", minimum=0),
        Column("share", DOUBLE, "Share."),
        Column("amount", MONEY, "Amount."),
        Column("currency", TEXT, "ISO 4217.", is_currency=True),
        Column("is_new", BOOLEAN, "New."),
        Column("day", DATE, "Day."),
        Column("at", TIMESTAMP, "Moment."),
        Column("state", TEXT, "State.", one_of=frozenset({"open", "closed"})),
    ),
)
ORIGIN = Origin("aurora", "shop", datetime(2026, 6, 30, tzinfo=UTC))


def passed(tmp_path, *records: dict[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Good rows and quarantine rows."""
    with connect(str(tmp_path)) as con:
        con.execute("create table raw (_record_number bigint, _stream varchar, doc json)")
        con.execute(
            """insert into raw select row_number() over (), 's', doc
            from (select unnest(from_json($1, '["JSON"]')) as doc)""",
            [encode(records)],
        )
        judge(con, "judged", documents(THINGS, "raw"), THINGS, document_values(THINGS), Times(), DOCUMENT_EXTRA)
        part = Judged("judged", THINGS)
        good = [row for batch in landed(con, part, ORIGIN) for row in batch.to_pylist()]
        bad = [row for batch in quarantined(con, part, ORIGIN) for row in batch.to_pylist()]
    return good, bad


def test_values_are_typed_and_the_loaders_columns_filled(tmp_path):
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
        "unknown": 1,
        "_extra": {"a": [1]},
    }
    good, bad = passed(tmp_path, record)
    assert bad == []
    assert good == [
        {
            "id": "17",
            "count": 3,
            "share": 0.5,
            "amount": Decimal("12.3000"),
            "currency": "EUR",
            "is_new": True,
            "day": date(2026, 1, 31),
            "at": datetime(2026, 1, 31, 8, 0, 0, 500000, tzinfo=UTC),
            "state": "open",
            "brand_id": "aurora",
            "source_instance": "shop",
            "_observed_at": ORIGIN.observed_at,
            "_extra": '{"a":[1]}',
        }
    ]


def test_blank_is_absent_and_never_zero(tmp_path):
    good, _ = passed(
        tmp_path, {"id": "1", "count": "", "share": None, "amount": " ", "is_new": "", "day": "", "at": ""}
    )
    assert {good[0][name] for name in ("count", "share", "amount", "is_new", "day", "at", "state")} == {None}


FAULTS = [
    ({"id": None}, "id", "null", "required and missing"),
    ({"id": ""}, "id", "null", "required and missing"),
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
    ({"state": "ajar"}, "state", "text", "not one of closed, open"),
]


@pytest.mark.parametrize(("fields", "column", "kind", "reason"), FAULTS)
def test_each_broken_rule_is_named_without_its_value(tmp_path, fields, column, kind, reason):
    good, bad = passed(tmp_path, {"id": "good"}, {"id": "bad", **fields})
    assert [row["id"] for row in good] == ["good"]
    assert [(row["column_name"], row["value_kind"], row["reason"], row["record_number"]) for row in bad] == [
        (column, kind, reason, 2)
    ]
    assert bad[0]["record_key"] == (
        None if "id" in fields and column == "id" and kind == "null" else bad[0]["record_key"]
    )


def test_a_repeated_key_keeps_the_first_and_an_equal_record_counts_once(tmp_path):
    good, bad = passed(tmp_path, {"id": "1", "count": 1}, {"id": "1", "count": 2}, {"id": "1", "count": 1})
    assert [row["count"] for row in good] == [1]
    assert [(row["record_number"], row["column_name"], row["reason"]) for row in bad] == [(2, "id", "duplicate key")]


def test_half_an_emoji_does_not_stop_a_load(tmp_path):
    good, _ = passed(tmp_path, {"id": "a\ud83d"})
    assert good[0]["id"] == "a?"


TIMES = [
    ("2026-03-29 01:30", "Europe/Paris", datetime(2026, 3, 29, 0, 30, tzinfo=UTC)),
    ("2026-03-29 03:30", "Europe/Paris", datetime(2026, 3, 29, 1, 30, tzinfo=UTC)),
    ("2026-07-01T00:30:00+05:30", "Europe/Paris", datetime(2026, 6, 30, 19, 0, tzinfo=UTC)),
    ("2026-07-01", "America/New_York", datetime(2026, 7, 1, 4, 0, tzinfo=UTC)),
    ("01.07.26 12:00", "UTC", datetime(2026, 7, 1, 12, 0, tzinfo=UTC)),
    ("2026-07-01x", "UTC", None),
    ("epoch", "UTC", None),
    ("infinity", "UTC", None),
]


@pytest.mark.parametrize(("text", "zone", "moment"), TIMES)
def test_texts_become_moments_by_zone_and_format(tmp_path, text, zone, moment):
    with connect(str(tmp_path)) as con:
        sql = cast("value", "VARCHAR", TIMESTAMP, Times(zone, ("%d.%m.%y %H:%M",)))
        assert con.execute(f"select {sql} from (select $1::varchar as value)", [text]).fetchall() == [(moment,)]
