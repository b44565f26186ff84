"""The hour at which an account's audience responds best is found from its posts, in three worlds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.brands import load_brands
from pipelines.credentials import read_secrets
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import instances, load_instance
from pipelines.landing.views import RunClock, register
from sandbox import WorldOptions
from tests.homes import ROOT, LiveHome, make_home

pytestmark = [pytest.mark.xdist_group("best_hours"), pytest.mark.slow]

ENOUGH_POSTS = 200
START_CLOCK = WorldOptions().start_clock
SEEDS = (1, 2, 3)


def _load(live: LiveHome) -> None:
    """Land and accept what the network's API and the drop of earlier readings have."""
    home = Home(live.path)
    brands, secrets = load_brands(home.brands_file), read_secrets(home.secrets_file)
    for instance in ("aurora_instagram", "sandbox_history"):
        report = load_instance(home, instance, brands, START_CLOCK, environment=secrets)
        assert report.load_id
        Ledger(home.landing).accept(report.load_id, "test", "as expected")


def _build(home: Home, warehouse: Path) -> None:
    """The mart of posting times, with dbt, in a warehouse of its own."""
    brands = load_brands(home.brands_file)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("set TimeZone = 'UTC'")
        clock = RunClock(START_CLOCK.date(), START_CLOCK, is_past=False)
        register(connection, Ledger(home.landing), brands, instances(home, brands), clock)
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", "build", "--select", "+mart_best_time_to_post"]
    command += ["--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
    command += ["--project-dir", str(ROOT / "dbt_project"), "--profiles-dir", str(ROOT / "dbt_project")]
    environment = os.environ | {
        "VOXHOUSE_WAREHOUSE": str(warehouse),
        "DBT_TARGET_PATH": str(warehouse.with_name("target")),
        "DBT_LOG_PATH": str(warehouse.with_name("logs")),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout[-3000:]


def _rank_of_the_best_hour(folder: Path, seed: int) -> list[tuple[str, int]]:
    """Account, and the place that the mart gives to the cell of the week which truly is the account's best."""
    live = make_home(
        folder / "home", options=("--seed", str(seed), "--customers", "20", "--orders", "40", "--posts", "1500")
    )
    try:
        _load(live)
    finally:
        live.voxhouse("stop")
    _build(Home(live.path), folder / "warehouse.duckdb")
    truth = live.path / "sandbox" / "truth" / "best_hours.parquet"
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as connection:
        return connection.execute(
            "select username, effect_rank from marts.mart_best_time_to_post as mart"
            " inner join intermediate.int_accounts_assigned using (account_key, username)"
            f" inner join '{truth}' as truth"
            " on truth.account_id = int_accounts_assigned.account_id and weekday = weekday_number and hour = local_hour"
            f" where truth.rank = 1 and account_posts_count >= {ENOUGH_POSTS}"
        ).fetchall()


def test_the_best_hour_is_among_the_first_three_of_most_accounts(tmp_path: Path) -> None:
    ranks = [row for seed in SEEDS for row in _rank_of_the_best_hour(tmp_path / str(seed), seed)]
    assert len(ranks) == 9
    assert sum(rank <= 3 for _, rank in ranks) >= 0.8 * len(ranks), ranks
