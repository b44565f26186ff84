"""The ledger of loads: which are complete (dlt says so) and which are accepted (our decision files say so).

Small files stand beside the data of an instance: `_manifest/<load_id>.json`, files and rows of a complete load, made
once; `_acceptance/<load_id>.json`, the decision on it; and `_compacted.json`, the same of old loads whose files
were merged. Files of loads that dlt never completed are in none of them, and no reader ever sees them.
"""

from __future__ import annotations

import glob
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from pipelines.errors import ConfigError, TerminalError, shown
from pipelines.home import read_object, sync, write_privately

Status = Literal["accepted", "rejected", "held", "superseded"]
FORMAT = 2
"""Version of the landing zone's layout."""
COMPACTED = "_compacted.json"
_LOAD_ID = re.compile(r"[0-9]+\.[0-9]+")
"""As dlt makes them: seconds since 1970."""


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
    """Table name (also `_quarantine`, `_streams`, `_state`) to its Parquet files; none once they were merged."""
    rows: Mapping[str, int]
    """Table name to rows landed."""


def check_format(landing_dir: Path) -> None:
    """Mark a new landing zone with the format; raises TerminalError on one of another format."""
    found = format_of(landing_dir)
    if found is None:
        write_privately(landing_dir / "format.json", {"format": FORMAT})
    elif found != FORMAT:
        age, remedy = ("an older", "`voxhouse run` migrates it") if found < FORMAT else ("a newer", "update Voxhouse")
        what = f"the landing zone has {age} format ({found}, this version reads {FORMAT})"
        raise TerminalError(what, str(landing_dir / "format.json"), remedy)


def format_of(landing_dir: Path) -> int | None:
    """Format of a landing zone; None where there is none. Raises TerminalError when its mark cannot be read."""
    path = landing_dir / "format.json"
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["format"])
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        raise TerminalError("not the mark of a landing zone", str(path), "restore it from a backup") from None


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

    def files(self, tables: Iterable[str], instance: str) -> dict[str, list[Path]]:
        """Parquet files of these tables in the accepted loads of an instance, oldest first."""
        merged, loads = self.compacted(instance), self.accepted(instance)
        folder = self.landing_dir / instance
        return {
            table: [
                *(folder / name for name in merged["files"].get(table, ())),
                *(path for load in loads for path in load.files.get(table, ())),
            ]
            for table in tables
        }

    def state(self, instance: str) -> str | None:
        """dlt's source state, as JSON, as the newest accepted load left it: cursors move by acceptance only."""
        for load in reversed(self.accepted(instance)):
            for path in load.files.get("_state", ()):
                found: str = pq.read_table(path)["state"][0].as_py()
                return found
        return None

    def find(self, load_id: str) -> Load:
        """The complete load of that id; raises ConfigError when there is none, and for what can be the id of none."""
        # What is no id never becomes part of a path.
        markers = self.landing_dir.glob(f"*/_dlt_loads/*__{load_id}.jsonl") if _LOAD_ID.fullmatch(load_id) else ()
        for marker in markers:
            load = self._load(marker.parts[-3], marker.name.rpartition("__")[0], load_id)
            if load:
                return load
        what = f"there is no complete load '{shown(load_id)}' that can still be decided"
        raise ConfigError(what, str(self.landing_dir), "see `voxhouse loads`")

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
        write_privately(self.landing_dir / load.source_instance / "_acceptance" / f"{load_id}.json", decision)

    def compacted(self, instance: str) -> dict[str, Any]:
        """Files (table to names) and loads (as `as_record` makes them) that were merged."""
        return _read(self.landing_dir / instance / COMPACTED) or {"files": {}, "loads": []}

    def _loads_of(self, instance: str) -> Iterator[Load]:
        """Loads of one instance, newest first."""
        is_newer_accepted = False
        complete = sorted(self._complete(instance), key=lambda entry: entry[1], reverse=True)
        merged = {record["load_id"]: record for record in self.compacted(instance)["loads"]}
        for kind, load_id in complete:
            load = None if load_id in merged else self._load(instance, kind, load_id)
            if load is None:
                continue
            if load.status == "held" and is_newer_accepted:
                load = replace(load, status="superseded")
            is_newer_accepted |= load.status == "accepted"
            yield load
        for record in merged.values():
            yield _from_record(instance, record)

    def _complete(self, instance: str) -> Iterator[tuple[str, str]]:
        """Kind and id of each load that dlt marked: the names of its files are `<schema>__<load_id>.jsonl`."""
        for path in (self.landing_dir / instance / "_dlt_loads").glob("*__*.jsonl"):
            kind, _, load_id = path.name.removesuffix(".jsonl").rpartition("__")
            yield kind, load_id

    def _load(self, instance: str, kind: str, load_id: str) -> Load | None:
        """A marked load; None when its marker was torn by a power cut: it is not finished, and its span read again."""
        folder = self.landing_dir / instance
        manifest = _read(folder / "_manifest" / f"{load_id}.json") or self._write_manifest(instance, load_id)
        if manifest is None:
            return None
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
        )

    def _write_manifest(self, instance: str, load_id: str) -> dict[str, Any] | None:
        """Find the files of a complete load once; later readers go by the list. Its data is on disk before the list."""
        folder = self.landing_dir / instance
        completed_at = _completed_at(folder, load_id)
        if completed_at is None:
            return None
        files: dict[str, list[str]] = {}
        for path in sorted(folder.glob(f"*/day=*/{load_id}.*.parquet")):
            sync_with_name(path)
            files.setdefault(path.parts[-3], []).append(str(path.relative_to(folder)))
        rows = {
            table: sum(pq.read_metadata(folder / name).num_rows for name in names) for table, names in files.items()
        }
        manifest = {"completed_at": completed_at, "files": files, "rows": rows}
        write_privately(folder / "_manifest" / f"{load_id}.json", manifest)
        return manifest


def as_record(load: Load) -> dict[str, Any]:
    """What the ledger keeps of a load whose files were merged."""
    return {
        "load_id": load.load_id,
        "kind": load.kind,
        "completed_at": load.completed_at.isoformat(),
        "by": load.decided_by,
        "reason": load.reason,
        "rows": dict(load.rows),
    }


def _from_record(instance: str, record: Mapping[str, Any]) -> Load:
    completed_at = datetime.fromisoformat(record["completed_at"])
    by, reason, rows = record["by"], record["reason"], record["rows"]
    return Load(record["load_id"], instance, record["kind"], completed_at, "accepted", by, reason, {}, rows)


def sync_with_name(path: Path) -> None:
    """Have a file, and its name in its folder, on disk before anything says that it is there."""
    sync(path)
    sync(path.parent)


def _completed_at(folder: Path, load_id: str) -> str | None:
    """When dlt completed a load; None where its marker does not say so whole."""
    for marker in (folder / "_dlt_loads").glob(f"*__{glob.escape(load_id)}.jsonl"):
        try:
            at = json.loads(marker.read_text(encoding="utf-8"))["inserted_at"]
            return datetime.fromisoformat(at).isoformat()
        except (ValueError, KeyError, TypeError):
            return None
    return None


def _read(path: Path) -> dict[str, Any] | None:
    return read_object(path, "restore it from a backup, or remove it: the load is then undecided")
