"""The first line of a CSV file: names of columns, or, where somebody left them out, already data."""

from __future__ import annotations

import csv
import gzip
import io
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from pipelines.sources.file_drop.files import DropFile
from pipelines.sources.file_drop.settings import MAX_COLUMNS, MAX_HEAD_CHARACTERS

_EMAIL = "an e-mail address"
_FORMS = {
    _EMAIL: re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+"),
    "a date": re.compile(r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?|\d{1,2}[./]\d{1,2}[./]\d{2,4}( .*)?"),
    "a number": re.compile(r"[-+]?\d+([.,]\d+)*"),
    "a phone number": re.compile(r"[+(]?\d[\d\s()./-]{6,}\d"),
}


def column_names(file: DropFile, path: Path, named: Collection[str]) -> list[str]:
    """Names of a CSV file's columns, `path` being its text in UTF-8; raises ConfigError when they are none."""
    names = _first_record(file, path)
    if not names:
        raise file.fault("is empty", "write at least the names of its columns in the first line")
    if len(names) > MAX_COLUMNS:
        raise file.fault(f"has {len(names):,} columns, more than {MAX_COLUMNS:,}", "leave out those that nobody needs")
    _check_data(file, names, named)
    names = [column or f"column{position}" for position, column in enumerate(names, 1)]
    if len(set(map(str.lower, names))) < len(names):
        raise file.fault("has two columns of one name", "rename one of them")
    return names


def _first_record(file: DropFile, path: Path) -> list[str]:
    packed = file.is_gzip and path == file.path
    with (gzip.open if packed else open)(path, "rt", encoding="utf-8-sig", newline="") as lines:
        head = lines.read(MAX_HEAD_CHARACTERS + 1)
    rest = io.StringIO(head, newline="")
    try:
        names = next(csv.reader(rest, delimiter=file.mapping.delimiter), [])
    except csv.Error:
        names, is_whole = [], False
    else:
        is_whole = rest.tell() < len(head) or len(head) <= MAX_HEAD_CHARACTERS
    if not is_whole:
        what = f"has no line of column names within its first {MAX_HEAD_CHARACTERS:,} characters"
        raise file.fault(what, "write the names of its columns in the first line")
    return names


def _check_data(file: DropFile, names: Sequence[str], named: Collection[str]) -> None:
    """Raise ConfigError for a first line of data; only its forms are told.

    Columns may well be called by years, but then those of the mapping are among them.
    """
    is_head = set(named) <= set(names)
    for position, name in enumerate(names, 1):
        form = next((form for form, pattern in _FORMS.items() if pattern.fullmatch(name.strip())), None)
        if form is not None and (form == _EMAIL or not is_head):
            place = f"column {position} of {len(names)} has the form of {form}"
            raise file.fault(f"the first line looks like data, not like column names ({place})", "add a header")
