"""Counts of posts at any moment, as a network would show them then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import ACCOUNTS
from sandbox.world.calendar import DAY
from sandbox.world.columns import NEVER, Columns, Flags, Floats, Integers
from sandbox.world.comments import Comments
from sandbox.world.posts import Posts, growth

_RESTATED_AFTER = 2 * DAY
_RESTATED_BY = 1.04
_PER_POST = 1 << 34
"""Above any epoch second: post and moment fit into one sortable integer."""


@dataclass(frozen=True)
class LikeGains(Columns):
    """Likes that came from outside of the simulation, by time."""

    post: Integers
    gained_at: Integers
    count: Integers


@dataclass(frozen=True)
class Counts(Columns):
    """Lifetime counts of posts, one row per post and moment that was asked for."""

    views: Integers
    reach: Integers
    likes: Integers
    comments: Integers
    shares: Integers
    saved: Integers
    follows: Integers
    profile_visits: Integers


def is_restated(row: Integers) -> Flags:
    """Posts whose first readings of views and reach are too high and later corrected."""
    return np.asarray(row % 53 == 7)


def counts(shown: Posts, said: Comments, gains: LikeGains, row: Integers, moment: Integers) -> Counts:
    """Counts of the posts in these rows at these moments; a few lose likes, a few are restated after two days."""
    age = moment - shown.posted_at[row]
    share = growth(age.astype(np.float64), shown.pace[row])

    def grown(final: Integers, factor: Floats | float = 1.0) -> Integers:
        return np.floor(final[row] * share * factor).astype(np.int64)

    excess = np.where(is_restated(row) & (age < _RESTATED_AFTER), _RESTATED_BY, 1.0)
    withdrawn = 1 - np.where(row % 31 == 3, 0.02 * np.clip((age / DAY - 20) / 30, 0, 1), 0)
    is_own = np.array([account.is_own for account in ACCOUNTS])[shown.account[row]]
    return Counts(
        views=grown(shown.views, excess),
        reach=grown(shown.reach, excess),
        likes=grown(shown.likes, withdrawn) + _gained(gains, row, moment),
        comments=np.where(is_own, _said(said, row, moment), grown(shown.comments)),
        shares=grown(shown.shares),
        saved=grown(shown.saved),
        follows=np.where(shown.format[row] == 2, 0, grown(shown.follows)),
        profile_visits=np.where(shown.format[row] == 2, 0, grown(shown.profile_visits)),
    )


def _said(said: Comments, row: Integers, moment: Integers) -> Integers:
    """Comments and replies that everybody sees: posted, and neither hidden nor deleted."""
    gone_at = np.minimum(said.hidden_at, said.deleted_at)
    gone = gone_at < NEVER
    return _until(said.post, said.posted_at, row, moment) - _until(said.post[gone], gone_at[gone], row, moment)


def _until(post: Integers, at: Integers, row: Integers, moment: Integers) -> Integers:
    """Events of each post up to a moment."""
    keys = np.sort(post * _PER_POST + at)
    until = np.searchsorted(keys, row * _PER_POST + moment, side="right")
    return until - np.searchsorted(keys, row * _PER_POST)


def _gained(gains: LikeGains, row: Integers, moment: Integers) -> Integers:
    gained = np.zeros(len(row), dtype=np.int64)
    for post, gained_at, count in zip(gains.post, gains.gained_at, gains.count, strict=True):
        gained += np.where((row == post) & (moment >= gained_at), count, 0)
    return gained


def no_gains() -> LikeGains:
    """The table before anything came from outside."""
    none = np.zeros(0, dtype=np.int64)
    return LikeGains(none, none, none)
