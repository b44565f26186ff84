"""The social half of the truth: exact counts of posts, the best hours, account windows and answers to comments."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from sandbox.books import moments
from sandbox.options import ACCOUNTS
from sandbox.scene import Scene
from sandbox.world.calendar import DAY, HOUR
from sandbox.world.columns import NEVER, Integers
from sandbox.world.posts import FORMATS, METRICS, timing_effect
from sandbox.world.readings import Counts, counts

_AGES_HOURS = (24, 168, 672)
_WINDOWS = (1, 7, 28)
_INSIGHTS = ("views", "reach", "shares", "saved", "follows", "profile_visits")
_NOT_OF_REELS = ("follows", "profile_visits")
_IDS = np.array([account.account_id for account in ACCOUNTS], dtype=object)
_BRANDS = np.array([account.brand_id for account in ACCOUNTS], dtype=object)
_OWN = np.array([account.is_own for account in ACCOUNTS])


def _metrics(scene: Scene, rows: Integers, read: Counts) -> dict[str, pa.Array]:
    """Counts as a network shows them: what owners alone see, what reels lack, and all of what nobody saw is null."""
    shown = scene.world.posts
    own = _OWN[shown.account[rows]]
    columns = {}
    for name in METRICS:
        values = getattr(read, name)
        hidden = (~own | (read.views == 0)) if name in _INSIGHTS else np.zeros(len(rows), dtype=bool)
        if name in _NOT_OF_REELS:
            hidden = hidden | (shown.format[rows] == FORMATS.index("VIDEO"))
        if name == "likes":
            hidden = shown.hides_likes[rows]
        columns[name] = pa.array(values, pa.int64(), mask=hidden)
    return columns


def posts(scene: Scene) -> pa.Table:
    """One row per post published by the clock, with its counts at the clock (or when it was deleted)."""
    w = scene.world
    rows = np.flatnonzero(w.posts.posted_at <= scene.clock)
    gone = w.posts.deleted_at[rows] <= scene.clock
    seen = np.where(gone, w.posts.deleted_at[rows], scene.clock)
    read = counts(w.posts, w.comments, w.gains, rows, seen)
    day = np.clip(w.posts.posted_at[rows] // DAY - w.audience.first_day, 0, None)
    return pa.table(
        {
            "media_id": [str(i) for i in w.posts.media_id[rows]],
            "account_id": _IDS[w.posts.account[rows]],
            "brand_id": _BRANDS[w.posts.account[rows]],
            "posted_at": moments(w.posts.posted_at[rows]),
            "format": [FORMATS[f] for f in w.posts.format[rows]],
            "is_deleted": gone,
            "followers_at_post": w.audience.followers[w.posts.account[rows], day],
            **_metrics(scene, rows, read),
        }
    )


def post_ages(scene: Scene) -> pa.Table:
    """Post x age in hours: exact counts at 24 h, 7 d and 28 d, for posts that have reached the age."""
    w = scene.world
    parts = []
    for age in _AGES_HOURS:
        moment = w.posts.posted_at + age * HOUR
        rows = np.flatnonzero((moment <= scene.clock) & (moment < w.posts.deleted_at))
        read = counts(w.posts, w.comments, w.gains, rows, moment[rows])
        ids = [str(i) for i in w.posts.media_id[rows]]
        parts.append(pa.table({"media_id": ids, "age_hours": [age] * len(rows), **_metrics(scene, rows, read)}))
    return pa.concat_tables(parts)


def best_hours() -> pa.Table:
    """Account x weekday (ISO) x local hour: effect on the logarithm of the engagement rate; rank 1 is best."""
    rows = []
    for account in ACCOUNTS:
        effect = timing_effect(account)
        rank = (-effect).ravel().argsort().argsort().reshape(effect.shape) + 1
        rows += [
            (
                account.account_id,
                account.brand_id,
                weekday + 1,
                hour,
                float(effect[weekday, hour]),
                int(rank[weekday, hour]),
            )
            for weekday in range(7)
            for hour in range(24)
        ]
    names = ("account_id", "brand_id", "weekday", "hour", "effect", "rank")
    return pa.table({name: [row[i] for row in rows] for i, name in enumerate(names)})


def account_windows(scene: Scene) -> pa.Table:
    """Own account x window end x length: as known at the clock, and as it will stand once nothing changes any more."""
    audience = scene.world.audience
    last = scene.clock // DAY - 1
    rows = []
    for end in range(audience.first_day, last + 1):
        for days in _WINDOWS:
            known = audience.window(end, days, scene.clock)
            final = audience.window(end, days, (end + 4) * DAY)
            if known and final:
                rows.append(
                    (end, days, known.reach, known.views, known.engaged, known.interactions, final.reach, final.views)
                )
    names = (
        "window_end",
        "window_days",
        "reach",
        "views",
        "accounts_engaged",
        "interactions",
        "final_reach",
        "final_views",
    )
    table = pa.table({name: pa.array([row[i] for row in rows], pa.int32()) for i, name in enumerate(names)})
    ends = table["window_end"].cast(pa.date32())
    account = pa.array([_IDS[0]] * len(rows), pa.string())
    return table.set_column(0, "window_end", ends).add_column(0, "account_id", account)


def responses(scene: Scene) -> pa.Table:
    """One row per comment on an own post by the clock: when the brand first answered, null while it has not."""
    said = scene.world.comments
    visible = said.posted_at <= scene.clock
    asked = np.flatnonzero(visible & (said.parent == -1))
    answers = np.flatnonzero(visible & (said.parent >= 0))
    answered_at = dict(zip(said.parent[answers].tolist(), said.posted_at[answers].tolist(), strict=True))
    replied = np.array([answered_at.get(int(i), NEVER) for i in said.comment_id[asked]], dtype=np.int64)
    return pa.table(
        {
            "comment_id": [str(i) for i in said.comment_id[asked]],
            "media_id": [str(i) for i in scene.world.posts.media_id[said.post[asked]]],
            "is_hidden": said.hidden_at[asked] <= scene.clock,
            "is_deleted": said.deleted_at[asked] <= scene.clock,
            "is_post_deleted": scene.world.posts.deleted_at[said.post[asked]] <= scene.clock,
            "asked_at": moments(said.posted_at[asked]),
            "answered_at": moments(replied),
        }
    )
