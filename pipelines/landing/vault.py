"""The vault: the only place that holds what persons are known by or wrote, and the random tokens that stand for it.

SQLite in the `pii` folder. A value is found by the HMAC-SHA256 of its normalised form, keyed by a file that only the
owner can read; deleting its row is erasure, because nothing leads from a token to a person any more.
"""

from __future__ import annotations

import hmac
import os
import re
import secrets
import sqlite3
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType

from pipelines.errors import TerminalError
from pipelines.home import private_folder

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
    "text": lambda text: text or None,
}


def space(kind: str, network: str = "") -> str:
    """Within which equal values are one: a handle is somebody's on its own network only."""
    return f"{kind}@{network}" if network else kind


class Vault:
    """Gives tokens for values, in bulk; threads and processes may share it."""

    def __init__(self, pii_dir: Path) -> None:
        private_folder(pii_dir)
        database = pii_dir / "vault.db"
        self._key = _read_key(pii_dir / "vault.key", database)
        self._lock = threading.Lock()
        database.touch(mode=0o600)
        self._con = sqlite3.connect(database, timeout=60, isolation_level=None, check_same_thread=False)
        self._con.execute("pragma journal_mode = wal")
        self._con.execute("pragma secure_delete = on")
        self._con.execute(_SCHEMA)
        self._con.execute("create temp table asked (digest text primary key) without rowid")

    def __enter__(self) -> Vault:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._con.close()

    @property
    def salt(self) -> str:
        """By which digests of records outside the vault are keyed."""
        return self._digest("salt", "records")

    def tokens(self, kind: str, values: Sequence[str | None], network: str = "") -> list[str | None]:
        """Token of each value, in order; None for what is none. `kind` is email, phone, handle or text."""
        normalise, within = _NORMALISERS[kind], space(kind, network)
        normal = {text: normalise(text) for text in dict.fromkeys(values) if text}
        digests = {value: self._digest(within, value) for value in normal.values() if value}
        tokens = self._tokens(within, digests)
        by_text = {text: tokens[digests[value]] for text, value in normal.items() if value}
        return [by_text.get(text) if text else None for text in values]

    def erase(self, tokens: Iterable[str]) -> None:
        """Forget what these tokens stand for."""
        with self._lock:
            self._con.execute("begin immediate")
            self._con.executemany("delete from identifiers where token = ?", [(token,) for token in tokens])
            self._con.execute("commit")

    def move_handles(self, network: str) -> None:
        """Put handles of a vault that knew no networks under the one that they are of; their tokens stay."""
        with self._lock:
            self._con.execute("begin immediate")
            rows = self._con.execute("select token, identifier from identifiers where kind = 'handle'").fetchall()
            within = space("handle", network)
            moved = [(within, self._digest(within, value), token) for token, value in rows]
            self._con.executemany("update or ignore identifiers set kind = ?, digest = ? where token = ?", moved)
            self._con.execute("commit")

    def _digest(self, within: str, value: str) -> str:
        return hmac.digest(self._key, f"{within}:{value}".encode("utf-8", "surrogatepass"), "sha256").hex()

    def _tokens(self, within: str, digests: Mapping[str, str]) -> dict[str, str]:
        """Token by digest; new values get a new one. One transaction, whatever their number."""
        with self._lock:
            self._con.execute("begin immediate")
            self._con.execute("delete from asked")
            self._con.executemany("insert into asked values (?)", [(digest,) for digest in sorted(digests.values())])
            known = self._known(within)
            new = sorted(
                (within, digest, secrets.token_hex(_TOKEN_BYTES), value)
                for value, digest in digests.items()
                if digest not in known
            )
            self._con.executemany("insert into identifiers values (?, ?, ?, ?)", new)
            self._con.execute("commit")
        return known | {digest: token for _, digest, token, _ in new}

    def _known(self, within: str) -> dict[str, str]:
        query = "select digest, token from asked join identifiers using (digest) where kind = ?"
        return dict(self._con.execute(query, (within,)).fetchall())


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
