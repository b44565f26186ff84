"""As of when a source is shown, since when it fails, and what holds publication."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from pipelines.errors import ConfigError, TerminalError
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import load_instance
from pipelines.landing.readings import FILE, Reading, note_failure, note_success, reading, require

NIGHT = datetime(2026, 6, 30, 22, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ledger(tmp_path) -> Ledger:
    return Ledger(tmp_path / "landing")


def test_it_fails_since_the_first_failure_and_is_shown_as_of_the_last_success(ledger):
    assert reading(ledger, "shop") == Reading()
    note_success(ledger, "shop", NIGHT)
    note_failure(ledger, "shop", NIGHT + DAY, "no network")
    note_failure(ledger, "shop", NIGHT + 2 * DAY, "refused")
    assert reading(ledger, "shop") == Reading(NIGHT, NIGHT + DAY, "refused")
    note_success(ledger, "shop", NIGHT + 3 * DAY)
    assert reading(ledger, "shop") == Reading(NIGHT + 3 * DAY)


def test_one_source_says_nothing_of_another(ledger):
    note_failure(ledger, "shop", NIGHT, "refused")
    assert reading(ledger, "till") == Reading()


def test_a_held_load_that_a_person_accepts_is_a_success_and_a_rejected_one_is_not(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    load = world.load(accept=False).load_id
    instance = world.ledger.find(load).source_instance
    note_failure(world.ledger, instance, NIGHT, f"load {load} is held", held=load)
    assert reading(world.ledger, instance) == Reading(None, NIGHT, f"load {load} is held")
    world.ledger.reject(load, "anna", "wrong")
    assert reading(world.ledger, instance).failing_since == NIGHT
    world.ledger.accept(load, "anna", "right")
    assert reading(world.ledger, instance) == Reading(NIGHT)


def test_a_home_of_before_readings_were_noted_is_shown_as_of_its_newest_accepted_load(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")
    load = world.ledger.find(world.load().load_id)
    assert reading(world.ledger, load.source_instance) == Reading(load.completed_at)


def test_a_note_that_cannot_be_read_is_named(ledger):
    note_success(ledger, "shop", NIGHT)
    (ledger.landing_dir / "shop" / FILE).write_text("{", encoding="utf-8")
    with pytest.raises(TerminalError, match="holds no JSON object; remove it: the next attempt notes it anew"):
        reading(ledger, "shop")


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("nowhere", "required_sources: there is no source nowhere; name those of `voxhouse doctor`"),
        ("unread", "required_sources: publication is held: unread was never read; `voxhouse run`, or take it off"),
        (
            "failing",
            "required_sources: publication is held: failing fails since 2026-07-01 22:00 UTC (refused); mend",
        ),
    ],
)
def test_what_holds_publication_is_told(ledger, name, told):
    note_success(ledger, "well", NIGHT)
    note_success(ledger, "failing", NIGHT)
    note_failure(ledger, "failing", NIGHT + DAY, "refused")
    known = {"well", "unread", "failing"}
    require(ledger, ("well",), known)
    with pytest.raises(ConfigError) as caught:
        require(ledger, ("well", name), known)
    assert str(caught.value).startswith(told)


class _StoppedError(BaseException):
    """As Dagster ends a run: no Exception."""


def test_a_reading_that_is_ended_between_two_pages_lands_nothing(world):
    world.vendor.add("1", "2026-01-01T10:00:00Z")

    def stop() -> None:
        raise _StoppedError

    with pytest.raises(_StoppedError):
        load_instance(world.home, "shop", world.brands, NIGHT, world.environment, between_pages=stop)
    assert world.ledger.loads() == []
    assert list((world.home.pii / "scratch").iterdir()) == []
    assert world.load().tables["orders"] == (1, 0)
