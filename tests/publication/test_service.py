"""What is in service: the newest, or what a person went back to until it is released."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from orchestration.publication import swap
from orchestration.publication.hold import held
from orchestration.publication.query import run_query
from orchestration.publication.service import publish, release, rollback
from orchestration.publication.versions import current_version, versions
from pipelines.errors import TerminalError, TransientError
from tests.publication.kit import build_and_publish, lay, shown_in, warehouse

PAST = "2026-01-31"


def _published(serving: Path, *numbers: int) -> list[str]:
    made = [lay(serving, number) for number in numbers]
    for version in made:
        assert publish(serving, version)
    return made


def _states(serving: Path) -> dict[str, str]:
    return {version.version_id: version.state for version in versions(serving) if version.state}


def test_a_rollback_brings_the_old_figure_back_at_the_next_query(tmp_path: Path) -> None:
    file = tmp_path / "w.duckdb"
    first = build_and_publish(tmp_path, warehouse(file, 1), 1)
    build_and_publish(tmp_path, warehouse(file, 2), 2)
    assert run_query(tmp_path, "select figure from t_marts") == (["figure"], [(2,)])
    assert rollback(tmp_path, None, "anna", "wrong") == first
    assert run_query(tmp_path, "select figure from t_marts")[1] == [(1,)]
    build_and_publish(tmp_path, warehouse(file, 3), 3)
    assert run_query(tmp_path, "select figure from t_marts")[1] == [(1,)]
    release(tmp_path)
    assert run_query(tmp_path, "select figure from t_marts")[1] == [(3,)]


def test_a_hold_says_who_and_why_to_its_owner_only(tmp_path: Path) -> None:
    first, _ = _published(tmp_path, 1, 2)
    rollback(tmp_path, first, "anna", "revenue is wrong")
    note = tmp_path / "held.json"
    content = json.loads(note.read_text(encoding="utf-8"))
    assert (content["version"], content["by"], content["reason"]) == (first, "anna", "revenue is wrong")
    assert content["at"].endswith("+00:00")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert _states(tmp_path) == {first: "in service, held"}


def test_what_is_made_during_a_hold_is_kept_and_goes_into_service_when_it_is_lifted(tmp_path: Path) -> None:
    first, _ = _published(tmp_path, 1, 2)
    rollback(tmp_path, None, "anna", "")
    third, fourth = lay(tmp_path, 3), lay(tmp_path, 4)
    assert not publish(tmp_path, third)
    assert not publish(tmp_path, fourth)
    assert shown_in(tmp_path) == first
    assert release(tmp_path) == fourth == shown_in(tmp_path)
    assert held(tmp_path) is None
    fifth = lay(tmp_path, 5)
    assert publish(tmp_path, fifth)


def test_a_lifted_hold_never_brings_back_what_it_was_against(tmp_path: Path) -> None:
    first, second = _published(tmp_path, 1, 2)
    rollback(tmp_path, None, "anna", "")
    assert release(tmp_path) == first == shown_in(tmp_path)
    assert publish(tmp_path, lay(tmp_path, 3))
    assert second in {version.version_id for version in versions(tmp_path)}


def test_each_rollback_goes_one_further_and_decides_anew(tmp_path: Path) -> None:
    first, second, _ = _published(tmp_path, 1, 2, 3)
    assert rollback(tmp_path, None, "anna", "") == second
    assert not publish(tmp_path, lay(tmp_path, 4))
    assert rollback(tmp_path, None, "ben", "") == first
    assert release(tmp_path) == first


def test_a_past_day_is_held_in_service_likewise_and_never_gone_back_to_by_itself(tmp_path: Path) -> None:
    first, second = _published(tmp_path, 1, 2)
    past, older_past = lay(tmp_path, 3, PAST), lay(tmp_path, 0, "2026-01-30")
    with pytest.raises(TerminalError, match="shows a past day; `voxhouse rollback"):
        publish(tmp_path, past)
    assert rollback(tmp_path, past, "anna", "year end") == past == shown_in(tmp_path)
    assert _states(tmp_path) == {past: "in service, held, past day", older_past: "past day"}
    fourth = lay(tmp_path, 4)
    assert not publish(tmp_path, fourth)
    assert rollback(tmp_path, None, "anna", "") == second
    assert rollback(tmp_path, None, "anna", "") == first
    assert release(tmp_path) == first


def test_a_past_day_stays_after_its_release_until_something_new_is_made(tmp_path: Path) -> None:
    _published(tmp_path, 1)
    past = lay(tmp_path, 2, PAST)
    rollback(tmp_path, past, "anna", "")
    lay(tmp_path, 3, "2026-01-30")
    assert release(tmp_path) == past == shown_in(tmp_path)
    assert publish(tmp_path, lay(tmp_path, 4))


def test_a_hold_that_cannot_be_read_is_told_and_not_ignored(tmp_path: Path) -> None:
    first, _ = _published(tmp_path, 1, 2)
    new = lay(tmp_path, 3)
    for content in ("", "[]", "{}", '{"version": "x", "by": "a", "at": "soon", "reason": "", "known": []}'):
        (tmp_path / "held.json").write_text(content)
        for act in (lambda: publish(tmp_path, new), lambda: release(tmp_path), lambda: versions(tmp_path)):
            with pytest.raises(TerminalError, match=r"held\.json: .*remove it: newer versions then go into service"):
                act()
    (tmp_path / "held.json").unlink()
    assert rollback(tmp_path, first, "anna", "") == first


def test_who_waits_in_vain_is_told_for_what(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, _ = _published(tmp_path, 1, 2)
    monkeypatch.setattr(swap, "LOCK_SECONDS", 0.1)
    new = lay(tmp_path, 3)
    with FileLock(tmp_path / ".lock"):
        for act in (lambda: publish(tmp_path, new), lambda: rollback(tmp_path, first, "anna", "")):
            with pytest.raises(TransientError, match="another process has changed what is in service") as caught:
                act()
            assert str(tmp_path / ".lock") in str(caught.value)
    assert not (tmp_path / "held.json").exists()
    assert publish(tmp_path, new)


def test_a_rollback_that_cannot_be_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(TerminalError, match="there is no older version; `voxhouse versions` lists what is kept"):
        rollback(tmp_path / "none", None, "anna", "")
    assert not (tmp_path / "none").exists()
    (only,) = _published(tmp_path, 1)
    for target, message in (
        (None, "there is no older version; `voxhouse versions` lists what is kept"),
        (only, f"{only}: is in service already; `voxhouse versions` lists the others"),
        ("20260101T000000Z-00000000", "20260101T000000Z-00000000: no such version; `voxhouse versions` lists them"),
    ):
        with pytest.raises(TerminalError) as caught:
            rollback(tmp_path, target, "anna", "")
        assert message in str(caught.value)
    assert not (tmp_path / "held.json").exists()


def test_the_commands_say_what_is_in_service(home: Path) -> None:
    from orchestration.commands.warehouse import app

    def said(*arguments: str) -> str:
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
        assert done.exit_code == 0
        return done.stdout

    serving = home / "serving"
    assert said("release") == "nothing is held; in service: nothing yet\n"
    first, second = _published(serving, 1, 2)
    past = lay(serving, 0, PAST)
    assert said("release") == f"nothing is held; in service: {second}\n"
    assert said("rollback", "--reason", "no\nrevenue") == f"in service: {first}; it stays until `voxhouse release`\n"
    table = [line.rstrip() for line in said("versions").splitlines()]
    assert [line.split("  ")[0].rstrip() for line in table[1:4]] == [second, first, past]
    assert table[2].endswith("in service, held")
    assert table[3].endswith("past day")
    assert table[4].startswith(f"{first} is held since ")
    assert table[4].endswith("(no\\nrevenue); `voxhouse release` lifts it")
    third = lay(serving, 3)
    assert not publish(serving, third)
    assert said("release") == f"in service: {third}; new versions go into service again\n"
    assert current_version(serving) == third
