"""How much a client may ask for: a bucket that empties with each request and fills up again with time."""

from __future__ import annotations

import time


class Bucket:
    """Full at first; without a rate it stays full."""

    def __init__(self, size: float, rate: float | None) -> None:
        self.size, self.rate = size, rate
        self._level, self._at = size, time.monotonic()

    @property
    def level(self) -> float:
        """What is left now."""
        now = time.monotonic()
        if self.rate is None:
            return self.size
        self._level, self._at = min(self.size, self._level + (now - self._at) * self.rate), now
        return self._level

    def take(self, amount: float = 1.0) -> bool:
        """Take an amount, if there is so much."""
        if self.rate is None:
            return True
        if self.level < amount:
            return False
        self._level -= amount
        return True
