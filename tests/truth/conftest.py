"""Small homes with published versions: one in Paris with two, of its first run and of a day later in a world that was
changed; one in Los Angeles, with a past month closed too; one in Tokyo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sandbox.store import Store
from tests.homes import SMALL_WORLD, LiveHome, make_home
from tests.stages import Stage, keep_stage

JUNE_IN_LOS_ANGELES = datetime(2026, 6, 30, 20, 17, tzinfo=ZoneInfo("America/Los_Angeles"))
"""July by UTC."""
JULY_IN_TOKYO = datetime(2026, 7, 1, 8, 47, tzinfo=ZoneInfo("Asia/Tokyo"))
"""June by UTC."""
CLOSED = "2026-05-31"


def _change(home: LiveHome) -> None:
    """What the sceptic does: a refund, likes and a new customer, and then a day goes by."""
    order = home.one("select order_id from fct_order where is_revenue_order order by ordered_at desc limit 1")
    post = home.one(
        "select post_id from mart_post_performance where is_own and not is_deleted order by posted_at desc limit 1"
    )
    home.sandbox("refund", {"order_id": order, "share": 1.0})
    home.sandbox("likes", {"media_id": post, "count": 1000})
    home.sandbox("customer", {})
    home.sandbox("clock", {"advance_days": 1})


@contextmanager
def _home_at(clock: datetime, folder: Path) -> Iterator[LiveHome]:
    """A home whose world lives in the clock's zone, after one run."""
    Store(folder).write_clock(clock)
    home = make_home(folder, options=(*SMALL_WORLD, "--timezone", str(clock.tzinfo)))
    try:
        home.voxhouse("run")
        yield home
    finally:
        home.voxhouse("stop")


@pytest.fixture(scope="session")
def paris(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The two published versions of one home, by name."""
    folder = tmp_path_factory.mktemp("paris")
    home = make_home(folder / "home")
    try:
        home.voxhouse("run")
        first = keep_stage(home, folder / "first")
        _change(home)
        home.voxhouse("run")
        yield {"first run": first, "a changed day later": keep_stage(home, folder / "later")}
    finally:
        home.voxhouse("stop")


@pytest.fixture(scope="session")
def los_angeles(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The version of the home's own day and that of a month's last day, by name."""
    folder = tmp_path_factory.mktemp("los_angeles")
    with _home_at(JUNE_IN_LOS_ANGELES, folder / "home") as home:
        home.voxhouse("run", "--as-of", CLOSED)
        (closed,) = (home.path / "serving" / "past").iterdir()
        yield {
            "Los Angeles": keep_stage(home, folder / "own_day"),
            "closed": keep_stage(home, folder / "closed", f"past/{closed.name}"),
        }


@pytest.fixture(scope="session")
def tokyo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The version of the home's own day, by name."""
    folder = tmp_path_factory.mktemp("tokyo")
    with _home_at(JULY_IN_TOKYO, folder / "home") as home:
        yield {"Tokyo": keep_stage(home, folder / "own_day")}


@pytest.fixture(
    params=[
        pytest.param(("paris", "first run"), id="first run"),
        pytest.param(("paris", "a changed day later"), id="a changed day later"),
        pytest.param(("los_angeles", "Los Angeles"), id="Los Angeles", marks=pytest.mark.xdist_group("los_angeles")),
        pytest.param(("tokyo", "Tokyo"), id="Tokyo", marks=pytest.mark.xdist_group("tokyo")),
    ]
)
def stage(request: pytest.FixtureRequest) -> Stage:
    home, name = request.param
    stages: dict[str, Stage] = request.getfixturevalue(home)
    return stages[name]
