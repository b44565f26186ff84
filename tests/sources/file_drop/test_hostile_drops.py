"""What file drops refuse: each in one line, without a word of what stands in a file, and no drop for another's."""

from __future__ import annotations

import gzip
import os
import random
import resource
import time
import tracemalloc
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from pydantic import ValidationError

from pipelines.errors import ConfigError
from pipelines.sources.file_drop.configuration import Configuration
from pipelines.sources.file_drop.mapping import read_drop
from tests.sources.file_drop.dropped import SALES, SALES_CSV, chain

NOISE = random.Random(7).randbytes(99_999)
WRONG_CONTENT = [
    ("sales_csv", gzip.compress(b"a"), "ends in .csv and is gzip"),
    ("sales_csv", b"PK\x03\x04rest", "ends in .csv and is a ZIP archive or Excel file"),
    ("sales_csv", b"<!DOCTYPE html><html>", "ends in .csv and is HTML or XML"),
    ("sales_csv", b"", "is empty"),
    ("sales_csv", b"a,A\n1,2\n", "has two columns of one name"),
    ("sales_csv", b"no,_Record_Number\n1,2\n", "has a column called _Record_Number, which is taken"),
    (
        "sales_csv",
        ("no" + "x" * 200_000 + ",line\n1,2\n").encode(),
        "has no line of column names within its first 131,072",
    ),
    ("sales_csv", (",".join(f"c{n}" for n in range(3_000)) + "\n").encode(), "has 3,000 columns, more than 2,000"),
    ("sales_csv", b"no,line\n1," + b"x" * 1_100_000 + b"\n", "has a line of more than 1 MB"),
    ("sales_csv", b"no\0,line\n", "holds signs that no text has"),
    ("sales_csv", SALES_CSV.replace("anna", "Zoë").encode("cp1252"), "is not utf-8 (invalid"),
    ("sales_csv", SALES_CSV.encode("utf-16"), "is not utf-8 (invalid start byte); set `encoding`"),
    ("sales_csv", SALES_CSV.encode("utf-16-le"), "utf-16 needs its `encoding`"),
    (
        "sales_csv",
        f'{SALES_CSV}9,"1,x,2026-03-01,1,1,\n{SALES_CSV}'.encode(),
        "has a quote that is not closed in record 4",
    ),
    ("sales_csv_gz", SALES_CSV.encode(), "ends in .gz and is not gzip"),
    ("sales_csv_gz", b"", "is empty"),
    ("sales_csv_gz", gzip.compress(SALES_CSV.encode())[:-12], "ends in .gz and is cut off; copy it again"),
    ("sales_csv_gz", gzip.compress(SALES_CSV.encode()) + b"trailing", "cannot be read to its end"),
    ("sales_parquet", SALES_CSV.encode(), "ends in .parquet and is not Parquet"),
    ("sales_parquet", b"PAR1 and no more", "is not readable as Parquet"),
    ("sales_parquet_gz", gzip.compress(b""), "ends in .parquet and is not Parquet"),
    (
        "sales_parquet_gz",
        gzip.compress(b"PAR1" + random.Random(7).randbytes(99_999))[:50_000],
        "ends in .gz and is cut off",
    ),
    ("sales_jsonl", SALES_CSV.encode(), "ends in .jsonl and does not hold a JSON object per line"),
]


@pytest.mark.parametrize(
    ("name", "content", "message"), WRONG_CONTENT, ids=[f"{name}: {told}" for name, _, told in WRONG_CONTENT]
)
def test_a_file_that_is_not_what_its_ending_says_is_refused(drop, name, content, message):
    drop.put(SALES, **{name: content})
    assert message in str(drop.error())


