"""The world at a moment: what every API shows, and nothing that lies after the clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from sandbox.world.build import World
from sandbox.world.columns import NEVER, Integers
from sandbox.world.readings import Counts, counts


@dataclass(frozen=True, eq=False)
class Scene:
    """A world and its clock (epoch seconds). Immutable, so that whatever is derived from it can be kept."""

    world: World
    clock: int

    @property
    def now(self) -> datetime:
        """The clock as a moment in UTC."""
        return datetime.fromtimestamp(self.clock, UTC)

    @property
    def local_now(self) -> datetime:
        """The clock as a moment in the world's own zone."""
        return self.now.astimezone(self.world.options.zone)

    @cached_property
    def counts(self) -> Counts:
        """Counts of every post at the clock; of later posts they mean nothing."""
        w = self.world
        rows = np.arange(len(w.posts))
        return counts(w.posts, w.comments, w.gains, rows, np.full(len(rows), self.clock))

    def rate_day(self, day: Integers) -> Integers:
        """Days whose rates hold for local days: their own, or the day before where it is not published yet."""
        calendar = self.world.calendar
        today = calendar.day_of(np.array([self.clock]))[0]
        published = (self.now.date() - calendar.first).days
        return np.where(day <= today, np.minimum(day, published), day)

    def latest(self, *events: Integers) -> Integers:
        """For each record the last of its events that has happened; the first kind of event always counts."""
        newest = events[0].copy()
        for moments in events[1:]:
            newest = np.where((moments <= self.clock) & (moments < NEVER), np.maximum(newest, moments), newest)
        return newest


def iso(moment: int) -> str:
    """ISO 8601 in UTC with the suffix Z, to the second."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
