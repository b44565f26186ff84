"""Typing and row rules, in bulk and in SQL: a record that shows itself to be wrong goes to quarantine.

Records come as a DuckDB relation (JSON documents of an API, rows of a file) and leave as typed Arrow batches of a
declared table plus quarantine rows, which never hold a raw value. No source logic and no landing belongs here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import orjson
import pyarrow as pa

from pipelines.casts import Times, cast, is_blank, kind_of, kind_of_type, literal, looks_like_date, quoted
from pipelines.currencies import CURRENCIES
from pipelines.schema import BOOLEAN, DATE, INTEGER, SYSTEM_COLUMNS, TEXT, TIMESTAMP, Column, Table

BATCH_ROWS = 100_000
_INSTANCE, _OBSERVED = (next(c for c in SYSTEM_COLUMNS if c.name == n) for n in ("source_instance", "_observed_at"))
QUARANTINE = Table(
    "_quarantine",
    "Records that broke a rule, without their values.",
    (),
    (
        _INSTANCE,
        Column("brand_id", TEXT, "Brand to which the record belongs."),
        Column("table_name", TEXT, "Table in which the record would have landed.", required=True),
        Column("source_file", TEXT, "File in the inbox folder."),
        Column("record_number", INTEGER, "Position in the file, or among the table's records of the load, from 1."),
        Column("record_key", TEXT, "Values of the table's key, joined by |."),
        Column("column_name", TEXT, "First column that broke a rule; NULL: the record as a whole."),
        Column("value_kind", TEXT, "null, text, integer, decimal, boolean, date, timestamp or object.", required=True),
        Column("reason", TEXT, "Broken rule.", required=True),
        _OBSERVED,
    ),
)
STREAMS = Table(
    "_streams",
    "What a load read: stream x table.",
    (),
    (
        _INSTANCE,
        Column("stream", TEXT, "Stream of the source, or file of the drop.", required=True),
        Column("table_name", TEXT, "Table that it fills.", required=True),
        Column("records_read", INTEGER, "Records that the source gave.", required=True),
        Column("records_landed", INTEGER, "Records that landed.", required=True),
        Column("records_quarantined", INTEGER, "Records in quarantine.", required=True),
        Column("cursor", TEXT, "High-water mark of the stream, or version of the file."),
        Column("is_complete", BOOLEAN, "The stream was read to its end.", required=True),
        _OBSERVED,
    ),
)
_JSON_KIND = (
    "case json_type(doc, {0}) when 'VARCHAR' then 'text' when 'BIGINT' then 'integer' when 'UBIGINT' then 'integer' "
    "when 'DOUBLE' then 'decimal' when 'BOOLEAN' then 'boolean' when 'OBJECT' then 'object' when 'ARRAY' then 'object' "
    "else 'null' end"
)


@dataclass(frozen=True, slots=True)
class Value:
    """SQL of one column's raw value over the records' relation."""

    sql: str
    type: str
    """DuckDB type of `sql`."""
    kind: str | None = None
    """SQL of the value's kind; None: what the type says."""
    unreadable: str | None = None
    """SQL condition: `sql` is not what the record says, because a part of it could not be read."""


@dataclass(frozen=True, slots=True)
class Judged:
    """A table that `judge` made, and where its records come from."""

    name: str
    table: Table
    source_file: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    """SQL of system columns beyond the common ones, by name."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of a stream: the records per table that it fills, and its high-water mark."""

    stream: str
    records: Mapping[str, int]
    cursor: str | None


@dataclass(frozen=True, slots=True)
class Origin:
    """What every row of a load has in common."""

    brand_id: str
    source_instance: str
    observed_at: datetime


def connect(spill_dir: str) -> duckdb.DuckDBPyConnection:
    """An in-memory database for one load; what does not fit goes to `spill_dir`, which must be a place for raw data."""
    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "1200MB",
        "threads": 2,
        "temp_directory": spill_dir,
    }
    con = duckdb.connect(config=config)
    con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return con


def encode(records: Sequence[Mapping[str, Any]]) -> str:
    """JSON array of records; half emoji, which some APIs send, become question marks."""
    try:
        return orjson.dumps(records, default=str).decode()
    except TypeError:
        return json.dumps(records, ensure_ascii=False, default=str).encode("utf-8", "replace").decode()


