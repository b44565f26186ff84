"""File drops by plain dlt: mappings, formats, versions, records that cannot be read, and control totals."""

from __future__ import annotations

import gzip
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.sources.file_drop import TABLES, file_drop
from pipelines.sources.file_drop.files import DropFile
from tests.sources.file_drop.dropped import SALES, SALES_CSV

LINES = "select order_id, line_id, quantity, gross_amount, discount_amount, currency from order_lines order by all"
EXPECTED_LINES = [
    ("1", "1", 2, Decimal("20.5000"), Decimal("0.5000"), "EUR"),
    ("1", "2", 1, Decimal("5.0000"), None, "EUR"),
    ("2", "1", 3, Decimal("3.3000"), None, "EUR"),
]


def test_one_file_gives_orders_once_and_all_their_lines(drop):
    drop.put(SALES, sales_csv=SALES_CSV)
    drop.run()
    assert drop.query(LINES) == EXPECTED_LINES
    orders = drop.query(
        "select order_id, customer_id, ordered_at, _source_file, _record_number from orders order by all"
    )
    assert [(row[0], row[1], row[2].astimezone(UTC), *row[3:]) for row in orders] == [
        ("1", "anna", datetime(2026, 3, 1, 22, 30, tzinfo=UTC), "sales.csv", 1),
        ("2", "ben", datetime(2026, 7, 14, 22, 30, tzinfo=UTC), "sales.csv", 3),
    ]
    files = "select _source_file, table_name, records_read from files order by all"
    assert drop.query(files) == [("sales.csv", "order_lines", 3), ("sales.csv", "orders", 2)]


def test_every_table_is_declared_and_a_repeated_key_is_for_the_reader_to_refuse():
    tables = file_drop(Path("nowhere"), "UTC").discover_schema().tables
    of_records = {name for name, table in tables.items() if table.get("x-repeated-key") == "quarantine"}
    assert of_records == TABLES.keys() - {"control_totals", "files"}
    assert {table["write_disposition"] for name, table in tables.items() if name in TABLES} == {"append"}
    email = tables["customers"]["columns"]["email"]
    assert email["x-annotation-pii"] == "email"


def test_control_totals_come_from_the_raw_file_by_the_brands_day(drop):
    drop.put(SALES, sales_csv=SALES_CSV + "3,1,eve,2026-07-15 12:00,-4,2.00,\n4,1,eve,soon,1,2.00,\n")
    totals = [row for row in drop.read("control_totals") if row["entity"] == "order_lines"]
    assert [(row.get("day"), row["records"], row["net_amount"]) for row in totals] == [
        ("2026-03-01", "2", "25.0000"),
        ("2026-07-15", "2", "-4.7000"),
        (None, "1", "2.0000"),
    ]


def test_totals_of_two_mappings_of_one_entity_are_one_row(drop):
    mapping = """\
currency: EUR
files:
  - match: r.csv
    entities:
      - entity: refunds
        where: kind = 'a'
        columns: &columns {refund_id: id, order_id: id, refunded_at: day, amount: sum}
      - entity: refunds
        where: kind = 'b'
        columns: *columns
"""
    drop.put(mapping, r_csv="id,kind,day,sum\n1,a,2026-01-02,3\n2,b,2026-01-02,4\n3,c,2026-01-02,5\n")
    drop.run()
    totals = "select entity, day, currency, records, net_amount from control_totals"
    assert drop.query(totals) == [("refunds", date(2026, 1, 2), "EUR", 2, Decimal("7.0000"))]
    assert drop.query("select table_name, records_read from files") == [("refunds", 2)]


def json_lines() -> str:
    keys, *rows = [line.split(",") for line in SALES_CSV.splitlines()]
    quoted = [", ".join(f'"{k}": "{v}"' for k, v in zip(keys, row, strict=True)) for row in rows]
    return "".join(f"{{{fields}}}\n" for fields in quoted)


