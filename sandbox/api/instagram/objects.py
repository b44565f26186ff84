"""Instagram's accounts, media and comments of a scene, as field getters over precomputed columns."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from sandbox.edits.social import is_said
from sandbox.options import ACCOUNTS
from sandbox.scene import Scene
from sandbox.world.calendar import DAY
from sandbox.world.columns import Integers
from sandbox.world.comments import BRAND_AUTHOR
from sandbox.world.posts import FORMATS

REELS, FEED = "REELS", "FEED"
_INSIGHTS = {
    "views": "views",
    "reach": "reach",
    "likes": "likes",
    "comments": "comments",
    "shares": "shares",
    "saved": "saved",
    "follows": "follows",
    "profile_visits": "profile_visits",
}
REEL_METRICS = ("ig_reels_avg_watch_time", "ig_reels_video_view_total_time")


def graph_time(moment: int) -> str:
    """A moment as the Graph API writes it."""
    return datetime.fromtimestamp(int(moment), UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")


@dataclass(frozen=True)
class InstagramScene:
    """What Instagram shows at the clock: visible media newest first, comments by media, accounts by id and name."""

    scene: Scene

    @cached_property
    def media_of(self) -> list[Integers]:
        """Rows of the visible posts of each account, newest first."""
        posts, clock = self.scene.world.posts, self.scene.clock
        visible = (posts.posted_at <= clock) & (posts.deleted_at > clock)
        return [
            _newest_first(np.flatnonzero(visible & (posts.account == n)), posts.posted_at) for n in range(len(ACCOUNTS))
        ]

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of each visible post by media id."""
        ids = self.scene.world.posts.media_id
        return {str(ids[row]): int(row) for rows in self.media_of for row in rows}

    @cached_property
    def comments_of(self) -> dict[int, list[int]]:
        """Rows of top-level comments of each post, newest first, as the network lists them."""
        return self._by("post", top_level=True)

    @cached_property
    def replies_of(self) -> dict[int, list[int]]:
        """Rows of the replies to each comment id, oldest first."""
        return {key: rows[::-1] for key, rows in self._by("parent", top_level=False).items()}

    @cached_property
    def comment_row(self) -> dict[str, int]:
        """Row of each visible comment by its id."""
        said = self.scene.world.comments
        return {str(said.comment_id[row]): int(row) for row in self._shown_comments}

    @cached_property
    def _shown_comments(self) -> Integers:
        """Rows of the comments by the clock, without those that went, alone or with their post; newest first."""
        return _newest_first(
            np.flatnonzero(is_said(self.scene.world, self.scene.clock)), self.scene.world.comments.posted_at
        )

    def _by(self, column: str, top_level: bool) -> dict[int, list[int]]:
        said = self.scene.world.comments
        visible = self._shown_comments[(said.parent[self._shown_comments] == -1) == top_level]
        keys = getattr(said, column)[visible]
        grouped: dict[int, list[int]] = {}
        for key, row in zip(keys.tolist(), visible.tolist(), strict=True):
            grouped.setdefault(key, []).append(row)
        return grouped

    def account(self, number: int) -> dict[str, Any]:
        """Scalar fields of an account."""
        options = ACCOUNTS[number]
        audience = self.scene.world.audience
        day = min(max(self.scene.clock // DAY - audience.first_day, 0), audience.followers.shape[1] - 1)
        return {
            "id": options.account_id,
            "username": options.username,
            "name": options.name,
            "biography": f"{options.name}, things for the home",
            "website": f"https://{options.brand_id}.example",
            "followers_count": int(audience.followers[number, day]),
            "follows_count": 180 + 40 * number,
            "media_count": len(self.media_of[number]),
        }

    def media(self, row: int) -> dict[str, Any]:
        """Scalar fields of a post. Where the owner hides likes, like_count is absent."""
        posts, counts = self.scene.world.posts, self.scene.counts
        account = ACCOUNTS[posts.account[row]]
        form = FORMATS[posts.format[row]]
        fields = {
            "id": str(posts.media_id[row]),
            "caption": posts.caption[row],
            "media_type": form,
            "media_product_type": REELS if form == "VIDEO" else FEED,
            "permalink": f"https://www.instagram.com/{'reel' if form == 'VIDEO' else 'p'}/{posts.shortcode[row]}/",
            "shortcode": posts.shortcode[row],
            "timestamp": graph_time(posts.posted_at[row]),
            "username": account.username,
            "owner": {"id": account.account_id},
            "comments_count": int(counts.comments[row]),
            "like_count": int(counts.likes[row]),
            "is_comment_enabled": True,
        }
        if posts.hides_likes[row]:
            del fields["like_count"]
        return fields

    def comment(self, row: int) -> dict[str, Any]:
        """Scalar fields of a comment."""
        said = self.scene.world.comments
        author = int(said.author[row])
        person = (
            ACCOUNTS[0].account_id
            if author == BRAND_AUTHOR
            else str(17_900_000_000 + int(said.comment_id[row]) % 10**9)
        )
        fields = {
            "id": str(said.comment_id[row]),
            "text": said.text[row],
            "timestamp": graph_time(said.posted_at[row]),
            "username": said.username[row],
            "from": {"id": person, "username": said.username[row]},
            "like_count": int(said.likes[row]),
            "hidden": bool(said.hidden_at[row] <= self.scene.clock),
        }
        if said.parent[row] >= 0:
            fields["parent_id"] = str(said.parent[row])
        return fields

    def insight(self, row: int, metric: str) -> int:
        """Value of a lifetime metric of a post; 0 where the network would give nothing."""
        posts, counts = self.scene.world.posts, self.scene.counts
        if metric == "total_interactions":
            return int(counts.likes[row] + counts.comments[row] + counts.shares[row] + counts.saved[row])
        if metric == "ig_reels_avg_watch_time":
            return int(posts.watch_ms[row])
        if metric == "ig_reels_video_view_total_time":
            return int(posts.watch_ms[row] * counts.views[row])
        return int(getattr(counts, _INSIGHTS[metric])[row])


def _newest_first(rows: Integers, moment: Integers) -> Integers:
    return rows[np.argsort(moment[rows], kind="stable")][::-1]


@lru_cache(maxsize=2)
def instagram(scene: Scene) -> InstagramScene:
    """What Instagram shows of a scene; kept while it is asked for."""
    return InstagramScene(scene)
