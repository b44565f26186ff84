"""Credentials of source instances: the environment wins over `secrets.env`; renewed tokens lie in the vault's half.

A renewed refresh token stands for the configured one that it came from, and no longer once a person has set another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.errors import ConfigError
from pipelines.home import read_object, write_privately

REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a credential
WARNED_BEFORE = timedelta(days=7)
"""How long before a credential ends people are told."""


def variable(instance: str, credential: str) -> str:
    """Name of the variable of one credential: VOXHOUSE_<INSTANCE>_<CREDENTIAL>."""
    return f"VOXHOUSE_{instance}_{credential}".upper()


def read_secrets(path: Path) -> dict[str, str]:
    """KEY=VALUE lines of `secrets.env`; none when the file is absent. Raises ConfigError when others may read it."""
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        raise ConfigError("others than its owner may read it", str(path), f"run `chmod 600 {path}`")
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def credentials(
    instance: str, sets: Sequence[Sequence[str]], secrets_file: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """The first of these sets of credentials that is there whole; one ConfigError names what each lacks."""
    known = {**read_secrets(secrets_file), **environment}
    for names in sets:
        if all(known.get(variable(instance, name)) for name in names):
            return {name: _sendable(variable(instance, name), known) for name in names}
    missing = " or ".join(
        ", ".join(variable(instance, name) for name in names if not known.get(variable(instance, name)))
        for names in sets
    )
    if not sets:
        return {}
    where = f"set them in the environment or in {secrets_file}"
    raise ConfigError(f"missing credentials {missing}", instance, where)


def _sendable(name: str, known: Mapping[str, str]) -> str:
    """The value of a credential; raises ConfigError for one that no header can hold."""
    value = known[name]
    if not re.fullmatch(r"[!-~]+", value):
        raise ConfigError("holds a blank, a line break or a sign beyond ASCII", name, "copy it anew")
    return value


@dataclass(frozen=True, slots=True)
class KeptTokens:
    """What vendors gave instead of a configured credential, in `pii/credentials/<instance>.json`."""

    path: Path

    @classmethod
    def of(cls, pii: Path, instance: str) -> KeptTokens:
        """Those of one instance."""
        return cls(pii / "credentials" / f"{instance}.json")

    def over(self, configured: Mapping[str, str]) -> dict[str, str]:
        """Credentials with the newest refresh token that came from the configured one."""
        kept = self._read()
        if kept.get(REFRESH_TOKEN) and kept.get("origin") == _origin(configured):
            return {**configured, REFRESH_TOKEN: kept[REFRESH_TOKEN]}
        return dict(configured)

    def keep(self, configured: Mapping[str, str], answer: Mapping[str, Any]) -> None:
        """Store a renewed token's refresh token, where it has one; on disk before anyone uses the token."""
        if isinstance(answer.get(REFRESH_TOKEN), str) and REFRESH_TOKEN in configured:
            renewed = {REFRESH_TOKEN: answer[REFRESH_TOKEN], "origin": _origin(configured)}
            write_privately(self.path, self._read() | renewed)

    def note_end(self, ends_at: datetime | None) -> None:
        """Store when the credential ends, as its vendor says."""
        if ends_at != self.ends_at:
            told = {"ends_at": ends_at.astimezone(UTC).isoformat() if ends_at else None}
            write_privately(self.path, self._read() | told)

    @property
    def ends_at(self) -> datetime | None:
        """When the credential ends; None: not known, or never."""
        ends_at = self._read().get("ends_at")
        return datetime.fromisoformat(ends_at) if ends_at else None

    def _read(self) -> dict[str, Any]:
        return read_object(self.path, "remove it and set a new credential") or {}


def _origin(configured: Mapping[str, str]) -> str:
    return hashlib.sha256(configured.get(REFRESH_TOKEN, "").encode()).hexdigest()
