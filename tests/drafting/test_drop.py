"""Files as people have them: put into the inbox, looked at, and landed without a touch to the guessed mapping."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.brands import load_brands
from pipelines.drafting import put as putting
from pipelines.drafting import tables
from pipelines.drafting.put import Asked, put_drop
from pipelines.drafting.trial import try_drop
from pipelines.errors import PipelineError
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import load_instance
from pipelines.landing.views import query
from pipelines.sources.file_drop.mapping import read_drop
from tests.drafting import people

NOW = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _dlt_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt data"))


@pytest.fixture
def own(tmp_path: Path) -> Home:
    (tmp_path / "files").mkdir()
    return Home(tmp_path / "home")


@pytest.fixture
def files(tmp_path: Path, own: Home) -> Path:
    return tmp_path / "files"


def drop(home: Home, *paths: Path, name: str = "shop", brand: str = "Möbel Müller", **more: object) -> putting.Put:
    return put_drop(home, Asked(name, paths, "" if home.brands_file.exists() else brand, **more), "Europe/Berlin")  # type: ignore[arg-type]


def content(root: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in root.rglob("*") if path.is_file()}


def land(home: Home, name: str = "shop") -> dict[str, tuple[int, int]]:
    report = load_instance(home, name, load_brands(home.brands_file), NOW, environment={})
    assert report.load_id
    Ledger(home.landing).accept(report.load_id, "test", "as expected")
    return {table: counts for table, counts in report.tables.items() if table not in ("files", "control_totals")}


CASES: dict[str, tuple[list[Callable[[Path], Path]], dict[str, int]]] = {
    "semicolons and decimal commas": ([people.german_sales], {"orders": 60, "order_lines": 120, "products": 3}),
    "tabs": ([people.customers], {"customers": 9}),
    "X": ([people.tweets], {"posts": 30, "post_readings": 30}),
    "Shopify": ([people.shopify_orders], {"orders": 40, "order_lines": 60, "products": 2}),
    "several": (
        [people.german_sales, people.customers],
        {"orders": 60, "order_lines": 120, "products": 3, "customers": 9},
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_the_check_says_is_what_the_untouched_guess_lands(own: Home, files: Path, case: str) -> None:
    makers, expected = CASES[case]
    paths = [make(files) for make in makers]
    before = content(files)
    done = drop(own, *paths)
    assert content(files) == before, "copied, never moved"
    assert {path.name: path.read_bytes() for path in paths} == {
        path.name: path.read_bytes() for path in done.folder.iterdir() if path.name != "drop.yml"
    }
    trial = try_drop(own, "shop")
    assert trial.is_well
    assert dict(trial.landed) == expected
    assert not own.landing.exists()
    assert [path for path in own.pii.rglob("*") if path.is_file()] == []
    assert land(own) == {table: (count, 0) for table, count in expected.items()}


def test_the_amounts_of_german_sales(own: Home, files: Path) -> None:
    drop(own, people.german_sales(files))
    land(own)
    sql = "select sum(gross_amount) as total, min(currency) as currency from landing.file_drop__order_lines"
    (row,) = query(Ledger(own.landing), sql, ["file_drop__order_lines"]).to_pylist()
    lines = [(1 + line, Decimal(f"{n % 7}.5{line}")) for n in range(1, 61) for line in range(1 + n % 3)]
    assert row == {"total": sum(units * price for units, price in lines), "currency": "EUR"}


def test_shopifys_orders_add_up_and_their_lines_are_of_them(own: Home, files: Path) -> None:
    drop(own, people.shopify_orders(files))
    land(own)
    sql = """
        select count(*) as orders, sum(gross_amount - discount_amount) as net, min(ordered_at)::varchar as first,
            (select count(*) from landing.file_drop__order_lines where order_id in (
                select order_id from landing.file_drop__orders)) as lines
        from landing.file_drop__orders where currency = 'USD'
    """
    (row,) = query(Ledger(own.landing), sql, ["file_drop__orders", "file_drop__order_lines"]).to_pylist()
    assert row == {"orders": 40, "net": Decimal(1000), "first": "2025-03-01 15:23:48+00", "lines": 60}


def test_readings_of_x_have_no_comments_rather_than_none(own: Home, files: Path) -> None:
    path = people.tweets(files)
    os.utime(path, (1_780_000_000, 1_780_000_000))
    drop(own, path)
    land(own)
    sql = "select network, comments, sum(reactions) as reactions, min(observed_at)::varchar as at_ from landing."
    (row,) = query(
        Ledger(own.landing), f"{sql}file_drop__post_readings group by all", ["file_drop__post_readings"]
    ).to_pylist()
    assert row == {"network": "x", "comments": None, "reactions": 435, "at_": "2026-05-28 20:26:40+00"}


def test_each_guess_says_why_and_what_is_left_is_listed(own: Home, files: Path) -> None:
    drop(own, people.german_sales(files), people.customers(files))
    text = (own.inbox / "shop" / "drop.yml").read_text()
    mapped = [line for line in text.splitlines() if line.startswith("          ")]
    assert mapped
    assert all("  # " in line for line in mapped)
    assert "timezone: Europe/Berlin  # the brand's; of times without an offset (Bestelldatum, created at)" in text
    assert 'date_formats: ["%d.%m.%Y"]  # of Bestelldatum' in text
    assert "encoding: cp1252" in text
    assert "    #   Bemerkung\n" in text
    assert "example.org" not in text


def test_a_first_brand_is_written_once(own: Home, files: Path) -> None:
    done = drop(own, people.german_sales(files), timezone="Europe/Vienna", currency="CHF")
    assert done.brands_file == own.brands_file
    brands = load_brands(own.brands_file)
    assert {name: (b.name, b.timezone, b.currency) for name, b in brands.brands.items()} == {
        "mobel_muller": ("Möbel Müller", "Europe/Vienna", "CHF")
    }
    before = own.brands_file.read_bytes()
    assert drop(own, people.customers(files), name="crm").brands_file is None
    assert own.brands_file.read_bytes() == before
    assert read_drop(own.inbox / "crm").brand == "mobel_muller"


def test_the_check_shows_no_identifier_and_why_records_are_bad(own: Home, files: Path) -> None:
    path = people.customers(files)
    path.write_bytes(path.read_bytes() + b"\tmax@example.org\t\tFR\t2024-01-01\tx\nK99\t\t\tFR\t2024-13-01\tx\n")
    drop(own, path)
    trial = try_drop(own, "shop")
    assert not trial.is_well
    assert [(r.file, r.table, r.column, r.reason, r.records, r.first) for r in trial.refused] == [
        ("kunden.tsv", "customers", "created_at", "impossible date", 1, 11),
        ("kunden.tsv", "customers", "customer_id", "required and missing", 1, 10),
    ]
    shown = str(trial.rows)
    assert "token " in shown
    assert [secret for secret in ("example", "12 34", "Zoë") if secret in shown] == []
    assert land(own) == {"customers": (9, 2)}


def test_an_existing_mapping_is_written_anew_with_force_only(own: Home, files: Path) -> None:
    path = people.german_sales(files)
    drop(own, path)
    mapping = own.inbox / "shop" / "drop.yml"
    mapping.write_text(mapping.read_text() + "# mine\n")
    with pytest.raises(PipelineError, match=r"drop\.yml: is there already; add --force"):
        drop(own, people.customers(files))
    assert "# mine" in mapping.read_text()
    drop(own, people.customers(files), force=True)
    assert "# mine" not in mapping.read_text()
    assert {file.match for file in read_drop(own.inbox / "shop").files} == {"bestellungen.csv", "kunden.tsv"}


REFUSED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "blanks": (people.cdnow, r"cdnow\.csv: has fields that are separated by blanks only; write it with commas"),
    "blanks in a text": (
        lambda f: people.cdnow(f, "cdnow.txt"),
        r"no table .* \(its fields are separated by blanks\); save",
    ),
    "Excel": (lambda f: _file(f, "a.xlsx", b"PK\x03\x04"), r"a\.xlsx: is no table that a drop takes \(an Excel file\)"),
    "Excel as CSV": (lambda f: _file(f, "a.csv", b"PK\x03\x04,b\n1,2\n"), r"files/a\.csv: ends in \.csv and is a ZIP"),
    "no Parquet": (lambda f: _file(f, "a.parquet", b"nothing"), r"a\.parquet: is not readable as Parquet"),
    "no JSON": (lambda f: _file(f, "a.jsonl", b"[1]\n"), r"a\.jsonl: does not hold a JSON object per line"),
    "no gzip": (lambda f: _file(f, "a.csv.gz", b"a,b\n"), r"a\.csv\.gz: ends in \.gz and cannot be unpacked"),
    "an open quote": (
        lambda f: _file(f, "a.csv", b'order no,order date\n1,"2026-01-01\n'),
        r"a quote that is not closed",
    ),
    "nothing": (lambda f: _file(f, "a.csv", b""), r"a\.csv: has no column names in its first line"),
    "a folder": (lambda f: _made(f / "a.csv"), r"a\.csv: is a folder; name the files in it"),
    "no file": (lambda f: f / "a.csv", r"a\.csv: there is no such file"),
    "a link": (lambda f: _link(f / "a.csv", Path("/etc/hostname")), r"a\.csv: is a link that leads elsewhere"),
    "hidden": (lambda f: _file(f, ".a.csv", b"a,b\n1,2\n"), r"has a name that no drop takes"),
}


def _file(folder: Path, name: str, data: bytes) -> Path:
    (folder / name).write_bytes(data)
    return folder / name


def _made(path: Path) -> Path:
    path.mkdir()
    return path


def _link(path: Path, target: Path) -> Path:
    path.symlink_to(target)
    return path


@pytest.mark.parametrize("case", REFUSED)
def test_what_no_drop_takes_is_refused_and_nothing_is_left(own: Home, files: Path, case: str) -> None:
    make, told = REFUSED[case]
    with pytest.raises(PipelineError, match=told) as error:
        drop(own, people.german_sales(files), make(files))
    assert str(error.value).isprintable()
    assert content(own.root) == {}
    assert not own.inbox.exists() or list(own.inbox.iterdir()) == []


def test_a_first_line_of_data_is_not_told(own: Home, files: Path) -> None:
    path = _file(files, "people.csv", b"anna@example.org,2026-01-01\nben@example.org,2026-01-02\n")
    with pytest.raises(PipelineError, match=r"people\.csv: the first line looks like data") as error:
        drop(own, path)
    assert "anna" not in str(error.value)
    assert content(own.root) == {}


@pytest.mark.parametrize("name", ["", "..", "a/b", "Shop", "x" * 41, "a b", "1a", "a\n"])
def test_a_name_of_no_source_is_refused(own: Home, files: Path, name: str) -> None:
    with pytest.raises(PipelineError, match="is no name for a source"):
        drop(own, people.german_sales(files), name=name)
    assert content(own.root) == {}


def test_a_file_over_the_limit_is_one_line(own: Home, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_FILE_BYTES", 100)
    with pytest.raises(PipelineError, match=r"bestellungen\.csv: has .* GB, more than .*; split it"):
        drop(own, people.german_sales(files))
    assert content(own.root) == {}


@pytest.mark.parametrize("is_there", [False, True])
def test_what_fails_half_way_is_undone(own: Home, files: Path, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    if is_there:
        drop(own, people.german_sales(files))
    before = content(own.root)
    renames: list[Path] = []
    rename = Path.rename

    def full(path: Path, target: Path) -> Path:
        renames.append(path)
        if len(renames) == (4 if is_there else 1):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(PipelineError, match="the files cannot be put there"):
        drop(own, people.german_sales(files), people.customers(files), force=True)
    assert content(own.root) == before


def test_what_is_not_recognised_is_said(own: Home, files: Path) -> None:
    done = drop(own, _file(files, "weather.csv", b"station,celsius\nOslo,3\nBergen,4\n"))
    assert done.entities == {"weather.csv": ()}
    text = (done.folder / "drop.yml").read_text()
    assert "weather.csv: no entity was recognised" in text
    assert "    #   celsius" in text
    with pytest.raises(PipelineError, match="at least 1 item"):
        try_drop(own, "shop")
