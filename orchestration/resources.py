"""What the steps of one run share: its options, its clock and the lock that keeps runs of a home apart."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from orchestration.clock import home_now, run_clock
from orchestration.config import Settings, utc_now
from pipelines.brands import Brands, load_brands
from pipelines.errors import TransientError
from pipelines.landing.loading import Again
from pipelines.landing.migration import migrate
from pipelines.landing.views import RunClock


class HomeRun(dg.ConfigurableResource["HomeRun"]):
    """Options of one run; the home's lock is held from its first step to its last."""

    sources: list[str] = []
    """Source instances to load; empty: all."""
    as_of: str = ""
    """ISO day; empty: the home's clock."""
    publish: bool = False
    """Put a version for a past day in service, too."""
    since: str = ""
    """ISO day from which the chosen sources are read again; empty: from their cursors."""
    streams: list[str] = []
    """Streams to read again; empty: all of the source."""
    full_refresh: bool = False
    """Rebuild the warehouse file from the landing zone."""
    retries: int = 0
    """How often a step that failed for a passing reason is tried again; scheduled runs ask for it."""

    _settings: Settings = PrivateAttr()
    _now: datetime = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["HomeRun"]:
        """Take the lock or fail at once, naming its holder."""
        self._settings = Settings.from_environment()
        self._settings.prepare()
        with home_lock(self._settings, f"run {context.run_id}, process {os.getpid()}"):
            migrate(self._settings.layout)
            self._now = home_now(self._settings.layout.clock_file)
            # dbt's profile reads the file's place from the environment of its process.
            os.environ["VOXHOUSE_WAREHOUSE"] = str(self.warehouse)
            yield self

    @property
    def warehouse(self) -> Path:
        """The DuckDB file in which this run builds: one of its own for a past day."""
        clock = self.clock
        return self._settings.past_warehouse(str(clock.as_of)) if clock.is_past else self._settings.warehouse

    @property
    def settings(self) -> Settings:
        """The home's folders."""
        return self._settings

    @property
    def now(self) -> datetime:
        """The business clock at the start of the run, UTC."""
        return self._now

    @property
    def wall_clock(self) -> datetime:
        """When this is happening, UTC; only versions are named by it."""
        return utc_now()

    @property
    def clock(self) -> RunClock:
        """Which day this run is for."""
        return run_clock(self._now, date.fromisoformat(self.as_of) if self.as_of else None)

    @property
    def again(self) -> Again | None:
        """What the sources are to read again."""
        return Again(date.fromisoformat(self.since), self.streams) if self.since else None

    @cached_property
    def brands(self) -> Brands:
        """The validated brands.yml."""
        return load_brands(self._settings.layout.brands_file)


@contextmanager
def home_lock(settings: Settings, holder: str) -> Iterator[None]:
    """Hold the home for one run; raises TransientError naming the holder when another run has it."""
    path = settings.home / "run" / "warehouse.lock"
    lock = FileLock(path, timeout=0)
    note = path.with_suffix(".holder")
    try:
        lock.acquire()
    except Timeout as error:
        who = note.read_text(encoding="utf-8") if note.exists() else "unknown"
        raise TransientError(f"another run ({who}) is at work", str(settings.home), "wait until it ends") from error
    try:
        note.write_text(holder, encoding="utf-8")
        yield
    finally:
        note.unlink(missing_ok=True)
        lock.release()
