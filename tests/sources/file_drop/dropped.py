"""A folder of dropped files, read by plain dlt."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
from dlt.pipeline.exceptions import PipelineStepFailed

from pipelines.errors import PipelineError
from pipelines.sources.file_drop import file_drop

Rows = list[tuple[Any, ...]]
SALES = """\
timezone: Europe/Paris
currency: EUR
date_formats: ["%d/%m/%Y %H:%M"]
null_values: ["N/A"]
files:
  - match: "sales*"
    entities:
      - entity: orders
        distinct: true
        columns:
          order_id: no
          customer_id: who
          ordered_at: time
      - entity: order_lines
        columns:
          order_id: no
          line_id: line
          quantity: {expression: "units * 1"}
          gross_amount: {expression: 'units * "unit price"'}
          discount_amount: off
"""
SALES_CSV = """\
no,line,who,time,units,unit price,off
1,1,anna,2026-03-01 23:30,2,10.25,0.50
1,2,anna,2026-03-01 23:30,1,5,N/A
2,1,ben,15/07/2026 00:30,3,1.10,
"""


class Drop:
    """A drop's folder, and a pipeline of dlt that nothing else belongs to."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.folder = root / "inbox" / "shop"
        self.folder.mkdir(parents=True)
        self.database = root / "loaded.duckdb"

    def put(self, mapping: str | bytes, **files: str | bytes) -> None:
        """Write the mapping, of brand aurora, and files; a name is given with _ for its last dot(s), as sales_csv."""
        text = mapping.encode() if isinstance(mapping, str) else mapping
        (self.folder / "drop.yml").write_bytes(b"brand: aurora\n" + text)
        for file, content in files.items():
            self.file(file.replace("_", "."), content)

    def file(self, name: str, content: str | bytes) -> Path:
        """Write a file under exactly this name."""
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def run(self) -> None:
        """Load what is new into DuckDB, as anybody who knows dlt would."""
        destination = dlt.destinations.duckdb(str(self.database))
        pipeline = dlt.pipeline(
            "drops", pipelines_dir=str(self.root / "dlt"), destination=destination, dataset_name="data"
        )
        pipeline.run(file_drop(self.folder, "Europe/Paris"))

    def query(self, sql: str) -> Rows:
        """SQL over what was loaded."""
        with duckdb.connect(str(self.database), read_only=True) as con:
            return con.execute("set timezone = 'UTC'; set search_path = 'data'; " + sql).fetchall()

    def read(self, table: str) -> list[dict[str, Any]]:
        """What a source that knows no past gives of one table, before anything types it; without blanks and NULLs."""
        rows = self.tables().get(table, _NONE).to_pylist()
        return [{k: v for k, v in row.items() if v not in (None, "") and not k.startswith("_dlt")} for row in rows]

    def tables(self) -> dict[str, pa.Table]:
        """What a source that knows no past gives, by table."""
        number = len(list(self.root.glob("alone*")))
        pipeline = dlt.pipeline("alone", pipelines_dir=str(self.root / f"alone{number}"))
        found: dict[str, list[pa.Table]] = {}
        for load_id in pipeline.extract(file_drop(self.folder, "Europe/Paris")).loads_ids:
            for job in pipeline.get_load_package_info(load_id).jobs["new_jobs"]:
                if job.file_path.endswith(".parquet"):
                    found.setdefault(job.job_file_info.table_name, []).append(pq.read_table(job.file_path))
        return {name: pa.concat_tables(parts) for name, parts in found.items()}

    def error(self) -> PipelineError:
        """The error that reading ends in; its chain has one line each, and nothing beside it."""
        try:
            self.tables()
        except PipelineStepFailed as failed:
            return told(failed)
        raise AssertionError("nothing was refused")


_NONE = pa.table({"nothing": pa.array([], pa.string())})


def chain(error: BaseException | None) -> list[BaseException]:
    """An error and those that it came from, as they would be stored."""
    found: list[BaseException] = []
    while error is not None:
        found.append(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return found


def told(failed: BaseException) -> PipelineError:
    """The project's own error at the end of a chain, which is one line."""
    last = chain(failed)[-1]
    assert isinstance(last, PipelineError), repr(last)
    assert str(last).isprintable()
    return last
