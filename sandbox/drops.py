"""Files that the sandbox puts into the inbox: readings that earlier runs would have taken, and exchange rates."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from sandbox.files import replacing, write_text
from sandbox.options import ACCOUNTS, BRAND, START_DAY
from sandbox.scene import Scene, iso
from sandbox.world.build import World
from sandbox.world.calendar import DAY, HOUR
from sandbox.world.columns import Integers
from sandbox.world.posts import FORMATS
from sandbox.world.rates import CURRENCIES
from sandbox.world.readings import counts
from sandbox.world.rng import stream

HISTORY, RATES = "sandbox_history", "exchange_rates"
READING_AGES = tuple(hours * HOUR for hours in (1, 6, 24, 48, 96, 168, 336, 672, 1440, 2160))
LATER_EVERY = 30 * DAY
HISTORY_ENDS_BEFORE = DAY
"""The last run that the history knows of was a day before the start clock."""
_RATES_BEFORE = timedelta(days=10)
"""So that the world's first days have a rate to carry forward."""
_WINDOWS = (1, 7, 28)
_POST_FORMATS = {"IMAGE": "image", "CAROUSEL_ALBUM": "carousel", "VIDEO": "reel"}
_POST_COLUMNS = (
    "media_id",
    "ig_account",
    "read_at",
    "views",
    "reach",
    "likes",
    "comments",
    "shares",
    "saved",
    "profile_visits",
)


def write_history(scene: Scene, inbox: Path) -> None:
    """The drop of readings up to a day before the clock, and the posts that were deleted by then."""
    folder = inbox / HISTORY
    until = scene.clock - HISTORY_ENDS_BEFORE
    _write_csv(folder / "post_readings.csv", _POST_COLUMNS, _post_rows(scene.world, until))
    account_columns = ("ig_account", "username", "read_at", "followers", "posts", "window_days", "reach", "views")
    _write_csv(folder / "account_readings.csv", account_columns, _account_rows(scene.world, until))
    deleted_columns = ("media_id", "ig_account", "published", "format", "caption", "found_deleted")
    _write_csv(folder / "deleted_posts.csv", deleted_columns, _deleted_rows(scene.world, until))
    _write_yaml(folder / "drop.yml", _history_mapping())


