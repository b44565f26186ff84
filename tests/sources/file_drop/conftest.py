"""A folder of dropped files for each test, and a dlt that neither reports nor logs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.sources.file_drop.dropped import Drop
from tests.sources.file_drop.worlds import World


@pytest.fixture(autouse=True)
def _dlt_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("RUNTIME__LOG_LEVEL", "CRITICAL")
    monkeypatch.setenv("DLT_DATA_DIR", str(tmp_path / "dlt data"))


@pytest.fixture
def drop(tmp_path: Path) -> Drop:
    return Drop(tmp_path)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "home")
