"""Homes of their own for tests, and nothing of the caller's environment in them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def _no_home_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("VOXHOUSE_") and name not in {"VOXHOUSE_TEST_HOME", "VOXHOUSE_SUPERSET_PYTHON"}:
            monkeypatch.delenv(name)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, named by the environment."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("VOXHOUSE_HOME", str(folder))
    return folder
