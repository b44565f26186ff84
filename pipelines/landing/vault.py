"""The vault: the only place that holds identifiers of persons, and the random tokens that stand for them elsewhere.

SQLite in the `pii` folder. An identifier is found by the HMAC-SHA256 of its normalised form, keyed by a file that
only the owner can read; deleting its row is erasure, because nothing leads from a token to a person any more.
"""

from __future__ import annotations

import hmac
import json
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pipelines.errors import TerminalError

_KEY_BYTES = 32
_TOKEN_BYTES = 16
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_SCHEMA = """
    create table if not exists identifiers (
        kind text not null,
        digest text not null,
        token text not null unique,
        identifier text not null,
        primary key (kind, digest)
    ) without rowid
"""


def normalise_email(text: str) -> str | None:
    """Trimmed and in lower case; None when it is no address."""
    email = text.strip().lower()
    return email if _EMAIL.fullmatch(email) else None


def normalise_phone(text: str) -> str | None:
    """E.164; None when the country is not given: a national number would stand for several persons."""
    has_country = text.strip().startswith(("+", "00"))
    digits = re.sub(r"\D", "", text.replace("(0)", "")).removeprefix("00" if text.strip().startswith("00") else "")
    return f"+{digits}" if has_country and 8 <= len(digits) <= 15 else None


def normalise_handle(text: str) -> str | None:
    """Lower case, without @; None when nothing is left."""
    return text.strip().removeprefix("@").lower() or None


_NORMALISERS: Mapping[str, Callable[[str], str | None]] = {
    "email": normalise_email,
    "phone": normalise_phone,
    "handle": normalise_handle,
}


class Vault:
    """Gives tokens for identifiers, in bulk; threads and processes may share it."""

    def __init__(self, pii_dir: Path) -> None:
        pii_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        database = pii_dir / "vault.db"
        self._key = _read_key(pii_dir / "vault.key", database)
        self._lock = threading.Lock()
        database.touch(mode=0o600)
        self._con = sqlite3.connect(database, timeout=60, isolation_level=None, check_same_thread=False)
        self._con.execute("pragma journal_mode = wal")
        self._con.execute("pragma secure_delete = on")
        self._con.execute(_SCHEMA)

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._con.close()

    def tokens(self, kind: str, identifiers: Sequence[str | None]) -> list[str | None]:
        """Token of each identifier, in order; None for what is none. `kind` is email, phone or handle."""
        normalise = _NORMALISERS[kind]
        normal = {text: normalise(text) for text in dict.fromkeys(identifiers) if text}
        digests = {value: self._digest(kind, value) for value in normal.values() if value}
        tokens = self._tokens(kind, digests)
        by_text = {text: tokens[digests[value]] for text, value in normal.items() if value}
        return [by_text.get(text) if text else None for text in identifiers]

    def _digest(self, kind: str, value: str) -> str:
        return hmac.digest(self._key, f"{kind}:{value}".encode(), "sha256").hex()

    def _tokens(self, kind: str, digests: Mapping[str, str]) -> dict[str, str]:
        """Token by digest; new identifiers get a new one."""
        known = self._known(kind, digests.values())
        new = [
            (kind, digest, secrets.token_hex(_TOKEN_BYTES), value)
            for value, digest in digests.items()
            if digest not in known
        ]
        if not new:
            return known
        with self._lock:
            self._con.execute("begin immediate")
            self._con.executemany("insert or ignore into identifiers values (?, ?, ?, ?)", new)
            self._con.execute("commit")
        return known | self._known(kind, [digest for _, digest, _, _ in new])

    def _known(self, kind: str, digests: Iterable[str]) -> dict[str, str]:
        query = "select digest, token from identifiers where kind = ? and digest in (select value from json_each(?))"
        with self._lock:
            return dict(self._con.execute(query, (kind, json.dumps(list(digests)))).fetchall())


def _read_key(path: Path, database: Path) -> bytes:
    """The key; made at the first use. Raises TerminalError when it is lost: other tokens would split every person."""
    if not path.exists():
        if database.exists():
            remedy = "restore it from a backup, or remove the whole home to begin anew"
            raise TerminalError("the key of the vault is gone", str(path), remedy)
        draft = path.with_name(f"{path.name}.{os.getpid()}.{threading.get_ident()}")
        draft.touch(mode=0o600)
        draft.write_bytes(secrets.token_bytes(_KEY_BYTES))
        try:
            os.link(draft, path)  # fails where another thread or process was first, and never shows half a key
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_bytes()
