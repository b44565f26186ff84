"""File drops: mappings, formats, versions, quarantine and control totals, through real loads into Parquet."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import ConfigError

SALES = """\
timezone: Europe/Paris
currency: EUR
date_formats: ["%d/%m/%Y %H:%M"]
null_values: ["N/A"]
files:
  - match: "sales*"
    entities:
      - entity: orders
        distinct: true
        columns:
          order_id: no
          customer_id: who
          ordered_at: time
      - entity: order_lines
        columns:
          order_id: no
          line_id: line
          quantity: {expression: "units * 1"}
          gross_amount: {expression: 'units * "unit price"'}
          discount_amount: off
"""
SALES_CSV = """\
no,line,who,time,units,unit price,off
1,1,anna,2026-03-01 23:30,2,10.25,0.50
1,2,anna,2026-03-01 23:30,1,5,N/A
2,1,ben,15/07/2026 00:30,3,1.10,
"""
LINES = """
    select order_id, line_id, quantity, gross_amount, discount_amount, currency
    from landing.file_drop__order_lines order by all
"""
EXPECTED_LINES = [
    ("1", "1", 2, Decimal("20.5000"), Decimal("0.5000"), "EUR"),
    ("1", "2", 1, Decimal("5.0000"), None, "EUR"),
    ("2", "1", 3, Decimal("3.3000"), None, "EUR"),
]


def test_one_file_gives_orders_once_and_all_their_lines(world):
    world.drop(SALES, sales_csv=SALES_CSV)
    report = world.load()
    assert report.tables == {"orders": (2, 0), "order_lines": (3, 0), "control_totals": (4, 0)}
    assert world.query(LINES) == EXPECTED_LINES
    orders = world.query("select order_id, customer_id, ordered_at from landing.file_drop__orders order by all")
    assert [(row[0], row[1], row[2].astimezone(UTC)) for row in orders] == [
        ("1", "anna", datetime(2026, 3, 1, 22, 30, tzinfo=UTC)),
        ("2", "ben", datetime(2026, 7, 14, 22, 30, tzinfo=UTC)),
    ]


def test_control_totals_come_from_the_raw_file_by_the_brands_day(world):
    world.drop(SALES, sales_csv=SALES_CSV + "3,1,eve,2026-07-15 12:00,-4,2.00,\n4,1,eve,soon,1,2.00,\n")
    assert world.load().tables["order_lines"] == (4, 1)
    totals = "select day, records, net_amount from landing.file_drop__control_totals where entity = 'order_lines'"
    assert world.query(totals + " order by day nulls last") == [
        (date(2026, 3, 1), 2, Decimal("25.0000")),
        (date(2026, 7, 15), 2, Decimal("-4.7000")),
        (None, 1, Decimal("2.0000")),
    ]


def json_lines() -> str:
    keys, *rows = [line.split(",") for line in SALES_CSV.splitlines()]
    quoted = [", ".join(f'"{k}": "{v}"' for k, v in zip(keys, row, strict=True)) for row in rows]
    return "".join(f"{{{fields}}}\n" for fields in quoted)


def parquet(path: Path) -> bytes:
    moments = [datetime(2026, 3, 1, 23, 30), datetime(2026, 3, 1, 23, 30), datetime(2026, 7, 15, 0, 30)]  # noqa: DTZ001
    columns = {
        "no": [1, 1, 2],
        "line": [1, 2, 1],
        "who": pa.array(["anna", "anna", "ben"]).dictionary_encode(),
        "time": pa.array(moments, pa.timestamp("ns")),
        "units": [2, 1, 3],
        "unit price": [10.25, 5.0, 1.1],
        "off": [0.5, None, None],
    }
    pq.write_table(pa.table(columns), path)
    return path.read_bytes()


@pytest.mark.parametrize("is_gzip", [False, True])
@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_every_format_gives_the_same_rows_and_totals(world, tmp_path, ending, is_gzip):
    content = {"csv": SALES_CSV.encode(), "jsonl": json_lines().encode(), "parquet": parquet(tmp_path / "p")}[ending]
    world.drop(SALES, **{f"sales_{ending}" + "_gz" * is_gzip: gzip.compress(content) if is_gzip else content})
    assert world.load().tables["orders"] == (2, 0)
    assert world.query(LINES) == EXPECTED_LINES
    total = "select sum(net_amount), sum(records) from landing.file_drop__control_totals where entity = 'order_lines'"
    assert world.query(total) == [(Decimal("28.3000"), 3)]


def test_same_bytes_land_once_and_a_new_version_replaces_the_old_one(world):
    folder = world.drop(SALES, sales_csv=SALES_CSV)
    world.load()
    assert world.load().load_id is None
    (folder / "sales.csv").write_text(SALES_CSV.replace("anna", "carla"))
    assert world.load().load_id
    newest = """
        select customer_id from landing.file_drop__orders where _dlt_load_id = (
            select max(_dlt_load_id) from landing.streams where stream = _source_file) order by all
    """
    assert world.query(newest) == [("ben",), ("carla",)]
    (folder / "sales.csv").unlink()
    assert world.load().load_id is None
    assert world.query(newest) == [("ben",), ("carla",)]


def test_another_mapping_of_the_same_bytes_lands_anew(world):
    world.drop(SALES, sales_csv=SALES_CSV)
    world.load()
    world.drop(SALES.replace("currency: EUR", "currency: USD"))
    assert world.load().load_id
    assert world.query("select distinct currency from landing.file_drop__orders order by 1") == [("EUR",), ("USD",)]


def test_an_emptied_file_lands_as_a_version_without_rows(world):
    folder = world.drop(SALES, sales_csv=SALES_CSV)
    world.load()
    (folder / "sales.csv").write_text(SALES_CSV.splitlines(keepends=True)[0])
    load_id = world.load().load_id
    streams = f"select table_name, records_read from landing.streams where _dlt_load_id = '{load_id}' order by all"
    assert world.query(streams) == [("order_lines", 0), ("orders", 0)]


def test_a_rejected_load_is_read_again(world):
    world.drop(SALES, sales_csv=SALES_CSV)
    world.ledger.reject(world.load(accept=False).load_id, "test", "no")
    assert world.load(accept=False).tables["orders"] == (2, 0)


ROWS = [
    ("quantity", "text", "wrong type: no integer", "9,1,x,2026-03-01,many,1,"),
    ("quantity", "decimal", "wrong type: no integer", "9,1,x,2026-03-01,1.5,1,"),
    ("quantity", "decimal", "below the minimum of 0", "9,1,x,2026-03-01,-1,1,"),
    ("gross_amount", "text", "wrong type: no decimal", "9,1,x,2026-03-01,1,dear,"),
    ("discount_amount", "text", "wrong type: no decimal", "9,1,x,2026-03-01,1,1,dear"),
    ("line_id", "null", "required and missing", "9,,x,2026-03-01,1,1,"),
    ("order_id", "text", "duplicate key", "2,1,x,2026-03-01,1,1,"),
    (None, "text", "wrong number of fields", "9,1,x"),
    (None, "text", "wrong number of fields", "9,1,x,2026-03-01,1,1,0,0"),
]


@pytest.mark.parametrize(("column", "kind", "reason", "row"), ROWS)
def test_a_bad_row_goes_to_quarantine_with_its_place_and_reason(world, column, kind, reason, row):
    world.drop(SALES, sales_csv=SALES_CSV + row + "\n10,1,z,2026-03-01,1,1,\n")
    assert world.load().tables["order_lines"] == (4, 1)
    place = "source_file, record_number, column_name, value_kind, reason"
    query = f"select {place} from landing.quarantine where table_name = 'order_lines'"
    assert world.query(query) == [("sales.csv", 4, column, kind, reason)]
    numbers = "select _record_number from landing.file_drop__order_lines order by 1"
    assert world.query(numbers) == [(1,), (2,), (3,), (5,)]


@pytest.mark.parametrize(
    ("time", "reason"),
    [("2026-02-30", "impossible date"), ("31/31/2026 10:00", "impossible date"), ("soon", "wrong type: no timestamp")],
)
def test_a_bad_date_goes_to_quarantine(world, time, reason):
    world.drop(SALES, sales_csv=SALES_CSV + f"9,1,x,{time},1,1,\n")
    assert world.load().tables["orders"] == (2, 1)
    assert world.query("select column_name, reason from landing.quarantine") == [("ordered_at", reason)]


def test_an_unknown_currency_goes_to_quarantine(world):
    mapping = "files:\n  - match: r.csv\n    entities:\n      - entity: exchange_rates\n        columns: "
    world.drop(
        mapping + "{rate_date: d, currency: c, units_per_euro: u}",
        r_csv="d,c,u\n2026-01-02,USD,1.1\n2026-01-02,XQX,3\n",
    )
    assert world.load().tables == {"exchange_rates": (1, 1)}
    assert world.query("select column_name, reason from landing.quarantine") == [("currency", "unknown currency")]


WIDE = """\
null_values: [N/A]
files:
  - match: ecb.csv
    entities:
      - entity: exchange_rates
        where: USD is not null
        columns: {rate_date: Date, currency: {constant: USD}, units_per_euro: USD}
      - entity: exchange_rates
        where: JPY is not null
        columns: {rate_date: Date, currency: {constant: JPY}, units_per_euro: JPY}
