"""Small files of old loads are merged; readers see the same rows before, after, and after a crash at any point."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.landing import compaction
from pipelines.landing.compaction import compact

ROWS = "select order_id, amount, _dlt_load_id, _observed_at from t order by all"


def _fill(world, loads: int) -> list[str]:
    return [_one_more(world, number) for number in range(loads)]


def _one_more(world, number: int) -> str:
    world.vendor.orders = []
    world.vendor.add(str(number), f"2026-01-01T10:00:{number:02}Z", amount="n/a" if number == 3 else "1.00")
    return world.load().load_id


def _files(world) -> set[Path]:
    return set((world.home.landing / "shop").glob("*/day=*/*.parquet"))


def test_readers_see_the_same_rows_loads_and_state_in_fewer_files(world):
    ids = _fill(world, 8)
    before, loads, state = world.rows(ROWS), world.ledger.loads(), world.ledger.state("shop")
    bad, streams = world.rows("from t order by all", "_quarantine"), world.rows("from t order by all", "_streams")
    compact(world.ledger, "shop", most=5, kept=2)
    assert len(world.ledger.files(["orders"], "shop")["orders"]) == 3
    assert {path.name.rsplit(".", 2)[0] for path in _files(world)} == set(ids[-2:])
    assert world.rows(ROWS) == before
    assert world.rows("from t order by all", "_quarantine") == bad
    assert world.rows("from t order by all", "_streams") == streams
    assert world.ledger.state("shop") == state
    known = [(load.load_id, load.status, load.decided_by, load.rows) for load in world.ledger.loads()]
    assert known == [(load.load_id, load.status, load.decided_by, load.rows) for load in loads]
    assert _one_more(world, 8) > ids[-1]
    assert world.load().load_id is None
    compact(world.ledger, "shop", most=2, kept=1)
    assert len(world.rows(ROWS)) == len(before) + 1
    assert len(list((world.home.landing / "shop" / "orders" / "merged").iterdir())) == 1


def test_nothing_is_merged_while_there_are_few_and_what_is_held_stays_apart(world):
    _fill(world, 3)
    held = world.load(accept=False).load_id
    files = _files(world)
    compact(world.ledger, "shop", most=5, kept=2)
    assert _files(world) == files
    assert held is None or held in {load.load_id for load in world.ledger.held()}


def test_a_merged_load_cannot_be_decided_anew(world):
    ids = _fill(world, 4)
    compact(world.ledger, "shop", most=2, kept=1)
    with pytest.raises(ConfigError, match=f"no complete load '{ids[0]}' that can still be decided"):
        world.ledger.reject(ids[0], "anna", "late")


@pytest.mark.parametrize("point", ["merged", "written", "markers gone"])
def test_a_crash_at_any_point_changes_nothing_and_the_next_call_ends_the_work(world, monkeypatch, point):
    _fill(world, 6)
    before = world.rows(ROWS)

    def die(*_args: object, **_options: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        if point == "markers gone":
            patched.setattr(Path, "unlink", _after(7, Path.unlink, die))
        else:
            patched.setattr(compaction, {"merged": "write_privately", "written": "_remove_merged"}[point], _late(point))
        with pytest.raises(KeyboardInterrupt):
            compact(world.ledger, "shop", most=3, kept=1)
    assert world.rows(ROWS) == before
    assert len(world.ledger.loads()) == 6
    compact(world.ledger, "shop", most=3, kept=1)
    assert world.rows(ROWS) == before
    assert len(_files(world)) == len({p for p in _files(world) if "merged" not in p.parts}) <= 4
    assert len(world.ledger.loads("shop")) == 6
    assert len(list((world.home.landing / "shop" / "_manifest").iterdir())) == 1


def _after(calls: int, real, die):
    left = [calls]

    def step(*args: object, **options: object) -> None:
        left[0] -= 1
        real(*args, **options) if left[0] >= 0 else die()

    return step


def _late(point: str):
    """Dies there, but not at the clean-up with which a call begins."""
    calls = [0]

    def step(*_args: object) -> None:
        calls[0] += 1
        if point == "merged" or calls[0] == 2:
            raise KeyboardInterrupt

    return step
