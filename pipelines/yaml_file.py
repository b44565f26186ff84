"""Reads YAML that a person wrote, within bounds: size, depth, and what aliases unfold to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from pipelines.errors import fault

_MAX_BYTES = 256 * 1024
_MAX_DEPTH = 20
_MAX_ENTRIES = 20_000
_MAX_CHARACTERS = 4_000


class _BoundsError(Exception):
    """Beyond the bounds, and which."""


def read_yaml(path: Path) -> Any:
    """Content of a file, every scalar a text: YAML would take columns called `no` or `on` for true or false.

    Raises ConfigError in one line that quotes nothing of the file; FileNotFoundError where it is absent.
    """
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise fault(path, f"is larger than {_MAX_BYTES // 1024} kB", "write the mapping only")
    try:
        text = content.decode("utf-8-sig")
        _check(text)
        return yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes no objects
    except UnicodeDecodeError:
        raise fault(path, "not YAML (no UTF-8 text)", "correct the file") from None
    except yaml.YAMLError as error:
        raise fault(path, f"not YAML ({_place(error)})", "correct the file") from None
    except _BoundsError as error:
        raise fault(path, str(error), "write it plainly") from None
    except (RecursionError, ValueError, TypeError):
        raise fault(path, "not YAML that can be read", "correct the file") from None


def _check(text: str) -> None:
    """Raise _BoundsError for what is too deep or too much, before anything is built of it."""
    document = _Document()
    for event in yaml.parse(text, Loader=yaml.BaseLoader):
        document.take(event)
        if len(document.sizes) > _MAX_DEPTH:
            raise _BoundsError(f"is nested more than {_MAX_DEPTH} deep")
        if sum(document.sizes) > _MAX_ENTRIES:
            raise _BoundsError(f"has more than {_MAX_ENTRIES:,} entries")


class _Document:
    """How many entries a document has once its aliases are unfolded."""

    def __init__(self) -> None:
        self.sizes = [0]
        """Of the document and of every list or mapping that is open."""
        self._anchors: list[str | None] = []
        self._of_anchor: dict[str, int] = {}

    def take(self, event: yaml.Event) -> None:
        """Count one more part of the document; raises _BoundsError."""
        if isinstance(event, yaml.CollectionStartEvent):
            self.sizes.append(0)
            self._anchors.append(event.anchor)
        elif isinstance(event, yaml.CollectionEndEvent):
            self._add(self.sizes.pop() + 1, self._anchors.pop())
        elif isinstance(event, yaml.ScalarEvent):
            _check_scalar(event.value)
            self._add(1, event.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._of_anchor:
                raise _BoundsError("has an alias of what holds it, or of nothing")
            self._add(self._of_anchor[event.anchor], None)

    def _add(self, size: int, anchor: str | None) -> None:
        self.sizes[-1] += size
        if anchor is not None:
            self._of_anchor[anchor] = size


def _check_scalar(text: str) -> None:
    if len(text) > _MAX_CHARACTERS:
        raise _BoundsError(f"has a text of more than {_MAX_CHARACTERS:,} characters")
    if "\0" in text or any("\ud800" <= sign <= "\udfff" for sign in text):
        raise _BoundsError("has a text with a sign that is no character")


def _place(error: yaml.YAMLError) -> str:
    """Line and column: the parser's own words may quote the line."""
    mark = getattr(error, "problem_mark", None)
    return f"line {mark.line + 1}, column {mark.column + 1}" if mark else "a sign that YAML does not allow"
