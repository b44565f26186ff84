"""A vendor for each test, on a socket of its own; waiting is noted instead of done."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.hostile.trial import Rows, Trial
from tests.hostile.vendor import Vendor
from tests.hostile.wire import listening

OpenTrial = Callable[..., Trial]
LONGEST_WAIT, LONGEST_WAITS = 300.0, 600.0
"""Seconds at once, and of a whole run: a vendor that asks for more is left to the next run."""


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Seconds that the code under test was told to wait; never so long that a run hangs."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    yield seconds
    assert max(seconds, default=0.0) <= LONGEST_WAIT
    assert sum(seconds) <= LONGEST_WAITS
    assert min(seconds, default=0.0) >= 0.0


@pytest.fixture
def open_trial(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> Iterator[OpenTrial]:
    """A home that loads from a vendor, whose server runs until the test ends."""
    with _opening(tmp_path, monkeypatch) as make:
        yield make


@pytest.fixture(scope="module")
def open_module_trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OpenTrial]:
    """The same for a load that several tests look at."""
    with pytest.MonkeyPatch.context() as patch, _opening(tmp_path_factory.mktemp("trials"), patch) as make:
        patch.setattr("time.sleep", lambda _: None)
        yield make


@pytest.fixture(scope="module")
def well_of(open_module_trial: OpenTrial) -> Callable[[type[Vendor]], Rows]:
    """What lands from a vendor that does nothing wrong; loaded once."""
    found: dict[type[Vendor], Rows] = {}

    def well(kind: type[Vendor]) -> Rows:
        if kind not in found:
            trial = open_module_trial(kind(), name="well")
            trial.load()
            found[kind] = trial.rows()
        return found[kind]

    return well


@contextmanager
def _opening(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[OpenTrial]:
    patch.setenv("DLT_DATA_DIR", str(folder / "dlt_data"))
    with ExitStack() as stack:

        def make(vendor: Vendor, bounds: Mapping[str, float] | None = None, name: str = "home") -> Trial:
            vendor.url = stack.enter_context(listening(vendor.answer))
            return Trial(vendor, folder / name, bounds or {})

        yield make
