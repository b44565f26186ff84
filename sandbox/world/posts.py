"""Posts of all accounts and how their counts grow with age."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import ACCOUNTS, AccountOptions, WorldOptions
from sandbox.world.calendar import DAY, HOUR, Calendar
from sandbox.world.columns import NEVER, Columns, Flags, Floats, Integers, Texts, texts
from sandbox.world.rng import stream

FORMATS = ("IMAGE", "CAROUSEL_ALBUM", "VIDEO")
"""media_type; a VIDEO is a reel."""
METRICS = ("views", "reach", "likes", "comments", "shares", "saved", "follows", "profile_visits")
_POST_HOUR = np.array([0, 0, 0, 0, 0, 0, 2, 5, 6, 6, 6, 6, 7, 6, 5, 5, 5, 6, 7, 8, 7, 6, 4, 1], dtype=float)
_POST_WEEKDAY = np.array([1.0, 1.05, 1.05, 1.05, 1.0, 0.9, 0.95])
_TOPICS = ("light", "linen", "clay", "oak", "wool", "scent", "garden", "table", "morning", "winter")
_MOODS = (
    "New in the shop",
    "Behind the scenes",
    "Made by hand",
    "Your homes",
    "How we do it",
    "A small secret",
    "Back again",
)


@dataclass(frozen=True)
class Posts(Columns):
    """One row per post, by time. `final` columns are what a count tends to."""

    media_id: Integers
    account: Integers
    format: Integers
    posted_at: Integers
    day: Integers
    hour: Integers
    caption: Texts
    shortcode: Texts
    deleted_at: Integers
    hides_likes: Flags
    pace: Floats
    """Hours in which most of the attention comes."""
    views: Integers
    reach: Integers
    likes: Integers
    comments: Integers
    shares: Integers
    saved: Integers
    follows: Integers
    profile_visits: Integers
    watch_ms: Integers
    """Average watch time of a reel."""


def growth(age_seconds: Floats, pace_hours: Floats) -> Floats:
    """Share of a count's final value that is reached at an age: fast at first, then slow; 0 before publication."""
    age = np.maximum(age_seconds / HOUR, 0.0)
    share: Floats = 0.93 * (1 - np.exp(-((age / pace_hours) ** 0.75))) + 0.07 * (1 - np.exp(-age / 1500))
    return share


def inverse_growth(share: Floats, pace_hours: Floats) -> Floats:
    """Age in seconds at which a share of the final value is reached."""
    low, high = np.zeros(len(share)), np.full(len(share), 3000.0 * DAY)
    for _ in range(60):
        middle = (low + high) / 2
        below = growth(middle, pace_hours) < share
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


def timing_effect(account: AccountOptions) -> Floats:
    """Effect of weekday and local hour (7 x 24) on the logarithm of the engagement rate."""
    hours = np.arange(24)
    away = np.minimum((hours - account.best_hour) % 24, (account.best_hour - hours) % 24)
    by_hour = 0.9 * np.exp(-((away / 1.1) ** 2)) + 0.25 * np.exp(-((away / 5.0) ** 2))
    weekdays = np.arange(1, 8)
    by_weekday = np.where(weekdays == account.best_weekday, 0.40, 0.10 * np.cos(weekdays - account.best_weekday))
    effect: Floats = by_weekday[:, None] + by_hour[None, :]
    return np.asarray(effect - effect.mean())


def followers(account: AccountOptions, calendar: Calendar, seed: int) -> Integers:
    """Followers at the end of each day: steady growth with gains and losses around it."""
    rng = stream(seed, f"followers {account.brand_id}")
    trend = account.followers * np.exp(np.log1p(account.yearly_growth) * np.arange(calendar.days) / 365)
    wander = np.cumsum(rng.normal(0, account.followers * 0.0004, calendar.days))
    return np.asarray(np.round(trend + wander), dtype=np.int64)


def _moments(rng: np.random.Generator, calendar: Calendar, known: int) -> tuple[Integers, Integers, Integers]:
    """Day, hour and second of posts: `known` before the clock, and the future at the same pace."""
    weight = _POST_WEEKDAY[calendar.weekday(np.arange(calendar.days))]
    past, future = weight[: calendar.today], weight[calendar.today :]
    coming = round(known * future.sum() / past.sum())
    before = rng.choice(calendar.today, known, p=past / past.sum())
    after = calendar.today + rng.choice(len(future), coming, p=future / future.sum())
    day = np.concatenate([before, after]).astype(np.int64)
    hour = rng.choice(24, len(day), p=_POST_HOUR / _POST_HOUR.sum())
    return day, hour, rng.integers(0, HOUR, len(day))


