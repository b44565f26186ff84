"""What may go, and what never: versions by kind, drafts by whether their process lives; an older layout is moved."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from orchestration.publication import swap, upkeep
from orchestration.publication.service import publish, release, rollback
from orchestration.publication.swap import alone, owner
from orchestration.publication.upkeep import bring_up_to_date, clean
from orchestration.publication.versions import find, versions
from orchestration.servers.processes import start_time
from pipelines.errors import TransientError
from tests.publication.kit import build, exit_code, id_of, in_child, lay, shown_in, warehouse

PAST = "2026-01-31"


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two versions of each kind are kept, and none for its age."""
    monkeypatch.setattr(upkeep, "VERSIONS_KEPT", 2)
    monkeypatch.setattr(upkeep, "PAST_VERSIONS_KEPT", 2)
    monkeypatch.setattr(upkeep, "KEPT_AT_LEAST_SECONDS", -1.0)


def _kept(serving: Path) -> set[str]:
    return {version.version_id for version in versions(serving)}


@pytest.mark.usefixtures("hasty")
def test_each_kind_is_counted_by_itself(tmp_path: Path) -> None:
    regular = [lay(tmp_path, number) for number in range(4)]
    past = [lay(tmp_path, number, PAST) for number in range(10, 14)]
    publish(tmp_path, regular[3])
    assert clean(tmp_path) == [regular[1], regular[0], past[1], past[0]]
    assert _kept(tmp_path) == {*regular[2:], *past[2:]}
    assert list((tmp_path / "staging").iterdir()) == []
    assert clean(tmp_path) == []


@pytest.mark.usefixtures("hasty")
def test_what_is_in_service_or_held_stays_whatever_its_age(tmp_path: Path) -> None:
    regular = [lay(tmp_path, number) for number in range(4)]
    past = [lay(tmp_path, number, PAST) for number in range(10, 14)]
    publish(tmp_path, regular[3])
    rollback(tmp_path, regular[0], "anna", "")
    assert clean(tmp_path) == [regular[1], past[1], past[0]]
    rollback(tmp_path, past[2], "anna", "")
    lay(tmp_path, 20, PAST)
    lay(tmp_path, 21, PAST)
    assert clean(tmp_path) == [regular[0], past[3]]
    assert shown_in(tmp_path) == past[2]


def test_what_was_in_service_a_moment_ago_can_still_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "VERSIONS_KEPT", 1)
    first, second = lay(tmp_path, 1), lay(tmp_path, 2)
    publish(tmp_path, first)
    made_at = find(tmp_path, first).path.stat().st_ctime
    time.sleep(0.1)
    publish(tmp_path, second)
    left_at = find(tmp_path, first).path.stat().st_ctime
    assert left_at > made_at
    monkeypatch.setattr(upkeep.time, "time", lambda: left_at + 3599)
    assert clean(tmp_path) == []
    monkeypatch.setattr(upkeep.time, "time", lambda: left_at + 3601)
    assert clean(tmp_path) == [first]


def _gone() -> str:
    """How a process is called that has ended."""
    pid = os.fork()
    if not pid:
        os._exit(0)
    name = f"{pid}.{start_time(os.getpid())}"
    os.waitpid(pid, 0)
    return name


def test_leftovers_go_with_their_process(tmp_path: Path) -> None:
    publish(tmp_path, lay(tmp_path, 1))
    used_again = f"{os.getpid()}.{start_time(os.getpid()) - 1}"
    for name in (_gone(), used_again, owner()):
        draft = tmp_path / "staging" / f"{id_of(2)}.{name}"
        draft.mkdir(parents=True)
        (draft / "published.duckdb").write_text("half")
        (tmp_path / f".current.{name}").symlink_to("versions/nowhere")
    (tmp_path / ".held.json.17.1234").write_text("{")
    (tmp_path / "staging" / "notes.txt").write_text("somebody's")
    before = set(_kept(tmp_path))
    clean(tmp_path)
    assert {path.name for path in (tmp_path / "staging").iterdir()} == {f"{id_of(2)}.{owner()}", "notes.txt"}
    assert {path.name for path in tmp_path.glob(".*")} == {".lock", f".current.{owner()}"}
    assert _kept(tmp_path) == before


def test_drafts_of_an_older_voxhouse_go_when_nobody_can_be_at_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "staging" / id_of(1)).mkdir(parents=True)
    (tmp_path / ".current.4711").symlink_to("versions/nowhere")
    clean(tmp_path)
    assert (tmp_path / "staging" / id_of(1)).exists()
    monkeypatch.setattr(upkeep, "KEPT_AT_LEAST_SECONDS", -1.0)
    clean(tmp_path)
    assert list((tmp_path / "staging").iterdir()) == []
    assert not (tmp_path / ".current.4711").is_symlink()


def test_a_note_that_a_living_process_writes_is_never_taken_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(tmp_path, lay(tmp_path, 1))
    draft = tmp_path / ".held.json.1.1"

    def write_for_ever() -> None:
        with alone(tmp_path):
            draft.write_text("{")
            time.sleep(60)

    child = in_child(write_for_ever)
    try:
        while not draft.exists():
            time.sleep(0.01)
        monkeypatch.setattr(swap, "LOCK_SECONDS", 0.1)
        with pytest.raises(TransientError):
            clean(tmp_path)
        assert draft.exists()
    finally:
        os.kill(child, signal.SIGKILL)
        exit_code(child)
    clean(tmp_path)
    assert not draft.exists()


def test_an_older_layout_is_read_as_it_is(tmp_path: Path) -> None:
    regular, past = lay(tmp_path, 1), lay(tmp_path, 2, PAST, "versions")
    publish(tmp_path, regular)
    assert [(v.version_id, v.state) for v in versions(tmp_path)] == [(past, "past day"), (regular, "in service")]
    assert rollback(tmp_path, past, "anna", "") == past == shown_in(tmp_path)
    assert os.readlink(tmp_path / "current") == f"versions/{past}"


@pytest.mark.parametrize("by", ["clean", "build"])
def test_an_older_layout_is_moved_without_loss(tmp_path: Path, by: str) -> None:
    regular = lay(tmp_path, 1)
    past = [lay(tmp_path, number, PAST, "versions") for number in (2, 3)]
    (tmp_path / "current").symlink_to(f"versions/{past[0]}")
    content = {name: _content(find(tmp_path, name).path) for name in past}
    if by == "clean":
        assert clean(tmp_path) == []
    else:
        build(tmp_path, warehouse(tmp_path / "w.duckdb", 1), 4)
    assert shown_in(tmp_path) == past[0]
    assert os.readlink(tmp_path / "current") == f"past/{past[0]}"
    assert {name: _content(tmp_path / "past" / name) for name in past} == content
    assert regular in {path.name for path in (tmp_path / "versions").iterdir()}
    assert not any("-as-of-" in path.name for path in (tmp_path / "versions").iterdir())
    assert list((tmp_path / "staging").iterdir()) == []


def test_a_move_that_was_cut_short_is_finished(tmp_path: Path) -> None:
    past = lay(tmp_path, 1, PAST, "versions")
    (tmp_path / "current").symlink_to(f"versions/{past}")
    lay(tmp_path, 1, PAST)
    bring_up_to_date(tmp_path)
    assert os.readlink(tmp_path / "current") == f"past/{past}"
    assert list((tmp_path / "versions").iterdir()) == []
    assert release(tmp_path) is None


def _content(folder: Path) -> dict[str, tuple[str, int]]:
    return {path.name: (path.read_text(), path.stat().st_mode) for path in folder.iterdir()}
