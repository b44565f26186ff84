"""Reads any dlt source to its end, with plain dlt, into files of a scratch folder; nothing is looked at before."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
from dlt.common.json import json
from dlt.common.runtime.collector_base import Collector
from dlt.extract import DltSource

from pipelines.errors import ConfigError, TerminalError, shown
from pipelines.landing.columns import Table


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a source gave."""

    tables: Mapping[str, Table]
    """Every declared table of the source, also those of which nothing came."""
    files: Mapping[str, list[Path]]
    """dlt's extract files by table: lines of lists of records, or Parquet."""
    state: str
    """Where the next run goes on, as JSON: cursors and whatever else the resources keep."""


class _Between(Collector):
    """What dlt calls whenever a page of records came in."""

    def __init__(self, pages: Callable[[], None]) -> None:
        self._pages = pages

    def update(self, *_: Any, **__: Any) -> None:
        """A page, or a resource that ended."""
        self._pages()

    def _start(self, step: str) -> None: ...

    def _stop(self) -> None: ...


def extract(source: DltSource, scratch: Path, state: str | None, between_pages: Callable[[], None]) -> Extracted:
    """Read every selected resource from where `state` stands; raises what the source or `between_pages` raises."""
    pipeline = dlt.pipeline(source.name, pipelines_dir=str(scratch), progress=_Between(between_pages))
    with pipeline.managed_state() as known:
        known["sources"] = json.typed_loads(state) if state else {}
    tables = {name: _declared(name, table) for name, table in source.discover_schema().tables.items() if _is_data(name)}
    files: dict[str, list[Path]] = {}
    for load_id in pipeline.extract(source).loads_ids:
        for job in pipeline.get_load_package_info(load_id).jobs["new_jobs"]:
            if _is_data(job.job_file_info.table_name):
                files.setdefault(job.job_file_info.table_name, []).append(Path(job.file_path))
    for name in files.keys() - tables.keys():
        tables[name] = _declared(name, pipeline.default_schema.tables[name])
    return Extracted(tables, files, json.typed_dumps(pipeline.state.get("sources", {})))


def forget(source: DltSource, state: str | None, streams: Collection[str]) -> str | None:
    """A state without what these streams, and the resources that they are made from, keep; without all where none is
    named. Raises ConfigError for a stream that the source does not have."""
    if state is None or not streams:
        return None
    unknown = sorted(set(streams) - set(source.selected_resources))
    if unknown:
        names = ", ".join(sorted(source.selected_resources))
        raise ConfigError(
            f"{source.name} has no stream {', '.join(map(shown, unknown))}", "--stream", f"it has {names}"
        )
    known = json.typed_loads(state)
    kept = known.get(source.name, {}).get("resources", {})
    for name in streams:
        pipe = source.resources[name]._pipe  # noqa: SLF001 - dlt tells the parent of a transformer nowhere else
        while pipe is not None:
            kept.pop(pipe.name, None)
            pipe = pipe.parent
    return str(json.typed_dumps(known))


def _is_data(name: str) -> bool:
    return not name.startswith("_dlt")


def _declared(name: str, table: Mapping[str, Any]) -> Table:
    """The table with those columns whose type its resource declares: nothing else lands."""
    columns = {column: hints for column, hints in table["columns"].items() if hints.get("data_type")}
    if not columns:
        raise TerminalError("declares no columns", f"table {name}", "give its resource `columns`")
    return {**table, "name": name, "columns": columns}