def parquet(path: Path) -> bytes:
    moments = [datetime(2026, 3, 1, 23, 30), datetime(2026, 3, 1, 23, 30), datetime(2026, 7, 15, 0, 30)]  # noqa: DTZ001
    columns = {
        "no": [1.0, 1.0, 2.0],
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
def test_every_format_gives_the_same_rows_and_totals(drop, tmp_path, ending, is_gzip):
    content = {"csv": SALES_CSV.encode(), "jsonl": json_lines().encode(), "parquet": parquet(tmp_path / "p")}[ending]
    drop.put(SALES, **{f"sales_{ending}" + "_gz" * is_gzip: gzip.compress(content) if is_gzip else content})
    drop.run()
    assert drop.query(LINES) == EXPECTED_LINES
    assert drop.query("select count(*) from orders") == [(2,)]
    total = "select sum(net_amount), sum(records) from control_totals where entity = 'order_lines'"
    assert drop.query(total) == [(Decimal("28.3000"), 3)]
    assert list((drop.root / "dlt" / "drops").glob("file_drop_*")) == []


def test_same_bytes_are_read_once_and_a_new_version_whole(drop):
    drop.put(SALES, sales_csv=SALES_CSV)
    drop.run()
    drop.run()
    assert drop.query("select count(*) from files") == [(2,)]
    drop.put(SALES, sales_csv=SALES_CSV.replace("anna", "carla"))
    drop.run()
    customers = "select customer_id, count(distinct _file_version) from orders group by 1 order by 1"
    assert drop.query(customers) == [("anna", 1), ("ben", 2), ("carla", 1)]
    (drop.folder / "sales.csv").unlink()
    drop.run()
    assert drop.query("select count(*), count(distinct _file_version) from files") == [(4, 2)]


def test_another_mapping_of_the_same_bytes_is_read_anew(drop):
    drop.put(SALES, sales_csv=SALES_CSV)
    drop.run()
    drop.put(SALES.replace("currency: EUR", "currency: USD"))
    drop.run()
    assert drop.query("select distinct currency from orders order by 1") == [("EUR",), ("USD",)]


@pytest.mark.parametrize(("name", "emptied"), [("sales.csv", SALES_CSV.splitlines()[0] + "\n"), ("sales.jsonl", "")])
def test_an_emptied_file_is_a_version_without_rows(drop, name, emptied):
    drop.put(SALES)
    drop.file(name, SALES_CSV if name.endswith("csv") else json_lines())
    drop.run()
    drop.file(name, emptied)
    drop.run()
    files = "select table_name, records_read from files order by rowid"
    assert drop.query(files) == [("orders", 2), ("order_lines", 3), ("orders", 0), ("order_lines", 0)]


@pytest.mark.parametrize(
    ("row", "read"),
    [
        ("9,1,x,2026-03-01,many,1,", {"quantity": "many", "gross_amount": "many"}),
        ("9,1,x,2026-03-01,1.5,1,", {"quantity": "1.5", "gross_amount": "1.5000"}),
        ("9,1,x,2026-03-01,-1,1,", {"quantity": "-1", "gross_amount": "-1.0000"}),
        ("9,1,x,2026-03-01,1,dear,", {"quantity": "1", "gross_amount": "dear"}),
        ("9,1,x,2026-03-01,1,1,dear", {"quantity": "1", "gross_amount": "1.0000", "discount_amount": "dear"}),
    ],
)
def test_what_is_no_number_stays_the_text_that_it_is(drop, row, read):
    drop.put(SALES, sales_csv=SALES_CSV + row + "\n10,1,z,2026-03-01,1,1,\n")
    lines = drop.read("order_lines")
    assert [line["_record_number"] for line in lines] == [1, 2, 3, 4, 5]
    place = {"_source_file": "sales.csv", "_file_version": lines[0]["_file_version"], "_record_number": 4}
    assert lines[3] == {"order_id": "9", "line_id": "1", "currency": "EUR", **read, **place}


@pytest.mark.parametrize("row", ["9,1,x", "9,1,x,2026-03-01,1,1,0,0"])
def test_a_record_that_cannot_be_split_keeps_its_place_and_says_so(drop, row):
    drop.put(SALES, sales_csv=SALES_CSV + row + "\n10,1,z,2026-03-01,1,1,\n")
    lines = {line["_record_number"]: line for line in drop.read("order_lines")}
    assert sorted(lines) == [1, 2, 3, 4, 5]
    assert {number: line.get("_broken") for number, line in lines.items() if "_broken" in line} == {
        4: "wrong number of fields"
    }
    assert lines[5]["order_id"] == "10"


def test_records_with_line_breaks_are_counted_as_records(drop):
    drop.put(SALES, sales_csv=SALES_CSV + '9,"1\n2",x,2026-03-01,1,1,\n10,1\n11,1,z,2026-03-01,1,1,\n')
    lines = {line["_record_number"]: line for line in drop.read("order_lines")}
    assert {number: line.get("order_id") for number, line in lines.items()} == {
        1: "1", 2: "1", 3: "2", 4: "9", 5: None, 6: "11",
    }  # fmt: skip


TIMES = [
    ("2026-01-02", "2026-01-01T23:00:00Z"),
    ("2026-01-02 10:00", "2026-01-02T09:00:00Z"),
    ("2026-07-02T10:00:30.250", "2026-07-02T08:00:30.25Z"),
    ("2026-07-02T10:00:30Z", "2026-07-02T10:00:30Z"),
    ("2026-07-02T10:00Z", "2026-07-02T10:00:00Z"),
    ("2026-07-02T10:00+02:00", "2026-07-02T08:00:00Z"),
    ("2026-07-02 10:00:00+0530", "2026-07-02T04:30:00Z"),
    ("2026-07-02 10:00:00-05", "2026-07-02T15:00:00Z"),
    ("02/07/2026 10:00", "2026-07-02T08:00:00Z"),
    ("2026-02-30", "2026-02-30"),
    ("31/31/2026 10:00", "31/31/2026 10:00"),
    ("0001-01-01", "0001-01-01"),
    ("epoch", "epoch"),
    ("1767225600", "1767225600"),
]


def test_times_are_read_by_the_drops_settings_and_what_is_none_stays(drop):
    rows = "".join(f"{number},1,x,{time},1,1,\n" for number, (time, _) in enumerate(TIMES))
    drop.put(SALES, sales_csv="no,line,who,time,units,unit price,off\n" + rows)
    read = {row["order_id"]: row["ordered_at"] for row in drop.read("orders")}
    assert read == {str(number): expected for number, (_, expected) in enumerate(TIMES)}


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


def test_a_wide_file_gives_several_records_of_one_entity(drop):
    drop.put(WIDE, ecb_csv="Date,USD,JPY,\n2026-01-02,1.1,160,\n2026-01-05,N/A,161,\n")
    drop.run()
    rates = "select rate_date, currency, units_per_euro from exchange_rates order by all"
    assert drop.query(rates) == [
        (date(2026, 1, 2), "JPY", Decimal(160)),
        (date(2026, 1, 2), "USD", Decimal("1.1")),
        (date(2026, 1, 5), "JPY", Decimal(161)),
    ]


def test_a_condition_that_cannot_be_read_loses_no_record(drop):
    mapping = WIDE.replace("USD is not null", "USD > 1").replace("JPY is not null", "JPY > 1")
    drop.put(mapping, ecb_csv="Date,USD,JPY,\n2026-01-02,1.1,160,\n2026-01-05,x,0.5,\n")
    rates = drop.read("exchange_rates")
    assert [(row["_record_number"], row["currency"], row.get("_broken")) for row in rates] == [
        (1, "USD", None),
        (2, "USD", "not comparable as `where` asks"),
        (1, "JPY", None),
    ]


def test_an_expression_that_meets_no_number_is_no_text_either(drop):
    computed = "rate_date: {expression: case when x > 0 then x else Date end}, currency: {constant: USD}"
    mapping = WIDE.replace("rate_date: Date, currency: {constant: USD}", computed)
    drop.put(mapping, ecb_csv="Date,USD,JPY,x\n2026-01-02,1.1,160,0\n2026-01-05,1.2,161,2026-01-07\n")
    broken = {
        row["_record_number"]: row.get("_broken") for row in drop.read("exchange_rates") if row["currency"] == "USD"
    }
    assert broken == {1: None, 2: "no number where the expression of rate_date needs one"}


def test_signs_of_a_glob_in_a_files_name_are_signs(drop):
    drop.put(SALES)
    drop.file("sales [1]*.csv", SALES_CSV)
    assert sorted(row["order_id"] for row in drop.read("orders")) == ["1", "2"]


def test_a_match_of_folders_and_endings_in_capitals(drop):
    drop.put(SALES.replace('"sales*"', '"**/sales*"'))
    (drop.folder / "2026" / "07").mkdir(parents=True)
    drop.file("2026/07/sales.csv", SALES_CSV)
    drop.file("sales.CSV.GZ", gzip.compress(SALES_CSV.encode()))
    assert {row["_source_file"] for row in drop.read("files")} == {"2026/07/sales.csv", "sales.CSV.GZ"}


def test_hidden_files_and_folders_are_not_seen(drop):
    drop.put(SALES, sales_csv=SALES_CSV)
    (drop.folder / ".git").mkdir()
    drop.file(".git/other.csv", "a\n1\n")
    drop.file(".other.csv", "a\n1\n")
    (drop.folder / ".secret.csv").symlink_to("/etc/passwd")
    assert {row["_source_file"] for row in drop.read("files")} == {"sales.csv"}


def test_a_bad_json_line_says_so(drop):
    lines = json_lines().splitlines(keepends=True)
    drop.put(SALES, sales_jsonl=lines[0] + "{broken\n" + "".join(lines[1:]) + "[1]\n")
    found = drop.read("order_lines")
    assert [(line["_record_number"], line.get("_broken")) for line in found] == [
        (1, None), (2, "not a JSON object"), (3, None), (4, None), (5, "not a JSON object"),
    ]  # fmt: skip


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16", "utf-16-le", "utf-8-sig", "latin-1"])
@pytest.mark.parametrize("ending", ["csv", "csv.gz", "jsonl"])
def test_other_encodings_are_read_as_told(drop, encoding, ending):
    content = (json_lines() if ending == "jsonl" else SALES_CSV).replace("anna", "Zoë").encode(encoding)
    drop.put(SALES.replace('"sales*"', f'"sales*"\n    encoding: {encoding}'))
    drop.file(f"sales.{ending}", gzip.compress(content) if ending.endswith("gz") else content)
    assert sorted(row["customer_id"] for row in drop.read("orders")) == ["Zoë", "ben"]
    totals = [row["net_amount"] for row in drop.read("control_totals") if row["entity"] == "order_lines"]
    assert totals == ["25.0000", "3.3000"]


def test_typed_values_of_parquet_become_plain_texts(drop, tmp_path):
    mapping = "files:\n  - match: p.parquet\n    entities:\n      - entity: post_readings\n        columns: "
    mapping += "{network: n, account_id: a, post_id: p, observed_at: t, reach: r, reactions: h}\n"
    columns = {
        "n": ["x", "x"],
        "a": pa.array([12345678901234567.0, None], pa.float64()),
        "p": pa.array([Decimal("7.00"), Decimal("7.50")]),
        "t": pa.array(
            [datetime(2026, 1, 2, 3, tzinfo=UTC), datetime(2026, 1, 2, 4, tzinfo=UTC)], pa.timestamp("us", "UTC")
        ),
        "r": [10.0, 10.5],
        "h": [True, False],
    }
    drop.put(mapping)
    pq.write_table(pa.table(columns), drop.folder / "p.parquet")
    taken = [{k: v for k, v in row.items() if not k.startswith("_")} for row in drop.read("post_readings")]
    known = {"network": "x", "account_id": "12345678901234568", "post_id": "7", "observed_at": "2026-01-02T03:00:00Z"}
    bad = {"network": "x", "post_id": "7.50", "observed_at": "2026-01-02T04:00:00Z"}
    assert taken == [
        {**known, "reach": "10", "reactions": "true"},
        {**bad, "reach": "10.5", "reactions": "false"},
    ]


def test_batches_are_bounded_and_every_file_keeps_its_own(drop):
    lines = "".join(f"{number},1,anna,2026-03-01,1,1,\n" for number in range(250_000))
    drop.put(SALES, **{f"sales{n}_csv": SALES_CSV.splitlines(keepends=True)[0] + lines for n in range(3)})
    tables = drop.tables()
    assert tables["order_lines"].num_rows == 750_000
    assert max(len(chunk) for chunk in tables["order_lines"]["order_id"].chunks) <= 250_000
    assert tables["files"].num_rows == 6


def test_a_file_that_changes_while_it_is_read_is_told(drop, monkeypatch):
    drop.put(SALES, sales_csv=SALES_CSV)
    digest = DropFile.sha256

    def writing(file: DropFile) -> str:
        found = digest(file)
        os.utime(file.path, (1, 1))
        return found

    monkeypatch.setattr(DropFile, "sha256", writing)
    assert "sales.csv: changed while it was read; run again" in str(drop.error())
