"""Errors that a person can act on: one line that says what, where and what to do."""

from __future__ import annotations

import os

_SHOWN_CHARACTERS = 80
_SHOWN_PATH = 200


class PipelineError(Exception):
    """Base of everything that Voxhouse raises on purpose; `str()` is the one line that users see."""

    def __init__(self, what: str, where: str, remedy: str) -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(f"{where}: {what}; {remedy}")


class ConfigError(PipelineError):
    """The configuration cannot be used as it is."""


class TransientError(PipelineError):
    """May go away by itself: worth a retry."""


class TerminalError(PipelineError):
    """Will not go away by itself: never retried."""


def shown(text: str | os.PathLike[str], limit: int = _SHOWN_CHARACTERS) -> str:
    """A name or a text of a configuration as one line may show it: printable signs only, and not too many."""
    clean = os.fspath(text).encode("utf-8", "backslashreplace").decode()
    clean = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in clean)
    return clean if len(clean) <= limit else clean[: limit - 1] + "…"


def fault(path: os.PathLike[str], what: str, remedy: str) -> ConfigError:
    """An error about a file or a folder."""
    return ConfigError(what, shown(path, _SHOWN_PATH), remedy)
