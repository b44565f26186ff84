"""Entities: what the warehouse knows, whichever source says it. Each is declared once, as dlt declares a table.

A source's staging gives `stg_<kind>__<entity>` with the columns of the entity; dbt's contracts, what a file may be
mapped to and the documentation are made from the same declarations.
"""

from collections.abc import Mapping

from dlt.common.schema.typing import TTableSchema

from pipelines.entities.customers import CUSTOMERS
from pipelines.entities.planned import PLANNED
from pipelines.entities.voice import VOICE

__all__ = ["FED", "PLANNED"]

FED: Mapping[str, TTableSchema] = {**VOICE, **CUSTOMERS}
"""Entities that a source of today feeds, by name."""
