"""What the steps of one run share: the home, and the lock that keeps writers of its warehouse apart.

They have no configuration: what a run is for is said by its selection, its partition and its tags. A text option of a
run could be `{env: NAME}`, and an error would print that variable.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from functools import cached_property

import dagster as dg
from filelock import FileLock, Timeout
from pydantic import PrivateAttr

from orchestration.clock import home_now, parse_day
from orchestration.config import Settings
from orchestration.instance.launcher import PROCESS_TAG, this_process
from orchestration.progress import say
from orchestration.warehouse import Warehouse
from pipelines.brands import Brands, load_brands
from pipelines.errors import ConfigError, TransientError
from pipelines.landing.loading import Again
from pipelines.landing.migration import migrate

SINCE_TAG, STREAMS_TAG = "voxhouse/since", "voxhouse/streams"
FULL_REFRESH_TAG = "voxhouse/full_refresh"
PATIENCE_SECONDS = 30 * 60.0


class Home(dg.ConfigurableResource["Home"]):
    """The home of this process, as its steps need it."""

    _settings: Settings = PrivateAttr()
    _tags: dict[str, str] = PrivateAttr(default_factory=dict)
    _log: dg.DagsterLogManager = PrivateAttr()

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Home"]:
        """Say which process this run is, so that its end is noticed, and bring an older landing zone up to date."""
        self._settings = Settings.from_environment()
        self._settings.prepare()
        if context.instance and context.run:
            context.instance.add_run_tags(context.run.run_id, {PROCESS_TAG: this_process()})
            self._tags = dict(context.run.tags)
        if context.log is not None:
            self._log = context.log
        with self.alone("landing"):
            migrate(self._settings.layout)
        yield self

    @property
    def settings(self) -> Settings:
        """The home's folders."""
        return self._settings

    @cached_property
    def now(self) -> datetime:
        """The business clock at the start of the run, UTC."""
        return home_now(self._settings.layout.clock_file)

    @cached_property
    def brands(self) -> Brands:
        """The validated brands.yml."""
        return load_brands(self._settings.layout.brands_file)

    @property
    def again(self) -> Again | None:
        """What the sources are to read again, by the run's tags; raises ConfigError when they name no day."""
        since = self._tags.get(SINCE_TAG)
        streams = tuple(name for name in self._tags.get(STREAMS_TAG, "").split(",") if name)
        return Again(parse_day(since, SINCE_TAG), streams) if since else None

    @property
    def is_attended(self) -> bool:
        """A person waits for the run at a terminal, and would rather be told at once than after more tries."""
        return bool(os.environ.get("VOXHOUSE_PROGRESS"))

    @property
    def full_refresh(self) -> bool:
        """Whether the warehouse file is rebuilt from the landing zone; raises ConfigError for an unclear tag."""
        said = self._tags.get(FULL_REFRESH_TAG, "false")
        if said not in {"true", "false"}:
            raise ConfigError(f"{said!r} is neither true nor false", FULL_REFRESH_TAG, "correct the run's tag")
        return said == "true"

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """Hold one of the home's locks; a second one says for whom it waits; after half an hour TransientError."""
        path = self._settings.home / "run" / f"{what}.lock"
        note = path.with_suffix(".holder")
        lock = FileLock(path)
        try:
            try:
                lock.acquire(timeout=0)
            except Timeout:
                self._wait(f"{what}: {_holder(note)} is at work; waiting for it to end")
                lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout as error:
            raise TransientError(
                f"{_holder(note)} is at work", what, "end it, or run again when it has ended"
            ) from error
        try:
            note.write_text(f"process {os.getpid()}", encoding="utf-8")
            yield
        finally:
            note.unlink(missing_ok=True)
            lock.release()

    def _wait(self, message: str) -> None:
        self._log.info(message)
        say(message)


def _holder(note: "os.PathLike[str]") -> str:
    try:
        with open(note, encoding="utf-8") as file:
            return file.read() or "another run"
    except FileNotFoundError:
        return "another run"


class Writer(dg.ConfigurableResource["Writer"]):
    """The one writer of the home's warehouse, from the first step of a run to its last."""

    home: dg.ResourceDependency[Home]

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Iterator["Writer"]:  # noqa: ARG002
        """Wait for the lock and take it."""
        with self.home.alone("warehouse"):
            yield self

    @cached_property
    def warehouse(self) -> Warehouse:
        """The warehouse of the home's own day."""
        return self.of(None)

    def of(self, as_of: date | None) -> Warehouse:
        """The warehouse of a day; dbt's profile finds its file through the environment of this process."""
        made = Warehouse.of(self.home.settings, as_of)
        os.environ["VOXHOUSE_WAREHOUSE"] = str(made.file)
        return made
