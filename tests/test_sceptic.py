"""The sceptic's script: change the world, run, see exactly those figures move, go back; kill it, break it."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import dagster as dg
import pytest

from tests.homes import LiveHome, make_home

pytestmark = pytest.mark.xdist_group("sceptic")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    home = make_home(tmp_path_factory.mktemp("sceptic") / "home")
    home.voxhouse("run")
    yield home
    home.voxhouse("stop")
    assert list(home.nobody.iterdir()) == [], "something was written to HOME"


def _revenue(home: LiveHome, day: str) -> Decimal:
    sql = (
        f"select coalesce(sum(net_revenue), 0)::varchar from fct_order where is_revenue_order and ordered_on = '{day}'"
    )
    return Decimal(home.one(sql))


def test_exactly_the_changed_figures_move_and_rollback_brings_the_old_ones_back(home: LiveHome) -> None:
    post = home.rows(
        "select post_key, post_id, reactions from mart_post_performance"
        " where is_own and not is_deleted order by posted_at desc limit 1"
    )[0]
    order = home.rows(
        "select order_id, ordered_on::varchar as day, net_revenue from fct_order"
        " where is_revenue_order and source_instance = 'aurora_shopify' order by ordered_at desc limit 1"
    )[0]
    refunds_before = home.one("select coalesce(sum(amount_reporting), 0)::double from fct_refund")
    customers_before = home.one("select count(*) from dim_customer")
    orders_before = home.one("select count(*) from fct_order")
    readings = f"select count(*) from fct_post_snapshot where post_key = '{post['post_key']}'"
    readings_before = home.one(readings)

    refunded = home.sandbox("refund", {"order_id": order["order_id"], "share": 1.0})
    home.sandbox("likes", {"media_id": post["post_id"], "count": 1000})
    home.sandbox("customer", {})
    home.sandbox("clock", {"advance_days": 1})
    home.voxhouse("run")

    gained = (
        home.one(f"select reactions from mart_post_performance where post_id = '{post['post_id']}'") - post["reactions"]
    )
    assert gained >= 1000
    assert _revenue(home, order["day"]) >= Decimal(str(order["net_revenue"]))
    refunds_after = home.one("select coalesce(sum(amount_reporting), 0)::double from fct_refund")
    assert refunds_after - refunds_before >= float(order["net_revenue"]) - 0.01, refunded
    assert home.one("select count(*) from dim_customer") > customers_before
    assert home.one("select count(*) from fct_order") > orders_before
    assert home.one(readings) > readings_before
    assert home.one("select max(abs(unexplained_difference))::double from mart_revenue_reconciliation") < 0.01

    home.voxhouse("rollback")
    assert home.one("select count(*) from dim_customer") == customers_before
    assert (
        home.one(f"select reactions from mart_post_performance where post_id = '{post['post_id']}'")
        == post["reactions"]
    )


# A home's vault draws its tokens at random; what is made of them is the home's own, as are the names of loads.
OF_THE_HOME = ("person_token", "author_key", "identity_key", "source_id", "evidence", "_load_id")


def _marts(home: LiveHome) -> dict[str, list[tuple[object, ...]]]:
    """Every mart's rows, sorted, without what is the home's own."""
    tables = home.rows(
        "select table_schema as schema, table_name as name, string_agg(column_name, ', ' order by ordinal_position)"
        f" filter (column_name not in {OF_THE_HOME}) as columns"
        " from information_schema.columns where table_schema in ('marts', 'finance') group by all"
    )
    found = {}
    for table in tables:
        rows = home.rows(f"select {table['columns']} from {table['schema']}.{table['name']} order by all")
        found[f"{table['schema']}.{table['name']}"] = [tuple(row.values()) for row in rows]
    return found


def test_a_run_killed_at_a_random_moment_leaves_the_same_marts(tmp_path: Path) -> None:
    home = make_home(tmp_path / "killed")
    calm = make_home(tmp_path / "calm")
    try:
        moment = random.Random(os.getpid()).uniform(4.0, 25.0)
        process = subprocess.Popen(
            home.command("run"), env=home.environment, cwd=home.path, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        time.sleep(moment)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        home.voxhouse("run")
        calm.voxhouse("run")
        killed, expected = _marts(home), _marts(calm)
        assert killed.keys() == expected.keys()
        differing = [name for name in expected if killed[name] != expected[name]]
        assert not differing, f"killed after {moment:.1f} s: {differing}"
    finally:
        home.voxhouse("stop")
        calm.voxhouse("stop")


def _one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The only line that a failed call says to the user."""
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("voxhouse:")]
    assert "Traceback" not in done.stderr
    return line


