"""A small home for Superset: published.duckdb and ledger.duckdb with the columns of the datasets and plausible rows.

Columns and types come from `superset/assets/datasets`, what identifies a row from `home_rows.yaml`. Every other value
is made from its type and a hash, so it says nothing but that it is there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import yaml

AS_OF = "2026-06-30"
FILE_OF_SCHEMA = {"marts": "published.duckdb", "operations": "published.duckdb", "finance": "ledger.duckdb"}

ROWS = yaml.safe_load(Path(__file__).with_name("home_rows.yaml").read_text(encoding="utf-8"))


def build(version: Path, datasets: list[dict[str, Any]]) -> None:
    """Make the two files of a version, every dataset a table in its schema."""
    version.mkdir(parents=True)
    for file in sorted(set(FILE_OF_SCHEMA.values())):
        with duckdb.connect(str(version / file)) as con:
            con.execute(ROWS["relations"])
            for dataset in datasets:
                if FILE_OF_SCHEMA[dataset["schema"]] == file:
                    _create(con, dataset)


def _create(con: duckdb.DuckDBPyConnection, dataset: dict[str, Any]) -> None:
    rows = con.sql(ROWS["rows"].get(dataset["table_name"], "from range(3)"))
    given = set(rows.columns)
    columns = ", ".join(
        f'cast({name if name in given else _default(name, kind)} as {kind}) as "{name}"'
        for name, kind in (
            (column["column_name"], column["type"]) for column in dataset["columns"] if "expression" not in column
        )
    )
    con.execute(f"create schema if not exists {dataset['schema']}")
    con.execute(
        f'create table {dataset["schema"]}."{dataset["table_name"]}" as '
        f"select {columns} from (select *, row_number() over () as row_id from ({rows.sql_query()}))"
    )


def _default(name: str, kind: str) -> str:
    """A value of the type, the same in every build."""
    noise = f"(hash(row_id, '{name}') % 1000)"
    base = kind.lower()
    if base.startswith("timestamp"):
        return f"timestamp '{AS_OF} 22:00:00'"
    if base == "date":
        return f"date '{AS_OF}'"
    if base == "boolean":
        return f"{noise} > 100"
    if base.startswith(("double", "decimal")):
        is_share = name.startswith(("probability", "lift", "effect")) or name.endswith(("_rate", "_low", "_high"))
        return f"{noise} / 1000.0" if is_share else f"{noise} + 20.0"
    if base.startswith(("bigint", "int")):
        return f"{noise} + 1"
    return f"'{name} ' || {noise} % 5"


def read_datasets(folder: Path) -> list[dict[str, Any]]:
    """The content of every dataset file, in the order of their paths."""
    return [yaml.safe_load(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.yaml"))]
