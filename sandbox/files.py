"""Files and folders that are their owner's alone from the first moment, whatever the umask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO


def private_folder(path: Path) -> Path:
    """The folder, made with all that is missing above it."""
    for missing in reversed([folder for folder in (path, *path.parents) if not folder.exists()]):
        missing.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """A file to write, which takes the place of `path` at once when it is whole."""
    part = private_folder(path.parent) / f".{path.name}.part"
    part.unlink(missing_ok=True)
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        yield file
    os.replace(part, path)


def write_text(path: Path, text: str) -> None:
    """Replace a file's text, so that no reader sees half of it."""
    with replacing(path) as file:
        file.write(text.encode())


def append_line(path: Path, line: str) -> None:
    """Add a line that is on the disk when this returns."""
    private_folder(path.parent)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8") as lines:
        lines.write(f"{line}\n")
        lines.flush()
        os.fsync(lines.fileno())
