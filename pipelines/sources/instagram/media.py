"""Media of an account: which of a listing are due to be read, changed, or gone."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from dlt.sources.helpers.rest_client.client import RESTClient

from . import settings
from .helpers import Fault, batch

Row = dict[str, Any]
ATTRIBUTES = ("caption", "media_type", "media_product_type", "permalink", "is_deleted")


@dataclass(frozen=True)
class History:
    """What was loaded before: the newest reading of each media and account, and when a media's counts were read."""

    known: Mapping[str, Mapping[str, Any]]
    read_at: Mapping[str, datetime]
    accounts: Mapping[str, Mapping[str, Any]]
    now: datetime
    since: datetime | None = None
    """Read again what was posted from then on."""

    def is_due(self, media: Mapping[str, Any]) -> bool:
        """True for a media that is due by age, surging, back, or to be read again."""
        known = self.known.get(media["media_id"])
        posted_at = moment_of(media["posted_at"])
        return (
            is_due(posted_at, self.read_at.get(media["media_id"]), self.now)
            or (known is not None and (bool(known["is_deleted"]) or is_surging(media, known)))
            or self.is_asked_for(posted_at)
        )

    def is_asked_for(self, posted_at: datetime | None) -> bool:
        """True for what is to be read again."""
        return self.since is not None and posted_at is not None and posted_at >= self.since

    def has_changed(self, media: Mapping[str, Any]) -> bool:
        """True for a media that was never loaded, or with other attributes."""
        known = self.known.get(media["media_id"])
        return known is None or any(media[name] != known[name] for name in ATTRIBUTES)

    def is_profile_due(self, account: Mapping[str, Any]) -> bool:
        """True once a UTC day, and when the account was renamed."""
        known = self.accounts.get(account["account_id"])
        return (
            known is None
            or known["read_at"].astimezone(UTC).date() != self.now.date()
            or any(account[name] != known[name] for name in ("username", "account_name"))
        )

    def missing(self, media: Iterable[Mapping[str, Any]], account_id: str) -> list[Mapping[str, Any]]:
        """Media of the account that were there, and are not in a listing."""
        listed = {row["media_id"] for row in media}
        return [
            known
            for media_id, known in self.known.items()
            if known["account_id"] == account_id and not known["is_deleted"] and media_id not in listed
        ]


def is_due(posted_at: datetime | None, read_at: datetime | None, now: datetime) -> bool:
    """True when a post has passed an age at which it is to be read and was not read since."""
    if posted_at is None:
        return read_at is None
    ages = [age for age in settings.READING_AGES if posted_at + age <= now]
    if not ages:
        return False
    last = ages[-1]
    if last == settings.READING_AGES[-1]:
        last += (now - posted_at - last) // settings.READING_EVERY_LATER * settings.READING_EVERY_LATER
    return read_at is None or read_at < posted_at + last


def is_surging(media: Mapping[str, Any], known: Mapping[str, Any]) -> bool:
    """True when a public count has moved far from the loaded one."""
    for name in ("like_count", "comments_count"):
        was, now = known[name], media.get(name)
        if isinstance(was, int) and isinstance(now, int):
            moved = abs(now - was)
            if moved >= settings.SURGE_COUNT and moved >= settings.SURGE_SHARE * was:
                return True
    return False


def moment_of(value: object) -> datetime | None:
    """An ISO 8601 text, or a time without a zone, as UTC; None for anything else: whoever loads it will say so."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def media_row(item: Mapping[str, Any], account_id: str, *, is_own: bool) -> Row:
    """A listed media under the declared names."""
    return {
        "media_id": item["id"],
        "account_id": account_id,
        "is_own": is_own,
        "caption": item.get("caption"),
        "media_type": item["media_type"],
        "media_product_type": item.get("media_product_type"),
        "permalink": item.get("permalink"),
        "posted_at": item["timestamp"],
        "like_count": item.get("like_count"),
        "comments_count": item["comments_count"],
        "is_deleted": False,
    }


def deleted_row(known: Mapping[str, Any]) -> Row:
    """The last reading of a media that is gone: as it was, without counts."""
    posted_at = known["posted_at"]
    return {
        **{name: known[name] for name in ("media_id", "account_id", "is_own", *ATTRIBUTES)},
        "posted_at": posted_at.isoformat() if isinstance(posted_at, datetime) else posted_at,
        "like_count": None,
        "comments_count": None,
        "is_deleted": True,
    }


def gone_by_id(client: RESTClient, missing: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Which of the own media the API no longer knows: a listing may be cut, so each is asked for."""
    answers = batch(client, [(str(known["media_id"]), {"fields": "id"}) for known in missing], settings.OBJECT)
    return [
        known
        for known, answer in zip(missing, answers, strict=True)
        if isinstance(answer, Fault) and answer.kind == "gone"
    ]