"""


def test_a_wide_file_gives_several_records_of_one_entity(world):
    world.drop(WIDE, ecb_csv="Date,USD,JPY,\n2026-01-02,1.1,160,\n2026-01-05,N/A,161,\n")
    assert world.load().tables == {"exchange_rates": (3, 0)}


def test_a_condition_that_cannot_be_read_loses_no_record(world):
    mapping = WIDE.replace("USD is not null", "USD > 1").replace("JPY is not null", "JPY > 1")
    world.drop(mapping, ecb_csv="Date,USD,JPY,\n2026-01-02,1.1,160,\n2026-01-05,x,0.5,\n")
    assert world.load().tables == {"exchange_rates": (2, 1)}
    assert world.query("select reason from landing.quarantine") == [("not comparable as `where` asks",)]


def test_signs_of_a_glob_in_a_files_name_are_signs(world):
    folder = world.drop(SALES, sales_csv=SALES_CSV)
    (folder / "sales.csv").rename(folder / "sales [1]*.csv")
    assert world.load().tables["orders"] == (2, 0)


def test_a_bad_json_line_goes_to_quarantine(world):
    lines = json_lines().splitlines(keepends=True)
    world.drop(SALES, sales_jsonl=lines[0] + "{broken\n" + "".join(lines[1:]))
    assert world.load().tables["order_lines"] == (3, 1)
    query = "select record_number, reason from landing.quarantine where table_name = 'order_lines'"
    assert world.query(query) == [(2, "not a JSON object")]


def test_other_encodings_are_read_as_told_and_refused_when_wrong(world):
    content = SALES_CSV.replace("anna", "Zoë").encode("cp1252")
    world.drop(SALES, sales_csv=content)
    with pytest.raises(ConfigError, match=r"sales.csv: is not utf-8 .*; set `encoding`"):
        world.load()
    world.drop(SALES.replace('"sales*"', '"sales*"\n    encoding: cp1252'))
    world.load()
    assert world.query("select distinct customer_id from landing.file_drop__orders order by 1") == [("Zoë",), ("ben",)]


WRONG_CONTENT = [
    ("sales_csv", gzip.compress(b"a"), "ends in .csv and is gzip"),
    ("sales_csv", b"PK\x03\x04rest", "ends in .csv and is a ZIP archive or Excel file"),
    ("sales_csv", b"<!DOCTYPE html><html>", "ends in .csv and is HTML or XML"),
    ("sales_csv", b"", "is empty"),
    ("sales_csv", b"a,A\n1,2\n", "has two columns of one name"),
    ("sales_csv_gz", SALES_CSV.encode(), "ends in .gz and is not gzip"),
    ("sales_parquet", SALES_CSV.encode(), "ends in .parquet and is not Parquet"),
    ("sales_parquet", b"PAR1 and no more", "is not readable as Parquet"),
    ("sales_jsonl", SALES_CSV.encode(), "ends in .jsonl and does not hold a JSON object per line"),
]


@pytest.mark.parametrize(("name", "content", "message"), WRONG_CONTENT)
def test_a_file_that_is_not_what_its_ending_says_is_refused(world, name, content, message):
    world.drop(SALES, **{name: content})
    with pytest.raises(ConfigError) as error:
        world.load()
    assert message in str(error.value)
    assert "\n" not in str(error.value)
    assert world.ledger.loads() == []


MAPPING_FAULTS = [
    ("order_id: no", "order_id: nr", "sales.csv: orders.order_id: unknown column nr; the file has no, line, who,"),
    ("units * 1", "piece * 1", "order_lines.quantity: unknown column piece; the file has no, line,"),
    ("units * 1", "md7(units)", "order_lines.quantity: unknown function md7; known are abs, ceil,"),
    ("units * 1", "(select 1)", "subquery is not allowed"),
    ("units * 1", "units *", "is no expression"),
    ("units * 1", "read_csv('/etc/passwd')", "unknown function read_csv"),
    ("entity: orders", "entity: baskets", "there is no entity 'baskets', only customers, orders,"),
    ("line_id: line", "line_no: line", "order_lines has no column line_no, only order_id, line_id,"),
    ("          line_id: line\n", "", "order_lines needs a mapping of line_id"),
    ("currency: EUR", "currency: euros", "currency: String should match pattern"),
    ("currency: EUR\n", "", "orders needs a currency"),
    ("Europe/Paris", "Europe/Berlln", "timezone: unknown time zone 'Europe/Berlln'"),
    ('"%d/%m/%Y %H:%M"', '"%H:%M %z"', "and no time zone"),
    ("line_id: line", "line_id: {column: line, constant: 1}", "give exactly one of column, constant and expression"),
    ('match: "sales*"', 'match: "sale.csv"', "sales.csv: is a file that drop.yml does not map"),
    ("files:", "file:", "files: Field required; file: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("old", "new", "message"), MAPPING_FAULTS)
def test_a_fault_in_a_mapping_is_told_in_one_line(world, old, new, message):
    assert old in SALES
    world.drop(SALES.replace(old, new), sales_csv=SALES_CSV)
    with pytest.raises(ConfigError) as error:
        world.load()
    assert message in str(error.value)
    assert "\n" not in str(error.value)


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
"""


def test_identifiers_become_tokens_and_stay_in_the_vault(world):
    world.drop(CUSTOMERS, people_csv=PEOPLE_CSV)
    assert world.load().tables == {"customers": (3, 0)}
    tokens = "select email_token, phone_token, handle_token from landing.file_drop__customers order by customer_id"
    first, second, third = world.query(tokens)
    assert first == second
    assert None not in first
    assert third == (None, None, None)
    outside = [p for p in world.home.root.rglob("*") if p.is_file() and not {"pii", "inbox"} & set(p.parts)]
    assert len(outside) > 5
    secrets = (b"anna@example", b"Anna@Example", b"612345678", b"Secr", b"not an address")
    assert [(path, secret) for path in outside for secret in secrets if secret in path.read_bytes()] == []
    landed = [p for p in outside if p.suffix == ".parquet"]
    assert not any("nna" in str(pq.read_table(p).to_pylist()) for p in landed)
    assert list((world.home.pii / "scratch").iterdir()) == []
