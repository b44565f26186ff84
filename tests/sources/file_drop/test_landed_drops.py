"""File drops through real loads: what lands, what goes to quarantine and why, and what stays in the vault's half."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.home import Home
from pipelines.landing.views import query
from tests.sources.file_drop.dropped import SALES, SALES_CSV, chain

QUARANTINED = [
    ("quantity", "wrong type: no integer", "9,1,x,2026-03-01,many,1,"),
    ("quantity", "wrong type: no integer", "9,1,x,2026-03-01,1.5,1,"),
    ("quantity", "below the minimum of 0", "9,1,x,2026-03-01,-1,1,"),
    ("gross_amount", "wrong type: no decimal", "9,1,x,2026-03-01,1,dear,"),
    ("discount_amount", "wrong type: no decimal", "9,1,x,2026-03-01,1,1,dear"),
    ("line_id", "required and missing", "9,,x,2026-03-01,1,1,"),
    ("order_id", "duplicate key", "2,1,x,2026-03-01,1,1,"),
    (None, "wrong number of fields", "9,1,x"),
    (None, "wrong number of fields", "9,1,x,2026-03-01,1,1,0,0"),
]


@pytest.mark.parametrize(("column", "reason", "row"), QUARANTINED)
def test_a_bad_row_goes_to_quarantine_with_its_place_and_reason(world, column, reason, row):
    world.put(SALES, sales_csv=SALES_CSV + row + "\n10,1,z,2026-03-01,1,1,\n")
    assert world.load().tables["order_lines"] == (4, 1)
    place = "source_file, record_number, column_name, reason"
    assert world.rows("quarantine", place, "table_name = 'order_lines'") == [("sales.csv", 4, column, reason)]
    assert world.rows("file_drop__order_lines", "_record_number") == [(1,), (2,), (3,), (5,)]
    assert world.rows("file_drop__files", "table_name, records_read", "table_name = 'order_lines'") == [
        ("order_lines", 5)
    ]


@pytest.mark.parametrize(
    ("time", "reason"),
    [("2026-02-30", "impossible date"), ("31/31/2026 10:00", "impossible date"), ("soon", "wrong type: no timestamp")],
)
def test_a_bad_date_goes_to_quarantine(world, time, reason):
    world.put(SALES, sales_csv=SALES_CSV + f"9,1,x,{time},1,1,\n")
    assert world.load().tables["orders"] == (2, 1)
    assert world.rows("quarantine", "column_name, reason") == [("ordered_at", reason)]


def test_an_unknown_currency_goes_to_quarantine(world):
    mapping = "files:\n  - match: r.csv\n    entities:\n      - entity: exchange_rates\n        columns: "
    world.put(
        mapping + "{rate_date: d, currency: c, units_per_euro: u}",
        r_csv="d,c,u\n2026-01-02,USD,1.1\n2026-01-02,XQX,3\n",
    )
    assert world.load().tables == {"exchange_rates": (1, 1), "files": (1, 0)}
    assert world.rows("quarantine", "column_name, reason") == [("currency", "unknown currency")]


def test_a_key_may_stand_in_two_files_and_in_two_versions_of_one(world):
    world.put(SALES, sales_csv=SALES_CSV, sales2_csv=SALES_CSV)
    assert world.load().tables["orders"] == (4, 0)
    world.put(SALES, sales_csv=SALES_CSV.replace("anna", "carla"))
    assert world.load().tables["orders"] == (2, 0)
    files = "select source_instance, _source_file, table_name, count(*) from landing.file_drop__files"
    read = f"{files} group by all order by all"
    assert [tuple(row.values()) for row in query(world.ledger, read, ["file_drop__files"]).to_pylist()] == [
        ("shop", "sales.csv", "order_lines", 2),
        ("shop", "sales.csv", "orders", 2),
        ("shop", "sales2.csv", "order_lines", 1),
        ("shop", "sales2.csv", "orders", 1),
    ]


def test_same_bytes_land_once_and_a_rejected_load_is_read_again(world):
    world.put(SALES, sales_csv=SALES_CSV)
    world.ledger.reject(world.load(accept=False).load_id, "test", "no")
    assert world.load().tables["orders"] == (2, 0)
    assert world.load().load_id is None
    assert world.rows("file_drop__control_totals", "entity, records, net_amount", "entity = 'order_lines'") == [
        ("order_lines", 1, Decimal("3.3000")),
        ("order_lines", 2, Decimal("25.0000")),
    ]


CUSTOMERS = """\
files:
  - match: people.csv
    entities:
      - entity: customers
        columns: {customer_id: id, email: mail, phone: tel, handle: insta}
"""
PEOPLE_CSV = """\
id,mail,tel,insta,street
1, Anna@Example.org ,+33 (0)6 12 34 56 78,@anna,Rue Secrète 1
2,anna@example.org,0033612345678,ANNA,Rue Secrète 1
3,not an address,06 12 34 56 78,,Rue Secrète 2
ben@example.org,,,,
+33 6 99 99 99 99,,,,
"""
SECRETS = ("anna@example", "Anna@Example", "ben@example", "612345678", "99 99 99", "Secr", "not an address")


def outside(home: Home) -> list[Path]:
    """Files of a home but those of the vault's half and the inbox."""
    return [
        p for p in home.root.rglob("*") if p.is_file() and not {"pii", "inbox"} & set(p.relative_to(home.root).parts)
    ]


def test_identifiers_become_tokens_and_stay_in_the_vault(world):
    world.put(CUSTOMERS, people_csv=PEOPLE_CSV)
    assert world.load().tables == {"customers": (3, 2), "files": (1, 0)}
    tokens = "customer_id, email_token, phone_token, handle_token"
    first, second, third = (row[1:] for row in world.rows("file_drop__customers", tokens))
    assert first == second
    assert None not in first
    assert third == (None, None, None)
    assert world.rows("quarantine", "column_name, reason") == [
        ("customer_id", "a phone number is no id: map it as an identifier"),
        ("customer_id", "an e-mail address is no id: map it as an identifier"),
    ]
    files = outside(world.home)
    assert len(files) > 5
    assert [(p, secret) for p in files for secret in SECRETS if secret.encode() in p.read_bytes()] == []
    landed = str([row for table in ("file_drop__customers", "quarantine") for row in world.rows(table, "*")])
    assert [secret for secret in (*SECRETS, "anna") if secret in landed] == []
    assert [p for p in (world.home.pii / "scratch").rglob("*") if p.is_file()] == []


def test_an_error_keeps_nothing_of_a_file(world):
    world.put(CUSTOMERS, people_csv=PEOPLE_CSV.split("\n", 1)[1])
    with pytest.raises(ConfigError, match=r"the first line looks like data") as error:
        world.load()
    assert [secret for secret in SECRETS if secret in "".join(map(repr, chain(error.value)))] == []
    assert [(p, secret) for p in outside(world.home) for secret in SECRETS if secret.encode() in p.read_bytes()] == []


def test_a_broken_drop_is_told_by_its_own_load_only(world):
    world.put(SALES, sales_csv=SALES_CSV)
    world.put("files: []\n", name="other")
    with pytest.raises(ConfigError, match=r"other/drop.yml: files: .* at least 1 item"):
        world.load("other")
    assert world.load().tables["orders"] == (2, 0)
