"""Writes dbt's contracts of the entity models from the entities' declarations: `python -m orchestration.contracts`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import yaml
from dlt.common.schema.typing import TTableSchema

from orchestration.config import DBT_PROJECT
from pipelines.entities import FED
from pipelines.landing import columns as rules

CONTRACTS = DBT_PROJECT / "models" / "intermediate" / "entities" / "_entities.yml"
_HEAD = "# Written by `python -m orchestration.contracts` from pipelines/entities; a test holds them equal.\n"
_ZONE = {"timestamp": "UTC."}
_TYPES = {
    "text": "string",
    "bigint": "bigint",
    "double": "double",
    "bool": "boolean",
    "date": "date",
    "timestamp": "timestamp",
}


def contracts(entities: Mapping[str, TTableSchema] = FED) -> str:
    """Models of entities, by default all that a source feeds, as dbt's YAML: meaning, key, columns with their rules."""
    models = [_model(name, table) for name, table in entities.items()]
    return _HEAD + yaml.safe_dump({"models": models}, sort_keys=False, width=140, allow_unicode=True)


def sql_type(column: rules.Column) -> str:
    """A column's type, as every engine that dbt runs on understands it."""
    if column["data_type"] == "decimal":
        return f"decimal({column['precision']}, {column['scale']})"
    return _TYPES[column["data_type"]]


def _model(name: str, table: TTableSchema) -> dict[str, object]:
    columns = rules.declared(table)
    return {
        "name": f"int_{name}",
        "description": table["description"],
        "data_tests": [{"grain": {"arguments": {"columns": rules.key(table)}}}],
        "columns": [dict(_column(name, column)) for name, column in columns.items()],
    }


def _column(name: str, column: rules.Column) -> Iterator[tuple[str, object]]:
    yield "name", name
    yield "data_type", sql_type(column)
    words = column.get("x-one-of")
    said = [column["description"], f"One of: {', '.join(words)}." if words else "", _ZONE.get(column["data_type"], "")]
    yield "description", " ".join(filter(None, said))
    if rules.is_required(column):
        yield "constraints", [{"type": "not_null"}]


if __name__ == "__main__":
    CONTRACTS.write_text(contracts(), encoding="utf-8")