MAPPING_FAULTS = [
    ("units * 1", "piece * 1", "order_lines.quantity: unknown column piece; the file has no, line,"),
    ("units * 1", "md7(units)", "order_lines.quantity: unknown function md7; known are abs, ceil,"),
    ("units * 1", "(select 1)", "subquery is not allowed"),
    ("units * 1", "units *", "is no expression"),
    ("units * 1", "coalesce(units, 0)", "Cannot mix values of type VARCHAR and INTEGER_LITERAL in COALESCE"),
    ("units * 1", "(" * 900 + "1" + ")" * 900, "is no expression"),
    ("units * 1", "abs(" * 300 + "1" + ")" * 300, "is nested more than 100 deep"),
    ("units * 1", "units + " * 300 + "1", "columns.quantity.expression: String should have at most 2000 characters"),
    ("units * 1", "read_csv('/etc/passwd')", "unknown function read_csv"),
    ("entity: orders", "entity: baskets", "there is no entity 'baskets', only customers, orders,"),
    ("line_id: line", "line_no: line", "order_lines has no column line_no, only order_id, line_id,"),
    ("          line_id: line\n", "", "order_lines needs a mapping of line_id"),
    ("currency: EUR", "currency: euros", "currency: String should match pattern"),
    ("currency: EUR\n", "", "orders needs a currency"),
    ("Europe/Paris", "Europe/Berlln", "timezone: unknown time zone 'Europe/Berlln'"),
    ("Europe/Paris", "localtime", "timezone: unknown time zone 'localtime'"),
    ('"%d/%m/%Y %H:%M"', '"%H:%M %z"', "and no time zone"),
    ('"%d/%m/%Y %H:%M"', '"%Q"', "%Q: has a % field that strptime does not know"),
    ("line_id: line", "line_id: {column: line, constant: 1}", "give exactly one of column, constant and expression"),
    ('match: "sales*"', 'match: "sale.csv"', "sales.csv: is a file that drop.yml does not map"),
    ('match: "sales*"', 'match: "/etc/*"', "files.0.match: is no path within the folder"),
    ('match: "sales*"', 'match: "../*"', "files.0.match: is no path within the folder"),
    ('match: "sales*"', 'match: "**a"', "files.0.match: is no path within the folder"),
    ('match: "sales*"', 'match: "a//b"', "files.0.match: is no path within the folder"),
    ('match: "sales*"', 'match: "**/**"', "files.0.match: has ** more than once"),
    ('match: "sales*"', 'match: ""', "files.0.match: String should have at least 1 character"),
    ('match: "sales*"', 'match: "sales*"\n    encoding: hex', "files.0.encoding: 'hex' is no encoding of text"),
    ('match: "sales*"', 'match: "sales*"\n    encoding: zlib', "files.0.encoding: 'zlib' is no encoding of text"),
    ('match: "sales*"', 'match: "sales*"\n    encoding: klingon', "files.0.encoding: 'klingon' is no encoding of text"),
    ('match: "sales*"', 'match: "sales*"\n    encoding: "u\\0"', "has a text with a sign that is no character"),
    ('match: "sales*"', 'match: "sales*"\n    delimiter: é', "files.0.delimiter: String should match pattern"),
    ("files:", "file:", "files: Field required; file: Extra inputs are not permitted"),
    ("timezone:", '"x\\e[31m": 1\ntimezone:', "x\\x1b[31m: Extra inputs are not permitted"),
]


@pytest.mark.parametrize(("old", "new", "message"), MAPPING_FAULTS)
def test_a_fault_in_a_mapping_is_told_in_one_line(drop, old, new, message):
    assert old in SALES
    drop.put(SALES.replace(old, new), sales_csv=SALES_CSV)
    assert message in str(drop.error())


LAUGHS = b"x0: &a0 [1,1,1,1,1,1,1,1,1]\n" + b"".join(
    b"x%d: &a%d [%s]\n" % (n, n, b",".join([b"*a%d" % (n - 1)] * 9)) for n in range(1, 9)
)


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        (b"\xff\xfe", "not YAML (no UTF-8 text)"),
        (b"a: [", "not YAML (line 2, column 5)"),
        (b"a: \x01", "not YAML (a sign that YAML does not allow)"),
        (b"a: " + b"[" * 100_000, "is nested more than 20 deep"),
        (b"a:\n" + b"- " * 400, "is nested more than 20 deep"),
        (b"a: " + b"x" * 5_000_000, "is larger than 256 kB"),
        (b"a: " + b"x" * 5_000, "has a text of more than 4,000 characters"),
        (b"a: [" + b"1," * 30_000 + b"]", "has more than 20,000 entries"),
        (b"a: &a [*a]", "has an alias of what holds it, or of nothing"),
        (b'a: "\\uD800"', "has a text with a sign that is no character"),
        (LAUGHS, "has more than 20,000 entries"),
        (b"".join(b"x%d: 1\n" % n for n in range(5_000)), "x0: Extra inputs are not permitted; x1: Extra"),
        (b"--- 1\n--- 2", "not YAML (line"),
        (b"- 1", "not YAML (line"),
    ],
)  # fmt: skip
def test_a_mapping_out_of_bounds_is_told_at_once(drop, mapping, message):
    drop.put(mapping, sales_csv=SALES_CSV)
    began = time.monotonic()
    with pytest.raises(ConfigError) as error:
        read_drop(drop.folder)
    assert message in str(error.value)
    assert len(str(error.value)) < 700
    assert time.monotonic() - began < 5


SECRETS = ("anna@example.org", "+33 6 12 34 56 78", "Rue Secrète 7", "1974-02-03", "Dupont")
CUSTOMERS = """\
files:
  - match: people.csv
    entities:
      - entity: customers
        columns: {customer_id: id, email: mail, phone: tel}
"""


def refused(drop) -> str:
    """The one line, after a look at all that an event store would keep."""
    with pytest.raises(PipelineStepFailed) as failed:
        drop.tables()
    everything = "\n".join(map(str, chain(failed.value)))
    assert [secret for secret in SECRETS if secret in everything] == []
    return str(drop.error())


@pytest.mark.parametrize(
    ("first", "place"),
    [
        ("17,anna@example.org,+33 6 12 34 56 78,Rue Secrète 7", "column 1 of 4 has the form of a number"),
        ("Dupont,anna@example.org,+33 6 12 34 56 78,Rue Secrète 7", "column 2 of 4 has the form of an e-mail address"),
        ("Dupont,Rue Secrète 7,+33 6 12 34 56 78,x", "column 3 of 4 has the form of a phone number"),
        ("Dupont,1974-02-03,x", "column 2 of 3 has the form of a date"),
        ("id,mail,tel,anna@example.org", "column 4 of 4 has the form of an e-mail address"),
    ],
)
def test_a_first_line_of_data_is_said_to_be_one(drop, first, place):
    drop.put(CUSTOMERS, people_csv=f"{first}\n{first}\n")
    told = refused(drop)
    assert told.endswith(f"the first line looks like data, not like column names ({place}); add a header")


def test_columns_called_by_years_are_a_header(drop):
    drop.put(CUSTOMERS, people_csv="id,mail,tel,2025,2026\n1,,,3,4\n")
    assert [row["customer_id"] for row in drop.read("customers")] == ["1"]


def test_columns_that_the_mapping_does_not_name_are_told_by_place_and_length(drop):
    drop.put(CUSTOMERS, people_csv="Dupont, ID ,mail,Rue Secrète 7\nx,x,x,x\n")
    assert refused(drop).endswith(
        "people.csv: customers.customer_id: unknown column id (column 2 differs from it in case or blanks only); "
        "the file has column 1 (6 characters), column 2 (4 characters), mail, column 4 (13 characters); "
        "correct its mapping in drop.yml"
    )


@pytest.mark.parametrize(
    ("content", "expression"),
    [
        (b"id,n\nanna@example.org,2000000000\n", "{expression: 'substring(id, 1) - 1'}"),
        (b"id,n\nDupont,x\n", "{expression: 'round(nullif(n, id))'}"),
    ],
)
def test_no_value_of_a_file_is_in_an_error_of_the_database(drop, content, expression):
    drop.put(
        CUSTOMERS.replace("{customer_id: id, email: mail, phone: tel}", f"{{customer_id: {expression}}}"),
        people_csv=content,
    )
    rows = drop.read("customers")
    assert [row["_broken"] for row in rows] == ["no number where the expression of customer_id needs one"]


def test_broken_utf8_in_parquet_names_no_value(drop):
    drop.put(CUSTOMERS.replace("people.csv", "p.parquet"))
    secret = pa.Array.from_buffers(pa.string(), 1, [None, *pa.array([b"Dupont\xff"], pa.binary()).buffers()[1:]])
    pq.write_table(pa.table({"id": secret, "mail": ["x"], "tel": ["x"]}), drop.folder / "p.parquet")
    assert "p.parquet: cannot be read as parquet with this mapping" in refused(drop)


