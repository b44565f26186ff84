"""Shopify on the loopback, and its source run alone."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest

from tests.sources.far_side import FarSide
from tests.sources.shopify.shop import (
    Read,
    Shop,
    rows_of,
)


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """dlt as a stranger has it, with nothing of this machine."""
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt"))
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def shop(far_side: FarSide) -> Shop:
    shop = Shop()
    far_side.answer = shop
    return shop


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch, slept: list[float]) -> list[float]:
    monkeypatch.setattr("time.sleep", slept.append)
    return slept


@pytest.fixture
def read(far_side: FarSide) -> Read:
    return partial(rows_of, far_side.url)
