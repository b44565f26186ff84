"""What the folder of a vendor tells of it: its one entry is `KIND`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from sandbox.api.answer import Answer, Request
from sandbox.api.bucket import Bucket
from sandbox.api.tokens import Tokens
from sandbox.changes import Change
from sandbox.scene import Scene

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How an API treats its clients; set for the whole world by its options, for one API by the control."""

    ceiling: int | None = None
    """Records that can be paged through; None: as many as the vendor lets."""
    rate: float | None = None
    """Requests a second; None: any number."""
    lag: int = 0
    """Requests for which a change is not in the search index."""
    rotates: bool = False
    """A refresh token holds once, and comes back as a new one."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an API is given to answer from."""

    scene: Scene
    indexed: Scene
    """As the search index knows it."""
    tokens: Tokens
    bucket: Bucket
    conditions: Conditions
    retired: frozenset[str]
    """Names of metrics that the vendor has taken away."""
    base_url: str
    """Address of the API, for absolute links."""


class Api(Protocol):
    """A vendor's API at a moment."""

    def answer(self, request: Request) -> Answer:
        """The answer to a request, a refusal included."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A vendor."""

    make: Callable[[Given], Api]
    refusals: Mapping[str, Callable[[], Answer]]
    """By the trouble, what comes instead of the API's answer: rate_limit, server_error, expired_token."""
    pages: Callable[[Any], Iterable[list[Record]]]
    """The pages of records in an answer."""
    spoil: Callable[[Record], None]
    """Put a word where a number or a time belongs."""
    move: Callable[[Scene, np.random.Generator], Change]
    """Something that happens to the vendor's records of itself."""
    secrets: tuple[str, ...]
    """Credentials that a home is given; the API knows all of `credentials`."""
    credentials: tuple[str, ...] = ("access_token", "client_id", "client_secret", "refresh_token")
    token_days: int | None = None
    """Days for which the access token is good; None: for ever."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """What the vendor's entry in `brands.yml` says beside brand and address."""
    accounts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Brand to its accounts there, where the vendor shows those of several brands."""
    can_retire: bool = False
    """Whether it takes metrics away (trouble retired_metric)."""
    request_points: float = 1.0
    """What a usual request takes from the bucket."""
    bucket_seconds: float = 1.0
    """Time in which an empty bucket fills up."""

    def bucket(self, rate: float | None) -> Bucket:
        """A bucket that fills with so many usual requests a second, and holds one at least."""
        points = (rate or 1.0) * self.request_points
        size = max(points * self.bucket_seconds, self.request_points)
        return Bucket(size, None if rate is None else points)
