"""The credentials of an app at a vendor, and the tokens that the vendor has given for them."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

State = Literal["good", "ended", "unknown"]


@dataclass
class Tokens:
    """What is accepted: the static token, and what was given and has not ended; moments are the sandbox's clock."""

    credentials: dict[str, str]
    since: int
    """When the static token was given or renewed."""
    lasts: int | None = None
    """Seconds that the static token is good for; None: for ever."""
    given: dict[str, int] = field(default_factory=dict)
    """Token to the moment at which it ends."""
    keep: Callable[[], None] = field(default=lambda: None, repr=False)
    """Stores what is here."""
    _left: int | None = None

    def state(self, token: str, clock: int) -> State:
        """Whether a token holds; each question counts as a request."""
        if token == self.credentials["access_token"]:
            return "good" if self.lasts is None or clock < self.since + self.lasts else "ended"
        if token not in self.given:
            return "unknown"
        if self._left == 0:
            self.end()
        if self._left is not None:
            self._left -= 1
        return "good" if clock < self.given[token] else "ended"

    def ends_at(self, token: str) -> int | None:
        """When a token ends; None for one that is not known or never does."""
        if token == self.credentials["access_token"]:
            return None if self.lasts is None else self.since + self.lasts
        return self.given.get(token)

    def give(self, prefix: str, clock: int, seconds: int) -> str:
        """A new token."""
        token = prefix + secrets.token_urlsafe(24)
        self.given[token] = clock + seconds
        self.keep()
        return token

    def end(self, after: int = 0) -> None:
        """Let every token that was given so far end, after some more requests."""
        if after:
            self._left = after
            return
        self._left, self.given = None, dict.fromkeys(self.given, 0)
        self.keep()

    def renew(self, clock: int) -> None:
        """Give the static token its whole time again."""
        self.since = clock
        self.keep()

    def rotate(self, name: str) -> None:
        """Put a new value in the place of a credential."""
        self.credentials[name] = secrets.token_urlsafe(32)
        self.keep()

    def as_json(self) -> dict[str, Any]:
        """What is stored."""
        return {"credentials": self.credentials, "since": self.since, "given": self.given}
