"""Finds the files of a drop. Nothing in the folder may lead out of it, and hidden files and folders are not seen."""

from __future__ import annotations

import gzip
import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from pipelines.errors import ConfigError, TransientError, fault, shown
from pipelines.sources.file_drop.faults import leads_out
from pipelines.sources.file_drop.mapping import Drop, FileMapping
from pipelines.sources.file_drop.settings import ENDINGS, Format


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
        return self.path.suffix.lower() == ".gz"

    @property
    def ending(self) -> str:
        """Ending of the unpacked file."""
        return _ending(self.path)

    @property
    def format(self) -> Format:
        """What its ending says."""
        return ENDINGS[self.ending]

    def open(self) -> BinaryIO:
        """The unpacked bytes."""
        return cast(BinaryIO, gzip.open(self.path)) if self.is_gzip else self.path.open("rb")

    def sha256(self) -> str:
        """Version of the file: the digest of its bytes as they lie in the folder."""
        try:
            with self.path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except PermissionError:
            raise self.fault("must not be read", "let the user that runs Voxhouse read it") from None

    def state(self) -> tuple[int, int, int]:
        """What changes when somebody writes the file."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return 0, 0, 0
        return found.st_ino, found.st_size, found.st_mtime_ns

    def check_unchanged(self, before: tuple[int, int, int]) -> None:
        """Raise TransientError when the file is not as it was."""
        if self.state() != before:
            where = shown(self.path, limit=200)
            raise TransientError("changed while it was read", where, "run again when it is there to its end")

    def fault(self, what: str, remedy: str) -> ConfigError:
        """An error about this file."""
        return fault(self.path, what, remedy)


def drop_files(folder: Path, drop: Drop) -> list[DropFile]:
    """Files of a drop by name, each with the first entry that matches it; raises ConfigError for one that none does."""
    found = []
    for path in sorted(_data_files(folder)):
        name = path.relative_to(folder).as_posix()
        mapping = next((mapping for mapping in drop.files if mapping.matches(name)), None)
        if mapping is None:
            remedy = "name it in a `match` of drop.yml, or move it out of the inbox"
            raise fault(path, "is a file that drop.yml does not map", remedy)
        found.append(DropFile(path, name, mapping))
    return found


def _data_files(folder: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        seen = [name for name in names if not name.startswith(".")]
        _check_links(Path(place), [*folders, *seen], folder)
        for path in (Path(place) / name for name in seen):
            if _ending(path) in ENDINGS:
                _check(path)
                yield path


def _check_links(place: Path, names: list[str], folder: Path) -> None:
    for path in (place / name for name in names):
        if path.is_symlink() and leads_out(path, folder):
            raise fault(path, "is a link that leads out of the drop's folder", "put there what it leads to")


def _check(path: Path) -> None:
    """Raise ConfigError for what has the name of a file of data and cannot be read as one."""
    if not str(path).isprintable():
        raise fault(path, "has a name that cannot be written", "rename it: letters, digits, blanks, - and _ are safe")
    if not path.is_file():
        raise fault(path, "is no regular file", "move it out of the inbox")


def _ending(path: Path) -> str:
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix
