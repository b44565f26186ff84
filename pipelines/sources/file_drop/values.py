"""SQL that writes a mapped value as text: what only the drop's mapping can tell is settled, the rest stays as it is.

Times become ISO 8601 in UTC, typed values of Parquet become plain text. A value that cannot be converted stays the text
that it is, so that whoever types the columns finds it wrong, and says so.
"""

from __future__ import annotations

from dataclasses import dataclass

from dlt.common.schema.typing import TColumnSchema

from pipelines.sources.file_drop.sql import Value
from pipelines.sql import literal

_ZONE = r"(Z|z|UTC|[+-]\d{2}(:?\d{2})?)"
_DAY = r"\d{4}-\d{1,2}-\d{1,2}"
_ISO = rf"\s*{_DAY}([T ]\d{{1,2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?\s*{_ZONE}?)?\s*"
_AS_CAST = rf"{_DAY}[T ]\d{{1,2}}:\d{{2}}:\d{{2}}(\.\d+)?(Z|[+-]\d{{2}}(:\d{{2}})?)?"
_WITHOUT_SECONDS = rf"^({_DAY}[T ]\d{{1,2}}:\d{{2}})(\s*{_ZONE})?$"
_OFFSET = r"(:\d{2})\s*([+-]\d{2}):?(\d{2})$"
_WITH_OFFSET = rf":\d{{2}}(\.\d+)?\s*{_ZONE}$"
OF_X = r"[A-Z][a-z]{2} [A-Z][a-z]{2} \d{1,2} \d{2}:\d{2}:\d{2} [+-]\d{4} \d{4}"
"""As archives of X write times."""
_NUMBER = r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*"
_FLOATS = ("DOUBLE", "FLOAT")


@dataclass(frozen=True, slots=True)
class Times:
    """How values become times: zone of those without an offset, strptime formats tried where a text is not ISO 8601."""

    timezone: str = "UTC"
    formats: tuple[str, ...] = ()


def as_text(value: Value, column: TColumnSchema, times: Times) -> str:
    """The value as text, as far as possible in the form of the declared column."""
    raw, data_type = value.sql, column["data_type"]
    if data_type in ("date", "timestamp"):
        return f"coalesce({_iso(value, data_type, times)}, {raw}::varchar)"
    if value.type == "VARCHAR":
        return raw
    if value.type in _FLOATS and data_type == "decimal":
        exact = f"try_cast({raw} as decimal({column['precision']},{column['scale']}))"
        return f"coalesce({exact}::varchar, {raw}::varchar)"
    if data_type in ("text", "bigint") and (value.type in _FLOATS or value.type.startswith("DECIMAL")):
        whole = f"try_cast({raw} as bigint)"
        return f"case when {raw} = {whole} then {whole}::varchar else {raw}::varchar end"
    return f"{raw}::varchar"


def number(value: Value, decimal_type: str) -> str:
    """The value as an exact number; NULL where it is none."""
    if value.type == "VARCHAR":
        is_number = f"regexp_full_match({value.sql}, {literal(_NUMBER)})"
        return f"case when {is_number} then try_cast({value.sql} as {decimal_type}) end"
    is_numeric = value.type.partition("(")[0].endswith(("INT", "INTEGER", "DECIMAL", *_FLOATS))
    return f"try_cast({value.sql} as {decimal_type})" if is_numeric else f"null::{decimal_type}"


def moment(value: Value, times: Times) -> str:
    """The value as a point in time; NULL where it is none, or out of 1900 to 2200: that is a slip of the pen."""
    raw, zone = value.sql, literal(times.timezone)
    if value.type == "TIMESTAMP WITH TIME ZONE":
        found = raw
    elif value.type == "DATE" or value.type.startswith("TIMESTAMP"):
        found = f"(try_cast({raw} as timestamp) at time zone {zone})"
    elif value.type == "VARCHAR":
        found = _from_text(raw, times)
    else:
        return "null::timestamptz"
    return f"case when year({found}) between 1900 and 2200 then {found} end"


def _from_text(raw: str, times: Times) -> str:
    """DuckDB reads an offset only after seconds, without a blank before it and with its colon."""
    iso = f"regexp_full_match({raw}, {literal(_ISO)})"
    whole = _as_cast(raw)
    instant = (
        f"case when {iso} and regexp_matches({whole}, {literal(_WITH_OFFSET)}) then try_cast({whole} as timestamptz)"
        f" when regexp_full_match({raw}, {literal(OF_X)}) then try_strptime({raw}, '%a %b %d %H:%M:%S %z %Y')"
    )
    local = f"case when {iso} then try_cast({whole} as timestamp)"
    if times.formats:  # strptime also takes words such as 'epoch'
        formats = f"[{', '.join(map(literal, times.formats))}]"
        local += f" when regexp_matches({raw}, '[0-9]') then try_strptime({raw}, {formats})"
    return f"({instant} else ({local} end) at time zone {literal(times.timezone)} end)"


def _as_cast(raw: str) -> str:
    """An ISO time as DuckDB's cast takes it."""
    bare = rf"regexp_replace({raw}, '^\s+|\s+$', '', 'g')"
    seconds = f"regexp_replace({bare}, {literal(_WITHOUT_SECONDS)}, '\\1:00\\2')"
    offset = f"regexp_replace({seconds}, {literal(_OFFSET)}, '\\1\\2:\\3')"
    return f"case when regexp_full_match({raw}, {literal(_AS_CAST)}) then {raw} else {offset} end"


def _iso(value: Value, data_type: str, times: Times) -> str:
    """A day is that of the drop's time zone; one that carries no offset is itself."""
    if data_type == "date":
        return f"(({moment(value, times)}) at time zone {literal(times.timezone)})::date::varchar"
    return f"replace((({moment(value, times)}) at time zone 'UTC')::varchar, ' ', 'T') || 'Z'"
