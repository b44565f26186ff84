"""Tables of a source as dlt declares them, with `x-` hints of row rules and of what identifies persons.

A source's folder stands alone, so this file is linked into each of them. dlt keeps `x-` hints with the schema and
passes them on; a destination that does not know them loses nothing.

| hint | says |
|---|---|
| x-minimum | least value |
| x-one-of | the only values |
| x-format | `currency`: ISO 4217 |
| x-annotation-pii | `email`, `phone`, `handle` of a person, or `text` that a person wrote |
| x-annotation-network | network of a handle |
| x-erases | true in a record whose free texts must be forgotten |
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from dlt.common.schema.typing import TColumnSchema, TTableSchema

Pii = Literal["email", "phone", "handle", "text"]


def table(
    description: str, key: Sequence[str], columns: Mapping[str, TColumnSchema], disposition: Literal["append", "merge"]
) -> TTableSchema:
    """A table. `append`: each row is a reading, and stays; `merge`: a version of the record that `key` names."""
    declared: dict[str, Any] = {
        name: {"name": name, **column, **({"primary_key": True} if name in key else {})}
        for name, column in columns.items()
    }
    return {"description": description, "write_disposition": disposition, "columns": declared}


def resource_of(declared: TTableSchema) -> dict[str, Any]:
    """Arguments of `dlt.resource` or `dlt.transformer` for a declared table."""
    return {"columns": declared["columns"], "write_disposition": declared["write_disposition"]}


def _column(data_type: str, description: str, required: bool, **hints: Any) -> TColumnSchema:
    named = {name.replace("_", "-") if name.startswith("x_") else name: value for name, value in hints.items()}
    given = {name: value for name, value in named.items() if value is not None}
    return {"data_type": data_type, "description": description, **({"nullable": False} if required else {}), **given}  # type: ignore[typeddict-item]


def text(description: str, required: bool = False, one_of: Sequence[str] | None = None) -> TColumnSchema:
    """A text that no person can be found by."""
    return _column("text", description, required, x_one_of=one_of)


def currency(description: str = "ISO 4217.", required: bool = False) -> TColumnSchema:
    """A currency code."""
    return _column("text", description, required, x_format="currency")


def personal(kind: Pii, description: str, network: str | None = None) -> TColumnSchema:
    """What a person is known by, or wrote. `network` is that of a handle."""
    return _column("text", description, False, x_annotation_pii=kind, x_annotation_network=network)


def whole(description: str, required: bool = False, minimum: int | None = None) -> TColumnSchema:
    """A whole number."""
    return _column("bigint", description, required, x_minimum=minimum)


def count(description: str, required: bool = False) -> TColumnSchema:
    """A whole number that is not negative."""
    return whole(description, required, minimum=0)


def decimal(
    description: str, required: bool = False, minimum: float | None = None, precision: int = 18, scale: int = 4
) -> TColumnSchema:
    """An exact number, by default an amount of money."""
    return _column("decimal", description, required, x_minimum=minimum, precision=precision, scale=scale)


def flag(description: str, required: bool = False, erases: bool = False) -> TColumnSchema:
    """True or false. `erases`: where true, the record's free texts must be forgotten."""
    return _column("bool", description, required, x_erases=erases or None)


def moment(description: str, required: bool = False, version: bool = False) -> TColumnSchema:
    """A time. `version`: the greater, the newer the record (dlt keeps that one)."""
    return _column("timestamp", description, required, dedup_sort="desc" if version else None)


def day(description: str, required: bool = False) -> TColumnSchema:
    """A date."""
    return _column("date", description, required)


def document(description: str) -> TColumnSchema:
    """A JSON object, for the allowed fields beyond the declared ones; nothing that identifies a person."""
    return _column("json", description, False)


def number(description: str) -> TColumnSchema:
    """A floating-point number."""
    return _column("double", description, False)
