"""Looks at a file as a table: format, encoding, delimiter, columns, and the first records as texts.

Nothing is judged here: what a drop can hold is what `file_drop` reads, and that has the last word.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, cast

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import fault
from pipelines.sources.file_drop.settings import ENDINGS, MAX_COLUMNS, MAX_LINE_BYTES, Format

SAMPLE_RECORDS = 20_000
MAX_FILE_BYTES = 2 << 30
"""Of a file as it lies; larger ones are for whoever writes the mapping himself."""
_CHUNK = 1 << 20
_DELIMITERS = (",", ";", "\t", "|")
_SNIFFED_RECORDS = 50
_KNOWN = ", ".join(f"*{ending}" for ending in ENDINGS)
_OTHER = {
    ".xlsx": "an Excel file",
    ".xls": "an Excel file",
    ".ods": "a spreadsheet",
    ".zip": "an archive",
    ".json": "JSON, not a JSON object per line",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a file: its name, and its values in the first records; blank ones are None."""

    name: str
    values: Sequence[str | None]

    @property
    def filled(self) -> list[str]:
        """The values that are there."""
        return [value for value in self.values if value is not None]


@dataclass(frozen=True, slots=True)
class Look:
    """What a file looks like."""

    path: Path
    format: Format
    columns: Sequence[Column]
    written_at: datetime
    """When it was last changed, UTC."""
    encoding: str = "utf-8"
    delimiter: str = ","
    notes: Sequence[str] = field(default=())
    """What of it was guessed."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(column.name for column in self.columns)


def look_at(path: Path) -> Look:
    """Look at one file; raises ConfigError for what no drop takes."""
    kind = ENDINGS.get(Path(path.name.lower().removesuffix(".gz")).suffix)
    if kind is None:
        raise fault(path, f"is no table that a drop takes{_other(path)}", f"save it as {_KNOWN} (or each also .gz)")
    try:
        size = path.stat().st_size
        if size > MAX_FILE_BYTES:
            what = f"has {size / (1 << 30):,.1f} GB, more than {MAX_FILE_BYTES >> 30} GB"
            raise fault(path, what, "split it, or put it into the inbox yourself and write its drop.yml")
        return {"csv": _csv, "json lines": _json_lines, "parquet": _parquet}[kind](path)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        raise fault(path, "ends in .gz and cannot be unpacked", "copy it again, to its end") from None
    except OSError as error:
        raise fault(path, f"cannot be read ({error.strerror})", "let the user that runs Voxhouse read it") from None


def _other(path: Path) -> str:
    if found := _OTHER.get(path.suffix.lower()):
        return f" ({found})"
    if path.suffix.lower() in (".txt", ".dat", "") and _is_split_by_blanks(_head(path)):
        return " (its fields are separated by blanks)"
    return ""


def _head(path: Path) -> list[str]:
    with path.open("rb") as content:
        return content.read(_CHUNK).decode("latin-1").splitlines()[:_SNIFFED_RECORDS]


def _is_split_by_blanks(lines: Sequence[str]) -> bool:
    """Each line has the same number of words, several of them, and nothing else that could part them."""
    counts = {len(line.split()) for line in lines if line.strip()}
    return len(counts) == 1 and counts.pop() > 1 and not any(sign in line for line in lines for sign in _DELIMITERS)


def _open(path: Path) -> BinaryIO:
    return cast(BinaryIO, gzip.open(path)) if path.suffix.lower() == ".gz" else path.open("rb")


def _written_at(path: Path) -> datetime:
    return datetime.fromtimestamp(int(path.stat().st_mtime), UTC)


def _encoding(path: Path) -> tuple[str, str]:
    """Encoding of a text, and why; cp1252 has what Excel writes in Western Europe, latin-1 takes every byte."""
    with _open(path) as content:
        start = content.read(4)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", "it begins with the mark of UTF-16"
    for encoding in ("utf-8", "cp1252"):
        if _is_in(path, encoding):
            why = "" if encoding == "utf-8" else "it is no UTF-8; accents tell whether this is right"
            return encoding, why
    return "latin-1", "it is neither UTF-8 nor cp1252; accents tell whether this is right"


def _is_in(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        with _open(path) as content:
            while chunk := content.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _text(path: Path, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(_open(path), "utf-8-sig" if encoding == "utf-8" else encoding, newline="")


def _csv(path: Path) -> Look:
    encoding, why = _encoding(path)
    delimiter = _delimiter(path, encoding)
    notes = [f"encoding {encoding}: {why}"] if why else []
    try:
        with _text(path, encoding) as lines:
            records = list(islice(csv.reader(lines, delimiter=delimiter, strict=True), SAMPLE_RECORDS + 1))
    except csv.Error:
        raise fault(path, "has a quote that is not closed, or stands within a value", "double it or close it") from None
    names = records[0] if records else []
    if not any(map(str.strip, names)):
        raise fault(path, "has no column names in its first line", "write them there")
    if len(names) > MAX_COLUMNS:
        raise fault(path, f"has {len(names):,} columns, more than {MAX_COLUMNS:,}", "leave out what nobody needs")
    whole = [record for record in records[1:] if len(record) == len(names)]
    columns = [
        Column(name or f"column{place + 1}", [_plain(record[place]) for record in whole])
        for place, name in enumerate(names)
    ]
    return Look(path, "csv", columns, _written_at(path), encoding, delimiter, notes)


def _delimiter(path: Path, encoding: str) -> str:
    """What parts most records into as many fields as their first line has; raises ConfigError where nothing does."""
    with _text(path, encoding) as lines:
        head = lines.read(_CHUNK)
    best, most = ",", 0
    for delimiter in _DELIMITERS:
        try:
            records = list(islice(csv.reader(io.StringIO(head, newline=""), delimiter=delimiter), _SNIFFED_RECORDS))
        except csv.Error:
            continue
        fields = len(records[0]) if records else 0
        alike = sum(len(record) == fields for record in records) if fields > 1 else 0
        if alike * fields > most and 2 * alike >= len(records):
            best, most = delimiter, alike * fields
    if not most and _is_split_by_blanks(head.splitlines()[:_SNIFFED_RECORDS]):
        remedy = "write it with commas, semicolons or tabs, and the names of its columns in the first line"
        raise fault(path, "has fields that are separated by blanks only", remedy)
    return best


def _json_lines(path: Path) -> Look:
    encoding, why = _encoding(path)
    with _text(path, encoding) as lines:
        some = islice(iter(_line_of(lines), ""), SAMPLE_RECORDS)
        records = [_object(path, line) for line in some if line.strip()]
    names = dict.fromkeys(name for record in records for name in record)
    if len(names) > MAX_COLUMNS:
        raise fault(path, f"has {len(names):,} columns, more than {MAX_COLUMNS:,}", "leave out what nobody needs")
    if not names:
        raise fault(path, "holds no record", "write a JSON object per line")
    single = [name for name in names if not any(isinstance(record.get(name), dict | list) for record in records)]
    notes = [f"encoding {encoding}: {why}"] if why else []
    if nested := [name for name in names if name not in single]:
        notes.append(f"lists or objects, which no column takes: {', '.join(nested)}")
    columns = [Column(name, [_plain(record.get(name)) for record in records]) for name in single]
    return Look(path, "json lines", columns, _written_at(path), encoding, notes=notes)


def _line_of(lines: io.TextIOWrapper) -> Callable[[], str]:
    return lambda: lines.readline(MAX_LINE_BYTES + 1)


def _object(path: Path, line: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise fault(path, "does not hold a JSON object per line", "save it as JSON lines")
    return found


def _plain(value: Any) -> str | None:
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if text.strip() else None


def _parquet(path: Path) -> Look:
    if path.suffix.lower() == ".gz":
        with gzip.open(path) as content:
            source: Any = pa.BufferReader(content.read(MAX_FILE_BYTES))
    else:
        source = path
    try:
        parquet = pq.ParquetFile(source)
        batches: Iterator[pa.RecordBatch] = parquet.iter_batches(batch_size=SAMPLE_RECORDS)
        first = next(batches, None)
    except pa.ArrowException:
        raise fault(path, "is not readable as Parquet", "write it anew") from None
    columns = []
    for name, kind in zip(parquet.schema_arrow.names, parquet.schema_arrow.types, strict=True):
        if not pa.types.is_nested(kind):
            values = first.column(name).to_pylist() if first is not None else []
            columns.append(Column(name, [_typed(value) for value in values]))
    return Look(path, "parquet", columns, _written_at(path))


def _typed(value: Any) -> str | None:
    return value.isoformat() if hasattr(value, "isoformat") else _plain(value)
