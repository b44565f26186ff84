"""What a source may know of its own past: questions to the landing views, and the times in API answers.

Only reading belongs here; what is due and what is new is for each source to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pipelines.extract import LoadContext

Version = tuple[str, datetime]
"""Id of a record and when it was last modified."""


def parse_time(value: object) -> datetime | None:
    """An ISO 8601 text as UTC; None when it is none (the loader then says what is wrong with it)."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def literal(value: str) -> str:
    """A text as an SQL literal."""
    return "'" + value.replace("'", "''") + "'"


def newest(context: LoadContext, view: str, instance: str, key: Sequence[str]) -> list[dict[str, Any]]:
    """The newest landed reading of each record of an instance, one dict per key."""
    keys = ", ".join(key)
    rows: list[dict[str, Any]] = context.query(
        f"""
        select * from landing.{view} where source_instance = {literal(instance)}
        qualify row_number() over (partition by {keys} order by _observed_at desc, _dlt_load_id desc) = 1
        """
    ).to_pylist()
    return rows


def versions(
    context: LoadContext, view: str, instance: str, record_id: str, since: datetime | None, condition: str = "true"
) -> set[Version]:
    """Landed versions (id, updated_at) of an instance's records modified at or after `since`; None: all."""
    after = "true" if since is None else f"updated_at >= timestamptz {literal(since.isoformat())}"
    landed = context.query(
        f"""
        select distinct {record_id}, updated_at from landing.{view}
        where source_instance = {literal(instance)} and {after} and {condition}
        """
    )
    return set(zip(landed.column(0).to_pylist(), landed.column(1).to_pylist(), strict=True))
