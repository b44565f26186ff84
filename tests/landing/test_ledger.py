"""The ledger and the views over it: what counts, what waits, and which landing zones are refused."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import duckdb
import pyarrow as pa
import pytest

from pipelines.brands import Brands
from pipelines.errors import ConfigError, TerminalError
from pipelines.landing.ledger import Ledger
from pipelines.landing.results import land
from pipelines.landing.views import RunClock, query, register, view_names
from pipelines.models.tables import VALUE_MODEL

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
RUN = RunClock(date(2026, 6, 30), NOW + timedelta(microseconds=1), is_past=True)


def test_decisions_are_kept_with_who_and_why(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    first = world.load(accept=False).load_id
    assert [(load.load_id, load.status) for load in world.ledger.held()] == [(first, "held")]
    world.ledger.reject(first, "anna", "wrong")
    world.vendor.orders[0]["order_id"] = "2"
    second = world.load(accept=False).load_id
    world.ledger.accept(second, "ben", "checked")
    found = [(load.load_id, load.status, load.decided_by, load.reason, load.rows) for load in world.ledger.loads()]
    rows = {"orders": 1, "_streams": 2, "_state": 1}
    assert found == [(first, "rejected", "anna", "wrong", rows), (second, "accepted", "ben", "checked", rows)]
    assert world.rows("select order_id, _dlt_load_id from t") == [("2", second)]
    world.ledger.accept(first, "anna", "it was right")
    assert world.rows("select count(*) from t") == [(2,)]


def test_an_unknown_load_cannot_be_decided_on(world):
    with pytest.raises(ConfigError, match=r"no complete load '17\.5' that can still be decided; see `voxhouse loads`"):
        world.ledger.accept("17.5", "anna", "")


@pytest.mark.parametrize(
    ("mark", "message"),
    [
        ('{"format": 0}', "the landing zone has an older format (0, this version reads 2)"),
        ('{"format": 3}', "the landing zone has a newer format (3, this version reads 2)"),
        ("{}", "not the mark of a landing zone"),
    ],
)
def test_a_landing_zone_of_another_format_is_refused(world, mark, message):
    world.home.landing.mkdir(parents=True)
    (world.home.landing / "format.json").write_text(mark)
    with pytest.raises(TerminalError) as error:
        Ledger(world.home.landing)
    assert message in str(error.value)
    with pytest.raises(TerminalError):
        world.load()


@pytest.mark.parametrize("torn", ["", '{"inserted_at": "2026-0', '{"schema": "shop"}', "\x00\x00"])
def test_a_torn_marker_is_the_trouble_of_its_load_only(world, torn):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    whole = world.load().load_id
    world.vendor.add("2", "2026-01-02T10:00:00Z")
    broken = world.load(accept=False).load_id
    folder = world.home.landing / "shop"
    (folder / "_manifest" / f"{broken}.json").unlink()
    (folder / "_dlt_loads" / f"shop__{broken}.jsonl").write_text(torn)
    assert [load.load_id for load in world.ledger.loads()] == [whole]
    assert world.load(instance="other").load_id
    assert world.load().tables == {"orders": (1, 0)}
    assert world.rows("select order_id from t order by 1") == [("1",), ("2",)]


def test_an_empty_landing_zone_has_every_table_with_its_types(tmp_path):
    brands = Brands.model_validate({"brands": {"aurora": {"name": "A", "ownership": "own", "timezone": "UTC"}}})
    with duckdb.connect() as con:
        register(con, Ledger(tmp_path), brands, {}, RUN)
        views = "select table_name from information_schema.tables where table_schema = 'landing'"
        names = {row[0] for row in con.execute(views).fetchall()}
        tables = ("run", "brands", "competitors", "accounts", "value_bands", "sources", "ledgers")
        config = {f"config__{name}" for name in tables}
        assert names == set(view_names()) | config
        described = con.execute("describe landing.file_drop__orders").fetchall()
    types = {row[0]: row[1] for row in described}
    assert types["ordered_at"] == "TIMESTAMP WITH TIME ZONE"
    assert types["gross_amount"] == "DECIMAL(18,4)"
    assert types["_dlt_load_id"] == "VARCHAR"


def test_results_of_models_land_accepted_with_the_loaders_columns(world):
    rows = {"brand_id": "aurora", "as_of": date(2026, 6, 30), "model_id": "m", "model_name": "bg_nbd", "parameter": "r"}
    tables = {VALUE_MODEL: pa.Table.from_pylist([rows])}
    load_id = land(world.home.landing, world.home.dlt, "voxhouse_models", tables, NOW)
    columns = "brand_id, source_instance, _observed_at, model_id, _dlt_load_id, estimate"
    found = query(world.ledger, f"select {columns} from landing.models__value_model", ["models__value_model"])
    assert [tuple(row.values()) for row in found.to_pylist()] == [
        ("aurora", "voxhouse_models", NOW, "m", load_id, None)
    ]


def test_only_the_views_asked_for_are_made(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    world.load()
    views = query(world.ledger, "select view_name from duckdb_views() where schema_name = 'landing'", ["streams"])
    assert views.to_pylist() == [{"view_name": "streams"}]


def test_configuration_tables_say_what_the_run_is_for(tmp_path):
    brands = Brands.model_validate(
        {
            "reporting_currency": "USD",
            "brands": {
                "aurora": {
                    "name": "Aurora",
                    "ownership": "own",
                    "timezone": "Europe/Paris",
                    "competitors": ["borealis"],
                    "accounts": {"instagram": ["1", "2"]},
                    "revenue_ledger": ["ig"],
                },
                "borealis": {"name": "Borealis", "ownership": "competitor", "timezone": "UTC"},
            },
            "sources": {
                "ig": {
                    "kind": "instagram",
                    "brand": "aurora",
                    "account_id": "1",
                    "competitors": {"borealis": "@borealis.shop"},
                }
            },
        }
    )
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for _ in range(2):
            register(con, Ledger(tmp_path / "landing"), brands, brands.sources, RUN)

        def rows(name: str) -> list[tuple[object, ...]]:
            return con.execute(f"from landing.config__{name} order by all").fetchall()

        until = (date(2026, 6, 30), RUN.as_of_at, True, RUN.as_of_at)
        assert rows("run") == [(*until, "USD", 12, 0.1, 365, 3.0, 90, 0.5, 48.0)]
        assert rows("brands")[0] == ("aurora", "Aurora", "own", "Europe/Paris", "EUR", "monday")
        assert rows("competitors") == [("aurora", "borealis")]
        assert rows("accounts") == [
            ("aurora", "instagram", "1", None),
            ("aurora", "instagram", "2", None),
            ("borealis", "instagram", None, "borealis.shop"),
        ]
        assert rows("value_bands") == [("high", 400.0), ("low", 0.0), ("medium", 100.0)]
        assert rows("sources") == [("ig", "instagram", "aurora", None, False, RUN.as_of_at, None, None)]
        assert rows("ledgers") == [("aurora", "ig")]


def test_a_ledger_is_a_source_of_its_brand(tmp_path):
    brand = {"name": "Aurora", "ownership": "own", "timezone": "UTC"}
    shop = {"kind": "shopify", "brand": "aurora", "base_url": "https://aurora.myshopify.com"}
    brands = Brands.model_validate(
        {"brands": {"aurora": brand, "borealis": {**brand, "revenue_ledger": ["shop"]}}, "sources": {"shop": shop}}
    )
    with duckdb.connect() as con, pytest.raises(ConfigError) as caught:
        register(con, Ledger(tmp_path / "landing"), brands, brands.sources, RUN)
    assert str(caught.value) == (
        "brands.borealis.revenue_ledger: shop is no source of borealis; name those of `voxhouse doctor`"
    )
