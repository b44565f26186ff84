"""Processes that change what is in service at the same moment."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from orchestration.publication import upkeep
from orchestration.publication.hold import held
from orchestration.publication.service import publish, release, rollback
from orchestration.publication.upkeep import clean
from orchestration.publication.versions import versions
from tests.publication.kit import build, exit_code, id_of, in_child, lay, shown_in, warehouse

ROUNDS = 12


def _together(works: Sequence[Callable[[], object]]) -> list[int]:
    """Let processes begin at the same moment; returns their exit codes."""
    gate, opener = os.pipe()

    def after_the_gate(work: Callable[[], object]) -> Callable[[], None]:
        def run() -> None:
            os.close(opener)
            os.read(gate, 1)
            work()

        return run

    children = [in_child(after_the_gate(work)) for work in works]
    time.sleep(0.01)
    os.close(opener)
    os.close(gate)
    return [exit_code(child) for child in children]


def test_a_rollback_holds_whatever_is_published_at_that_moment(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        serving = tmp_path / str(number)
        first, second, third, fourth = (lay(serving, n) for n in range(1, 5))
        publish(serving, first)
        publish(serving, second)
        works = [
            lambda place=serving, to=first: rollback(place, to, "anna", ""),
            lambda place=serving, new=third: publish(place, new),
            lambda place=serving, new=fourth: publish(place, new),
            lambda place=serving: clean(place),
        ]
        assert _together(works[number % 2 :] + works[: number % 2]) == [0] * len(works)
        hold = held(serving)
        assert hold is not None
        assert hold.version_id == first == shown_in(serving)
        assert not publish(serving, fourth)


def test_two_rollbacks_and_a_release_leave_one_of_the_outcomes(tmp_path: Path) -> None:
    for number in range(ROUNDS):
        serving = tmp_path / str(number)
        first, second, third = (lay(serving, n) for n in range(1, 4))
        publish(serving, third)
        works = [
            lambda place=serving, to=first: rollback(place, to, "anna", ""),
            lambda place=serving, to=second: rollback(place, to, "ben", ""),
            lambda place=serving: release(place),
        ]
        assert _together(works) == [0] * len(works)
        hold = held(serving)
        assert shown_in(serving) in ({hold.version_id} if hold else {first, second})


def test_versions_are_made_cleaned_and_read_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "VERSIONS_KEPT", 1)
    monkeypatch.setattr(upkeep, "KEPT_AT_LEAST_SECONDS", 0.0)
    file = warehouse(tmp_path / "w.duckdb", 1)
    publish(tmp_path, build(tmp_path, file, 0))

    def make(first: int) -> None:
        for number in range(first, first + 4):
            build(tmp_path, file, number, "2026-01-31" if number % 2 else None)

    def clean_often() -> None:
        for _ in range(60):
            clean(tmp_path)
            time.sleep(0.01)

    def read_often() -> None:
        for _ in range(200):
            assert (tmp_path / "current" / "published.duckdb").exists()
            time.sleep(0.002)

    works = [lambda: make(1), lambda: make(11), clean_often, read_often]
    assert _together(works) == [0] * len(works)
    clean(tmp_path)
    assert {version.version_id for version in versions(tmp_path)} >= {id_of(0), id_of(14, None)}
    assert list((tmp_path / "staging").iterdir()) == []
