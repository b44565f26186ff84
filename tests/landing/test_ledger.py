"""The ledger and the views over it: what counts, what waits, and which landing zones are refused."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from pipelines.brands import Brand, Brands, SourceConfig
from pipelines.errors import ConfigError, TerminalError
from pipelines.landing import TABLE_MODULES, Instance, RunClock, land, register, tables_of
from pipelines.ledger import Ledger
from pipelines.models.tables import VALUE_MODEL

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
DROP = "files: [{match: p.csv, entities: [{entity: products, columns: {product_id: id}}]}]\n"


def test_decisions_are_kept_with_who_and_why(world):
    folder = world.drop(DROP, p_csv="id\n1\n")
    first = world.load(accept=False).load_id
    assert [(load.load_id, load.status) for load in world.ledger.held()] == [(first, "held")]
    world.ledger.reject(first, "anna", "wrong file")
    (folder / "p.csv").write_text("id\n2\n")
    second = world.load(accept=False).load_id
    world.ledger.accept(second, "ben", "checked")
    found = [(load.load_id, load.status, load.decided_by, load.reason, load.rows) for load in world.ledger.loads()]
    assert found == [
        (first, "rejected", "anna", "wrong file", {"products": 1, "_streams": 1}),
        (second, "accepted", "ben", "checked", {"products": 1, "_streams": 1}),
    ]
    assert world.query("select product_id, _dlt_load_id from landing.file_drop__products") == [("2", second)]
    world.ledger.accept(first, "anna", "it was right")
    assert world.query("select count(*) from landing.file_drop__products") == [(2,)]


def test_an_unknown_load_cannot_be_decided_on(world):
    with pytest.raises(ConfigError, match=r"there is no complete load '17\.5'; see `voxhouse loads`"):
        world.ledger.accept("17.5", "anna", "")


def test_a_removed_drop_keeps_what_it_landed(world):
    folder = world.drop(DROP, p_csv="id\n1\n")
    world.load()
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    assert world.query("select product_id from landing.file_drop__products") == [("1",)]


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('{"format": 0}', "the landing zone has an older format (0, this version reads 1)"),
        ('{"format": 2}', "the landing zone has a newer format (2, this version reads 1)"),
        ("{}", "not the mark of a landing zone"),
    ],
)
def test_a_landing_zone_of_another_format_is_refused(world, mark, message):
    world.home.landing.mkdir(parents=True)
    (world.home.landing / "format.json").write_text(mark)
    with pytest.raises(TerminalError) as error:
        Ledger(world.home.landing)
    assert message in str(error.value)
    world.drop(DROP, p_csv="id\n1\n")
    with pytest.raises(TerminalError):
        world.load()


def test_an_empty_landing_zone_has_every_table_with_its_types(world):
    views = "select table_name from information_schema.tables where table_schema = 'landing'"
    names = {row[0] for row in world.query(views)}
    declared = {f"{kind}__{table.name}" for kind in TABLE_MODULES for table in tables_of(kind)}
    config = {f"config__{name}" for name in ("run", "brands", "competitors", "accounts", "value_bands", "sources")}
    assert names == declared | config | {"quarantine", "streams"}
    types = dict(world.query("select column_name, column_type from (describe landing.file_drop__orders)"))
    assert types["ordered_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["gross_amount"] == "DECIMAL(18,4)"
    assert types["_dlt_load_id"] == "VARCHAR"


def test_results_of_models_land_accepted_with_the_loaders_columns(world):
    rows = {"brand_id": "aurora", "as_of": date(2026, 6, 30), "model_id": "m", "model_name": "bg_nbd", "parameter": "r"}
    tables = {VALUE_MODEL: pa.Table.from_pylist([rows])}
    load_id = land(world.home.landing, world.home.dlt, "voxhouse_models", tables, NOW)
    columns = "brand_id, source_instance, _observed_at, model_id, _dlt_load_id"
    assert world.query(f"select {columns} from landing.models__value_model") == [
        ("aurora", "voxhouse_models", NOW, "m", load_id)
    ]


def test_files_older_than_a_column_read_as_unknown(world, monkeypatch):
    world.drop(DROP, p_csv="id\n1\n")
    load_id = world.load().load_id
    manifest = world.home.landing / "shop" / "_manifest" / f"{load_id}.json"
    path = world.home.landing / "shop" / json.loads(manifest.read_text())["files"]["products"][0]
    with duckdb.connect() as con:
        con.execute(f"create table old as select * exclude (sku, product_type) from '{path}'")
        con.execute(f"copy old to '{path}' (format parquet)")
    assert world.query("select product_id, sku, product_type from landing.file_drop__products") == [("1", None, None)]


def test_configuration_tables_say_what_the_run_is_for(tmp_path):
    brands = Brands(
        reporting_currency="USD",
        brands={
            "aurora": Brand(
                name="Aurora",
                ownership="own",
                timezone="Europe/Paris",
                competitors=("borealis",),
                accounts={"instagram": ("1", "2")},
            ),
            "borealis": Brand(name="Borealis", ownership="competitor", timezone="UTC"),
        },
        sources={
            "ig": SourceConfig(
                kind="instagram", brand="aurora", base_url="x", competitors={"borealis": "@borealis.shop"}
            )
        },
    )
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        run = RunClock(date(2026, 6, 30), NOW + timedelta(microseconds=1), is_past=True)
        register(con, tmp_path / "landing", brands, {"shop": Instance("file_drop", "aurora")}, run)
        register(con, tmp_path / "landing", brands, {"shop": Instance("file_drop", "aurora")}, run)

        def rows(name: str) -> list[tuple[object, ...]]:
            return con.execute(f"from landing.config__{name} order by all").fetchall()

        assert rows("run") == [(date(2026, 6, 30), run.as_of_at, True, "USD", 12, 0.1, 365, 3.0, 90, 0.5, 48.0)]
        assert rows("brands")[0] == ("aurora", "Aurora", "own", "Europe/Paris", "EUR", "monday")
        assert rows("competitors") == [("aurora", "borealis")]
        assert rows("accounts") == [
            ("aurora", "instagram", "1", None),
            ("aurora", "instagram", "2", None),
            ("borealis", "instagram", None, "borealis.shop"),
        ]
        assert rows("value_bands") == [("high", 400.0), ("low", 0.0), ("medium", 100.0)]
        assert rows("sources") == [("shop", "file_drop", "aurora")]
