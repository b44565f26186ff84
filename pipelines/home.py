"""Where the state of one home lives, and how its files are kept from others. Nothing is read here."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import TerminalError

_LEFT_SECONDS = 3600


@dataclass(frozen=True, slots=True)
class Home:
    """The one folder of state (`VOXHOUSE_HOME`); two homes never meet."""

    root: Path

    @property
    def brands_file(self) -> Path:
        """Brands, sources and settings of the measures."""
        return self.root / "brands.yml"

    @property
    def secrets_file(self) -> Path:
        """Credentials as KEY=VALUE lines, readable by the owner only."""
        return self.root / "secrets.env"

    @property
    def clock_file(self) -> Path:
        """Business clock; absent: system time."""
        return self.root / "clock.json"

    @property
    def inbox(self) -> Path:
        """One folder per file drop."""
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        """Append-only Parquet and the ledger of loads."""
        return self.root / "landing"

    @property
    def pii(self) -> Path:
        """The only folder that holds what identifies persons or was written by them, and renewed credentials."""
        return self.root / "pii"

    @property
    def dlt(self) -> Path:
        """Working folders of dlt's pipelines."""
        return self.root / "dlt"


def private_folder(path: Path) -> Path:
    """Make a folder and those above it that are missing, each for the owner only whatever the umask; returns it."""
    for folder in (*reversed(path.parents), path):
        if not folder.exists():
            folder.mkdir(mode=0o700, exist_ok=True)
    return path


@contextmanager
def passing_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A folder for the owner only that is gone afterwards, as are those that processes killed an hour ago left."""
    for left in parent.glob(f"{prefix}*"):
        if left.stat().st_mtime < time.time() - _LEFT_SECONDS:
            shutil.rmtree(left, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def write_privately(path: Path, content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Write JSON for the owner only, so that a reader sees all of it or none, also after a power cut."""
    private_folder(path.parent)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def sync(path: Path) -> None:
    """Have a file, or the names in a folder, on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_object(path: Path, remedy: str) -> dict[str, Any] | None:
    """A JSON object that `write_privately` wrote; None where there is none. Raises TerminalError for anything else."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise TerminalError("holds no JSON object", str(path), remedy)
    return content
