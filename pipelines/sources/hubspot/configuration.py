"""How Voxhouse configures a HubSpot account: what `brands.yml` may say of it, and what it is given."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from pipelines.sources import Address, Given, SourceConfiguration
from pipelines.sources.hubspot.settings import API_VERSION, BASE_URL, OBJECT_TYPES, START_DATE, VERSIONS

if TYPE_CHECKING:
    from dlt.extract import DltSource

RESTORABLE_DAYS = 180
"""HubSpot restores for 90 days; twice that, since a restore is seen at the next load only."""
_KEYS = {of.name: of.key for of in OBJECT_TYPES}


class Configuration(SourceConfiguration):
    """One HubSpot account."""

    base_url: Address = BASE_URL
    api_version: str = API_VERSION

    credentials = (("access_token",), ("client_id", "client_secret", "refresh_token"))
    versions = VERSIONS

    def source(self, given: Given) -> DltSource:
        """The dlt source of this account."""
        from pipelines.sources.hubspot import hubspot

        return hubspot(
            access_token=given.credentials.get("access_token", ""),
            client_id=given.credentials.get("client_id", ""),
            client_secret=given.credentials.get("client_secret", ""),
            refresh_token=given.credentials.get("refresh_token", ""),
            base_url=self.base_url,
            api_version=self.api_version,
            start_date=given.since.isoformat() if given.since else START_DATE,
            now=given.now,
            run_seconds=self.run_seconds,
            keep=given.keep_token,
            landed_archived=lambda table: _landed_archived(given, table),
        )


def _landed_archived(given: Given, table: str) -> Iterable[str]:
    """Ids whose newest landed version is deleted, as long as it can be restored."""
    key, view = _KEYS[table], f"hubspot__{table}"
    instance = given.instance.replace("'", "''")
    least = (given.now - timedelta(days=RESTORABLE_DAYS)).isoformat()
    landed = given.query(
        f"""
        select {key}
        from (
            select {key}, is_archived, archived_at,
                row_number() over (partition by {key} order by _observed_at desc, _dlt_load_id desc) as version_rank
            from {view}
            where source_instance = '{instance}'
        ) as versions
        where version_rank = 1 and is_archived
            and (archived_at is null or archived_at > timestamptz '{least}')
        """,
        view,
    )
    ids: list[str] = landed.column(0).to_pylist()
    return ids
