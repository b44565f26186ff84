"""One small home with two published versions: of its first run, and of a day later in a world that was changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.homes import LiveHome, make_home
from tests.stages import Stage, keep_stage


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


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Stage]]:
    """The two published versions of one home, by name."""
    folder = tmp_path_factory.mktemp("truth")
    home = make_home(folder / "home")
    try:
        home.voxhouse("run")
        first = keep_stage(home, folder / "first")
        _change(home)
        home.voxhouse("run")
        yield {"first run": first, "a changed day later": keep_stage(home, folder / "later")}
    finally:
        home.voxhouse("stop")


@pytest.fixture(params=["first run", "a changed day later"])
def stage(stages: dict[str, Stage], request: pytest.FixtureRequest) -> Stage:
    return stages[request.param]
