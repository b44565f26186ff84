"""Comments on own media and their replies: which threads are due, and what of them is new, hidden or gone."""

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt.sources.helpers.rest_client.client import RESTClient

from . import settings
from .accounts import Listing
from .helpers import SKIPPED, Fault, batch, pages
from .media import History, Row, is_due, moment_of

Landed = Mapping[str, Any]
LandedComments = Callable[[Sequence[str]], Iterable[Landed]]
"""Newest version of each comment on these media."""


class ThreadMemory:
    """When each thread was last read, and how many comments its media had then; bounded, as it travels with loads."""

    def __init__(self, state: MutableMapping[str, Any], now: datetime) -> None:
        self._threads: dict[str, list[Any]] = state.setdefault("threads", {})
        self._is_full = len(self._threads) >= settings.MOST_THREADS
        self._now = now

    def is_due(self, media: Row, history: History) -> bool:
        """True for a thread that was never read, is due by its media's age, or whose count has moved."""
        posted_at, count = moment_of(media["posted_at"]), media["comments_count"]
        if history.is_asked_for(posted_at):
            return True
        seen = self._threads.get(media["media_id"])
        if seen is None:
            return bool(count) and (not self._is_full or history.is_due(media))
        seconds, seen_count = seen
        return count != seen_count or self._is_time(posted_at, datetime.fromtimestamp(seconds, UTC))

    def note(self, media: Row) -> None:
        """Remember a thread that was read now."""
        self._threads[media["media_id"]] = [int(self._now.timestamp()), media["comments_count"]]

    def forget(self, listed: Iterable[Row]) -> None:
        """Keep threads of listed media only, and of these the ones last read."""
        ids = {row["media_id"] for row in listed}
        kept = sorted((item for item in self._threads.items() if item[0] in ids), key=lambda item: int(item[1][0]))
        self._threads.clear()
        self._threads.update(kept[-settings.MOST_THREADS :])

    def _is_time(self, posted_at: datetime | None, read_at: datetime) -> bool:
        if posted_at is None:
            return False
        age = self._now - posted_at
        for limit, every in settings.THREAD_EVERY:
            if age <= limit:
                return age // every > (read_at - posted_at) // every
        return is_due(posted_at, read_at, self._now)


