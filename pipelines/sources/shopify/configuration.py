"""How Voxhouse configures a Shopify shop."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, ClassVar

from pipelines.sources import Address, Given, SourceConfiguration, Timezone

if TYPE_CHECKING:
    from dlt.extract import DltSource

VERSIONS: Mapping[str, date] = {
    "2026-01": date(2027, 1, 1),
    "2026-04": date(2027, 4, 1),
    "2026-07": date(2027, 7, 1),
    "2026-10": date(2027, 10, 1),
}


class Configuration(SourceConfiguration):
    """One shop."""

    credentials: ClassVar[tuple[tuple[str, ...], ...]] = (("client_id", "client_secret"), ("access_token",))
    versions: ClassVar[Mapping[str, date | None]] = VERSIONS

    base_url: Address
    """Address of the shop, https://NAME.myshopify.com."""
    api_version: str = max(VERSIONS)
    timezone: Timezone | None = None
    """Zone in which the shop cuts the days of its sales report; by default the brand's."""

    def source(self, given: Given) -> DltSource:
        """The shop's dlt source; every argument is given, so that nothing comes from dlt's configuration."""
        from pipelines.sources.shopify import shopify

        return shopify(
            base_url=self.base_url,
            client_id=given.credentials.get("client_id"),
            client_secret=given.credentials.get("client_secret"),
            access_token=given.credentials.get("access_token"),
            api_version=self.api_version,
            start_date=given.since.isoformat() if given.since else None,
            now=given.now,
            run_seconds=self.run_seconds,
        )
