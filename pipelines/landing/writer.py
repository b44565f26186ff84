"""dlt as the landing zone uses it: its surroundings, and one pipeline and dataset for each source instance.

dlt is configured here and nowhere else, from nothing but the code: no file of the user, no environment, no telemetry.
"""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.container import Container
from dlt.common.configuration.providers import CustomLoaderDocProvider
from dlt.common.configuration.providers.provider import ConfigProvider
from dlt.common.configuration.specs.pluggable_run_context import PluggableRunContext
from dlt.common.runtime.run_context import RunContext
from dlt.destinations import filesystem
from dlt.extract import DltSource
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.errors import TransientError
from pipelines.landing.faults import plain_error
from pipelines.landing.ledger import Ledger

LAYOUT = "{table_name}/day={YYYY}-{MM}-{DD}/{load_id}.{file_id}.{ext}"
_SETTINGS: dict[str, Any] = {
    "runtime": {"dlthub_telemetry": False, "log_level": "CRITICAL", "intercept_signals": False},
    "normalize": {"parquet_normalizer": {"add_dlt_load_id": True}},
    # Each resource to its end before the next: what a source lists last is read last.
    "extract": {"next_item_mode": "fifo"},
    "data_writer": {"disable_compression": True, "buffer_max_items": 1000},
    # A local copy that fails (disk full) fails again: report it at once, the package stays pending.
    "load": {"delete_completed_jobs": True, "raise_on_max_retries": 1, "workers": 2},
    "restore_from_destination": False,
    "enable_runtime_trace": False,
}
_configuring = threading.Lock()


class _Context(RunContext):
    """dlt's surroundings: our settings only."""

    def initial_providers(self) -> list[ConfigProvider]:
        return [CustomLoaderDocProvider("voxhouse", lambda: _SETTINGS, supports_secrets=False, locations=[])]


def configure() -> None:
    """Install our surroundings once per process, before any thread makes a source; they hold nothing of a home.

    Whatever dlt and DuckDB write from then on is for the owner only.
    """
    with _configuring:
        os.umask(0o077)
        with suppress(ImportError):
            import pandas  # noqa: F401, ICN001 - dlt looks it up in sys.modules, and fails on one that a thread half imported
        plugged = Container()[PluggableRunContext]
        if not isinstance(plugged.context, _Context):
            plugged.reload(_Context(None))


class Writer:
    """Writes load packages of one source instance; made anew for every load, by the thread that uses it."""

    def __init__(self, landing_dir: Path, dlt_dir: Path, instance: str) -> None:
        configure()
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

        One that cannot be brought there is dropped: no cursor has moved, so its records are read again. Raises
        TransientError where it may go away by itself.
        """
        if not self._pipeline.has_pending_data:
            return
        try:
            self._finish()
        except PipelineStepFailed as error:
            plain = plain_error(error, self._instance)
            if isinstance(plain, TransientError):
                raise plain from None
            self._pipeline.abort_packages()

    def write(self, kind: str, tables: Mapping[str, Iterator[pa.Table]]) -> str:
        """Land one package of tables by name; a table without batches gets no file. Returns the load id."""
        resources = [dlt.resource(batches, name=name, write_disposition="append") for name, batches in tables.items()]
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