def _attention(
    rng: np.random.Generator, options: WorldOptions, calendar: Calendar, account: AccountOptions,
    day: Integers, hour: Integers, form: Integers,
) -> tuple[Floats, Floats]:  # fmt: skip
    """Interactions and reach that each post tends to: by timing, format and luck, and now and then by going viral."""
    n = len(day)
    audience = followers(account, calendar, options.seed)[day]
    timing = timing_effect(account)[calendar.weekday(day), hour]
    viral = np.where(rng.random(n) < 0.015, rng.exponential(0.9, n), 0.0)
    mood = timing + np.array([0.0, 0.12, 0.25])[form] + 0.32 * rng.standard_normal(n) + viral
    engaged = audience * account.engagement_rate * np.exp(mood)
    reach = audience * 0.3 * np.exp(0.6 * mood + 0.2 * rng.standard_normal(n))
    return engaged, np.maximum(reach, 1.6 * engaged)


def _account_posts(options: WorldOptions, calendar: Calendar, number: int) -> Posts:
    account = ACCOUNTS[number]
    rng = stream(options.seed, f"posts {account.brand_id}")
    day, hour, second = _moments(rng, calendar, round(options.posts * account.post_share))
    n = len(day)
    form = rng.choice(3, n, p=[0.4, 0.25, 0.35])
    engaged, reach = _attention(rng, options, calendar, account, day, hour, form)
    posted = calendar.moment(day, hour * HOUR + second)

    def part(share: float) -> Integers:
        return np.asarray(
            np.maximum(np.round(engaged * share * np.exp(0.15 * rng.standard_normal(n))), 1), dtype=np.int64
        )

    return Posts(
        media_id=np.zeros(n, dtype=np.int64),
        account=np.full(n, number),
        format=form,
        posted_at=posted,
        day=day,
        hour=hour,
        caption=texts(_captions(rng, n, account.brand_id)),
        shortcode=texts([""] * n),
        deleted_at=np.where(rng.random(n) < 0.015, posted + rng.integers(DAY, 90 * DAY, n), NEVER),
        hides_likes=(rng.random(n) < 0.02) & (not account.is_own),
        pace=np.where(form == 2, 30.0, 16.0) * np.exp(0.25 * rng.standard_normal(n)),
        views=np.round(reach * np.where(form == 2, 1.7, 1.25) * np.exp(np.abs(0.1 * rng.standard_normal(n)))).astype(
            np.int64
        ),
        reach=np.round(reach).astype(np.int64),
        likes=part(0.86),
        comments=part(0.012),
        shares=part(0.08),
        saved=part(0.10),
        follows=part(0.012),
        profile_visits=part(0.05),
        watch_ms=rng.integers(3_000, 14_000, n),
    )


def _captions(rng: np.random.Generator, n: int, brand: str) -> list[str]:
    mood, topic = rng.integers(0, len(_MOODS), n), rng.integers(0, len(_TOPICS), n)
    return [f"{_MOODS[m]}: {_TOPICS[t]} #{_TOPICS[t]} #{brand}" for m, t in zip(mood, topic, strict=True)]


def posts(options: WorldOptions, calendar: Calendar) -> Posts:
    """The posts of all accounts, by time, with ids that rise with time."""
    parts = [_account_posts(options, calendar, number) for number in range(len(ACCOUNTS))]
    joined = {name: np.concatenate([getattr(p, name) for p in parts]) for name in Posts.__dataclass_fields__}
    by_time = np.lexsort((joined["account"], joined["posted_at"]))
    table = Posts(**{name: column[by_time] for name, column in joined.items()})
    numbers = np.arange(len(table))
    codes = texts([f"C{np.base_repr(int(i) * 7919 + 60_466_176, 36)}" for i in numbers])
    return Posts(**{**vars(table), "media_id": 17_900_000_000_000_000 + 1013 * numbers, "shortcode": codes})
