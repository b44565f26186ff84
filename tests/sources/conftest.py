"""A far side for each test module, and a record of the waiting."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.sources.far_side import FarSide, serve


@pytest.fixture(scope="module")
def _listening() -> Iterator[FarSide]:
    made: list[FarSide] = []

    def make(url: str) -> FarSide:
        made.append(FarSide(url))
        return made[0]

    serving = serve(make)
    yield made[0]
    serving.stop()


@pytest.fixture
def far_side(_listening: FarSide) -> FarSide:
    _listening.requests.clear()
    _listening.script.clear()
    _listening.answer = lambda _: _listening.script.pop(0)
    return _listening


@pytest.fixture
def slept() -> list[float]:
    """Seconds that the code under test was told to wait."""
    return []
