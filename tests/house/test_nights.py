"""Nights in a row with a source down in one of five: no hand is needed, and in the end nothing is missing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.homes import LiveHome, make_home
from tests.stages import keep_stage

pytestmark = [pytest.mark.xdist_group("nights"), pytest.mark.slow]

NIGHTS = int(os.environ.get("TEST_NIGHTS", "15"))
"""A whole year takes most of an hour: TEST_NIGHTS=365."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveHome]:
    home = make_home(tmp_path_factory.mktemp("nights") / "home")
    home.voxhouse("run")
    yield home
    home.voxhouse("stop")


def test_no_hand_is_needed_whatever_source_is_down(home: LiveHome, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.house.nights", str(NIGHTS)],
        env=home.environment, cwd=home.path, capture_output=True, text=True, timeout=9000,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    seen = json.loads(done.stdout.splitlines()[-1])
    assert {what for what in seen if what.startswith("build")} == {"build: well"}
    assert "land with no source down: failed" not in seen
    home.voxhouse("run")
    assert home.rows("from dim_source where is_stale") == []
    stage = keep_stage(home, tmp_path / "stage")
    stage.assert_same(
        "select order_id, ordered_at, is_revenue_order, net_amount from fct_order",
        "select order_id, ordered_at::timestamp, is_revenue_order, net_revenue::decimal(18, 4)"
        " from memory.truth.orders",
    )
    stage.assert_same(
        "select refund_id, sum(amount)::decimal(18, 4) from fct_refund where refund_kind <> 'cancellation' group by 1",
        "select refund_id, net_amount::decimal(18, 4) from memory.truth.refunds",
    )
