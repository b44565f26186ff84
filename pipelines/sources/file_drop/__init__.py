"""File drops: CSV, TSV, Parquet and JSON-lines files of a folder, mapped by its `drop.yml`.

A file is known by its path in the folder and its version by the SHA-256 of its bytes; the same bytes under the same
mapping are read once, a new version is read whole and replaces the older one for readers of the table `files`, a
deleted file changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.extract import DltResource

from pipelines.sources.file_drop.files import drop_files
from pipelines.sources.file_drop.hints import resource_of
from pipelines.sources.file_drop.mapping import read_drop
from pipelines.sources.file_drop.reader import Part, Reader
from pipelines.sources.file_drop.settings import ENTITIES, TABLES

__all__ = ["TABLES", "file_drop"]


@dlt.source(name="file_drop", max_table_nesting=0)
def file_drop(folder: Path, brand_timezone: str) -> Iterator[DltResource]:
    """Every entity of the files of a folder, their control totals, and which files were read.

    Args:
        folder (Path): Folder with the files and their `drop.yml`.
        brand_timezone (str): Time zone whose days the control totals are of.

    Returns:
        Iterator[DltResource]: A resource for each table; those without a file that feeds them yield nothing.
    """

    @dlt.resource(name="new_files", selected=False)
    def new_files() -> Iterator[Part]:
        drop = read_drop(folder)
        known: dict[str, str] = dlt.current.resource_state().setdefault("versions", {})
        reader = Reader(drop, brand_timezone, dlt.current.pipeline().working_dir)
        for file in drop_files(folder, drop):
            before, version = file.state(), file.sha256()
            mapped_version = f"{version}:{drop.digest(file.mapping)}"
            if known.get(file.name) != mapped_version:
                yield from reader.parts(file, version, before)
                known[file.name] = mapped_version

    for name, table in TABLES.items():
        resource = dlt.transformer(_rows_of(name), data_from=new_files, name=name, **resource_of(table))
        if name in ENTITIES:
            resource.apply_hints(additional_table_hints={"x-repeated-key": "quarantine"})
        yield resource


def _rows_of(table: str) -> Callable[[Part], Iterator[pa.Table]]:
    def rows(part: Part) -> Iterator[pa.Table]:
        if part.table == table:
            yield from part.rows()

    return rows
