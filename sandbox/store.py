"""What a sandbox keeps in its home: options, changes, credentials and the clock. The world itself follows from them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sandbox.changes import Change, apply
from sandbox.files import append_line, write_text
from sandbox.options import WorldOptions
from sandbox.scene import Scene
from sandbox.world.build import build


@dataclass(frozen=True, slots=True)
class Store:
    """The files of one sandbox in a home; all of them are their owner's alone."""

    home: Path

    @property
    def folder(self) -> Path:
        """The sandbox's own folder."""
        return self.home / "sandbox"

    @property
    def truth(self) -> Path:
        """What only tests may read."""
        return self.folder / "truth"

    @property
    def control_token(self) -> Path:
        """The token without which nobody controls the sandbox."""
        return self.folder / "control.token"

    def write_options(self, options: WorldOptions) -> None:
        """Keep the options of a world."""
        write_text(self.folder / "options.json", json.dumps(asdict(options), indent=1))

    def options(self) -> WorldOptions:
        """The options of this home's world; raises FileNotFoundError where none was prepared."""
        return WorldOptions(**json.loads((self.folder / "options.json").read_text(encoding="utf-8")))

    def is_prepared(self) -> bool:
        """Whether this home has a world."""
        return (self.folder / "options.json").exists()

    def append(self, change: Change) -> None:
        """Keep a change before it is shown."""
        append_line(self.folder / "changes.jsonl", json.dumps(change.as_json()))

    def changes(self) -> list[Change]:
        """All changes, in their order."""
        path = self.folder / "changes.jsonl"
        if not path.exists():
            return []
        return [Change(**json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines()]

    def write_clock(self, now: datetime) -> None:
        """Set the home's business clock."""
        content = {"now": now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), "set_by": "sandbox"}
        write_text(self.home / "clock.json", json.dumps(content))

    def clock(self) -> datetime:
        """The home's business clock; the start clock where none was set."""
        path = self.home / "clock.json"
        if not path.exists():
            return self.options().start_clock
        return datetime.fromisoformat(json.loads(path.read_text(encoding="utf-8"))["now"])

    def write_tokens(self, tokens: Mapping[str, Any]) -> None:
        """Keep what each vendor accepts."""
        write_text(self.folder / "tokens.json", json.dumps(tokens, indent=1))

    def tokens(self) -> dict[str, dict[str, Any]]:
        """What each vendor accepts; nothing where it was not written yet."""
        path = self.folder / "tokens.json"
        found: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        return found

    def write_port(self, port: int) -> None:
        """Tell on which port the sandbox of this home is served."""
        write_text(self.folder / "port", f"{port}\n")

    def port(self) -> int | None:
        """The port on which the sandbox of this home was last served; None: on none yet."""
        path = self.folder / "port"
        return int(path.read_text(encoding="utf-8")) if path.exists() else None

    def scene(self) -> Scene:
        """The world after all changes, at the home's clock."""
        world = build(self.options())
        for change in self.changes():
            world = apply(world, change)
        return Scene(world, int(self.clock().timestamp()))
