"""Comments on own media and their replies; who wrote them leaves as a vault token only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pipelines.extract import LoadContext, Page
from pipelines.http import Fault
from pipelines.past import newest
from pipelines.sources.instagram import settings
from pipelines.sources.instagram.client import GraphClient, next_cursor
from pipelines.sources.instagram.media import age
from pipelines.sources.instagram.tables import COMMENTS

Comment = dict[str, Any]


def comments(
    client: GraphClient,
    context: LoadContext,
    instance: str,
    own_username: str,
    listed: Sequence[Mapping[str, Any]],
    due: Sequence[Mapping[str, Any]],
) -> Iterator[Page]:
    """New comments and those whose text or likes have changed, on media that are due or recently active."""
    landed = {row["comment_id"]: row for row in newest(context, "instagram__comments", instance, ("comment_id",))}
    counts: dict[str, int] = {}
    for row in landed.values():
        counts[row["media_id"]] = counts.get(row["media_id"], 0) + 1
    due_ids = {media["media_id"] for media in due}
    active = [
        media["media_id"]
        for media in listed
        if (media["comments_count"] or 0) != counts.get(media["media_id"], 0)
        and (media["media_id"] in due_ids or media["media_id"] not in counts or _is_recent(media, context))
    ]
    for start in range(0, len(active), settings.BATCH_SIZE):
        chunk = active[start : start + settings.BATCH_SIZE]
        written = [
            (_record(comment, parent, media_id, client.account_id, own_username), comment.get("username"))
            for media_id, thread in zip(chunk, _threads(client, chunk), strict=True)
            for comment, parent in thread
        ]
        fresh = [pair for pair in written if _is_new(pair[0], landed.get(pair[0]["comment_id"]))]
        if fresh:
            yield Page(COMMENTS, _with_tokens(context, fresh))


def _threads(client: GraphClient, media_ids: Sequence[str]) -> Iterator[list[tuple[Comment, str | None]]]:
    """Comments of each media with the id of the comment that each replies to."""
    params = {"fields": settings.COMMENT_FIELDS, "limit": str(settings.COMMENT_PAGE_SIZE)}
    answers = client.batch([(f"{media_id}/comments", params) for media_id in media_ids])
    for media_id, answer in zip(media_ids, answers, strict=True):
        thread: list[tuple[Comment, str | None]] = []
        if not isinstance(answer, Fault):
            for comment in _all_of(client, f"{media_id}/comments", settings.COMMENT_FIELDS, answer):
                thread.append((comment, None))
                replies = comment.get("replies") or {}
                thread += [
                    (reply, comment["id"])
                    for reply in _all_of(client, f"{comment['id']}/replies", settings.REPLY_FIELDS, replies)
                ]
        yield thread


def _all_of(client: GraphClient, path: str, fields: str, first: Mapping[str, Any]) -> Iterator[Comment]:
    """The records of a first page and of those that follow it."""
    page = first
    while True:
        yield from page.get("data") or []
        after = next_cursor(page)
        if after is None:
            return
        page = client.get(path, {"fields": fields, "limit": str(settings.COMMENT_PAGE_SIZE), "after": after})


def _record(comment: Comment, parent: str | None, media_id: str, account_id: str, own_username: str) -> dict[str, Any]:
    return {
        "comment_id": comment.get("id"),
        "media_id": media_id,
        "account_id": account_id,
        "parent_comment_id": parent,
        "is_from_brand": str(comment.get("username") or "").lower() == own_username.lower(),
        "text": comment.get("text"),
        "like_count": comment.get("like_count"),
        "posted_at": comment.get("timestamp"),
    }


def _is_new(record: Mapping[str, Any], known: Mapping[str, Any] | None) -> bool:
    return known is None or any(record[name] != known[name] for name in ("text", "like_count"))


def _is_recent(media: Mapping[str, Any], context: LoadContext) -> bool:
    posted = age(media["posted_at"], context.now)
    return posted is None or posted <= settings.COMMENTS_AGE


def _with_tokens(context: LoadContext, pairs: Sequence[tuple[dict[str, Any], str | None]]) -> list[dict[str, Any]]:
    handles = [None if record["is_from_brand"] else handle for record, handle in pairs]
    tokens = context.vault.tokens("handle", handles)
    return [{**record, "author_handle_token": token} for (record, _), token in zip(pairs, tokens, strict=True)]
