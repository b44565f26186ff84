"""Root connections of the shop: search terms, sort keys and cursors over precomputed columns."""

from __future__ import annotations

import base64
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import orjson

from sandbox.api.answer import number_of
from sandbox.world.columns import Flags, Integers

BEFORE_ALL = (-(1 << 60), 0)
"""What a cursor is made of that lies before the first record."""
_TERM = re.compile(r"(\w+):(>=|<=|>|<)?\s*('[^']*'|\"[^\"]*\"|[^\s)]+)")


@dataclass(frozen=True, eq=False)
class Root:
    """Records of a root field: visible rows, and the columns that they are searched and sorted by."""

    rows: Integers
    columns: Mapping[str, Integers]
    """By search term, over all rows: id, created_at, updated_at and so on."""

    @lru_cache(maxsize=64)  # noqa: B019 - a root lives as long as its scene
    def sorted(self, search: str, sort_key: str, is_reversed: bool) -> tuple[list[tuple[int, int]], list[int]]:
        """(value, id) and row of each hit, in the order asked for; reversed orders have negated pairs."""
        rows = self.rows[self._hits(search)]
        values = self.columns[sort_key.lower()][rows]
        ids = self.columns["id"][rows]
        sign = -1 if is_reversed else 1
        order = np.lexsort((sign * ids, sign * values))
        pairs = list(zip((sign * values[order]).tolist(), (sign * ids[order]).tolist(), strict=True))
        return pairs, rows[order].tolist()

    def _hits(self, search: str) -> Flags:
        hits = np.ones(len(self.rows), dtype=bool)
        for name, operator, text in _TERM.findall(search):
            if name not in self.columns:
                continue
            values, wanted = self.columns[name][self.rows], _number(text.strip("'\""))
            compare = {">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less}
            hits &= compare.get(operator, np.equal)(values, wanted)
        return hits


def _number(text: str) -> int:
    if (number := number_of(text)) is not None:
        return number
    if text in ("true", "false"):
        return int(text == "true")
    moment = datetime.fromisoformat(text)
    return int(moment.timestamp()) if moment.tzinfo else int(datetime.fromisoformat(f"{text}+00:00").timestamp())


def cursor(pair: tuple[int, int]) -> str:
    """Shopify's cursor: the last id and the last value that was sorted by."""
    return base64.b64encode(orjson.dumps({"last_id": pair[1], "last_value": str(pair[0])})).decode()


def after(pairs: list[tuple[int, int]], text: str | None) -> int:
    """Position of the first record behind a cursor; raises ValueError for what is no cursor."""
    if not text:
        return 0
    try:
        content: dict[str, Any] = orjson.loads(base64.b64decode(text, validate=True))
        return bisect_right(pairs, (int(content["last_value"]), int(content["last_id"])))
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError("Invalid cursor for current pagination sort.") from error
