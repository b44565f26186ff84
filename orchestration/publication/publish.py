"""From a built warehouse to a version: copied, checked, put in service, and which of its sources are behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from orchestration.publication import service
from orchestration.publication.building import build_version
from orchestration.publication.operations import behind, operations_tables
from orchestration.publication.upkeep import clean
from orchestration.publication.versions import current_version, new_version_id
from orchestration.warehouse import Warehouse


@dataclass(frozen=True, slots=True)
class Made:
    """A version that was made."""

    version_id: str
    as_of: date
    in_service: bool
    stays: str | None
    """The version that stays in service instead of it."""
    rows: Mapping[str, int]
    """Rows by table."""
    removed: tuple[str, ...]
    """Older versions that made room."""
    behind: tuple[str, ...]
    """A line a source that is shown as it was before."""

    @property
    def one_line(self) -> str:
        """What became of it."""
        if self.in_service:
            return f"version {self.version_id} published"
        return f"version {self.version_id} made; {self.stays or 'none'} stays in service"


def publish(warehouse: Warehouse, run_id: str) -> Made:
    """Make a version of a build; one of a past day does not go into service."""
    settings, clock = warehouse.settings, warehouse.clock
    past_day = str(clock.as_of) if clock.is_past else None
    version_id = new_version_id(run_id, past_day, warehouse.wall_clock)
    tables = operations_tables(warehouse, version_id, run_id)
    rows = build_version(settings.serving, version_id, warehouse.file, tables)
    in_service = past_day is None and service.publish(settings.serving, version_id)
    removed = tuple(clean(settings.serving))
    stays = None if in_service else current_version(settings.serving)
    return Made(version_id, clock.as_of, in_service, stays, rows, removed, behind(tables["freshness"]))
