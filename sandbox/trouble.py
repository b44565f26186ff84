"""Answers as the real APIs give them on bad days. Trouble lasts for some requests, or until it is taken away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from zlib import crc32

import orjson

from sandbox.api import kinds
from sandbox.api.answer import Answer, Request

RETIRED, TOKEN_ENDS = "retired_metric", "token_ends"
_ONCE = frozenset({"rate_limit", "server_error", "empty_page", "html", "truncated"})
_PAGE = b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble of one API. `times` None: until it is taken away."""

    api: str
    kind: str
    times: int | None = None
    share: float = 0.3
    """Of the records, for bad_types."""
    metric: str = "profile_visits"
    """For retired_metric."""
    after: int = 0
    """For token_ends: requests for which the tokens given so far still hold."""

    def once(self) -> Trouble:
        """The same; what passes by itself lasts for one request unless said."""
        return replace(self, times=1) if self.times is None and self.kind in _ONCE else self


def known(api: str) -> list[str]:
    """The troubles that an API can have."""
    kind = kinds()[api]
    retired = (RETIRED,) if kind.can_retire else ()
    return sorted({*kind.refusals, *_ALTERED, "empty_page", "html", TOKEN_ENDS, *retired})


class Troubles:
    """The troubles that are on."""

    def __init__(self) -> None:
        self._on: list[Trouble] = []

    def add(self, new: Trouble) -> None:
        """Switch a trouble on; it replaces one of the same kind."""
        self._on = [t for t in self._on if (t.api, t.kind) != (new.api, new.kind)] + [new]

    def clear(self) -> None:
        """Switch everything off."""
        self._on = []

    def retired(self, api: str) -> frozenset[str]:
        """Metrics that an API no longer knows."""
        return frozenset(t.metric for t in self._on if (t.api, t.kind) == (api, RETIRED))

    def disturb(self, api: str, request: Request, answer: Callable[[Request], Answer]) -> Answer:
        """An API's answer to a request, or what trouble makes of it."""
        for on in [t for t in self._on if t.api == api and t.kind != RETIRED]:
            if on.kind == "empty_page":
                told = answer(replace(request, is_emptied=True))
                if not told.is_page:
                    continue
            elif on.kind in _ALTERED:
                told = _ALTERED[on.kind](on, answer(request))
            elif on.kind == "html":
                told = Answer(200, _PAGE, media_type="text/html; charset=utf-8")
            else:
                told = kinds()[api].refusals[on.kind]()
            self._use(on)
            return told
        return answer(request)

    def _use(self, used: Trouble) -> None:
        if used.times is None:
            return
        rest = [t for t in self._on if t is not used]
        self._on = rest + ([replace(used, times=used.times - 1)] if used.times > 1 else [])


def _truncated(_: Trouble, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _bad_types(on: Trouble, answer: Answer) -> Answer:
    """A share of the records with a word where a number or a time belongs; always the same records."""
    kind, content = kinds()[on.api], orjson.loads(answer.body)
    for page in kind.pages(content):
        for record in page:
            if isinstance(record, dict) and crc32(str(record.get("id")).encode()) % 1000 < 1000 * on.share:
                kind.spoil(record)
    return replace(answer, body=orjson.dumps(content))


_ALTERED: dict[str, Callable[[Trouble, Answer], Answer]] = {"bad_types": _bad_types, "truncated": _truncated}
