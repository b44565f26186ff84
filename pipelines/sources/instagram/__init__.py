"""Instagram (Graph API): the own account, its media, insights and comments; competitors by business_discovery.

Keys: account, media or comment id and the moment of the reading. No cursor but the day of account insights: what is
due follows from the readings already landed, so a repeated run with nothing due and nothing new yields nothing.
Left out: stories, mentions, hashtags, and metrics of promoted posts.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from functools import cached_property, partial
from itertools import chain
from typing import Any

from pipelines.brands import SourceConfig
from pipelines.errors import TerminalError
from pipelines.extract import LoadContext, Page, Stream
from pipelines.http import Sleep
from pipelines.past import newest
from pipelines.sources.instagram import settings
from pipelines.sources.instagram.client import GraphClient
from pipelines.sources.instagram.comments import comments
from pipelines.sources.instagram.insights import account_insights, media_insights
from pipelines.sources.instagram.media import MediaHistory, deleted_media, media_records, select_media
from pipelines.sources.instagram.tables import (
    ACCOUNT_INSIGHTS,
    ACCOUNTS,
    COMMENTS,
    MEDIA,
    MEDIA_INSIGHTS,
    METRIC_STATUS,
    TABLES,
)

__all__ = ["CREDENTIALS", "TABLES", "streams"]

CREDENTIALS = ("access_token",)


class _Account:
    """What the streams of one load share, read once and only when a stream needs it."""

    def __init__(self, instance: str, client: GraphClient, context: LoadContext) -> None:
        self._instance, self._client, self._context = instance, client, context

    @cached_property
    def profile(self) -> dict[str, Any]:
        return self._client.get(self._client.account_id, {"fields": settings.PROFILE_FIELDS})

    @cached_property
    def history(self) -> MediaHistory:
        return MediaHistory(self._context, self._instance)

    @cached_property
    def media(self) -> list[dict[str, Any]]:
        pages = self._client.pages(
            f"{self._client.account_id}/media", {"fields": settings.MEDIA_FIELDS}, settings.MEDIA_PAGE_SIZE
        )
        return media_records(chain.from_iterable(pages), self._client.account_id, is_own=True)

    @cached_property
    def last_profiles(self) -> dict[str, Mapping[str, Any]]:
        rows = newest(self._context, "instagram__accounts", self._instance, ("account_id",))
        return {row["account_id"]: row for row in rows}


def streams(instance: str, config: SourceConfig, context: LoadContext, *, sleep: Sleep = time.sleep) -> list[Stream]:
    """The streams of one Instagram account and of the competitors that it looks at."""
    client = GraphClient(instance, config, context, sleep)
    account = _Account(instance, client, context)

    def read_insights() -> Iterator[Page]:
        _, due = select_media(account.media, account.history, context.now)
        yield from media_insights(client, context, instance, due)

    def read_comments() -> Iterator[Page]:
        _, due = select_media(account.media, account.history, context.now)
        yield from comments(client, context, instance, str(account.profile.get("username")), account.media, due)

    def read_windows() -> Iterator[Page]:
        yield from account_insights(client, context, instance, context.cursor("account_insights"))

    own = [
        Stream("account", lambda: _read_profile(account, context), (ACCOUNTS,)),
        Stream("media", lambda: _read_own_media(account, client, context), (MEDIA,)),
        Stream("media_insights", read_insights, (MEDIA_INSIGHTS, METRIC_STATUS)),
        Stream("comments", read_comments, (COMMENTS,)),
        Stream("account_insights", read_windows, (ACCOUNT_INSIGHTS, METRIC_STATUS)),
    ]
    return own + [
        Stream(f"competitor_{brand}", partial(_read_competitor, account, client, context, handle), (ACCOUNTS, MEDIA))
        for brand, handle in config.competitors.items()
    ]


def _profile_record(profile: Mapping[str, Any], is_own: bool) -> dict[str, Any]:
    return {
        "account_id": profile.get("id"),
        "username": profile.get("username"),
        "account_name": profile.get("name"),
        "is_own": is_own,
        "followers_count": profile.get("followers_count"),
        "follows_count": profile.get("follows_count"),
        "media_count": profile.get("media_count"),
    }


def _due_profile(record: dict[str, Any], account: _Account, context: LoadContext) -> Iterator[Page]:
    """One reading a UTC day, and one more when the account was renamed."""
    known = account.last_profiles.get(record["account_id"])
    is_same_day = known is not None and known["_observed_at"].date() == context.now.date()
    if known is None or not is_same_day or any(record[name] != known[name] for name in ("username", "account_name")):
        yield Page(ACCOUNTS, [record])


def _read_profile(account: _Account, context: LoadContext) -> Iterator[Page]:
    yield from _due_profile(_profile_record(account.profile, is_own=True), account, context)


def _read_own_media(account: _Account, client: GraphClient, context: LoadContext) -> Iterator[Page]:
    to_land, _ = select_media(account.media, account.history, context.now)
    gone = deleted_media(account.media, account.history, client.account_id, account.profile.get("media_count"))
    if to_land or gone:
        yield Page(MEDIA, to_land + gone)


def _read_competitor(account: _Account, client: GraphClient, context: LoadContext, handle: str) -> Iterator[Page]:
    profile, listed = _discover(client, handle)
    record = _profile_record(profile, is_own=False)
    yield from _due_profile(record, account, context)
    medias = media_records(listed, record["account_id"], is_own=False)
    to_land, _ = select_media(medias, account.history, context.now)
    gone = deleted_media(medias, account.history, record["account_id"], record["media_count"])
    if to_land or gone:
        yield Page(MEDIA, to_land + gone)


def _discover(client: GraphClient, handle: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Public profile and all media of a professional account; its pages have cursors and no next link."""
    listed: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        media = (
            f"media{f'.after({after})' if after else ''}.limit({settings.MEDIA_PAGE_SIZE}){{{settings.MEDIA_FIELDS}}}"
        )
        fields = f"business_discovery.username({handle}){{{settings.COMPETITOR_FIELDS},{media}}}"
        found = client.get(client.account_id, {"fields": fields}).get("business_discovery")
        if not isinstance(found, dict):
            raise TerminalError("is not a professional account", f"competitor {handle}", "correct it in brands.yml")
        page = found.get("media") or {}
        listed += page.get("data") or []
        following = ((page.get("paging") or {}).get("cursors") or {}).get("after")
        if following is None or following == after:
            return found, listed
        after = following
