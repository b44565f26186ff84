"""What a declared column means: in SQL, in Arrow, as row rules, as it lands, and in documentation.

A column is declared once, as dlt declares it, with the hints of `pipelines.sources.hints`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa

from pipelines.landing.currencies import CURRENCIES
from pipelines.sources import hints
from pipelines.sql import literal, quoted

Column = Mapping[str, Any]
Columns = Mapping[str, Column]
Table = Mapping[str, Any]
"""dlt's TTableSchema: columns, write_disposition, description."""

SYSTEM_COLUMNS: Columns = {
    "brand_id": hints.text("Brand to which the record belongs.", required=True),
    "source_instance": hints.text("Configured source that delivered the record.", required=True),
    "_observed_at": hints.moment("Business clock when the record was read.", required=True),
}
_TEXT_LENGTH = "Characters of what was written."
_ZONE = r"(Z|z|UTC|[+-]\d{2}(?::?\d{2})?)"
_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_ISO = rf"\s*{_DAY}(?:[T ]\d{{1,2}}:\d{{2}}(?::\d{{2}}(?:\.\d+)?)?\s*{_ZONE}?)?\s*"
_WITHOUT_SECONDS = rf"^\s*({_DAY}[T ]\d{{1,2}}:\d{{2}})(\s*{_ZONE})?\s*$"
_WITH_ZONE = rf":\d{{2}}(\.\d+)?\s*{_ZONE}\s*$"
_DATE_LIKE = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
NUMBER = r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"
WHOLE = r"\s*[-+]?\d+(\.0*)?\s*"
_EMAIL = r"\s*[^@\s]+@[^@\s]+\.[^@\s]+\s*"
PHONE = r"\s*\+[\d\s().-]{7,}\d\s*"
_MARKS = "".join(map(chr, range(0xF026, 0xF02E)))
"""By which dlt's extract files tell decimals, times and dates from text."""
_KINDS = {"bigint": "integer", "double": "decimal", "decimal": "decimal", "bool": "boolean", "json": "object"}
_SQL = {
    "text": "VARCHAR",
    "json": "VARCHAR",
    "bigint": "BIGINT",
    "double": "DOUBLE",
    "bool": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMPTZ",
}
_ARROW = {
    "text": pa.string(),
    "json": pa.string(),
    "bigint": pa.int64(),
    "double": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"),
}


def system_values(brand: str, instance: str, now: datetime) -> dict[str, str]:
    """SQL of the columns that the loader fills."""
    return {
        "brand_id": literal(brand),
        "source_instance": literal(instance),
        "_observed_at": f"timestamptz {literal(now.isoformat())}",
    }


def sql_type(column: Column) -> str:
    """DuckDB's type of a column."""
    if column["data_type"] == "decimal":
        return f"DECIMAL({column['precision']},{column['scale']})"
    return _SQL[column["data_type"]]


def arrow_type(column: Column) -> pa.DataType:
    """Arrow's type of a column."""
    if column["data_type"] == "decimal":
        return pa.decimal128(column["precision"], column["scale"])
    return _ARROW[column["data_type"]]


def kind(column: Column) -> str:
    """Kind of value that a column holds, as people call it."""
    return str(_KINDS.get(column["data_type"], column["data_type"]))


def is_required(column: Column) -> bool:
    """A record without it is refused."""
    return column.get("nullable") is False


def personal(columns: Columns) -> dict[str, tuple[str, str]]:
    """Column to what it says of a person (email, phone, handle or text) and the network of a handle, or ''."""
    return {
        name: (column["x-annotation-pii"], column.get("x-annotation-network") or "")
        for name, column in columns.items()
        if column.get("x-annotation-pii")
    }


def landed_name(name: str, column: Column) -> str:
    """Name under which a column lands: an identifier, or what a person wrote, is a token of the vault."""
    return f"{name}_token" if column.get("x-annotation-pii") else name


def declared(table: Table) -> dict[str, Column]:
    """Declared columns as they land; nothing in them leads to a person but the vault."""
    landed: dict[str, Column] = {}
    for name, column in table["columns"].items():
        said = column.get("x-annotation-pii")
        landed[landed_name(name, column)] = hints.text(f"Vault token: {column['description']}") if said else column
        if said == "text":
            landed[f"{name}_length"] = hints.count(_TEXT_LENGTH)
    return landed


def landed(table: Table) -> dict[str, Column]:
    """All columns of a landing table: the declared ones and those that the loader fills."""
    return declared(table) | dict(SYSTEM_COLUMNS)


def arrow_schema(columns: Columns) -> pa.Schema:
    """Schema of a landed batch; nullable, as a rule that is relaxed later must not change the type of a file."""
    return pa.schema([(name, arrow_type(column)) for name, column in columns.items()])


