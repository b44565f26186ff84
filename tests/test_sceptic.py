"""The sceptic's script: change the world, run, see exactly those figures move, go back; kill it, break it."""

from __future__ import annotations

import re
import shutil
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from tests.homes import LiveHome, make_home
from tests.marts import Marts, marts_of

pytestmark = pytest.mark.xdist_group("sceptic")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    home = make_home(tmp_path_factory.mktemp("sceptic") / "home")
    home.voxhouse("run")
    yield home
    home.voxhouse("stop")
    assert list(home.nobody.iterdir()) == [], "something was written to HOME"


MOVED_BY_AN_ORDER = {
    "finance.mart_customer_lifetime_value": (1, 2),
    "finance.mart_lifetime_value_monthly": (6, 6),
    "finance.mart_revenue_reconciliation": (1, 1),
    "marts.bridge_identity": (0, 1),
    "marts.dim_customer": (0, 1),
    "marts.fct_order": (1, 2),
    "marts.fct_order_line": (0, 1),
    "marts.fct_refund": (0, 1),
    "marts.mart_customer_attrition_risk": (1, 1),
    "marts.mart_retention_cohort": (2, 2),
}
"""Rows that go and rows that come when a newcomer orders and another's newest order is refunded on the same day.

The CRM makes the newcomer's contact a moment after the home's clock, so that it is there from the next day on.
"""
MOVED_BY_LIKES = {
    "marts.fct_post_snapshot": (1, 1),
    "marts.mart_competitor_benchmark_weekly": (2, 2),
    "marts.mart_engagement_daily": (2, 2),
    "marts.mart_post_performance": (1, 1),
}
"""The same when one post of the own account gains likes: its own figures, and the account's of its days and week."""


def _moved(before: Marts, after: Marts) -> dict[str, tuple[int, int]]:
    """Rows that went and rows that came, of each mart in which any did."""
    changes = {name: (Counter(before[name]), Counter(after[name])) for name in before}
    counts = {name: ((old - new).total(), (new - old).total()) for name, (old, new) in changes.items()}
    return {name: moved for name, moved in counts.items() if moved != (0, 0)}


def test_exactly_the_changed_figures_move_and_rollback_brings_the_old_ones_back(home: LiveHome) -> None:
    post = home.rows(
        "select post_key, post_id, reactions from mart_post_performance"
        " where is_own and not is_deleted order by posted_at desc limit 1"
    )[0]
    order = home.rows(
        "select order_id, net_revenue from fct_order"
        " where is_revenue_order and source_instance = 'aurora_shopify' order by ordered_at desc limit 1"
    )[0]
    sums = [
        "select sum(net_revenue) from fct_order where is_revenue_order and currency = 'EUR'",
        "select count(*) from fct_refund",
        "select sum(amount_reporting) from fct_refund",
    ]
    unexplained = "select sum(abs(unexplained_difference)) from mart_revenue_reconciliation"
    before, figures, unexplained_before = marts_of(home), [home.one(sql) for sql in sums], home.one(unexplained)

    refunded = home.sandbox("refund", {"order_id": order["order_id"], "share": 1.0})
    home.sandbox("likes", {"media_id": post["post_id"], "count": 1000})
    newcomer = home.sandbox("customer", {})
    home.voxhouse("run")

    after = marts_of(home)
    assert before.keys() == after.keys()
    assert _moved(before, after) == MOVED_BY_AN_ORDER | MOVED_BY_LIKES
    reactions = home.one(f"select reactions from mart_post_performance where post_key = '{post['post_key']}'")
    assert reactions == post["reactions"] + 1000
    assert Decimal(refunded["net_amount"]) == order["net_revenue"]
    moved = [Decimal(newcomer["net_amount"]), 1, Decimal(refunded["net_amount"])]
    assert [home.one(sql) - figure for sql, figure in zip(sums, figures, strict=True)] == moved
    assert home.one(unexplained) == unexplained_before

    home.voxhouse("run")
    assert _moved(after, marts_of(home)) == {}, "a run with nothing new moves nothing"
    home.voxhouse("rollback")
    home.voxhouse("rollback")
    assert _moved(before, marts_of(home)) == {}
    assert home.voxhouse("run").endswith("made, not in service (`voxhouse versions` says why)\n")
    assert _moved(before, marts_of(home)) == {}, "a rollback stays"
    home.voxhouse("release")
    assert _moved(after, marts_of(home)) == {}


def _one_line(done: subprocess.CompletedProcess[str], code: int = 1) -> str:
    """The only line that a failed call, or one of which a source failed, says to the user."""
    assert done.returncode == code
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("voxhouse:")]
    assert "Traceback" not in done.stderr
    return line


SOURCES_FAILED = 3
"""Exit code of a run that published without the newest of a source."""


