"""Control totals: what the raw bytes of a file add up to, found on a way of their own.

The file is read again, by Arrow's readers instead of DuckDB's, and summed without rules, quarantine or landing. Only
the meaning of the mapping is shared with the rows that land.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipelines.casts import Times, cast, literal, quoted
from pipelines.records import Value, json_path
from pipelines.schema import MONEY, TIMESTAMP
from pipelines.sources.file_drop.entities import Staged, condition, mapped_values
from pipelines.sources.file_drop.mapping import EntityMapping
from pipelines.sources.file_drop.reading import DropFile, plain_column
from pipelines.sources.file_drop.tables import ORDER_LINES, ORDERS, REFUNDS

_MOMENTS = {ORDERS.name: "ordered_at", REFUNDS.name: "refunded_at"}
_MONEY_ENTITIES = (ORDERS.name, ORDER_LINES.name, REFUNDS.name)
_BATCH_RECORDS = 50_000


def control_totals(staged: Staged, brand_timezone: str) -> list[str]:
    """SELECTs of entity, day (of the brand), currency, records and net_amount, one per entity with money."""
    entities = [entity for entity in staged.file.mapping.entities if entity.entity in _MONEY_ENTITIES]
    if not entities:
        return []
    again = _read_again(staged)
    days = [_day(again, entity, brand_timezone) for entity in entities if entity.entity == ORDERS.name]
    return [_total(again, entity, brand_timezone, days[0] if days else "null::date") for entity in entities]


def _read_again(staged: Staged) -> Staged:
    """The same file as another relation, read by Arrow."""
    relation = f"{staged.relation} again"
    named = [row[0] for row in staged.con.execute(f"describe {quoted(staged.relation)}").fetchall()]
    names = [name for name in named if name in staged.columns]
    staged.con.register("arrow", _arrow(staged.file, names))
    described = staged.con.execute("describe arrow").fetchall()
    columns = {row[0]: "VARCHAR" if row[1].startswith("ENUM") else row[1] for row in described if row[0] in names}
    plain = "".join(", " + plain_column(name, kind, staged.drop.null_values) for name, kind in columns.items())
    staged.con.execute(
        f"create table {quoted(relation)} as select row_number() over () as _record_number{plain} from arrow"
    )
    staged.con.unregister("arrow")
    return replace(staged, relation=relation, columns=columns)


def _arrow(file: DropFile, names: list[str]) -> pa.RecordBatchReader:
    """The named columns of a file; texts of a text format, records that cannot be split left out."""
    if file.format == "parquet":
        parquet = pq.ParquetFile(pa.BufferReader(file.open().read()) if file.is_gzip else file.path)
        fields = [parquet.schema_arrow.field(name) for name in names]
        return pa.RecordBatchReader.from_batches(pa.schema(fields), parquet.iter_batches(columns=names))
    if file.format == "csv":
        return pacsv.open_csv(
            file.open(),
            pacsv.ReadOptions(encoding=file.mapping.encoding, block_size=1 << 24),
            pacsv.ParseOptions(
                delimiter=file.mapping.delimiter, newlines_in_values=True, invalid_row_handler=lambda _: "skip"
            ),
            pacsv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, pa.string())),
        )
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.RecordBatchReader.from_batches(schema, _json_batches(file, names))


def _json_batches(file: DropFile, names: list[str]) -> Iterator[pa.RecordBatch]:
    """A line that is no JSON object gives a record of NULLs, as the other readers skip what they cannot split."""
    with io.TextIOWrapper(file.open(), encoding=file.mapping.encoding) as lines:
        while chunk := list(itertools.islice(lines, _BATCH_RECORDS)):
            fields = ", ".join(
                f"try_cast(line as json) ->> {literal(json_path(name))} as {quoted(name)}" for name in names
            )
            with duckdb.connect() as con:
                con.register("documents", pa.table({"line": chunk}))
                yield from con.execute(f"select {fields} from documents").to_arrow_table().to_batches()


def _total(again: Staged, entity: EntityMapping, brand_timezone: str, order_day: str) -> str:
    values = mapped_values(again, entity)
    day = order_day if entity.entity == ORDER_LINES.name else _day(again, entity, brand_timezone)
    holds, _ = condition(again, entity)
    every = ", ".join(f"{value.sql} as {quoted('v ' + name)}" for name, value in values.items())
    gross = _money(values, "amount" if entity.entity == REFUNDS.name else "gross_amount")
    net = gross if entity.entity == REFUNDS.name else f"{gross} - coalesce({_money(values, 'discount_amount')}, 0)"
    return f"""
        select {literal(entity.entity)} as entity, day, currency, count(*) as records,
            sum(net_amount)::decimal(18,4) as net_amount
        from (
            select {"distinct" if entity.distinct else ""} {every},
                {day} as day, {values["currency"].sql}::varchar as currency, {net} as net_amount
            from {quoted(again.relation)} where {holds}
        )
        group by all
    """


def _money(values: dict[str, Value], name: str) -> str:
    value = values.get(name, Value("null::varchar", "VARCHAR"))
    return f"({cast(value.sql, value.type, MONEY, Times())})"


def _day(again: Staged, entity: EntityMapping, brand_timezone: str) -> str:
    value = mapped_values(again, entity)[_MOMENTS[entity.entity]]
    moment = cast(value.sql, value.type, TIMESTAMP, Times(again.drop.timezone, again.drop.date_formats))
    return f"(({moment}) at time zone {literal(brand_timezone)})::date"