def test_lists_in_parquet_are_no_values(drop):
    drop.put(CUSTOMERS.replace("people.csv", "p.parquet"))
    pq.write_table(pa.table({"id": [["Dupont"]], "mail": ["x"], "tel": ["x"]}), drop.folder / "p.parquet")
    assert refused(drop).endswith("column id holds lists or objects; map a column of single values")


@pytest.mark.parametrize(
    "columns",
    [
        "{customer_id: mail, email: mail}",
        "{customer_id: {expression: lower(mail)}, email: mail}",
        "{customer_id: id, email: mail, country_code: mail}",
        "{customer_id: id, phone: tel, acquisition_channel: tel}",
        "{customer_id: E-Mail}",
        "{customer_id: Phone number}",
        "{customer_id: {expression: 'upper(\"email address\")'}}",
    ],
)
def test_what_identifies_a_person_cannot_be_mapped_as_an_id_or_a_text(drop, columns):
    drop.put(CUSTOMERS.replace("{customer_id: id, email: mail, phone: tel}", columns))
    with pytest.raises(ConfigError, match=r"takes a column that identifies persons: map that as email, phone, handle"):
        read_drop(drop.folder)


def test_the_domain_of_an_address_may_be_a_text(drop):
    columns = "{customer_id: id, email: mail, acquisition_channel: {expression: \"split_part(mail, '@', 2)\"}}"
    drop.put(CUSTOMERS.replace("{customer_id: id, email: mail, phone: tel}", columns))
    assert read_drop(drop.folder).files[0].entities[0].entity == "customers"


def test_an_identifier_of_one_entity_is_no_id_of_another(drop):
    orders = "      - {entity: orders, columns: {order_id: no, customer_id: mail, ordered_at: day}}\n"
    drop.put("currency: EUR\n" + CUSTOMERS + orders)
    with pytest.raises(ConfigError, match=r"orders.customer_id takes a column that identifies persons"):
        read_drop(drop.folder)