@dataclass(frozen=True)
class CommentReader:
    """Reads threads of one account's media."""

    client: RESTClient
    listing: Listing
    landed: LandedComments

    def read(self, memory: ThreadMemory) -> Iterator[list[Row]]:
        """Rows of the due threads, and of comments that are gone; remembers what was read."""
        due = [media for media in self.listing.media if memory.is_due(media, self.listing.history)]
        gone = [media["media_id"] for media in self.listing.gone]
        known = self._known([*(media["media_id"] for media in due), *gone])
        yield [self._deleted(comment) for media_id in gone for comment in known.get(media_id, ())]
        for start in range(0, len(due), settings.BATCH_SIZE):
            chunk = due[start : start + settings.BATCH_SIZE]
            absent: list[Landed] = []
            for media, first in zip(chunk, self._first_pages(chunk), strict=True):
                seen: set[str] = set()
                for rows in self._thread(media["media_id"], first):
                    seen.update(row["comment_id"] for row in rows)
                    yield rows
                if self._tells_absence(media, first, seen):
                    absent += [one for one in known.get(media["media_id"], ()) if one["comment_id"] not in seen]
            yield self._ask(absent)
            for media in chunk:
                memory.note(media)
        memory.forget(self.listing.media)

    def _known(self, media_ids: Sequence[str]) -> dict[str, list[Landed]]:
        known: dict[str, list[Landed]] = {}
        for comment in self.landed(media_ids) if media_ids else ():
            if not comment["is_deleted"]:
                known.setdefault(comment["media_id"], []).append(comment)
        return known

    def _first_pages(self, medias: Sequence[Row]) -> list[dict[str, Any] | Fault]:
        params = {"fields": settings.COMMENT_FIELDS, "limit": str(settings.COMMENT_PAGE_SIZE)}
        asks = [(f"{media['media_id']}/comments", params) for media in medias]
        return batch(self.client, asks, settings.COMMENTS_PAGE, SKIPPED | {"too_much_data"})

    def _thread(self, media_id: str, first: dict[str, Any] | Fault) -> Iterator[list[Row]]:
        """Rows of a thread, page by page; of a media that is gone or takes no comments: none."""
        path, fields = f"{media_id}/comments", settings.COMMENT_FIELDS
        if isinstance(first, Fault):
            if first.kind != "too_much_data":
                return
            found = self._pages(path, fields, settings.COMMENTS_PAGE, settings.COMMENT_PAGE_SIZE // 2)
        else:
            found = self._all_of(path, fields, settings.COMMENTS_PAGE, first)
        for page in found:
            yield [row for comment in page for row in self._with_replies(comment, media_id)]

    def _with_replies(self, comment: Mapping[str, Any], media_id: str) -> Iterator[Row]:
        yield self._row(comment, media_id, None)
        path, first = f"{comment['id']}/replies", comment.get("replies") or {"data": []}
        for page in self._all_of(path, settings.REPLY_FIELDS, settings.REPLIES_PAGE, first):
            yield from (self._row(reply, media_id, comment["id"]) for reply in page)

    def _all_of(self, path: str, fields: str, form: Any, first: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
        """A page that has come within another answer, and those that follow it."""
        paging = first.get("paging") or {}
        yield first["data"]
        if "next" in paging:
            after = (paging.get("cursors") or {}).get("after")
            yield from self._pages(path, fields, form, settings.COMMENT_PAGE_SIZE, after)

    def _pages(self, path: str, fields: str, form: Any, size: int, after: str | None = None) -> Iterator[Sequence[Any]]:
        return pages(self.client, path, fields, form, size, after)

    @staticmethod
    def _tells_absence(media: Row, first: dict[str, Any] | Fault, seen: set[str]) -> bool:
        """A thread that was refused, or is empty while its media counts comments, says nothing of what is gone."""
        if isinstance(first, Fault) and first.kind != "too_much_data":
            return False
        return bool(seen) or not media["comments_count"]

    def _ask(self, absent: Sequence[Landed]) -> list[Row]:
        """A thread may be cut or keep comments back, so each that is absent is asked for: hidden, there, or gone."""
        params = {"fields": settings.ASKED_COMMENT_FIELDS}
        answers = batch(self.client, [(str(one["comment_id"]), params) for one in absent], settings.COMMENT)
        rows = []
        for one, answer in zip(absent, answers, strict=True):
            if not isinstance(answer, Fault):
                rows.append(self._row(answer, one["media_id"], one["parent_comment_id"]))
            elif answer.kind == "gone":
                rows.append(self._deleted(one))
        return rows

    def _row(self, comment: Mapping[str, Any], media_id: str, parent_id: str | None) -> Row:
        author = comment.get("username")
        is_from_brand = author is not None and author.lower() == self.listing.account["username"].lower()
        return {
            "comment_id": comment["id"],
            "media_id": media_id,
            "account_id": self.listing.account["account_id"],
            "parent_comment_id": parent_id,
            "author_handle": None if is_from_brand else author,
            "is_from_brand": is_from_brand,
            "text": comment.get("text"),
            "like_count": comment.get("like_count"),
            "is_hidden": comment.get("hidden"),
            "is_deleted": False,
            "posted_at": comment["timestamp"],
        }

    @staticmethod
    def _deleted(known: Landed) -> Row:
        """The last version of a comment that is gone: where and when it stood."""
        posted_at = known["posted_at"]
        return {
            **{name: known[name] for name in ("comment_id", "media_id", "account_id", "parent_comment_id")},
            "is_from_brand": known["is_from_brand"],
            "is_deleted": True,
            "posted_at": posted_at.isoformat() if isinstance(posted_at, datetime) else posted_at,
        }
