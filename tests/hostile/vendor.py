"""What the three vendors have in common: a small world, a correct answer, and one change that spoils answers of it."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from tests.hostile.wire import Reply, Request

Json = Any


@dataclass(frozen=True)
class Ask:
    """A request, and the how-manieth of its kind it is."""

    request: Request
    number: int


Change = Callable[[Ask, Reply], Reply]


class Vendor:
    """A vendor that answers well, unless `change` is set: then what `spoils` names is changed."""

    kind: ClassVar[str]
    tables: ClassVar[Mapping[str, Sequence[str]]]
    """Key columns by landing table."""
    variables: ClassVar[Mapping[str, str]]
    """Credentials, by the name of their environment variable."""
    main: ClassVar[str]
    """The listing whose answers the general changes spoil; it has more than one page."""
    records: ClassVar[str]
    """Where its records are."""
    settings: ClassVar[Mapping[str, object]] = {}
    """Constants of the source that are lowered, so that a small world has several pages."""
    page_size: ClassVar[int] = 5
    """More are never given at once."""
    paged: ClassVar[str]
    """A listing that is read by the vendor's own cursors."""
    paged_records: ClassVar[str]
    cursor: ClassVar[str]
    """A cursor as the vendor writes them."""
    null_cursor: ClassVar[str]
    """What is said of a next page without a cursor."""

    def __init__(self) -> None:
        self.change: Change | None = None
        self.spoils = self.main
        self.moves: dict[tuple[str, int], Callable[[], object]] = {}
        """What happens in the world once this answer is given: (kind of answer, how-manieth) to a move."""
        self.asks: Counter[str] = Counter()
        self.requests: list[Request] = []
        self.failures: list[Exception] = []
        self.url = ""
        self._lock = threading.Lock()

    def configuration(self) -> dict[str, Any]:
        """The source's entry in `brands.yml`."""
        return {"kind": self.kind, "brand": "aurora", "base_url": self.url}

    @property
    def instance(self) -> str:
        return f"aurora_{self.kind}"

    def answer(self, request: Request) -> Reply:
        """The answer as the wire gets it."""
        try:
            spot = self.spot(request)
            with self._lock:
                self.requests.append(request)
                self.asks[spot] += 1
                number = self.asks[spot]
            reply = self.reply(request)
            self.moves.get((spot, number), lambda: None)()
            if self.change and spot in self.spoils.split():
                reply = self.change(Ask(request, number), reply)
            reply.body  # noqa: B018 - what cannot be written is the test's fault
        except Exception as error:
            self.failures.append(error)
            raise
        return reply

    def spot(self, request: Request) -> str:
        """What the request asks for, as cases name it."""
        raise NotImplementedError

    def reply(self, request: Request) -> Reply:
        """The correct answer."""
        raise NotImplementedError

    def add(self, table: str) -> tuple[tuple[Any, ...], Any]:
        """A record more for a landing table: its key there, and the record in this world."""
        raise NotImplementedError

    @staticmethod
    def lead_on(content: Json, cursor: Any) -> Json:
        """The answer with a next page at this cursor."""
        raise NotImplementedError

    @staticmethod
    def error_of(status: int, message: Any) -> Json:
        """The body of an error."""
        raise NotImplementedError

    @property
    def identifiers(self) -> list[str]:
        """What identifies persons, or was written by them, in this world; and the credentials."""
        raise NotImplementedError


def page_of(rows: Sequence[Any], start: int, limit: int) -> tuple[list[Any], int | None]:
    """A page, and where the next one starts."""
    end = start + limit
    return list(rows[start:end]), end if end < len(rows) else None


def once_given(spot: str, number: int, move: Callable[[Any], object]) -> Callable[[Any], None]:
    """A change of the vendor's world that happens when the how-manieth answer of a kind has been given."""

    def world(vendor: Vendor) -> None:
        vendor.moves[spot, number] = lambda: move(vendor)

    return world
