"""Checks the bytes of a file before anything else reads them: what they are, their encoding, and their bounds."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Iterator
from pathlib import Path

from pipelines.sources.file_drop.files import DropFile
from pipelines.sources.file_drop.settings import MAX_LINE_BYTES, MAX_TEXT_BYTES

_MAGIC = {b"PAR1": "Parquet", b"PK\x03\x04": "a ZIP archive or Excel file", b"\x1f\x8b": "gzip", b"%PDF": "PDF"}
_CHUNK = MAX_LINE_BYTES
"""No line within one chunk can be too long."""
_ENDING_REMEDY = "give the file the ending of what it is"


def as_utf8(file: DropFile, work_dir: Path) -> Path:
    """Path of a text file in UTF-8: the file itself, or a copy; raises ConfigError for what is no such text."""
    encoding = file.mapping.encoding
    is_utf8 = codecs.lookup(encoding).name == "utf-8"
    texts = _texts(file, encoding)
    if is_utf8:
        for _ in texts:
            pass
        return file.path
    copy = work_dir / f"utf8{file.ending}"
    with copy.open("wb") as target:
        target.writelines(texts)
    return copy


def unpacked(file: DropFile, work_dir: Path, name: str) -> Path:
    """Path of a Parquet file: the file itself, or an unpacked copy of that name; raises ConfigError for another."""
    if not file.is_gzip:
        with file.path.open("rb") as content:
            _check_magic(file, content.read(8))
        return file.path
    copy = work_dir / f"{name}.parquet"
    size = 0
    with copy.open("wb") as target:
        for chunk in _chunks(file):
            if size == 0:
                _check_magic(file, chunk)
            size += target.write(chunk)
    if size == 0:
        _check_magic(file, b"")
    return copy


def _chunks(file: DropFile) -> Iterator[bytes]:
    """The unpacked bytes; raises ConfigError where they cannot be unpacked, or are too many."""
    size = 0
    try:
        with file.open() as content:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                if size > MAX_TEXT_BYTES:
                    raise file.fault(f"holds more than {MAX_TEXT_BYTES >> 30} GB", "split it into several files")
                yield chunk
    except EOFError:
        raise file.fault("ends in .gz and is cut off", "copy it again, to its end") from None
    except (OSError, zlib.error):
        if file.is_gzip and not _starts_as_gzip(file):
            raise file.fault("ends in .gz and is not gzip", _ENDING_REMEDY) from None
        raise file.fault("cannot be read to its end", "copy it again") from None


def _starts_as_gzip(file: DropFile) -> bool:
    with file.path.open("rb") as content:
        return _kind(content.read(8)) == "gzip"


def _texts(file: DropFile, encoding: str) -> Iterator[bytes]:
    """The text of a file in UTF-8, checked on the way."""
    remedy = "set `encoding` of its entry in drop.yml, such as latin-1 or cp1252"
    decoder = codecs.getincrementaldecoder(encoding)()
    chunks = _chunks(file)
    line, is_first, is_last = 0, True, False
    while not is_last:
        chunk = next(chunks, b"")
        is_last = not chunk
        if is_first:
            _check_text_magic(file, chunk)
        try:
            text = decoder.decode(chunk, final=is_last).encode()
        except UnicodeError as error:
            what = (
                f"is not {encoding} ({error.reason})" if isinstance(error, UnicodeDecodeError) else f"is not {encoding}"
            )
            raise file.fault(what, remedy) from None
        if is_first:
            _check_start(file, text)
            is_first = False
        if b"\0" in text:
            raise file.fault("holds signs that no text has", "write it anew as text; utf-16 needs its `encoding`")
        line = _check_lines(file, text, line)
        yield text


def _check_lines(file: DropFile, text: bytes, begun: int) -> int:
    """Length of the line that is not ended yet; raises ConfigError when one is too long."""
    first = min((at for at in (text.find(b"\n"), text.find(b"\r")) if at >= 0), default=len(text))
    if begun + first > MAX_LINE_BYTES:
        what = f"has a line of more than {MAX_LINE_BYTES >> 20} MB"
        raise file.fault(what, "write one record a line, and no larger ones")
    last = max(text.rfind(b"\n"), text.rfind(b"\r"))
    return begun + len(text) if last < 0 else len(text) - last - 1


def _kind(head: bytes) -> str | None:
    return next((name for magic, name in _MAGIC.items() if head.startswith(magic)), None)


def _check_magic(file: DropFile, head: bytes) -> None:
    if (found := _kind(head)) != "Parquet":
        raise file.fault(f"ends in .parquet and is {found or 'not Parquet'}", _ENDING_REMEDY)


def _check_text_magic(file: DropFile, head: bytes) -> None:
    if found := _kind(head):
        raise file.fault(f"ends in {file.path.suffix} and is {found}", _ENDING_REMEDY)


def _check_start(file: DropFile, text: bytes) -> None:
    """Raise ConfigError when the begin of a text is not of what the ending says."""
    start = text.removeprefix(codecs.BOM_UTF8).lstrip()[:1]
    if start == b"<":
        raise file.fault(f"ends in {file.path.suffix} and is HTML or XML", _ENDING_REMEDY)
    if file.format == "json lines" and start not in (b"", b"{"):
        raise file.fault(f"ends in {file.path.suffix} and does not hold a JSON object per line", _ENDING_REMEDY)
