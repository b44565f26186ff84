"""Media of an account: which of a listing are due to be read, changed, or gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from pipelines.extract import LoadContext
from pipelines.past import literal, newest, parse_time
from pipelines.sources.instagram import settings

Reading = Mapping[str, Any]
ATTRIBUTES = ("caption", "media_type", "media_product_type", "permalink", "is_deleted")


class MediaHistory:
    """What earlier loads have landed of the media of an instance, from this source and from file drops."""

    def __init__(self, context: LoadContext, instance: str) -> None:
        self.readings: dict[str, Reading] = {
            row["media_id"]: row for row in newest(context, "instagram__media", instance, ("media_id",))
        }
        self._read_at: dict[str, datetime] = dict(self._last_readings(context, instance))

    @staticmethod
    def _last_readings(context: LoadContext, instance: str) -> Iterator[tuple[str, datetime]]:
        rows = context.query(
            f"""
            select media_id, max(read_at) as read_at from (
                select media_id, _observed_at as read_at from landing.instagram__media
                where source_instance = {literal(instance)}
                union all
                select media_id, _observed_at from landing.instagram__media_insights
                where source_instance = {literal(instance)}
                union all
                select post_id, observed_at from landing.file_drop__post_readings where network = 'instagram'
            ) where read_at <= timestamptz {literal(context.now.isoformat())} group by media_id
            """
        )
        return zip(rows.column("media_id").to_pylist(), rows.column("read_at").to_pylist(), strict=True)

    def read_at(self, media_id: str) -> datetime | None:
        """When the counts of the media were last read."""
        return self._read_at.get(media_id)


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


def is_surging(media: Reading, known: Reading) -> bool:
    """True when a public count has moved far from the landed one."""
    for name in ("like_count", "comments_count"):
        was, now = known[name], media.get(name)
        if isinstance(was, int) and isinstance(now, int):
            moved = abs(now - was)
            if moved >= settings.SURGE_COUNT and moved >= settings.SURGE_SHARE * was:
                return True
    return False


def media_record(media: Reading, account_id: str, *, is_own: bool) -> dict[str, Any]:
    """A listed media under the declared names; whatever else the API sent is left behind."""
    return {
        "media_id": media.get("id"),
        "account_id": account_id,
        "is_own": is_own,
        "caption": media.get("caption"),
        "media_type": media.get("media_type"),
        "media_product_type": media.get("media_product_type"),
        "permalink": media.get("permalink"),
        "posted_at": media.get("timestamp"),
        "like_count": media.get("like_count"),
        "comments_count": media.get("comments_count"),
        "is_deleted": False,
    }


def media_records(listed: Iterable[Reading], account_id: str, *, is_own: bool) -> list[dict[str, Any]]:
    """Records of a listing, each media once: a new post shifts the pages while they are read."""
    return list({str(media.get("id")): media_record(media, account_id, is_own=is_own) for media in listed}.values())


def select_media(
    records: Sequence[dict[str, Any]], history: MediaHistory, now: datetime
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(records to land, those among them that are due): due by age, surging, changed or never landed."""
    to_land, due = [], []
    for record in records:
        known = history.readings.get(record["media_id"])
        read_at = history.read_at(record["media_id"])
        if is_due(parse_time(record["posted_at"]), read_at, now) or (known and is_surging(record, known)):
            to_land.append(record)
            due.append(record)
        elif known is None or any(record[name] != known[name] for name in ATTRIBUTES):
            to_land.append(record)
    return to_land, due


def deleted_media(
    records: Sequence[Reading], history: MediaHistory, account_id: str, media_count: object
) -> list[dict[str, Any]]:
    """Media landed before that a listing read to its end no longer has; none unless the account count bears it out."""
    if not isinstance(media_count, int) or len(records) < settings.COMPLETE_LISTING_SHARE * media_count:
        return []
    listed = {record["media_id"] for record in records}
    gone = [
        known
        for media_id, known in history.readings.items()
        if known["account_id"] == account_id and not known["is_deleted"] and media_id not in listed
    ]
    return [
        {name: known[name] for name in media_record({}, account_id, is_own=True)}
        | {"like_count": None, "comments_count": None, "is_deleted": True}
        for known in gone
    ]


def age(posted_at: object, now: datetime) -> timedelta | None:
    """Age of a post; None when its time cannot be read."""
    moment = parse_time(posted_at)
    return None if moment is None else now - moment
