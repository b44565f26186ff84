"""Opens one file of a drop as a relation of raw records; text formats stay text, nothing is typed or judged here.

A staged file is a DuckDB table or view with `_record_number` (from 1), `_broken` (why a record could not be read at
all, else NULL) and those of the file's columns that its mapping names; blank texts and null values are NULL.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import hashlib
import io
import shutil
import zlib
from collections.abc import Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, cast

import duckdb

from pipelines.casts import literal, path_literal, quoted
from pipelines.errors import ConfigError
from pipelines.records import json_path
from pipelines.sources.file_drop.mapping import FileMapping

Format = Literal["csv", "json lines", "parquet"]
ENDINGS: Mapping[str, Format] = {
    ".csv": "csv",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".parquet": "parquet",
}
_MAGIC = {b"PAR1": "Parquet", b"PK\x03\x04": "a ZIP archive or Excel file", b"\x1f\x8b": "gzip", b"%PDF": "PDF"}
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class DropFile:
    """One file of a drop, with the mapping that its name matches."""

    path: Path
    name: str
    """Path relative to the drop's folder."""
    mapping: FileMapping

    @property
    def is_gzip(self) -> bool:
        """Packed as gzip, as its ending says."""
        return self.path.suffix == ".gz"

    @property
    def format(self) -> Format:
        """What its ending says."""
        return ENDINGS[Path(self.path.name.removesuffix(".gz")).suffix]

    def open(self) -> BinaryIO:
        """The unpacked bytes."""
        return cast(BinaryIO, gzip.open(self.path)) if self.is_gzip else self.path.open("rb")

    def sha256(self) -> str:
        """Version of the file: the digest of its bytes as they lie in the folder."""
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()

    def fault(self, what: str, remedy: str) -> ConfigError:
        """An error about this file."""
        return ConfigError(what, str(self.path), remedy)


def check_content(file: DropFile) -> None:
    """Raise ConfigError when the bytes are not what the ending says."""
    remedy = "give the file the ending of what it is"
    try:
        with file.open() as content:
            head = content.read(4096)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise file.fault("ends in .gz and is not gzip", remedy) from error
    found = next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip()
    if found is None and start[:1] == b"<":
        found = "HTML or XML"
    if file.format == "parquet":
        if found != "Parquet":
            raise file.fault(f"ends in .parquet and is {found or 'not Parquet'}", remedy)
    elif found:
        raise file.fault(f"ends in {file.path.suffix} and is {found}", remedy)
    elif file.format == "json lines" and start and start[:1] != b"{":
        raise file.fault(f"ends in {file.path.suffix} and does not hold a JSON object per line", remedy)


def stage(
    con: duckdb.DuckDBPyConnection,
    name: str,
    file: DropFile,
    null_values: tuple[str, ...],
    named: Set[str],
    work_dir: Path,
) -> dict[str, str]:
    """Make relation `name` of a file's columns among `named`; returns DuckDB types of all columns of the file."""
    check_content(file)
    if file.format == "parquet":
        return _stage_parquet(con, name, file, null_values, named, work_dir)
    path = _as_utf8(file, work_dir)
    if file.format == "csv":
        return _stage_csv(con, name, file, path, null_values, named)
    return _stage_json_lines(con, name, path, null_values, named)


def _as_utf8(file: DropFile, work_dir: Path) -> Path:
    """The file itself when it is UTF-8, else a copy that is; raises ConfigError when it is not in its encoding."""
    encoding = file.mapping.encoding
    copy = work_dir / f"utf8{Path(file.path.name.removesuffix('.gz')).suffix}"
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    decoder = codecs.getincrementaldecoder(encoding)()
    with file.open() as source, io.BytesIO() if is_utf8 else copy.open("wb") as target:
        while True:
            chunk = source.read(_CHUNK)
            try:
                text = decoder.decode(chunk, final=not chunk)
            except UnicodeDecodeError as error:
                what = f"is not {encoding} ({error.reason})"
                raise file.fault(what, "set `encoding` of its entry in drop.yml, such as latin-1 or cp1252") from error
            if not is_utf8:
                target.write(text.encode())
            if not chunk:
                return file.path if is_utf8 else copy


