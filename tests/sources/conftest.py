"""A far side for each test module, a record of the waiting, and a small sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext

from pipelines.brands import Brands, load_brands
from sandbox import control
from sandbox.live import Sandbox
from sandbox.options import WorldOptions
from sandbox.prepare import prepare
from sandbox.server import app
from sandbox.store import Store
from tests.sources.far_side import FarSide, serve

SMALL = WorldOptions(posts=60, customers=80, orders=240, months=3)


@pytest.fixture(autouse=True)
def _dlt_as_a_stranger_has_it() -> None:
    """The landing zone gives dlt surroundings of its own for the whole process: take them away again."""
    plugged = Container()[PluggableRunContext]
    if type(plugged.context) is not RunContext:
        plugged.reload(RunContext(None))


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


@dataclass
class Vendors:
    """A running sandbox and what a home needs to load from it."""

    url: str
    home: Path
    sandbox: Sandbox

    @property
    def brands(self) -> Brands:
        return load_brands(self.home / "brands.yml")

    def control(self, name: str, content: dict[str, Any]) -> dict[str, Any]:
        return control(self.home, name, content, urlsplit(self.url).port)


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[Vendors]:
    home = tmp_path / "sandbox"
    made: list[Sandbox] = []

    def make(url: str) -> Any:
        prepare(home, SMALL, urlsplit(url).port or 0)
        made.append(Sandbox(Store(home), url))
        return app(made[0])

    serving = serve(make)
    yield Vendors(serving.url, home, made[0])
    serving.stop()
