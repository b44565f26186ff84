"""How Voxhouse configures an Instagram account: what `brands.yml` may say of it, and what it has landed before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field

from pipelines.sources import Address, Given, Name, SourceConfiguration
from pipelines.sources.instagram.settings import API_VERSION, API_VERSIONS, BASE_URL, HANDLE

if TYPE_CHECKING:
    from dlt.extract import DltSource

Handle = Annotated[str, Field(pattern=rf"^@?{HANDLE}$")]


class Configuration(SourceConfiguration):
    """One Instagram professional account and the competitors that it looks at."""

    base_url: Address = BASE_URL
    api_version: str = API_VERSION
    account_id: Annotated[str, Field(pattern=r"^\d+$")]
    competitors: dict[Name, Handle] = Field(default_factory=dict)
    """Competitor brand to its public handle."""

    credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("access_token",),)
    versions: ClassVar[Mapping[str, Any]] = API_VERSIONS

    @property
    def brands(self) -> tuple[str, ...]:
        """The own brand and the competitors."""
        return (self.brand, *self.competitors)

    @property
    def handles(self) -> Mapping[str, str]:
        """Competitor brand to its handle, without @."""
        return {brand: handle.removeprefix("@") for brand, handle in self.competitors.items()}

    def source(self, given: Given) -> DltSource:
        """The dlt source of this account, which knows what has landed of it."""
        from pipelines.sources.instagram import instagram

        landed = _Landed(given)
        return instagram(
            access_token=given.credentials["access_token"],
            account_id=self.account_id,
            competitors=tuple(self.handles.values()),
            base_url=self.base_url,
            api_version=self.api_version,
            start_date=given.since.isoformat() if given.since else None,
            now=given.now,
            run_seconds=self.run_seconds,
            last_readings=landed.last_readings,
            landed_media=landed.media,
            landed_accounts=landed.accounts,
            landed_comments=landed.comments,
        )

    def expires_at(self, given: Given) -> datetime | None:
        """When the access token ends; None: never, or it cannot be told. Raises AnswerError for a refused token."""
        from pipelines.sources.instagram.helpers import graph_client, token_expiry

        return token_expiry(graph_client(self.base_url, given.credentials["access_token"], self.api_version))


class _Landed:
    """What an instance has landed, by accepted loads."""

    def __init__(self, given: Given) -> None:
        self._given = given

    def last_readings(self) -> dict[str, datetime]:
        """When the counts of each media were last read, by this source or by a file that was dropped."""
        sql = f"""
            select media_id, max(read_at) as read_at from (
                select media_id, _observed_at as read_at from instagram__media where {self._is_own}
                union all
                select media_id, _observed_at from instagram__media_insights where {self._is_own}
                union all
                select post_id, observed_at from file_drop__post_readings where network = 'instagram'
            ) where read_at <= timestamptz {_literal(self._given.now.isoformat())} group by media_id
        """
        rows = self._rows(sql, "instagram__media", "instagram__media_insights", "file_drop__post_readings")
        return {row["media_id"]: row["read_at"] for row in rows}

    def media(self) -> list[dict[str, Any]]:
        """Newest reading of each media."""
        return self._newest("instagram__media", "media_id")

    def accounts(self) -> list[dict[str, Any]]:
        """Newest reading of each account, with `read_at`."""
        return self._newest("instagram__accounts", "account_id")

    def comments(self, media_ids: Sequence[str]) -> list[dict[str, Any]]:
        """Newest version of each comment on these media."""
        return self._newest("instagram__comments", "comment_id", f"media_id in ({', '.join(map(_literal, media_ids))})")

    @property
    def _is_own(self) -> str:
        return f"source_instance = {_literal(self._given.instance)}"

    def _newest(self, view: str, key: str, condition: str = "true") -> list[dict[str, Any]]:
        sql = f"""
            select *, _observed_at as read_at from {view} where {self._is_own} and {condition}
            qualify row_number() over (partition by {key} order by _observed_at desc, _dlt_load_id desc) = 1
        """
        return self._rows(sql, view)

    def _rows(self, sql: str, *views: str) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = self._given.query(sql, *views).to_pylist()
        return rows


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
