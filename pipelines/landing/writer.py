"""Writes load packages into the landing zone through dlt: one pipeline and one dataset per source instance.

dlt is configured here and nowhere else, from nothing but the code: no file of the user, no environment, no telemetry.
Its state holds no cursor of ours, so that a package that is lost, held or rejected loses nothing.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext
from dlt.destinations import filesystem
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.errors import PipelineError, TerminalError, TransientError
from pipelines.ledger import Ledger

LAYOUT = "{table_name}/day={YYYY}-{MM}-{DD}/{load_id}.{file_id}.{ext}"
_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL", "intercept_signals": False},
    "normalize": {"parquet_normalizer": {"add_dlt_load_id": True}},
    # A local copy that fails (disk full) fails again: report it at once, the package stays pending.
    "load": {"delete_completed_jobs": True, "raise_on_max_retries": 1, "workers": 2},
    "restore_from_destination": False,
    "enable_runtime_trace": False,
}
_FULL = (errno.ENOSPC, errno.EFBIG, errno.EDQUOT)
_configuring = threading.Lock()


class _Context(RunContext):
    """dlt's surroundings: our settings only."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [CustomLoaderDocProvider("voxhouse", lambda: _SETTINGS, supports_secrets=False)]


def _configure() -> None:
    """Install our surroundings once per process; they hold nothing of a home."""
    with _configuring:
        plugged = Container()[PluggableRunContext]
        if not isinstance(plugged.context, _Context):
            plugged.reload(_Context(None))


class Packages:
    """Load packages of one source instance; made anew for every load, by the thread that uses it."""

    def __init__(self, landing_dir: Path, dlt_dir: Path, instance: str) -> None:
        _configure()
        self._ledger = Ledger(landing_dir)
        self._instance = instance
        self._pipeline = dlt.pipeline(
            pipeline_name=instance,
            pipelines_dir=str(dlt_dir),
            destination=filesystem(bucket_url=str(landing_dir), layout=LAYOUT),
            dataset_name=instance,
        )

    def finish_pending(self) -> None:
        """Bring packages of a killed run to their end, since dlt takes nothing new before; they wait for a decision.

        One that cannot be brought there is dropped: no cursor has moved, so its records are read again.
        """
        if self._pipeline.has_pending_data:
            try:
                with _told_plainly(self._instance):
                    self._finish()
            except TerminalError:
                self._pipeline.abort_packages()

    def write(self, kind: str, tables: Mapping[str, Iterator[pa.Table]]) -> str:
        """Land one package of tables by name; a table without batches gets no file. Returns the load id."""
        resources = [dlt.resource(batches, name=name, write_disposition="append") for name, batches in tables.items()]
        with _told_plainly(self._instance):
            self._pipeline.extract(DltSource(dlt.Schema(kind), kind, resources), loader_file_format="parquet")
            load_id = self._finish()
        self._ledger.find(load_id)  # writes its manifest
        return load_id

    def _finish(self) -> str:
        """Normalise and load what is extracted, drop dlt's record of finished packages; returns the last load id."""
        self._pipeline.normalize()
        load_id: str = self._pipeline.load().loads_ids[-1]
        shutil.rmtree(Path(self._pipeline.working_dir) / "load" / "loaded", ignore_errors=True)
        return load_id


@contextmanager
def _told_plainly(instance: str) -> Iterator[None]:
    """Raise what goes wrong within dlt as a PipelineError of one line."""
    try:
        yield
    except PipelineStepFailed as error:
        raise plain_error(error, instance) from error


def plain_error(error: BaseException, instance: str) -> PipelineError:
    """The PipelineError that an error of a library comes down to."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, PipelineError):
            return cause
    text = " ".join(map(str, causes))
    if any(getattr(cause, "errno", None) in _FULL for cause in causes) or any(os.strerror(n) in text for n in _FULL):
        return TransientError(
            "no space left to write the load", instance, "free disk space and run again; nothing of it counts"
        )
    return TerminalError(
        f"could not be landed ({_in_one_line(causes[-1])})", instance, "run again; if it stays, report it"
    )


def _in_one_line(error: BaseException) -> str:
    """What an error says; of those that quote values of records, which may be identifiers, its name only."""
    name = type(error).__name__
    quotes_values = isinstance(error, (duckdb.ConversionException, duckdb.InvalidInputException))
    return name if quotes_values else f"{name}: {next(iter(str(error).strip().splitlines()), '')}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
