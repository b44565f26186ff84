"""Accounts day by day: followers, and the reach and views of the own account over any window."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import ACCOUNTS, WorldOptions
from sandbox.world.calendar import DAY, Calendar
from sandbox.world.columns import NEVER, Flags, Floats, Integers
from sandbox.world.posts import Posts, followers, growth
from sandbox.world.rng import stream

RESTATED_SHARE = 0.9
"""What a late day shows at first; it is right two days after its end."""


@dataclass(frozen=True)
class Window:
    """Account metrics over a window of days; reach and engaged count each account once."""

    reach: int
    views: int
    engaged: int
    interactions: int


@dataclass(frozen=True)
class Audience:
    """Per UTC day since `first_day` (days since the epoch); all but followers are of the own account."""

    first_day: int
    followers: Integers
    """Accounts x days, at the end of the day."""
    people: Floats
    """Accounts that could be reached, by day."""
    reach: Floats
    views: Floats
    engaged: Floats
    interactions: Floats
    is_late: Flags

    def window(self, last_day: int, days: int, clock: int) -> Window | None:
        """Metrics over `days` UTC days that end with `last_day` (days since the epoch), as known at the clock."""
        stop = last_day - self.first_day + 1
        start = stop - days
        if start < 0 or stop > len(self.reach) or (last_day * DAY) >= clock:
            return None
        known = self._known_share(np.arange(start, stop), clock)
        daily = np.floor(self.reach[start:stop] * known)
        pool = self.people[start:stop].max()
        # Union of independent days: never below the largest day, never above their sum.
        reach = max(daily.max(), np.floor(pool * (1 - np.prod(1 - daily / pool))))
        engaged = np.floor(self.engaged[start:stop] * known)
        both = max(engaged.max(), np.floor(pool * (1 - np.prod(1 - engaged / pool))))
        views = np.floor(self.views[start:stop] * known).sum()
        interactions = np.floor(self.interactions[start:stop] * known).sum()
        return Window(int(min(reach, daily.sum())), int(views), int(min(both, engaged.sum())), int(interactions))

    def _known_share(self, days: Integers, clock: int) -> Floats:
        """Share of each day that is counted at the clock: none of the future, all of what is two days old."""
        age = clock - (days + self.first_day + 1) * DAY
        partial = np.clip(1 + age / DAY, 0, 1)
        shares: Floats = partial * np.where(self.is_late[days] & (age < 2 * DAY), RESTATED_SHARE, 1.0)
        return shares


def audience(options: WorldOptions, calendar: Calendar, shown: Posts) -> Audience:
    """Daily figures of the accounts: the own one is seen through its posts and a base of profile visits."""
    rng = stream(options.seed, "audience")
    first_day = int(calendar.midnight[0] + DAY) // DAY
    days = calendar.days - 1
    counts = np.stack([followers(account, calendar, options.seed) for account in ACCOUNTS])
    own = shown.take(shown.account == 0)
    edges = (first_day + np.arange(days + 1)) * DAY
    age = (
        np.minimum(edges[:, None], np.where(own.deleted_at < NEVER, own.deleted_at, NEVER)[None, :])
        - own.posted_at[None, :]
    )
    gained = np.diff(growth(age.astype(np.float64), own.pace[None, :]), axis=0)
    people = (counts[0, :days] * 1.6).astype(np.float64)
    base = people * 0.02 * np.exp(0.15 * rng.standard_normal(days))
    views = gained @ own.views + 1.3 * base
    reach = people * (1 - np.exp(-(gained @ own.reach + base) / people))
    interactions = gained @ (own.likes + own.comments + own.shares + own.saved)
    engaged = np.minimum(people * (1 - np.exp(-0.8 * interactions / people)), reach)
    return Audience(
        first_day, counts, people, np.minimum(reach, views), views, engaged, interactions, rng.random(days) < 0.1
    )
