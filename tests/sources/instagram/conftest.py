"""Instagram on the loopback, and its source run alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sources.far_side import FarSide
from tests.sources.instagram.graph import (
    Graph,
    Loads,
    plain_dlt,
    serve_graph,
    without_waiting,
)


@pytest.fixture
def graph(far_side: FarSide) -> Graph:
    return serve_graph(far_side)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    return without_waiting(monkeypatch)


@pytest.fixture
def loads(far_side: FarSide, tmp_path: Path, slept: list[float], monkeypatch: pytest.MonkeyPatch) -> Iterator[Loads]:
    with plain_dlt(far_side, tmp_path, monkeypatch) as loads:
        yield loads
