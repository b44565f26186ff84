"""Reads files of a drop, one after the other, into rows of the tables that they feed."""

from __future__ import annotations

import shutil
import weakref
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import pyarrow as pa

from pipelines.sources.file_drop.entities import Records, records
from pipelines.sources.file_drop.files import DropFile
from pipelines.sources.file_drop.mapping import Drop
from pipelines.sources.file_drop.reading import stage
from pipelines.sources.file_drop.settings import CONTROL_TOTALS, FILE, FILE_VERSION, FILES
from pipelines.sources.file_drop.totals import control_totals


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table out of one file."""

    table: str
    rows: Callable[[], Iterator[pa.Table]]


class Reader:
    """Reads files of one drop; what it unpacks lies in a folder of its own while rows are read."""

    def __init__(self, drop: Drop, brand_timezone: str, parent_dir: str) -> None:
        self.drop, self.brand_timezone = drop, brand_timezone
        self.work_dir = Path(mkdtemp(dir=parent_dir, prefix="file_drop_"))
        weakref.finalize(self, shutil.rmtree, self.work_dir, ignore_errors=True)
        spill = str(self.work_dir / "spill")
        self.con = duckdb.connect(config={"memory_limit": "1200MB", "threads": 2, "temp_directory": spill})
        self.con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
        self.files_read = 0

    def parts(self, file: DropFile, version: str, before: tuple[int, int, int]) -> Iterator[Part]:
        """Everything of one file, whose state was `before` when its version was found; raises ConfigError."""
        self.files_read += 1
        staged = stage(self.con, f"file_{self.files_read}", file, version, self.drop, self.work_dir)
        found = [records(staged, position, entity) for position, entity in enumerate(file.mapping.entities)]
        counts: dict[str, int] = {}
        for part in found:
            counts[part.entity] = counts.get(part.entity, 0) + part.count()
        totals = control_totals(staged, self.brand_timezone)
        file.check_unchanged(before)
        yield Part(FILES, lambda: iter([_files(file, version, counts)]))
        if totals is not None:
            yield Part(CONTROL_TOTALS, lambda: iter([totals]))
        for part in found:
            yield Part(part.entity, partial(self._rows, part, before))

    def _rows(self, part: Records, before: tuple[int, int, int]) -> Iterator[pa.Table]:
        """Rows of a file that is still the same once they are read; they keep this reader, and with it its folder."""
        yield from part.batches()
        part.staged.file.check_unchanged(before)


def _files(file: DropFile, version: str, counts: dict[str, int]) -> pa.Table:
    texts = {
        FILE: [file.name] * len(counts),
        FILE_VERSION: [version] * len(counts),
        "table_name": list(counts),
        "records_read": [str(count) for count in counts.values()],
    }
    return pa.table({name: pa.array(values, pa.string()) for name, values in texts.items()})