def test_a_broken_source_stops_the_run_in_one_line_and_what_was_published_stays(home: LiveHome) -> None:
    before = home.voxhouse("versions")
    home.sandbox("trouble", {"api": "shopify", "kind": "bad_types", "times": 1000, "share": 0.3})
    home.sandbox("clock", {"advance_days": 1})
    try:
        done = home.try_voxhouse("run")
    finally:
        home.sandbox("calm", {})
    assert "records quarantined" in _one_line(done)
    assert "held" in home.voxhouse("loads")
    assert home.voxhouse("versions") == before
    home.voxhouse("run")


def test_a_run_for_a_past_day_moves_nothing_in_service(home: LiveHome) -> None:
    in_service = home.one("select max(version_id) from operations.version")
    day = "2026-05-31"
    home.voxhouse("run", "--as-of", day)
    assert home.one("select max(version_id) from operations.version") == in_service
    assert f"as-of-{day}" in home.voxhouse("versions")


def _made_by(home: LiveHome, *key: str) -> str:
    """The run that last made an asset."""
    with dg.DagsterInstance.from_config(str(home.path / "dagster")) as instance:
        event = instance.get_latest_materialization_event(dg.AssetKey(key))
        assert event is not None
        return event.run_id


def test_a_failing_staging_suite_builds_no_mart_and_publishes_nothing(home: LiveHome) -> None:
    before, orders, mart = home.voxhouse("versions"), ("intermediate", "int_orders"), ("marts", "fct_order")
    staged_by, made_by = _made_by(home, *orders), _made_by(home, *mart)
    folder = home.path / "inbox" / "exchange_rates"
    header, *_, last = (folder / "rates_history.csv").read_text(encoding="utf-8").split()
    day, currency, rate = last.split(",")
    shifted_comma = folder / "rates_wrong.csv"
    shifted_comma.write_text(f"{header}\n{day},{currency},{float(rate) * 100}\n", encoding="utf-8")
    line = _one_line(home.try_voxhouse("run"))
    assert "int_fx_rates" in line
    assert "the day before" in line
    assert home.voxhouse("versions") == before
    assert _made_by(home, *orders) != staged_by
    assert _made_by(home, *mart) == made_by
    shifted_comma.write_text(f"{header}\n{last}\n", encoding="utf-8")
    home.voxhouse("run")


def _landed(home: LiveHome) -> set[tuple[Path, int]]:
    return {(path, path.stat().st_mtime_ns) for path in (home.path / "landing").rglob("*.parquet")}


def test_a_full_refresh_rebuilds_the_same_marts_and_leaves_landing_alone(home: LiveHome) -> None:
    marts, landed = _marts(home), _landed(home)
    with (home.path / "warehouse" / "warehouse.duckdb").open("wb") as damaged:
        damaged.write(b"not a database")
    home.voxhouse("run", "--full-refresh")
    assert _marts(home) == marts
    assert _landed(home) == landed


def test_two_runs_at_once_and_other_bad_calls_are_told_in_one_line(home: LiveHome) -> None:
    first = subprocess.Popen(home.command("run"), env=home.environment, cwd=home.path, stderr=subprocess.DEVNULL)
    lock = home.path / "run" / "warehouse.holder"
    while not lock.exists():
        time.sleep(0.1)
    assert "another run (run " in _one_line(home.try_voxhouse("run"))
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
        line = _one_line(home.try_voxhouse("run", "--source", "aurora_shopify"))
        assert "missing credentials VOXHOUSE_AURORA_SHOPIFY_ACCESS_TOKEN" in line
    finally:
        secrets.write_text(kept, encoding="utf-8")


def test_no_address_of_a_person_stands_outside_the_vault(home: LiveHome) -> None:
    kept_apart = {"pii", "inbox", "sandbox", "secrets.env"}
    with sqlite3.connect(home.path / "pii" / "vault.db") as vault:
        columns = [row[1] for row in vault.execute("pragma table_info(identifiers)")]
        known = [str(row[columns.index("identifier")]) for row in vault.execute("select * from identifiers")]
    addresses = [text.encode() for text in known if "@" in text]
    assert len(addresses) > 100
    for path in home.path.rglob("*"):
        inside = path.relative_to(home.path).parts[0]
        if path.is_file() and inside not in kept_apart:
            content = path.read_bytes()
            assert not any(address in content for address in addresses), path
    for table in home.rows(
        "select table_catalog as file, table_schema as schema, table_name as name from information_schema.tables"
    ):
        found = home.one(
            f"select count(*) from {table['file']}.{table['schema']}.{table['name']} as t where t::varchar like '%@%.%'"
        )
        assert found == 0, table


def test_the_doctor_finds_the_home_well_and_says_what_is_not(home: LiveHome) -> None:
    assert "!!" not in home.voxhouse("doctor")
    home.voxhouse("stop")
    done = home.try_voxhouse("doctor")
    assert done.returncode == 1
    assert "check base_url and the network" in done.stdout
    home.voxhouse("sandbox", "start")