def due_moments(world: World, until: int) -> tuple[Integers, Integers]:
    """Post row and moment of each reading that was due and taken by then: within the hour, a few late, a few missed."""
    rng = stream(world.options.seed, "readings")
    posts = world.posts
    later = int((world.calendar.midnight[-1] - world.calendar.midnight[0]) // LATER_EVERY)
    ages = np.array([*READING_AGES, *(READING_AGES[-1] + LATER_EVERY * n for n in range(1, later + 1))])
    due = posts.posted_at[:, None] + ages[None, :]
    taken = (due // HOUR + 1) * HOUR + 300
    luck = rng.random(due.shape)
    taken = np.where(luck < 0.03, taken + rng.integers(2, 30, due.shape) * HOUR, taken)
    row = np.broadcast_to(np.arange(len(posts))[:, None], due.shape)
    counts_as_read = (luck < 0.99) & (taken <= until) & (taken < posts.deleted_at[:, None])
    unique = np.unique(row[counts_as_read] * (1 << 34) + taken[counts_as_read])
    return unique >> 34, unique & ((1 << 34) - 1)


def _post_rows(world: World, until: int) -> Iterable[Sequence[Any]]:
    row, moment = due_moments(world, until)
    read = counts(world.posts, world.comments, world.gains, row, moment)
    posts = world.posts
    own = np.array([account.is_own for account in ACCOUNTS])[posts.account[row]]
    reel = posts.format[row] == FORMATS.index("VIDEO")
    for i, post in enumerate(row.tolist()):
        # Instagram gives insights to owners only, and leaves out what is 0.
        insights = [int(column[i]) or "" if own[i] else "" for column in (read.views, read.reach)]
        more = [int(column[i]) or "" if own[i] else "" for column in (read.shares, read.saved)]
        visits = int(read.profile_visits[i]) or "" if own[i] and not reel[i] else ""
        likes = "" if posts.hides_likes[post] else int(read.likes[i])
        account = ACCOUNTS[posts.account[post]].account_id
        yield (posts.media_id[post], account, iso(moment[i]), *insights, likes, int(read.comments[i]), *more, visits)


def _read_at(world: World) -> int:
    """Second of the UTC day at which accounts are read: ten past five, ten hours later where it is the evening before.

    A reading tells of the day before it, by the clock of the brand.
    """
    midnight = world.options.start_clock
    is_evening = midnight.date() == START_DAY and midnight.hour >= 5
    return (15 if is_evening else 5) * HOUR + 600


def _account_rows(world: World, until: int) -> Iterable[Sequence[Any]]:
    audience, posts = world.audience, world.posts
    read_at = _read_at(world)
    for day in range(audience.first_day + 1, until // DAY + 1):
        moment = day * DAY + read_at
        if moment > until:
            return
        online = (posts.posted_at <= moment) & (posts.deleted_at > moment)
        for number, account in enumerate(ACCOUNTS):
            known = (account.account_id, account.username)
            shown = (
                int(audience.followers[number, day - audience.first_day]),
                int(np.count_nonzero(online & (posts.account == number))),
            )
            yield (*known, iso(moment), *shown, "", "", "")
            # Each window is a call of its own, and so a moment of its own.
            for call, days in enumerate(_WINDOWS if account.is_own else (), start=1):
                window = audience.window(day - 1, days, moment)
                if window:
                    yield (*known, iso(moment + call), *shown, days, window.reach, window.views)


def _deleted_rows(world: World, until: int) -> Iterable[Sequence[Any]]:
    posts, read_at = world.posts, _read_at(world)
    for row in np.flatnonzero(posts.deleted_at <= until):
        account = ACCOUNTS[posts.account[row]].account_id
        found = (int(posts.deleted_at[row]) // DAY + 1) * DAY + read_at
        yield (
            posts.media_id[row], account, iso(posts.posted_at[row]), _POST_FORMATS[FORMATS[posts.format[row]]],
            posts.caption[row], iso(found) if found <= until else "",
        )  # fmt: skip


def _history_mapping() -> dict[str, Any]:
    network = {"constant": "instagram"}
    post = {"network": network, "account_id": "ig_account", "post_id": "media_id"}
    readings = {
        **post, "observed_at": "read_at", "impressions": "views", "reach": "reach", "reactions": "likes",
        "comments": "comments", "shares": "shares", "saves": "saved", "profile_visits": "profile_visits",
    }  # fmt: skip
    accounts = {
        "network": network, "account_id": "ig_account", "username": "username", "observed_at": "read_at",
        "followers_count": "followers", "posts_count": "posts", "window_days": "window_days", "reach": "reach",
        "impressions": "views",
    }  # fmt: skip
    deleted = {
        **post,
        "posted_at": "published",
        "post_format": "format",
        "caption": "caption",
        "deleted_at": "found_deleted",
    }
    return {
        "brand": BRAND,
        "timezone": "UTC",
        "files": [
            _file("post_readings*.csv", "post_readings", readings),
            _file("account_readings*.csv", "account_readings", accounts),
            _file("deleted_posts*.csv", "posts", deleted),
        ],
    }


def _file(match: str, entity: str, columns: dict[str, Any]) -> dict[str, Any]:
    return {"match": match, "entities": [{"entity": entity, "columns": columns}]}


def write_rates(scene: Scene, inbox: Path) -> None:
    """Rates published by the clock: one file of the past before the start clock, and one for each later day."""
    folder = inbox / RATES
    calendar = scene.world.calendar
    today = scene.now.date()
    start = calendar.date_of(calendar.today)
    _write_rates(scene.world, folder / "rates_history.csv", calendar.first - _RATES_BEFORE, start - timedelta(days=1))
    day = start
    while day <= today:
        _write_rates(scene.world, folder / f"rates_{day.isoformat()}.csv", day, day)
        day += timedelta(days=1)
    columns = {"rate_date": "date", "currency": "currency", "units_per_euro": "rate"}
    _write_yaml(
        folder / "drop.yml",
        {"brand": BRAND, "timezone": "UTC", "files": [_file("rates_*.csv", "exchange_rates", columns)]},
    )


def _write_rates(world: World, path: Path, first: date, last: date) -> None:
    """Rates of the working days between two dates; no file where there is none, or where it is already there."""
    start = (first - world.calendar.first).days
    days = [d for d in range(start, start + (last - first).days + 1) if d < 0 or world.rates.is_published[d]]
    rows = [
        (world.calendar.date_of(day).isoformat(), code, f"{world.rates.units[max(day, 0), number]:.4f}")
        for day in days
        if world.calendar.date_of(day).weekday() < 5
        for number, code in enumerate(CURRENCIES)
        if code != "EUR"
    ]
    if rows and not path.exists():
        _write_csv(path, ("date", "currency", "rate"), rows)


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A file that appears whole or not at all."""
    with replacing(path) as file, io.TextIOWrapper(file, newline="", encoding="utf-8") as lines:
        writer = csv.writer(lines)
        writer.writerow(columns)
        writer.writerows(rows)


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    if not path.exists():
        write_text(path, yaml.safe_dump(content, sort_keys=False))
