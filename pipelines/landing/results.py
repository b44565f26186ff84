"""Lands what our own models find, like a source of kind `models` that is accepted at once."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import pyarrow as pa

from pipelines.landing import columns as rules
from pipelines.landing.ledger import Ledger
from pipelines.landing.views import RESULTS, tables_of
from pipelines.landing.writer import Writer


def land(landing_dir: Path, dlt_dir: Path, instance: str, tables: Mapping[str, pa.Table], now: datetime) -> str:
    """Land rows of declared tables by name and accept them; returns the load id. `now` is UTC."""
    writer = Writer(landing_dir, dlt_dir, instance)
    writer.finish_pending()
    declared = tables_of(RESULTS)
    load_id = writer.write(
        RESULTS, {name: iter([_complete(declared[name], rows, instance, now)]) for name, rows in tables.items()}
    )
    Ledger(landing_dir).accept(load_id, "voxhouse", "results of the models")
    return load_id


def _complete(table: rules.Table, rows: pa.Table, instance: str, now: datetime) -> pa.Table:
    """Rows with the loader's columns filled and every type as declared."""
    filled = {"source_instance": instance, "_observed_at": now}
    schema = rules.arrow_schema(rules.landed(table))
    columns = [
        rows[field.name].cast(field.type)
        if field.name in rows.column_names
        else pa.repeat(pa.scalar(filled.get(field.name), field.type), rows.num_rows)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)