def documents(table: Table, relation: str) -> str:
    """SELECT over `relation` (`_record_number`, `_stream`, JSON `doc`) with a struct `field` of the declared columns.

    A record that the pages repeat word for word, as they do while a source changes, is taken once.
    """
    structure = json.dumps(dict.fromkeys([column.name for column in table.columns], "VARCHAR"))
    return f"""
        select min(_record_number) as _record_number, min(_stream) as _stream, null::varchar as _broken, doc,
            json_transform(doc, {literal(structure)}) as field
        from {relation} group by doc
    """


def document_values(table: Table) -> dict[str, Value]:
    """Values of a table's columns over `documents`."""
    return {
        column.name: Value(
            f"field.{quoted(column.name)}", "VARCHAR", _JSON_KIND.format(literal(json_path(column.name)))
        )
        for column in table.columns
    }


def json_path(member: str) -> str:
    """JSON path of a member of an object."""
    return '$."' + member.replace('"', '\\"') + '"'


_NO_FAULT = 'null::struct("column" varchar, kind varchar, reason varchar)'
NOT_JUDGED = (
    f"null::bigint as _record_number, null::varchar as _extra, null::varchar as record_key, {_NO_FAULT} as fault"
)
"""Columns that make a judged table of rows that no record stands behind."""
DOCUMENT_EXTRA = "case when json_type(doc, '$._extra') = 'OBJECT' then (doc -> '$._extra')::varchar end"


def judge(
    con: duckdb.DuckDBPyConnection,
    name: str,
    relation: str,
    table: Table,
    values: Mapping[str, Value],
    times: Times,
    extra: str = "null::varchar",
) -> None:
    """Make table `name`: a row per record of the SELECT `relation`.

    The relation has `_record_number`, `_stream` and `_broken`, the reason why a record could not be read, or NULL.
    Columns: the first two, the table's columns, typed, `_extra`, `record_key` and `fault`, a struct of column, kind
    and reason that is NULL for good records. A repeated key is the fault of every record but the first.
    """
    raw, typed = [], []
    faults = ["when _broken is not null then {\"column\": null::varchar, kind: 'text', reason: _broken}"]
    for column in table.columns:
        value = values.get(column.name, Value("null::varchar", "VARCHAR"))
        raw.append(f"{value.sql} as {_raw(column)}")
        typed.append(f"{cast(_raw(column), value.type, column.type, times)} as {_typed(column)}")
        faults.extend(_faults(column, value))
    key = ", ".join(f"{_typed(column)}::varchar" for column in table.columns if column.name in table.key)
    out = ", ".join(f"{_typed(column)} as {quoted(column.name)}" for column in table.columns)
    con.execute(f"""
        create table {quoted(name)} as
        with raw as (select *, {", ".join(raw)} from ({relation})),
        typed as (select *, {", ".join(typed)} from raw)
        select _record_number, _stream, {out}, {extra} as _extra, left(concat_ws('|', {key}), 200) as record_key,
            case {" ".join(faults)} else {_NO_FAULT} end as fault
        from typed
    """)
    _mark_duplicates(con, name, table)


def _raw(column: Column) -> str:
    return quoted("raw " + column.name)


def _typed(column: Column) -> str:
    return quoted("typed " + column.name)


def _faults(column: Column, value: Value) -> Iterator[str]:
    """WHEN clauses that name the first broken rule of a column; kinds are found for bad records only."""
    typed, raw, kind = _typed(column), _raw(column), value.kind or literal(kind_of(value.type))
    blank = is_blank(raw, value.type)
    wrong_type = f"wrong type: no {kind_of_type(column.type)}"
    unread = f"{typed} is null and not ({blank})"
    if column.type == TEXT:
        unread = f"left({typed}, 1) in ('{{', '[') and {kind} = 'object'"
    if value.unreadable is not None:
        yield _when(value.unreadable, column, "'text'", wrong_type)
    if column.required:
        yield _when(f"{typed} is null and {blank}", column, "'null'", "required and missing")
    if column.type in (DATE, TIMESTAMP):
        yield _when(f"{unread} and {looks_like_date(raw, value.type)}", column, kind, "impossible date")
    yield _when(unread, column, kind, wrong_type)
    for condition, reason in _limits(column):
        yield _when(condition, column, kind, reason)