def test_links_that_lead_out_are_refused(drop, tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text(SALES_CSV)
    drop.put(SALES)
    link = drop.folder / "sales.csv"
    for target in (
        outside,
        Path("/etc/passwd"),
        Path("../../outside.csv"),
        Path("nowhere/../../../x"),
        Path("/dev/zero"),
    ):
        link.symlink_to(target)
        assert "sales.csv: is a link that leads out of the drop's folder" in str(drop.error())
        link.unlink()
    (drop.folder / "sub").symlink_to(tmp_path)
    assert "sub: is a link that leads out of the drop's folder" in str(drop.error())


def test_a_mapping_that_is_a_link_out_is_refused(drop, tmp_path):
    drop.put(SALES)
    (drop.folder / "drop.yml").rename(tmp_path / "drop.yml")
    (drop.folder / "drop.yml").symlink_to(tmp_path / "drop.yml")
    assert "drop.yml: is a link that leads out of the drop's folder" in str(drop.error())


def test_links_within_the_folder_are_followed(drop):
    drop.put(SALES, sales_csv=SALES_CSV)
    (drop.folder / "sales2.csv").symlink_to("sales.csv")
    assert {row["_source_file"] for row in drop.read("files")} == {"sales.csv", "sales2.csv"}


@pytest.mark.parametrize("target", ["sales.csv", "absent.csv"])
def test_links_that_lead_nowhere_are_told(drop, target):
    drop.put(SALES)
    (drop.folder / "sales.csv").symlink_to(target)
    assert "sales.csv: is no regular file; move it out of the inbox" in str(drop.error())


def test_what_is_no_file_is_not_waited_for(drop):
    drop.put(SALES)
    os.mkfifo(drop.folder / "sales.csv")
    assert "sales.csv: is no regular file" in str(drop.error())
    (drop.folder / "sales.csv").unlink()
    (drop.folder / "drop.yml").unlink()
    os.mkfifo(drop.folder / "drop.yml")
    assert "drop.yml: is no regular file" in str(drop.error())


@pytest.mark.parametrize("name", [b"sales\xff.csv", b"sales\n.csv", b"sales\x1b[31m.csv"])
def test_a_name_that_cannot_be_written_is_told(drop, name):
    drop.put(SALES)
    (Path(os.fsdecode(os.fsencode(drop.folder) + b"/" + name))).write_text(SALES_CSV)
    assert ".csv: has a name that cannot be written; rename it" in str(drop.error())


def bomb(line: bytes, mega_bytes: int) -> bytes:
    return gzip.compress(line * mega_bytes, compresslevel=1)


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_one_line_without_an_end_is_left_at_once(drop, ending):
    head = b"no,line\n" if ending == "csv" else b'{"no": "'
    drop.put(SALES)
    drop.file(f"sales.{ending}.gz", gzip.compress(head) + bomb(b"x" * (1 << 20), 1500))
    tracemalloc.start()
    began = time.monotonic()
    assert "has a line of more than 1 MB; write one record a line" in str(drop.error())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 50 << 20
    assert time.monotonic() - began < 10


def test_a_file_that_unpacks_beyond_the_bound_is_left(drop, monkeypatch):
    monkeypatch.setattr("pipelines.sources.file_drop.content.MAX_TEXT_BYTES", 8 << 20)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    drop.put(SALES, sales_csv_gz=gzip.compress(SALES_CSV.encode()) + bomb(b"\n" * (1 << 20), 64))
    assert "holds more than 0 GB; split it into several files" in str(drop.error())
    drop.put(SALES)
    (drop.folder / "sales.csv.gz").unlink()
    drop.file("sales.parquet.gz", gzip.compress(b"PAR1") + bomb(b"\n" * (1 << 20), 64))
    assert "holds more than 0 GB; split it into several files" in str(drop.error())
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < 200 << 10


BRANDS = {"aurora": SimpleNamespace(timezone="Europe/Paris")}
GIVEN = SimpleNamespace()


def test_a_drop_that_cannot_be_used_stops_no_other(drop, tmp_path):
    inbox = drop.folder.parent
    drop.put(SALES, sales_csv=SALES_CSV)
    faults = {
        "broken": b"a: [",
        "foreign": b"brand: nobody\n" + SALES.encode(),
        "My Files": b"brand: aurora\n" + SALES.encode(),
        "x" * 60: b"brand: aurora\n" + SALES.encode(),
        "taken": b"brand: aurora\n" + SALES.encode(),
    }
    for name, mapping in faults.items():
        (inbox / name).mkdir()
        (inbox / name / "drop.yml").write_bytes(mapping)
    (inbox / "no_mapping").mkdir()
    (inbox / "no_mapping" / "a.csv").write_text("a\n")
    (inbox / "empty").mkdir()
    (inbox / ".hidden").mkdir()
    (inbox / "note.txt").write_text("")
    (inbox / "link").symlink_to(tmp_path)
    found = Configuration.found(inbox, BRANDS, frozenset({"taken"}))
    told = {instance: one.fault.what if one.fault else None for instance, one in found.items()}
    assert told == {
        "shop": None,
        "broken": "not YAML (line 1, column 5)",
        "foreign": "unknown brand nobody",
        "folder_my_files_a1acce": "no name for a source",
        "folder_xxxxxxxxxxxxxxxxxxxx_42f2d9": "no name for a source",
        "folder_taken_99341d": "has the name of a source of brands.yml",
        "no_mapping": "the folder has no drop.yml",
        "link": "is a link that leads out of the inbox",
    }
    for instance, one in found.items():
        if instance == "shop":
            assert set(one.source(GIVEN).resources) >= {"orders", "files"}
        else:
            with pytest.raises(ConfigError, match=one.fault.what.replace("(", r"\(").replace(")", r"\)")):
                one.source(GIVEN)
    assert found["shop"].brand == "aurora"
    assert found["shop"].is_delivery


def test_a_drop_is_not_configured_in_brands_yml(drop):
    with pytest.raises(ValidationError, match=r"a file drop is configured by the drop.yml of its folder in the inbox"):
        Configuration.model_validate(
            {"kind": "file_drop", "brand": "aurora", "folder": "/etc", "brand_timezone": "UTC"}
        )
