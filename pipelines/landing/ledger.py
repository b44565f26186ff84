"""The ledger of loads: which are complete (dlt says so) and which are accepted (our decision files say so).

Two kinds of small files stand beside the data of an instance: `_manifest/<load_id>.json`, the files, rows and
cursors of a complete load, written once, and `_acceptance/<load_id>.json`, the decision on it. Files of loads that
dlt never completed are in neither, and no reader ever sees them.
"""

from __future__ import annotations

import glob
import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from pipelines.errors import ConfigError, TerminalError

Status = Literal["accepted", "rejected", "held", "superseded"]
FORMAT = 1
"""Version of the landing zone's layout."""


@dataclass(frozen=True, slots=True)
class Load:
    """One complete load of one source instance."""

    load_id: str
    source_instance: str
    kind: str
    completed_at: datetime
    status: Status
    """held: nobody decided yet; superseded: not decided, and a newer load of the instance is accepted."""
    decided_by: str | None
    reason: str | None
    files: Mapping[str, tuple[Path, ...]]
    """Table name (also `_quarantine`, `_streams`) to its Parquet files."""
    rows: Mapping[str, int]
    """Table name to rows landed."""
    cursors: Mapping[str, str]
    """Stream to its high-water mark, from the load's `_streams`."""


def check_format(landing_dir: Path) -> None:
    """Mark a new landing zone with the format; raises TerminalError on one of another format."""
    path = landing_dir / "format.json"
    if not path.exists():
        landing_dir.mkdir(parents=True, exist_ok=True)
        write_atomically(path, {"format": FORMAT})
        return
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["format"]
    except (ValueError, KeyError, TypeError) as error:
        raise TerminalError("not the mark of a landing zone", str(path), "restore it from a backup") from error
    if found != FORMAT:
        age, remedy = ("an older", "migrate it or use a new home") if found < FORMAT else ("a newer", "update Voxhouse")
        raise TerminalError(
            f"the landing zone has {age} format ({found}, this version reads {FORMAT})", str(path), remedy
        )


def write_atomically(path: Path, content: Mapping[str, Any]) -> None:
    """Write JSON so that a reader sees all of it or none, also after a power cut."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    with draft.open("w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


class Ledger:
    """Reads and decides on the loads of a landing zone."""

    def __init__(self, landing_dir: Path) -> None:
        check_format(landing_dir)
        self.landing_dir = landing_dir

    def instances(self) -> list[str]:
        """Every source instance that ever landed a complete load, also those no longer configured."""
        return sorted(path.parent.name for path in self.landing_dir.glob("*/_dlt_loads"))

    def loads(self, instance: str | None = None) -> list[Load]:
        """Every complete load of every instance, or of one, oldest first."""
        names = self.instances() if instance is None else [instance]
        return sorted((load for name in names for load in self._loads_of(name)), key=lambda load: load.load_id)

    def held(self) -> list[Load]:
        """Complete loads that wait for a decision, oldest first."""
        return [load for load in self.loads() if load.status == "held"]

    def accepted(self, instance: str | None = None) -> list[Load]:
        """Loads that readers count, oldest first."""
        return [load for load in self.loads(instance) if load.status == "accepted"]

    def find(self, load_id: str) -> Load:
        """The complete load of that id; raises ConfigError when there is none."""
        markers = self.landing_dir.glob(f"*/_dlt_loads/*__{glob.escape(load_id)}.jsonl")
        for marker in markers:
            return self._load(marker.parts[-3], marker.name.rpartition("__")[0], load_id)
        raise ConfigError(f"there is no complete load {load_id!r}", str(self.landing_dir), "see `voxhouse loads`")

    def accept(self, load_id: str, by: str, reason: str) -> None:
        """Let readers count the load."""
        self._decide(load_id, "accepted", by, reason)

    def reject(self, load_id: str, by: str, reason: str) -> None:
        """Keep readers from ever counting the load."""
        self._decide(load_id, "rejected", by, reason)

    def _decide(self, load_id: str, status: Status, by: str, reason: str) -> None:
        load = self.find(load_id)
        decided_at = datetime.now(UTC).isoformat(timespec="seconds")
        decision = {"status": status, "by": by, "reason": reason, "at": decided_at}
        write_atomically(self.landing_dir / load.source_instance / "_acceptance" / f"{load_id}.json", decision)

    def _loads_of(self, instance: str) -> Iterator[Load]:
        """Loads of one instance, newest first."""
        is_newer_accepted = False
        for kind, load_id in sorted(self._complete(instance), key=lambda entry: entry[1], reverse=True):
            load = self._load(instance, kind, load_id)
            if load.status == "held" and is_newer_accepted:
                load = replace(load, status="superseded")
            is_newer_accepted |= load.status == "accepted"
            yield load

    def _complete(self, instance: str) -> Iterator[tuple[str, str]]:
        """Kind and id of each load that dlt completed: the names of its files are `<schema>__<load_id>.jsonl`."""
        for path in (self.landing_dir / instance / "_dlt_loads").glob("*__*.jsonl"):
            kind, _, load_id = path.name.removesuffix(".jsonl").rpartition("__")
            yield kind, load_id

    def _load(self, instance: str, kind: str, load_id: str) -> Load:
        folder = self.landing_dir / instance
        manifest = _read(folder / "_manifest" / f"{load_id}.json") or self._write_manifest(instance, load_id)
        decision = _read(folder / "_acceptance" / f"{load_id}.json") or {"status": "held"}
        return Load(
            load_id=load_id,
            source_instance=instance,
            kind=kind,
            completed_at=datetime.fromisoformat(manifest["completed_at"]),
            status=decision["status"],
            decided_by=decision.get("by"),
            reason=decision.get("reason"),
            files={table: tuple(folder / name for name in names) for table, names in manifest["files"].items()},
            rows=manifest["rows"],
            cursors=manifest["cursors"],
        )

    def _write_manifest(self, instance: str, load_id: str) -> dict[str, Any]:
        """Find the files of a complete load once; later readers go by the list."""
        folder = self.landing_dir / instance
        marker = next((folder / "_dlt_loads").glob(f"*__{load_id}.jsonl"))
        completed_at = json.loads(marker.read_text(encoding="utf-8"))["inserted_at"]
        files: dict[str, list[str]] = {}
        for path in sorted(folder.glob(f"*/day=*/{load_id}.*.parquet")):
            files.setdefault(path.parts[-3], []).append(str(path.relative_to(folder)))
        rows = {
            table: sum(pq.read_metadata(folder / name).num_rows for name in names) for table, names in files.items()
        }
        streams = [pq.read_table(folder / name, columns=["stream", "cursor"]) for name in files.get("_streams", [])]
        cursors = {row["stream"]: row["cursor"] for part in streams for row in part.to_pylist() if row["cursor"]}
        manifest = {"completed_at": completed_at, "files": files, "rows": rows, "cursors": cursors}
        write_atomically(folder / "_manifest" / f"{load_id}.json", manifest)
        return manifest


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content
