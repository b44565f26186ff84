"""Hubspot on the loopback, and its source run alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.sources.hubspot import settings
from tests.sources.far_side import FarSide
from tests.sources.hubspot.crm import (
    Account,
    Crm,
    serve_crm,
)


@pytest.fixture
def crm(far_side: FarSide, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Crm:
    return serve_crm(far_side, tmp_path, monkeypatch)


@pytest.fixture
def account(crm: Crm, far_side: FarSide, tmp_path: Path) -> Account:
    return Account(far_side.url, tmp_path)


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SEARCH_PAGE_SIZE", 10)
