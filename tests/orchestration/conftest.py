"""A home of its own for each test, ready to be written to."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestration.config import Settings


@pytest.fixture
def settings(home: Path) -> Settings:
    settings = Settings.from_environment()
    settings.prepare()
    return settings
