"""The sources that a home has at this moment, as Dagster makes assets of them; what is broken is among them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from orchestration.config import Settings
from pipelines.brands import load_brands
from pipelines.errors import PipelineError
from pipelines.landing.loading import instances
from pipelines.landing.views import tables_of

BRANDS_FILE = "brands_yml"
"""The name under which a brands.yml that cannot be used is shown, as the only source: an error while definitions are
loaded would empty the whole screen."""


@dataclass(frozen=True, slots=True)
class Configured:
    """One source; equal as long as its asset would be the same."""

    kind: str
    tables: tuple[str, ...]
    """Landing tables that it can have rows for."""
    fresh_hours: float | None
    """Within which it should be read again; None: it is delivered, and nothing can be expected."""
    fault: str | None = None
    """Why it cannot be read."""


def configured(settings: Settings) -> Mapping[str, Configured]:
    """Every source by name; raises nothing."""
    try:
        brands = load_brands(settings.layout.brands_file)
        known = instances(settings.layout, brands)
    except PipelineError as error:
        return {BRANDS_FILE: Configured("configuration", (), None, str(error))}
    hours = brands.quality.freshness_hours
    return {
        name: Configured(
            kind=k.kind,
            tables=tuple(table for table in tables_of(k.kind) if k.tables is None or table in k.tables),
            fresh_hours=None if k.is_delivery else hours,
            fault=str(k.fault) if k.fault else None,
        )
        for name, k in sorted(known.items())
    }
