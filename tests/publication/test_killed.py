"""A process that is ended at any call that changes the disk: a whole version stays in service, and the next one works.

A child counts its calls of a few functions of `os` and ends itself, as `kill -9` would, at the n-th; then n + 1.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from orchestration.publication import upkeep
from orchestration.publication.hold import held
from orchestration.publication.service import publish, release, rollback
from orchestration.publication.upkeep import bring_up_to_date, clean
from orchestration.publication.versions import versions
from tests.publication.kit import build, exit_code, in_child, lay, shown_in, warehouse

CALLS = ("replace", "rename", "fsync", "symlink", "unlink", "rmdir", "utime", "mkdir", "open", "chmod", "link")
KILLED = 137
MOST_CALLS = 200
PAST = "2026-01-31"


def _killed_at(call: int, work: Callable[[], object]) -> Callable[[], None]:
    """The work, ended before its n-th call."""

    def run() -> None:
        calls = 0

        def counting(function: Callable[..., object]) -> Callable[..., object]:
            def counted(*arguments: object, **options: object) -> object:
                nonlocal calls
                calls += 1
                if calls == call:
                    os._exit(KILLED)
                return function(*arguments, **options)

            return counted

        for name in CALLS:
            setattr(os, name, counting(getattr(os, name)))
        work()

    return run


def _each_death(tmp_path: Path, lay_out: Callable[[Path], object], work: Callable[[Path], object]) -> Iterator[Path]:
    """A place for each call at which the work was ended, as that left it; and last one where it came to its end."""
    for call in range(1, MOST_CALLS):
        serving = tmp_path / str(call)
        serving.mkdir()
        lay_out(serving)
        code = exit_code(in_child(_killed_at(call, lambda place=serving: work(place))))
        assert code in (0, KILLED)
        yield serving
        if code == 0:
            assert call > 3
            return
    raise AssertionError("the work never came to its end")


def _nothing_is_left_over(serving: Path) -> None:
    clean(serving)
    staging = serving / "staging"
    assert not staging.exists() or list(staging.iterdir()) == []
    assert {path.name for path in serving.glob(".*")} == {".lock"}


def _two(serving: Path) -> None:
    for number in (1, 2):
        publish(serving, lay(serving, number))


def _held(serving: Path) -> None:
    _two(serving)
    rollback(serving, None, "anna", "")
    lay(serving, 3)


def _ids(serving: Path) -> list[str]:
    return [version.version_id for version in versions(serving)]


def test_a_publication(tmp_path: Path) -> None:
    def lay_out(serving: Path) -> None:
        _two(serving)
        lay(serving, 3)

    outcomes = set()
    for serving in _each_death(tmp_path, lay_out, lambda place: publish(place, _ids(place)[0])):
        third, second, first = _ids(serving)
        assert shown_in(serving) in (second, third)
        outcomes.add(shown_in(serving))
        assert publish(serving, third)
        assert shown_in(serving) == third
        assert rollback(serving, first, "ben", "") == first == shown_in(serving)
        _nothing_is_left_over(serving)
    assert len(outcomes) == 2


def test_a_rollback(tmp_path: Path) -> None:
    outcomes = set()
    for serving in _each_death(tmp_path, _two, lambda place: rollback(place, None, "anna", "")):
        second, first = _ids(serving)
        hold = held(serving)
        outcomes.add((shown_in(serving) == first, hold is not None))
        third = lay(serving, 3)
        assert publish(serving, third) == (hold is None)
        assert shown_in(serving) == (first if hold else third)
        _nothing_is_left_over(serving)
        assert rollback(serving, second, "ben", "") == second == shown_in(serving)
    assert outcomes == {(False, False), (False, True), (True, True)}


def test_a_rollback_again(tmp_path: Path) -> None:
    for serving in _each_death(tmp_path, _two, lambda place: rollback(place, None, "anna", "")):
        _, first = _ids(serving)
        if shown_in(serving) != first:
            assert rollback(serving, first, "anna", "") == first
        assert shown_in(serving) == first
        assert held(serving) is not None
        _nothing_is_left_over(serving)


def test_a_release(tmp_path: Path) -> None:
    outcomes = set()
    for serving in _each_death(tmp_path, _held, release):
        third, _, first = _ids(serving)
        is_held = held(serving) is not None
        outcomes.add((shown_in(serving) == third, is_held))
        fourth = lay(serving, 4)
        assert publish(serving, fourth) == (not is_held)
        assert shown_in(serving) == (first if is_held else fourth)
        assert release(serving) == (fourth if is_held else None)
        assert shown_in(serving) == fourth
        _nothing_is_left_over(serving)
    assert outcomes == {(False, True), (True, True), (True, False)}


def test_a_release_of_a_rollback_that_was_cut_short(tmp_path: Path) -> None:
    for serving in _each_death(tmp_path, _two, lambda place: rollback(place, None, "anna", "")):
        second, first = _ids(serving)
        is_held = held(serving) is not None
        assert release(serving) == (first if is_held else None)
        assert shown_in(serving) == (first if is_held else second)
        _nothing_is_left_over(serving)


def test_cleaning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "VERSIONS_KEPT", 1)
    monkeypatch.setattr(upkeep, "KEPT_AT_LEAST_SECONDS", -1.0)
    for serving in _each_death(tmp_path, _two, clean):
        assert all(len(list(version.path.iterdir())) == 2 for version in versions(serving))
        _nothing_is_left_over(serving)
        assert _ids(serving) == [shown_in(serving)]


def test_moving_an_older_layout(tmp_path: Path) -> None:
    def lay_out(serving: Path) -> None:
        first, second = (lay(serving, number, PAST, "versions") for number in (1, 2))
        assert first < second
        (serving / "current").symlink_to(f"versions/{first}")

    for serving in _each_death(tmp_path, lay_out, bring_up_to_date):
        second, first = _ids(serving)
        assert shown_in(serving) == first
        assert publish(serving, lay(serving, 3))
        assert rollback(serving, second, "ben", "") == second
        _nothing_is_left_over(serving)
        assert sorted(path.name for path in (serving / "past").iterdir()) == [first, second]
        assert len(list((serving / "versions").iterdir())) == 1


def test_making_a_version(tmp_path: Path) -> None:
    file = warehouse(tmp_path / "w.duckdb", 1)
    for serving in _each_death(tmp_path, _two, lambda place: build(place, file, 3)):
        made = _ids(serving)
        assert shown_in(serving) == made[-2]
        _nothing_is_left_over(serving)
        if len(made) == 2:
            build(serving, file, 3)
        assert publish(serving, _ids(serving)[0])
