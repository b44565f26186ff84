"""What a sandbox keeps in its home: options, changes and the clock. The world itself follows from them."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from pipelines.sandbox.changes import Change, apply
from pipelines.sandbox.options import START_CLOCK, WorldOptions
from pipelines.sandbox.scene import Scene
from pipelines.sandbox.world.build import build


@dataclass(frozen=True, slots=True)
class Store:
    """The files of one sandbox in a home."""

    home: Path

    @property
    def folder(self) -> Path:
        """The sandbox's own folder."""
        return self.home / "sandbox"

    @property
    def truth(self) -> Path:
        """What only tests may read."""
        return self.folder / "truth"

    def write_options(self, options: WorldOptions) -> None:
        """Keep the options of a world."""
        self.folder.mkdir(parents=True, exist_ok=True)
        _write(self.folder / "options.json", json.dumps(asdict(options), indent=1))

    def options(self) -> WorldOptions:
        """The options of this home's world; raises FileNotFoundError where none was prepared."""
        return WorldOptions(**json.loads((self.folder / "options.json").read_text(encoding="utf-8")))

    def is_prepared(self) -> bool:
        """Whether this home has a world."""
        return (self.folder / "options.json").exists()

    def append(self, change: Change) -> None:
        """Keep a change before it is shown."""
        with (self.folder / "changes.jsonl").open("a", encoding="utf-8") as lines:
            lines.write(json.dumps(change.as_json()) + "\n")
            lines.flush()
            os.fsync(lines.fileno())

    def changes(self) -> list[Change]:
        """All changes, in their order."""
        path = self.folder / "changes.jsonl"
        if not path.exists():
            return []
        return [Change(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

    def write_clock(self, now: datetime) -> None:
        """Set the home's business clock."""
        self.home.mkdir(parents=True, exist_ok=True)
        content = {"now": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "set_by": "sandbox"}
        _write(self.home / "clock.json", json.dumps(content))

    def clock(self) -> datetime:
        """The home's business clock; the start clock where none was set."""
        path = self.home / "clock.json"
        if not path.exists():
            return START_CLOCK
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["now"])

    def scene(self) -> Scene:
        """The world after all changes, at the home's clock."""
        world = build(self.options())
        for change in self.changes():
            world = apply(world, change)
        return Scene(world, int(self.clock().timestamp()))


def _write(path: Path, text: str) -> None:
    """Replace a file at once, so that no reader sees half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text, encoding="utf-8")
    os.replace(part, path)