def key(table: Table) -> list[str]:
    """Landed names of the columns that name a record."""
    return [landed_name(name, column) for name, column in table["columns"].items() if column.get("primary_key")]


def version(table: Table) -> list[str]:
    """Columns whose greater value is the newer version."""
    return [name for name, column in table["columns"].items() if column.get("dedup_sort")]


def erases(table: Table) -> list[str]:
    """Columns that, where true, mean that the record's free texts must be forgotten."""
    return [name for name, column in table["columns"].items() if column.get("x-erases")]


def typed(raw: str, column: Column) -> str:
    """SQL of a raw text as the declared type; NULL where it is no such value, never something near it."""
    data_type = column["data_type"]
    if data_type in ("text", "json"):
        return f"nullif({raw}, '')"
    plain = f"ltrim({raw}, '{_MARKS}')"
    if data_type == "bool":
        word = f"lower(trim({plain}))"
        return (
            f"case when {word} in ('true', 't', 'yes', 'y', '1') then true"
            f" when {word} in ('false', 'f', 'no', 'n', '0') then false end"
        )
    if data_type in ("date", "timestamp"):
        return _time(plain, data_type)
    shape = WHOLE if data_type == "bigint" else NUMBER
    return f"case when regexp_full_match({plain}, {literal(shape)}) then try_cast({plain} as {sql_type(column)}) end"


def _time(raw: str, data_type: str) -> str:
    """ISO 8601 in UTC. Beyond 1900 to 2200 a value is a slip of the pen, and nanoseconds elsewhere cannot hold it."""
    iso = f"regexp_full_match({raw}, {literal(_ISO)})"
    whole = f"regexp_replace({raw}, {literal(_WITHOUT_SECONDS)}, '\\1:00\\2')"
    zoned = f"regexp_matches({whole}, {literal(_WITH_ZONE)})"
    moment = (
        f"case when {iso} and {zoned} then try_cast({whole} as timestamptz)"
        f" when {iso} then try_cast({whole} as timestamp) at time zone 'UTC' end"
    )
    value = f"(({moment}) at time zone 'UTC')::date" if data_type == "date" else f"({moment})"
    return f"case when year({value}) between 1900 and 2200 then {value} end"


def faults(name: str, column: Column, raw: str, value: str, kind_sql: str) -> Iterator[tuple[str, str]]:
    """(condition, reason) of each rule, over SQL of the raw text, the typed value and the kind of what was sent."""
    blank = f"coalesce(trim({raw}), '') = ''"
    if is_required(column):
        yield f"{value} is null and {blank}", "required and missing"
    unread = f"{value} is null and not ({blank})"
    if column["data_type"] == "text":
        unread = f"left({value}, 1) in ('{{', '[') and {kind_sql} = 'object'"
    elif column["data_type"] == "json":
        unread = f"{value} is not null and {kind_sql} <> 'object'"
    elif column["data_type"] in ("date", "timestamp"):
        yield f"{unread} and regexp_matches({raw}, {literal(_DATE_LIKE)})", "impossible date"
    yield unread, f"wrong type: no {kind(column)}"
    yield from _limits(column, value)
    if column["data_type"] == "text" and (column.get("primary_key") or name.endswith("_id")):
        yield f"regexp_full_match({value}, {literal(_EMAIL)})", "an e-mail address is no id: map it as an identifier"
        yield f"regexp_full_match({value}, {literal(PHONE)})", "a phone number is no id: map it as an identifier"


def _limits(column: Column, value: str) -> Iterator[tuple[str, str]]:
    if (minimum := column.get("x-minimum")) is not None:
        yield f"{value} < {minimum}", f"below the minimum of {minimum:g}"
    if allowed := column.get("x-one-of"):
        words = sorted(allowed)
        yield f"{value} not in ({', '.join(map(literal, words))})", f"not one of {', '.join(words)}"
    if column.get("x-format") == "currency":
        yield f"{value} not in ({', '.join(map(literal, sorted(CURRENCIES)))})", "unknown currency"


def view(columns: Columns, scan: str | None) -> str:
    """SELECT of landed columns and the load's id over a scan of files; the empty branch gives what no file has yet."""
    named = [(name, sql_type(column)) for name, column in columns.items()] + [("_dlt_load_id", "VARCHAR")]
    query = f"select {', '.join(f'null::{kind} as {quoted(name)}' for name, kind in named)} where false"
    if scan:
        query += f" union all by name select * from {scan}"
    return f"select {', '.join(quoted(name) for name, _ in named)} from ({query})"


def struct(names: Iterable[str]) -> str:
    """The structure by which DuckDB takes these members out of a JSON document, each as text."""
    return json.dumps(dict.fromkeys(names, "VARCHAR"))