def _limits(column: Column) -> Iterator[tuple[str, str]]:
    """Conditions under which a typed value is out of its column's limits, with the reason."""
    typed = _typed(column)
    if column.minimum is not None:
        yield f"{typed} < {column.minimum}", f"below the minimum of {column.minimum:g}"
    if column.one_of is not None:
        allowed = sorted(column.one_of)
        yield f"{typed} not in ({', '.join(map(literal, allowed))})", f"not one of {', '.join(allowed)}"
    if column.is_currency:
        yield f"{typed} not in ({', '.join(map(literal, sorted(CURRENCIES)))})", "unknown currency"


def _when(condition: str, column: Column, kind: str, reason: str) -> str:
    return f'when {condition} then {{"column": {literal(column.name)}, kind: {kind}, reason: {literal(reason)}}}'


def _key(table: Table) -> list[str]:
    """The declared columns of a table's key: the others are the same all over a load or a file."""
    declared = {column.name for column in table.columns}
    return [name for name in table.key if name in declared]


def _mark_duplicates(con: duckdb.DuckDBPyConnection, name: str, table: Table) -> None:
    """Grouping finds the few repeated keys in a third of the time of a window over all records."""
    key = [quoted(column) for column in _key(table)]
    if not key:
        return
    same = " and ".join(f"judged.{column} is not distinct from repeated.{column}" for column in key)
    fault = '{"column": ' + literal(_key(table)[0]) + ", kind: 'text', reason: 'duplicate key'}"
    con.execute(f"""
        update {quoted(name)} as judged set fault = {fault}
        from (
            select {", ".join(key)}, min(_record_number) as first_number
            from {quoted(name)} where fault is null group by all having count(*) > 1
        ) as repeated
        where judged.fault is null and {same} and judged._record_number > repeated.first_number
    """)


def landed(con: duckdb.DuckDBPyConnection, judged: Judged, origin: Origin) -> Iterator[pa.Table]:
    """Typed batches of the good records."""
    table = judged.table
    common = {
        "brand_id": literal(origin.brand_id),
        "source_instance": literal(origin.source_instance),
        "_observed_at": f"timestamptz {literal(origin.observed_at.isoformat())}",
        "_extra": "_extra",
        **judged.constants,
    }
    declared = [quoted(column.name) for column in table.columns]
    system = [f"{common[column.name]} as {quoted(column.name)}" for column in table.system_columns]
    query = f"select {', '.join(declared + system)} from {quoted(judged.name)} where fault is null"
    return batches(con, query, table)


def quarantined(con: duckdb.DuckDBPyConnection, judged: Judged, origin: Origin) -> Iterator[pa.Table]:
    """Quarantine rows of the bad records."""
    query = f"""
        select {literal(origin.source_instance)} as source_instance, {literal(origin.brand_id)} as brand_id,
            {literal(judged.table.name)} as table_name, {literal(judged.source_file)} as source_file,
            _record_number as record_number, nullif(record_key, '') as record_key, fault."column" as column_name,
            fault.kind as value_kind, fault.reason as reason,
            timestamptz {literal(origin.observed_at.isoformat())} as _observed_at
        from {quoted(judged.name)} where fault is not null
    """
    return batches(con, query, QUARANTINE)


def batches(con: duckdb.DuckDBPyConnection, query: str, table: Table) -> Iterator[pa.Table]:
    """Result of a query as Arrow tables of a declared table, each of at most BATCH_ROWS rows."""
    schema = nullable(table)
    reader = con.cursor().execute(query).to_arrow_reader(BATCH_ROWS)
    for batch in reader:
        yield pa.Table.from_batches([batch]).select(schema.names).cast(schema)


def nullable(table: Table) -> pa.Schema:
    """Arrow schema of a table as it lands: a rule that is relaxed later must not change the type of a file."""
    return pa.schema([field.with_nullable(True) for field in table.arrow_schema])


def counts(con: duckdb.DuckDBPyConnection, name: str) -> dict[str, tuple[int, int]]:
    """Stream to its records landed and in quarantine."""
    query = f"""
        select _stream, count(*) filter (where fault is null), count(*) filter (where fault is not null)
        from {quoted(name)} group by _stream
    """
    return {stream: (good, bad) for stream, good, bad in con.execute(query).fetchall()}
