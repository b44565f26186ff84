"""Turns a staged file into the records of each entity that its mapping names, and judges them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import pyarrow as pa

from pipelines.casts import Times, literal, quoted
from pipelines.extract import Tokeniser
from pipelines.records import Judged, Value, judge
from pipelines.sources.file_drop.expressions import ExpressionError, compile_expression, names_in
from pipelines.sources.file_drop.mapping import IDENTIFIERS, Drop, EntityMapping, FileMapping
from pipelines.sources.file_drop.mapping import Value as Mapped
from pipelines.sources.file_drop.reading import DropFile


def named_columns(mapping: FileMapping) -> set[str]:
    """Names that a file's mapping uses, whether the file has them or not."""
    values = [value for entity in mapping.entities for value in entity.columns.values()]
    names = {value.column for value in values if value.column is not None}
    expressions = [v.expression for v in values if v.expression] + [e.where for e in mapping.entities if e.where]
    return names.union(*(names_in(expression) for expression in expressions))


@dataclass(frozen=True, slots=True)
class Staged:
    """A file as `reading.stage` left it."""

    con: duckdb.DuckDBPyConnection
    relation: str
    columns: Mapping[str, str]
    """DuckDB types of the file's columns, by name."""
    file: DropFile
    version: str
    drop: Drop

    def value(self, mapped: Mapped) -> Value:
        """SQL of a mapped value; raises ExpressionError for what is not known."""
        if mapped.constant is not None:
            return Value(literal(mapped.constant), "VARCHAR")
        if mapped.expression is not None:
            return self.expression(mapped.expression)
        if mapped.column is None or mapped.column not in self.columns:
            raise ExpressionError(f"unknown column {mapped.column}; the file has {', '.join(self.columns)}")
        return Value(quoted(mapped.column), self.columns[mapped.column])

    def expression(self, text: str) -> Value:
        """SQL of an expression over the file."""
        return compile_expression(text, {**self.columns, "_record_number": "BIGINT"}, self._type_of)

    def _type_of(self, sql: str) -> str:
        try:
            described = self.con.execute(f"describe select {sql} as value from {quoted(self.relation)}").fetchall()
        except duckdb.Error as error:
            raise ExpressionError(" ".join(str(error).split("\n")[0].split())) from error
        return str(described[0][1])


def mapped_values(staged: Staged, entity: EntityMapping) -> dict[str, Value]:
    """Values of an entity's columns by their names in `drop.yml`; identifiers are still themselves.

    Raises ConfigError that names file, entity and column.
    """
    values = {}
    for name, mapped in entity.columns.items():
        try:
            values[name] = staged.value(mapped)
        except ExpressionError as error:
            raise staged.file.fault(f"{entity.entity}.{name}: {error}", "correct its mapping in drop.yml") from error
    if "currency" not in values and any(column.name == "currency" for column in entity.table.columns):
        values["currency"] = Value(literal(staged.drop.currency), "VARCHAR")
    return values


def judge_entity(staged: Staged, position: int, entity: EntityMapping, vault: Tokeniser) -> Judged:
    """Make a judged table of one entity's records; `position` tells it from others of the same file."""
    values = mapped_values(staged, entity)
    for name in IDENTIFIERS.keys() & values.keys():
        values[IDENTIFIERS[name]] = _tokens(staged, name, values.pop(name), vault)
    judged_name = f"{staged.relation} {position}"
    times = Times(staged.drop.timezone, staged.drop.date_formats)
    relation, values = _relation(staged, entity, values)
    judge(staged.con, judged_name, relation, entity.table, values, times)
    constants = {
        "_source_file": literal(staged.file.name),
        "_file_version": literal(staged.version),
        "_record_number": "_record_number",
    }
    return Judged(judged_name, entity.table, staged.file.name, constants)


def condition(staged: Staged, entity: EntityMapping) -> tuple[str, str]:
    """SQL of the entity's `where`, and of its being unreadable for a record."""
    if entity.where is None:
        return "true", "false"
    try:
        value = staged.expression(entity.where)
    except ExpressionError as error:
        raise staged.file.fault(f"{entity.entity}.where: {error}", "correct its mapping in drop.yml") from error
    if value.type != "BOOLEAN":
        raise staged.file.fault(f"{entity.entity}.where is not true or false", "write a condition")
    return value.sql, value.unreadable or "false"


def _relation(staged: Staged, entity: EntityMapping, values: Mapping[str, Value]) -> tuple[str, dict[str, Value]]:
    """SELECT of an entity's records and the values over it; `distinct` takes equal ones once, at their first number."""
    holds, unread = condition(staged, entity)
    stream = f"{literal(staged.file.name)} as _stream"
    broken = f"coalesce(_broken, case when {unread} then 'not comparable as `where` asks' end) as _broken"
    chosen = f"from {quoted(staged.relation)} where ({holds}) or ({unread}) or _broken is not null"
    if not entity.distinct:
        return f"select *, {stream} from (select * replace ({broken}) {chosen})", dict(values)
    columns, unreadable = [], []
    over = {}
    for name, value in values.items():
        columns.append(f"{value.sql} as {quoted('v ' + name)}")
        unreadable.append(f"{value.unreadable or 'false'} as {quoted('u ' + name)}")
        over[name] = Value(
            quoted("v " + name), value.type, unreadable=quoted("u " + name) if value.unreadable else None
        )
    alone = "case when _broken is not null then _record_number end as _alone"
    inner = f"select _record_number, {alone}, {', '.join(columns + unreadable)}, {broken} {chosen}"
    first = "min(_record_number) as _record_number"
    return f"select {first}, {stream}, * exclude (_record_number) from ({inner}) group by all", over


def _tokens(staged: Staged, kind: str, value: Value, vault: Tokeniser) -> Value:
    """The vault's token for an identifier of the file; what is no identifier of the kind gets none."""
    name = f"{staged.relation} {kind}"
    identifier = f"{value.sql}::varchar"
    found = staged.con.execute(
        f"select distinct {identifier} as identifier from {quoted(staged.relation)} where {identifier} is not null"
    ).to_arrow_table()
    texts: list[str] = found["identifier"].to_pylist()
    tokens = pa.table({"identifier": texts, "token": pa.array(vault.tokens(kind, texts), pa.string())})
    staged.con.register("tokens", tokens)
    staged.con.execute(f"create or replace table {quoted(name)} as from tokens")
    staged.con.unregister("tokens")
    return Value(f"(select token from {quoted(name)} as known where known.identifier = {identifier})", "VARCHAR")


def entities(staged: Staged, vault: Tokeniser) -> Iterator[Judged]:
    """Judged records of every entity of a file."""
    for position, entity in enumerate(staged.file.mapping.entities):
        yield judge_entity(staged, position, entity, vault)
