"""Opens one file of a drop as a relation of raw records; text formats stay text, nothing is typed or judged here.

A staged file is a DuckDB table or view with `_record_number` (from 1), `_broken` (why a record could not be read at
all, else NULL) and those of the file's columns that its mapping names; blank texts and null values are NULL.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.errors import TransientError, shown
from pipelines.sources.file_drop.content import as_utf8, unpacked
from pipelines.sources.file_drop.expressions import ExpressionError, UnknownColumnError, compile_expression
from pipelines.sources.file_drop.faults import described, near
from pipelines.sources.file_drop.files import DropFile
from pipelines.sources.file_drop.heads import column_names
from pipelines.sources.file_drop.mapping import Drop, Mapped
from pipelines.sources.file_drop.settings import BROKEN, MAX_LINE_BYTES, MAX_RECORDS, RECORD_NUMBER
from pipelines.sources.file_drop.sql import Value, member
from pipelines.sql import literal, path_literal, quoted

_NESTED = ("STRUCT", "MAP", "UNION", "VARIANT")


@dataclass(frozen=True, slots=True)
class Staged:
    """A file as a relation."""

    con: duckdb.DuckDBPyConnection
    relation: str
    columns: Mapping[str, str]
    """DuckDB types of the file's columns, by name; of JSON lines, those that the mapping names."""
    file: DropFile
    path: Path
    """Its text in UTF-8, or its Parquet."""
    version: str
    drop: Drop

    def value(self, mapped: Mapped) -> Value:
        """SQL of a mapped value; raises ExpressionError for what is not known."""
        if mapped.constant is not None:
            return Value(literal(mapped.constant), "VARCHAR")
        if mapped.expression is not None:
            return self.expression(mapped.expression)
        if mapped.column is None or mapped.column not in self.columns:
            raise UnknownColumnError(mapped.column or "")
        return Value(quoted(mapped.column), self.columns[mapped.column])

    def expression(self, text: str) -> Value:
        """SQL of an expression over the file; raises ExpressionError."""
        return compile_expression(text, {**self.columns, RECORD_NUMBER: "BIGINT"}, self._type_of)

    def explain(self, error: ExpressionError) -> str:
        """What is wrong with a mapping; of the file's columns, only those that the mapping names are named."""
        if not isinstance(error, UnknownColumnError):
            return str(error)
        if self.file.format == "json lines":
            return f"{error}; no record of the file has it"
        alike = near(error.name.strip('"'), self.columns)
        hint = f" (column {alike} differs from it in case or blanks only)" if alike else ""
        return f"{error}{hint}; the file has {described(self.columns, self.file.mapping.names)}"

    def _type_of(self, sql: str) -> str:
        try:
            found = self.con.execute(f"describe select {sql} as value from {quoted(self.relation)}").fetchall()
        except duckdb.BinderException as error:
            raise ExpressionError(shown(str(error).split("\n")[0], limit=200)) from None
        except duckdb.Error:
            raise ExpressionError("DuckDB cannot compute it") from None
        return str(found[0][1])


@contextmanager
def readable(file: DropFile) -> Iterator[None]:
    """Turn an error of DuckDB, which may quote a file's content, into one about the file."""
    try:
        yield
    except duckdb.OutOfMemoryException:
        raise file.fault("needs more memory than there is for it", "split it into several files") from None
    except duckdb.Error as error:
        if os.strerror(errno.ENOSPC) in str(error):
            what, remedy = "no space left to read it", "free disk space and run again"
            raise TransientError(what, shown(file.path), remedy) from None
        kind = type(error).__name__.removesuffix("Exception")
        what = f"cannot be read as {file.format} with this mapping ({kind})"
        raise file.fault(what, "check delimiter, quotes and expressions, or write the file anew") from None


def stage(
    con: duckdb.DuckDBPyConnection, name: str, file: DropFile, version: str, drop: Drop, work_dir: Path
) -> Staged:
    """Make relation `name` of the file's columns that its mapping names; raises ConfigError."""
    staged = {"parquet": _stage_parquet, "csv": _stage_csv, "json lines": _stage_json_lines}[file.format]
    with readable(file):
        path = unpacked(file, work_dir, name) if file.format == "parquet" else as_utf8(file, work_dir)
        columns = staged(con, name, file, path, drop.null_values)
    if taken := [column for column in columns if column.lower() in (RECORD_NUMBER, BROKEN)]:
        raise file.fault(f"has a column called {taken[0]}, which is taken", "rename it")
    return Staged(con, name, columns, file, path, version, drop)


def plain_column(column: str, kind: str, null_values: tuple[str, ...]) -> str:
    """A text column with NULL for blank and for the drop's null values; others as they are."""
    if kind != "VARCHAR":
        return quoted(column)
    empty = ", ".join(map(literal, ("", *null_values)))
    return f"case when trim({quoted(column)}) not in ({empty}) then {quoted(column)} end as {quoted(column)}"


def _selected(columns: Mapping[str, str], null_values: tuple[str, ...], named: Set[str]) -> str:
    plain = (plain_column(column, kind, null_values) for column, kind in columns.items() if column in named)
    return "".join(f", {column}" for column in plain)