def test_a_broken_source_fails_alone_and_the_version_says_as_of_when_it_shows_it(home: LiveHome) -> None:
    shop = "select count(*), max(ordered_at) from fct_order where source_instance = 'aurora_shopify'"
    orders, readings = home.rows(shop), home.one("select count(*) from fct_post_snapshot")
    now = home.one("select max(read_at) from operations.freshness where source_instance = 'aurora_shopify'")
    home.sandbox("trouble", {"api": "shopify", "kind": "bad_types", "times": 1000, "share": 1.0})
    home.sandbox("clock", {"advance_days": 5})
    try:
        done = home.try_voxhouse("run")
    finally:
        home.sandbox("calm", {})
    line = _one_line(done, SOURCES_FAILED)
    assert line.startswith("voxhouse: aurora_shopify: load ")
    assert "records quarantined" in line
    assert done.stdout.endswith("published, 1 source failed\n")
    assert home.rows(shop) == orders
    assert home.one("select count(*) from fct_post_snapshot") > readings
    behind = home.rows(
        "select distinct source_instance, read_at, failing_since from operations.freshness where not is_fresh"
    )
    assert behind == [{"source_instance": "aurora_shopify", "read_at": now, "failing_since": now + timedelta(days=5)}]
    home.voxhouse("run")
    assert home.one("select count(*) from operations.freshness where not is_fresh") == 0


def test_a_required_source_that_fails_holds_publication(home: LiveHome) -> None:
    before, brands = home.voxhouse("versions"), home.path / "brands.yml"
    configured = brands.read_text(encoding="utf-8")
    brands.write_text(f"required_sources: [aurora_hubspot]\n{configured}", encoding="utf-8")
    home.sandbox("trouble", {"api": "hubspot", "kind": "expired_token", "times": 1000})
    try:
        line = _one_line(home.try_voxhouse("run"))
    finally:
        home.sandbox("calm", {})
    assert "required_sources: publication is held: aurora_hubspot fails since " in line
    assert line.endswith("nothing was published")
    assert home.voxhouse("versions") == before
    home.voxhouse("run")
    assert home.voxhouse("versions") != before
    brands.write_text(configured, encoding="utf-8")


def test_a_run_for_a_past_day_moves_nothing_in_service(home: LiveHome) -> None:
    in_service = home.one("select max(version_id) from operations.version")
    day = "2026-05-31"
    assets = [("marts", "fct_order"), ("intermediate", "int_orders_priced"), ("sources", "aurora_shopify")]
    made_by = [_made_by(home, *key) for key in assets]
    docs = {path: path.stat().st_mtime_ns for path in (home.path / "data_docs").rglob("*.html")}
    home.voxhouse("run", "--as-of", day)
    assert [_made_by(home, *key) for key in assets] == made_by, "no event of a past day is one of today's assets"
    assert {path: path.stat().st_mtime_ns for path in (home.path / "data_docs").rglob("*.html")} == docs
    assert home.one("select max(version_id) from operations.version") == in_service
    assert f"as-of-{day}" in home.voxhouse("versions")


