"""Rows of the source's tables out of HubSpot's records."""

import re
from typing import Any

from .search import Record, milliseconds
from .settings import CONTACTS, EXTRA_PROPERTIES, ObjectType


def row_of(of: ObjectType, record: Record) -> dict[str, Any]:
    """One record, without its associations."""
    row = {column: value_of(record, name) for column, name in of.columns.items()}
    if "country_code" in row:
        row["country_code"] = _country(row["country_code"])
    if of is CONTACTS:
        row["acquisition_channel"] = _lower(row["acquisition_channel"])
        row["marketing_consent"] = _consent(record)
    extra = {name: value for name in EXTRA_PROPERTIES if (value := value_of(record, name)) is not None}
    return {
        of.key: record["id"],
        **row,
        "created_at": value_of(record, "createdate") or record["createdAt"],
        "updated_at": value_of(record, of.modified) or record["updatedAt"],
        "archived_at": record.get("archivedAt") if record["archived"] else None,
        "is_archived": record["archived"],
        "_extra": extra or None,
    }


def value_of(record: Record, name: str) -> Any:
    """A property's value; HubSpot writes an unknown one as an empty text."""
    value = record["properties"].get(name)
    return None if value == "" else value


def modified_at(of: ObjectType, record: Record) -> int | None:
    """When a record was last modified, in milliseconds; None where that cannot be read."""
    return milliseconds(value_of(record, of.modified))


def _consent(record: Record) -> str:
    """An opt-out counts over any consent; no opt-out is not a consent."""
    if str(value_of(record, "hs_email_optout")).lower() == "true":
        return "unsubscribed"
    return "subscribed" if "consent" in str(value_of(record, "hs_legal_basis")).lower() else "unknown"


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _country(code: Any) -> str | None:
    """A country code; nothing else that people may have typed into the field."""
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z]{2}", code) else None
