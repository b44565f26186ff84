"""How Voxhouse configures a village."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.sources import Address, Given, SourceConfiguration

if TYPE_CHECKING:
    from dlt.extract import DltSource


class Configuration(SourceConfiguration):
    """One village."""

    base_url: Address

    def source(self, given: Given) -> DltSource:
        """The village's dlt source."""
        from pipelines.sources.village import village

        return village(base_url=self.base_url, run_seconds=self.run_seconds)