def _made_by(home: LiveHome, *key: str) -> str:
    """The run that last made an asset."""
    with dg.DagsterInstance.from_config(str(home.path / "dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(key))
        assert event is not None
        return event.run_id


def test_a_failing_staging_suite_builds_no_mart_and_publishes_nothing(home: LiveHome) -> None:
    before, orders, mart = home.voxhouse("versions"), ("intermediate", "int_orders_priced"), ("marts", "fct_order")
    staged_by, made_by = _made_by(home, *orders), _made_by(home, *mart)
    folder = home.path / "inbox" / "exchange_rates"
    header, *rates = (folder / "rates_history.csv").read_text(encoding="utf-8").split()
    # As many as a usual delivery has, so that its volume is no fault.
    *right, last = rates[-6:]
    day, currency, rate = last.split(",")
    shifted_comma = folder / "rates_wrong.csv"
    wrong = f"{day},{currency},{float(rate) * 100}"
    shifted_comma.write_text("\n".join([header, *right, wrong, ""]), encoding="utf-8")
    line = _one_line(home.try_voxhouse("run"))
    assert "int_fx_rates" in line
    assert "the day before" in line
    assert home.voxhouse("versions") == before
    assert _made_by(home, *orders) != staged_by
    assert _made_by(home, *mart) == made_by
    shifted_comma.write_text("\n".join([header, *right, last, ""]), encoding="utf-8")
    home.voxhouse("run")


def _landed(home: LiveHome) -> set[tuple[Path, int]]:
    return {(path, path.stat().st_mtime_ns) for path in (home.path / "landing").rglob("*.parquet")}


def test_a_full_refresh_rebuilds_the_same_marts_and_leaves_landing_alone(home: LiveHome) -> None:
    marts, landed = marts_of(home), _landed(home)
    with (home.path / "warehouse" / "warehouse.duckdb").open("wb") as damaged:
        damaged.write(b"not a database")
    home.voxhouse("run", "--full-refresh")
    assert marts_of(home) == marts
    assert _landed(home) == landed


def test_two_runs_at_once_wait_for_each_other_and_bad_calls_are_told_in_one_line(home: LiveHome) -> None:
    first = subprocess.Popen(home.command("run"), env=home.environment, cwd=home.path, stderr=subprocess.DEVNULL)
    lock = home.path / "run" / "warehouse.holder"
    while not lock.exists():
        time.sleep(0.1)
    second = home.try_voxhouse("run")
    assert f"warehouse: process {first.pid} is at work; waiting for it to end" in second.stderr
    assert second.returncode == 0
    assert first.wait(timeout=600) == 0
    assert "unknown source nowhere; known are: aurora_hubspot" in _one_line(
        home.try_voxhouse("run", "--source", "nowhere")
    )
    assert "lies after the home's clock" in _one_line(home.try_voxhouse("run", "--as-of", "2099-01-01"))
    assert "no such version" in _one_line(home.try_voxhouse("rollback", "19990101T000000Z-00000000"))
    secrets = home.path / "secrets.env"
    kept = secrets.read_text(encoding="utf-8")
    secrets.write_text("", encoding="utf-8")
    try:
        line = _one_line(home.try_voxhouse("run", "--source", "aurora_shopify"), SOURCES_FAILED)
        assert "missing credentials VOXHOUSE_AURORA_SHOPIFY_CLIENT_ID, VOXHOUSE_AURORA_SHOPIFY_CLIENT_SECRET or" in line
    finally:
        secrets.write_text(kept, encoding="utf-8")
    home.voxhouse("run", "--source", "aurora_shopify")


PLANTED = {
    "contacts.csv": "id,mail,phone\nplanted.id@person.example,other.planted@person.example,+33 6 98 76 54 32\n",
    "headless.csv": "headless.planted@person.example,+33 7 98 76 54 32,1999-01-01\n",
}
PLANTED_MAPPING = """\
brand: aurora
files:
  - match: "*.csv"
    entities: [{entity: customers, columns: {customer_id: id, email: mail, phone: phone}}]
"""


def _words(path: Path) -> set[str]:
    """Every word of a file: of a table the texts of its rows, of anything else its printable runs."""
    if path.suffix == ".parquet":
        rows = duckdb.sql(f"from read_parquet('{path}', hive_partitioning = false)").fetchall()
        return {word for row in rows for value in row for word in str(value).split()}
    return {word.decode() for word in re.findall(rb"[\x21\x23-\x7e]{4,}", path.read_bytes())}


def _vaulted(home: LiveHome) -> tuple[set[str], set[str]]:
    """What persons are known by, and what they wrote."""
    with sqlite3.connect(home.path / "pii" / "vault.db") as vault:
        rows = vault.execute("select kind, identifier from identifiers").fetchall()
    texts = {text.partition("\n")[2] for kind, text in rows if kind == "text"}
    return {text for kind, text in rows if kind != "text" and len(text) > 5}, texts


def test_nothing_that_leads_to_a_person_stands_outside_the_vaults_half(home: LiveHome) -> None:
    """Planted in keys, in a file without a header, and in what the vendors give; event store and logs included."""
    folder = home.path / "inbox" / "planted"
    folder.mkdir()
    (folder / "drop.yml").write_text(PLANTED_MAPPING, encoding="utf-8")
    for name, content in PLANTED.items():
        (folder / name).write_text(content, encoding="utf-8")
        done = home.try_voxhouse("run", "--source", "planted")
        assert not [word for word in ("person.example", "98 76") if word in done.stdout + done.stderr], name
        (folder / name).unlink()
    shutil.rmtree(folder)
    made = [path for path in home.path.rglob("*") if home.path / "inbox" not in path.parents and not path.is_symlink()]
    assert [path for path in made if path.lstat().st_mode & 0o077] == []
    known, texts = _vaulted(home)
    assert len([text for text in known if "@" in text]) > 100
    assert len(texts) > 10
    kept_apart = {"pii", "inbox", "sandbox", "secrets.env"}
    for path in home.path.rglob("*"):
        if path.is_file() and path.relative_to(home.path).parts[0] not in kept_apart:
            words = _words(path)
            assert not words & known, path
            assert not [word for word in words if "person.example" in word], path
            written = "\n".join(words) if path.suffix == ".parquet" else path.read_bytes().decode("latin-1")
            assert not [text for text in texts if len(text) > 20 and text in written], path
    for table in home.rows(
        "select table_catalog as file, table_schema as schema, table_name as name from information_schema.tables"
    ):
        found = home.one(
            f"select count(*) from {table['file']}.{table['schema']}.{table['name']} as t where t::varchar like '%@%.%'"
        )
        assert found == 0, table


def test_the_doctor_finds_the_home_well_and_says_what_is_not(home: LiveHome) -> None:
    # The version in service was made while the drop without a header was there, and says so.
    faults = [line for line in home.try_voxhouse("doctor").stdout.splitlines() if line.startswith("!!")]
    assert [line.split()[1:3] for line in faults] == [["planted", "fresh"]]
    home.voxhouse("run")
    assert "!!" not in home.voxhouse("doctor")
    home.voxhouse("stop")
    done = home.try_voxhouse("doctor")
    assert done.returncode == 1
    assert "check base_url and the network" in done.stdout
    home.voxhouse("sandbox", "start")