def _stage_parquet(
    con: duckdb.DuckDBPyConnection, name: str, file: DropFile, path: Path, null_values: tuple[str, ...]
) -> dict[str, str]:
    reading = f"read_parquet({path_literal(path)}, hive_partitioning = false"
    try:
        columns = {row[0]: row[1] for row in con.execute(f"describe select * from {reading})").fetchall()}
        records = con.execute(f"select num_rows from parquet_file_metadata({path_literal(path)})").fetchall()
    except duckdb.Error:
        raise file.fault("is not readable as Parquet", "write it anew") from None
    if records[0][0] > MAX_RECORDS:
        raise file.fault(f"has more than {MAX_RECORDS:,} records", "split it into several files")
    named = file.mapping.names
    for column in sorted(named & columns.keys()):
        if columns[column].startswith(_NESTED) or columns[column].endswith("]"):
            raise file.fault(f"column {shown(column)} holds lists or objects", "map a column of single values")
    selected = _selected(columns, null_values, named - {RECORD_NUMBER})
    con.execute(f"""
        create view {quoted(name)} as
        select file_row_number + 1 as _record_number, null::varchar as _broken{selected}
        from {reading}, file_row_number = true)
    """)
    return columns


def _stage_csv(
    con: duckdb.DuckDBPyConnection, name: str, file: DropFile, path: Path, null_values: tuple[str, ...]
) -> dict[str, str]:
    named = file.mapping.names
    columns = dict.fromkeys(column_names(file, path, named), "VARCHAR")
    selected = _selected(columns, null_values, named - {RECORD_NUMBER})
    declared = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    con.execute(f"""
        create table {quoted(name)} as
        select row_number() over () as _record_number, null::varchar as _broken{selected}
        from read_csv({path_literal(path)}, auto_detect = false, header = true, columns = {{{declared}}},
            delim = {literal(file.mapping.delimiter)}, quote = '"', escape = '"',
            compression = {_compression(file, path)}, max_line_size = {2 * MAX_LINE_BYTES},
            store_rejects = true, rejects_table = {literal(name + "_rejects")},
            rejects_scan = {literal(name + "_scan")})
    """)
    _check_quotes(con, name, file)
    _count_in_rejects(con, name)
    return columns


def _compression(file: DropFile, path: Path) -> str:
    return "'gzip'" if file.is_gzip and path == file.path else "'uncompressed'"


def _check_quotes(con: duckdb.DuckDBPyConnection, name: str, file: DropFile) -> None:
    """Raise ConfigError where a quote takes up line after line, which DuckDB rejects as one record."""
    found = con.execute(f"""
        select min(line) - 1 from {quoted(name + "_rejects")}
        where error_type not in ('MISSING COLUMNS', 'TOO MANY COLUMNS')
            and (regexp_matches(csv_line, '[\r\n].') or error_type = 'LINE SIZE OVER MAXIMUM')
    """).fetchall()
    if (number := found[0][0]) is not None:
        remedy = "close it, and double the quotes that belong to a value"
        raise file.fault(f"has a quote that is not closed in record {number:,}", remedy)


def _count_in_rejects(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Add the records that DuckDB could not split, and give the others their place in the file back."""
    rejects = f"""
        select line - 1 as number, dense_rank() over (order by line) as position,
            case when bool_or(error_type in ('MISSING COLUMNS', 'TOO MANY COLUMNS')) then 'wrong number of fields'
                else 'not readable as CSV' end as reason
        from {quoted(name + "_rejects")} group by line
    """
    con.execute(f"create or replace temp table rejects as {rejects}")
    if con.execute("select count(*) from rejects").fetchall() == [(0,)]:
        return
    con.execute(f"""
        update {quoted(name)} as record set _record_number = record._record_number + before.position
        from (
            select record._record_number as place, reject.position
            from {quoted(name)} as record
            asof join (
                select number - position as ahead, max(position) as position from rejects group by ahead
            ) as reject on record._record_number > reject.ahead
        ) as before
        where record._record_number = before.place
    """)
    con.execute(f"insert into {quoted(name)} by name select number as _record_number, reason as _broken from rejects")


def _stage_json_lines(
    con: duckdb.DuckDBPyConnection, name: str, file: DropFile, path: Path, null_values: tuple[str, ...]
) -> dict[str, str]:
    """A file without a record has every column."""
    reading = (
        f"read_ndjson_objects({path_literal(path)}, ignore_errors = true, compression = {_compression(file, path)})"
    )
    named = file.mapping.names - {RECORD_NUMBER}
    if len({name.lower() for name in named}) < len(named):
        raise file.fault("has two columns of one name", "map one of them")
    order = sorted(named)
    found = "".join(f", bool_or(json_exists(json, {member(column)}))" for column in order)
    records, *has = con.execute(f"select count(*){found} from {reading} where json_type(json) = 'OBJECT'").fetchall()[0]
    columns = {column: "VARCHAR" for column, is_there in zip(order, has, strict=True) if is_there or not records}
    selected = _selected(columns, null_values, named)
    fields = "".join(f", json ->> {member(column)} as {quoted(column)}" for column in columns)
    con.execute(f"""
        create table {quoted(name)} as
        select _record_number, _broken{selected} from (
            select row_number() over () as _record_number,
                case when json_type(json) = 'OBJECT' then null else 'not a JSON object' end as _broken{fields}
            from {reading}
        )
    """)
    return columns
