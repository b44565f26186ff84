"""Turns a staged file into the records of each entity that its mapping names, every value a text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pyarrow as pa
from dlt.common.schema.typing import TColumnSchema

from pipelines.sources.file_drop.expressions import ExpressionError
from pipelines.sources.file_drop.mapping import EntityMapping
from pipelines.sources.file_drop.networks import check_networks, named
from pipelines.sources.file_drop.reading import Staged, readable
from pipelines.sources.file_drop.settings import BATCH_ROWS, BROKEN, FILE, FILE_VERSION, RECORD_NUMBER, targets
from pipelines.sources.file_drop.sql import NOTHING, Value
from pipelines.sources.file_drop.values import Times, as_text
from pipelines.sql import literal, quoted

_NUMBERS = ("bigint", "decimal")


@dataclass(frozen=True, slots=True)
class Records:
    """The records of one entity of one file."""

    staged: Staged
    entity: str
    query: str

    def count(self) -> int:
        """How many there are; raises ConfigError when they cannot be read."""
        with readable(self.staged.file):
            return int(self.staged.con.execute(f"select count(*) from ({self.query})").fetchall()[0][0])

    def batches(self) -> Iterator[pa.Table]:
        """The declared columns as texts, and why a record is broken; raises ConfigError when they cannot be read."""
        with readable(self.staged.file):
            for batch in self.staged.con.cursor().execute(self.query).to_arrow_reader(BATCH_ROWS):
                yield pa.Table.from_batches([batch])


def mapped_values(staged: Staged, entity: EntityMapping) -> dict[str, Value]:
    """Values of an entity's columns by their names; raises ConfigError that names file, entity and column."""
    values = {}
    for name, mapped in entity.columns.items():
        try:
            values[name] = staged.value(mapped)
        except ExpressionError as error:
            what = f"{entity.entity}.{name}: {staged.explain(error)}"
            raise staged.file.fault(what, "correct its mapping in drop.yml") from None
    if "currency" in targets(entity.entity) and "currency" not in values:
        values["currency"] = Value(literal(staged.drop.currency), "VARCHAR")
    return values


def condition(staged: Staged, entity: EntityMapping) -> tuple[str, str]:
    """SQL of the entity's `where`, and of its being unreadable for a record."""
    if entity.where is None:
        return "true", "false"
    try:
        value = staged.expression(entity.where)
    except ExpressionError as error:
        what = f"{entity.entity}.where: {staged.explain(error)}"
        raise staged.file.fault(what, "correct its mapping in drop.yml") from None
    if value.type != "BOOLEAN":
        raise staged.file.fault(f"{entity.entity}.where is not true or false", "write a condition")
    return value.sql, f"({value.unreadable}) is not null" if value.unreadable else "false"


def records(staged: Staged, position: int, entity: EntityMapping) -> Records:
    """Records of one entity; `position` tells it from others of the same file."""
    values = mapped_values(staged, entity)
    relation = quoted(f"{staged.relation} {position}")
    kind = "table" if entity.distinct else "view"
    with readable(staged.file):
        staged.con.execute(f"create {kind} {relation} as {_chosen(staged, entity, values)}")
    if "network" in values:
        check_networks(staged, relation)
    times = Times(staged.drop.timezone, staged.drop.date_formats)
    texts = [
        f"{_text(name, column, values.get(name), times)} as {quoted(name)}"
        for name, column in targets(entity.entity).items()
    ]
    texts.append(f"{literal(staged.file.name)} as {FILE}, {literal(staged.version)} as {FILE_VERSION}, {RECORD_NUMBER}")
    unreadable = [
        _not_computed(name) for name, value in values.items() if value.unreadable and not _is_number(entity, name)
    ]
    texts.append(f"coalesce({', '.join([BROKEN, *unreadable, 'null'])}) as {BROKEN}")
    return Records(staged, entity.entity, f"select {', '.join(texts)} from {relation}")


def _chosen(staged: Staged, entity: EntityMapping, values: dict[str, Value]) -> str:
    """SELECT of an entity's records with raw values; `distinct` takes equal ones once, at their first number."""
    holds, unread = condition(staged, entity)
    columns = [f"{value.sql} as {quoted('value ' + name)}" for name, value in values.items()]
    columns += [
        f"{value.unreadable} as {quoted('unreadable ' + name)}" for name, value in values.items() if value.unreadable
    ]
    broken = f"coalesce({BROKEN}, case when {unread} then 'not comparable as `where` asks' end) as {BROKEN}"
    chosen = f"from {quoted(staged.relation)} where ({holds}) or ({unread}) or {BROKEN} is not null"
    if not entity.distinct:
        return f"select {RECORD_NUMBER}, {', '.join(columns)}, {broken} {chosen}"
    alone = f"case when {BROKEN} is not null then {RECORD_NUMBER} end as _alone"
    inner = f"select {RECORD_NUMBER}, {alone}, {', '.join(columns)}, {broken} {chosen}"
    return f"select min({RECORD_NUMBER}) as {RECORD_NUMBER}, * exclude ({RECORD_NUMBER}) from ({inner}) group by all"


def _is_number(entity: EntityMapping, name: str) -> bool:
    return targets(entity.entity)[name]["data_type"] in _NUMBERS


def _text(name: str, column: TColumnSchema, value: Value | None, times: Times) -> str:
    """A number that could not be computed is the text that is none, which no reader takes for one.

    What is required and missing is a blank: dlt refuses a whole batch for a NULL.
    """
    texts = [NOTHING.sql]
    if value is not None:
        texts = [as_text(Value(quoted(f"value {name}"), value.type), column, times)]
        if name == "network":
            texts = [named(texts[0])]
        if value.unreadable and column["data_type"] in _NUMBERS:
            texts.insert(0, quoted(f"unreadable {name}"))
    if column.get("nullable") is False:
        texts.append("''")
    return f"coalesce({', '.join(texts)})"


def _not_computed(name: str) -> str:
    reason = f"no number where the expression of {name} needs one"
    return f"case when {quoted(f'unreadable {name}')} is not null then {literal(reason)} end"
