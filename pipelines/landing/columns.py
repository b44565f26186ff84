"""SQL that turns raw values into declared types; what cannot be turned becomes NULL, never something near it."""

from __future__ import annotations

import glob
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.schema import BOOLEAN, DATE, DOUBLE, INTEGER, TEXT, TIMESTAMP

_ZONE = r"(Z|z|UTC|[+-]\d{2}(:?\d{2})?)"
_ISO = rf"\s*\d{{4}}-\d{{1,2}}-\d{{1,2}}([T ]\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?\s*{_ZONE}?)?\s*"
_OFFSET = rf":\d{{2}}(\.\d+)?\s*{_ZONE}\s*$"
_DATE_LIKE = r"^\s*\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}"
_NUMBER = r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"
_WHOLE = r"\s*[-+]?\d+(\.0*)?\s*"
_KINDS = {"VARCHAR": "text", "BOOLEAN": "boolean", "DATE": "date", "DOUBLE": "decimal", "FLOAT": "decimal"}


@dataclass(frozen=True, slots=True)
class Times:
    """How values become times: zone of those without an offset, strptime formats tried where a text is not ISO 8601."""

    timezone: str = "UTC"
    formats: tuple[str, ...] = ()


def quoted(identifier: str) -> str:
    """An SQL identifier."""
    return '"' + identifier.replace('"', '""') + '"'


def literal(text: str | None) -> str:
    """An SQL text literal; None is NULL."""
    return "null" if text is None else "'" + text.replace("'", "''") + "'"


def path_literal(path: Path) -> str:
    """An SQL literal by which DuckDB opens this one file, whatever signs its name has."""
    return literal(glob.escape(str(path)))


def duckdb_type(data_type: pa.DataType) -> str:
    """DuckDB's name of a declared type."""
    if pa.types.is_decimal(data_type):
        return f"DECIMAL({data_type.precision},{data_type.scale})"
    names = {TEXT: "VARCHAR", INTEGER: "BIGINT", BOOLEAN: "BOOLEAN", DOUBLE: "DOUBLE", DATE: "DATE"}
    return "TIMESTAMPTZ" if data_type == TIMESTAMP else names[data_type]


def kind_of(source_type: str) -> str:
    """Kind of a value as quarantine names it, from its DuckDB type."""
    family = source_type.partition("(")[0]
    if family.startswith("TIMESTAMP"):
        return "timestamp"
    if family.endswith(("INT", "INTEGER")):
        return "integer"
    return "decimal" if family == "DECIMAL" else _KINDS.get(family, "object")


def kind_of_type(data_type: pa.DataType) -> str:
    """Kind of value that a declared type holds."""
    return kind_of(duckdb_type(data_type))


def is_blank(raw: str, source_type: str) -> str:
    """Condition: the raw value says nothing."""
    return f"coalesce(trim({raw}), '') = ''" if source_type == "VARCHAR" else f"{raw} is null"


def looks_like_date(raw: str, source_type: str) -> str:
    """Condition: the value is written like a date, possible or not."""
    return f"regexp_matches({raw}, {literal(_DATE_LIKE)})" if source_type == "VARCHAR" else "true"


def cast(raw: str, source_type: str, target: pa.DataType, times: Times) -> str:
    """SQL of `raw`, of DuckDB type `source_type`, as the declared type; NULL where it is no such value."""
    if target == TEXT:
        return _text(raw, source_type)
    if target == BOOLEAN:
        return _boolean(raw, source_type)
    if target in (DATE, TIMESTAMP):
        return _time(raw, source_type, target, times)
    return _number(raw, source_type, target)


def _text(raw: str, source_type: str) -> str:
    if source_type == "VARCHAR":
        return f"nullif({raw}, '')"
    if source_type in ("DOUBLE", "FLOAT"):  # ids that pandas wrote as floats because some were missing
        whole = f"try_cast({raw} as bigint)"
        return f"case when {raw} = {whole} then {whole}::varchar else {raw}::varchar end"
    return f"{raw}::varchar"


def _boolean(raw: str, source_type: str) -> str:
    text = f"lower(trim({raw}::varchar))"
    if source_type != "VARCHAR" and kind_of(source_type) not in ("boolean", "integer"):
        return "null::boolean"
    is_true, is_false = "('true', 't', 'yes', 'y', '1')", "('false', 'f', 'no', 'n', '0')"
    return f"case when {text} in {is_true} then true when {text} in {is_false} then false end"


def _number(raw: str, source_type: str, target: pa.DataType) -> str:
    name = duckdb_type(target)
    if source_type == "VARCHAR":
        shape = _WHOLE if target == INTEGER else _NUMBER
        return f"case when regexp_full_match({raw}, {literal(shape)}) then try_cast({raw} as {name}) end"
    if kind_of(source_type) not in ("integer", "decimal"):
        return f"null::{name}"
    if target == INTEGER and kind_of(source_type) == "decimal":
        return f"case when {raw} = try_cast({raw} as bigint) then try_cast({raw} as bigint) end"
    return f"try_cast({raw} as {name})"


def _time(raw: str, source_type: str, target: pa.DataType, times: Times) -> str:
    """Beyond 1900 to 2200 a value is a slip of the pen, and the nanoseconds of other tools cannot hold it."""
    zone = literal(times.timezone)
    local = {"DATE": f"{raw}::timestamp", "TIMESTAMP WITH TIME ZONE": f"({raw} at time zone {zone})"}
    if source_type == "VARCHAR":
        value = _time_from_text(raw, target, times)
    elif kind_of(source_type) not in ("date", "timestamp"):
        return f"null::{duckdb_type(target)}"
    elif target == TIMESTAMP and source_type == "TIMESTAMP WITH TIME ZONE":
        value = raw
    else:
        value = local.get(source_type, f"try_cast({raw} as timestamp)")
        value = f"({value} at time zone {zone})" if target == TIMESTAMP else f"{value}::date"
    return f"case when year({value}) between 1900 and 2200 then {value} end"


def _time_from_text(raw: str, target: pa.DataType, times: Times) -> str:
    zone, iso = literal(times.timezone), f"regexp_full_match({raw}, {literal(_ISO)})"
    formats = f"[{', '.join(map(literal, times.formats))}]"
    local = f"case when {iso} then try_cast({raw} as timestamp)"
    if times.formats:  # strptime also takes words such as 'epoch'
        local += f" when regexp_matches({raw}, '[0-9]') then try_strptime({raw}, {formats})"
    local += " end"
    instant = f"case when {iso} and regexp_matches({raw}, {literal(_OFFSET)}) then try_cast({raw} as timestamptz)"
    if target == TIMESTAMP:
        return f"({instant} else ({local}) at time zone {zone} end)"
    return f"({instant} at time zone {zone} else {local} end)::date"
