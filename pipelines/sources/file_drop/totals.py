"""Control totals: what the raw bytes of a file add up to, found on a way of their own.

The file is read again, by Arrow's readers instead of DuckDB's, and summed without rules, quarantine or landing. Only
the meaning of the mapping is shared with the rows that land.
"""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, cast

import duckdb
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from pipelines.sources.file_drop.entities import condition, mapped_values
from pipelines.sources.file_drop.mapping import EntityMapping
from pipelines.sources.file_drop.reading import Staged, plain_column, readable
from pipelines.sources.file_drop.settings import FILE, FILE_VERSION
from pipelines.sources.file_drop.sql import NOTHING, Value, member
from pipelines.sources.file_drop.values import Times, moment, number
from pipelines.sql import literal, quoted

_MOMENTS = {"orders": "ordered_at", "refunds": "refunded_at"}
_MONEY_ENTITIES = ("orders", "order_lines", "refunds")
_MONEY = "decimal(18,4)"
_BATCH_BYTES = 1 << 24


def control_totals(staged: Staged, brand_timezone: str) -> pa.Table | None:
    """Rows of the table `control_totals`, as texts; None for a file without money. Raises ConfigError."""
    entities = [entity for entity in staged.file.mapping.entities if entity.entity in _MONEY_ENTITIES]
    if not entities:
        return None
    with readable(staged.file):
        try:
            again = _read_again(staged, sorted(set[str]().union(*(entity.names for entity in entities))))
        except (pa.ArrowException, OSError, UnicodeError):
            what = "is split into records in two ways by two readers"
            raise staged.file.fault(what, "check its quotes: one may not be closed") from None
        moments = [mapped_values(again, entity)["ordered_at"] for entity in entities if entity.entity == "orders"]
        totals = [_total(again, entity, brand_timezone, moments[0] if moments else NOTHING) for entity in entities]
        found = staged.con.execute(f"""
            select entity, day::varchar as day, currency, sum(records)::varchar as records,
                try_cast(sum(net_amount) as {_MONEY})::varchar as net_amount,
                {literal(staged.file.name)} as {FILE}, {literal(staged.version)} as {FILE_VERSION}
            from ({" union all ".join(totals)}) group by entity, day, currency order by all
        """).to_arrow_table()
        staged.con.execute(f"drop table {quoted(again.relation)}")
    return found


def _read_again(staged: Staged, named: list[str]) -> Staged:
    """The same file as another relation, read by Arrow."""
    relation = f"{staged.relation} again"
    names = [name for name in named if name in staged.columns]
    con = staged.con.cursor()
    con.register("arrow", _arrow(staged, names))
    described = con.execute("describe arrow").fetchall()
    columns = {row[0]: "VARCHAR" if row[1].startswith("ENUM") else row[1] for row in described if row[0] in names}
    plain = "".join(", " + plain_column(name, kind, staged.drop.null_values) for name, kind in columns.items())
    con.execute(f"create table {quoted(relation)} as select row_number() over () as _record_number{plain} from arrow")
    con.unregister("arrow")
    return replace(staged, relation=relation, columns=columns)


def _arrow(staged: Staged, names: list[str]) -> pa.RecordBatchReader:
    """The named columns of a file; texts of a text format, records that cannot be split left out."""
    if staged.file.format == "parquet":
        parquet = pq.ParquetFile(staged.path)
        fields = [parquet.schema_arrow.field(name) for name in names]
        return pa.RecordBatchReader.from_batches(pa.schema(fields), parquet.iter_batches(columns=names))
    if staged.file.format == "csv":
        return pacsv.open_csv(
            _text(staged),
            pacsv.ReadOptions(block_size=_BATCH_BYTES),
            pacsv.ParseOptions(
                delimiter=staged.file.mapping.delimiter, newlines_in_values=True, invalid_row_handler=lambda _: "skip"
            ),
            pacsv.ConvertOptions(include_columns=names, column_types=dict.fromkeys(names, pa.string())),
        )
    schema = pa.schema([(name, pa.string()) for name in names])
    return pa.RecordBatchReader.from_batches(schema, _json_batches(staged, names))


def _text(staged: Staged) -> BinaryIO:
    is_packed = staged.file.is_gzip and staged.path == staged.file.path
    return cast(BinaryIO, gzip.open(staged.path)) if is_packed else staged.path.open("rb")


def _json_batches(staged: Staged, names: list[str]) -> Iterator[pa.RecordBatch]:
    """A line that is no JSON object gives a record of NULLs, as the other readers skip what they cannot split."""
    fields = ", ".join(f"try_cast(line as json) ->> {member(name)} as {quoted(name)}" for name in names)
    with _text(staged) as lines, duckdb.connect() as con:
        while chunk := lines.readlines(_BATCH_BYTES):
            con.register("documents", pa.table({"line": [line.decode() for line in chunk]}))
            yield from con.execute(f"select {fields} from documents").to_arrow_table().to_batches()


def _total(again: Staged, entity: EntityMapping, brand_timezone: str, order_moment: Value) -> str:
    """Records are summed by moment before the moments, of which there are fewer, become days."""
    values = mapped_values(again, entity)
    when = order_moment if entity.entity == "order_lines" else values[_MOMENTS[entity.entity]]
    holds, _ = condition(again, entity)
    every = ", ".join(f"{value.sql} as {quoted('v ' + name)}" for name, value in values.items())
    gross = _money(values, "amount" if entity.entity == "refunds" else "gross_amount")
    net = gross if entity.entity == "refunds" else f"{gross} - coalesce({_money(values, 'discount_amount')}, 0)"
    times = Times(again.drop.timezone, again.drop.date_formats)
    day = f"(({moment(Value('_moment', when.type), times)}) at time zone {literal(brand_timezone)})::date"
    return f"""
        select {literal(entity.entity)} as entity, {day} as day, currency, records, net_amount
        from (
            select _moment, currency, count(*) as records, sum(net_amount) as net_amount
            from (
                select {"distinct" if entity.distinct else ""} {every}, {when.sql} as _moment,
                    {values["currency"].sql}::varchar as currency, {net} as net_amount
                from {quoted(again.relation)} where {holds}
            )
            group by all
        )
    """


def _money(values: dict[str, Value], name: str) -> str:
    return f"({number(values.get(name, NOTHING), _MONEY)})"