def plain_column(column: str, kind: str, null_values: tuple[str, ...]) -> str:
    """A text column with NULL for blank and for the drop's null values; others as they are."""
    if kind != "VARCHAR":
        return quoted(column)
    empty = ", ".join(map(literal, ("", *null_values)))
    return f"case when trim({quoted(column)}) not in ({empty}) then {quoted(column)} end as {quoted(column)}"


def _stage_parquet(
    con: duckdb.DuckDBPyConnection,
    name: str,
    file: DropFile,
    null_values: tuple[str, ...],
    named: Set[str],
    work_dir: Path,
) -> dict[str, str]:
    path = file.path
    if file.is_gzip:
        path = work_dir / "unpacked.parquet"
        with file.open() as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, _CHUNK)
    reading = f"read_parquet({path_literal(path)}, hive_partitioning = false"
    try:
        described = con.execute(f"describe select * from {reading})").fetchall()
    except duckdb.Error as error:
        raise file.fault("is not readable as Parquet", "write it anew") from error
    columns = {row[0]: row[1] for row in described}
    selected = "".join(
        ", " + plain_column(column, kind, null_values) for column, kind in columns.items() if column in named
    )
    con.execute(
        f"create view {quoted(name)} as "
        f"select file_row_number + 1 as _record_number, null::varchar as _broken{selected} "
        f"from {reading}, file_row_number = true)"
    )
    return columns


def _stage_csv(
    con: duckdb.DuckDBPyConnection, name: str, file: DropFile, path: Path, null_values: tuple[str, ...], named: Set[str]
) -> dict[str, str]:
    columns = _header(file, path)
    declared = ", ".join(f"{literal(column)}: 'VARCHAR'" for column in columns)
    selected = "".join(", " + plain_column(column, "VARCHAR", null_values) for column in columns if column in named)
    con.execute(f"""
        create table {quoted(name)} as
        select row_number() over () as _record_number, null::varchar as _broken{selected}
        from read_csv({path_literal(path)}, auto_detect = false, header = true, columns = {{{declared}}},
            delim = {literal(file.mapping.delimiter)}, quote = '"', escape = '"', store_rejects = true,
            rejects_table = {literal(name + "_rejects")}, rejects_scan = {literal(name + "_scan")})
    """)
    _count_in_rejects(con, name)
    return dict.fromkeys(columns, "VARCHAR")


def _header(file: DropFile, path: Path) -> list[str]:
    """Names in the first record of a CSV file; raises ConfigError when a column has none of its own."""
    unpack = gzip.open if path.suffix == ".gz" else open
    with unpack(path, "rt", encoding="utf-8-sig", newline="") as lines:
        names = next(csv.reader(lines, delimiter=file.mapping.delimiter), [])
    if not names:
        raise file.fault("is empty", "write at least the names of its columns in the first line")
    names = [column or f"column{position}" for position, column in enumerate(names, 1)]
    if len(set(map(str.lower, names))) < len(names):
        raise file.fault("has two columns of one name", "rename one of them")
    return names


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
    con: duckdb.DuckDBPyConnection, name: str, path: Path, null_values: tuple[str, ...], named: Set[str]
) -> dict[str, str]:
    reading = f"read_ndjson_objects({path_literal(path)}, ignore_errors = true)"
    keys = con.execute(f"select distinct unnest(json_keys(json)) from {reading} where json_type(json) = 'OBJECT'")
    columns = sorted(row[0] for row in keys.fetchall())
    fields = "".join(
        f", json ->> {literal(json_path(column))} as {quoted(column)}" for column in columns if column in named
    )
    selected = "".join(", " + plain_column(column, "VARCHAR", null_values) for column in columns if column in named)
    con.execute(f"""
        create table {quoted(name)} as
        select _record_number, _broken{selected} from (
            select row_number() over () as _record_number,
                case when json_type(json) = 'OBJECT' then null else 'not a JSON object' end as _broken{fields}
            from {reading}
        )
    """)
    return dict.fromkeys(columns, "VARCHAR")
