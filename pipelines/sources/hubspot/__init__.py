"""HubSpot: contacts, companies and deals with their associations; merges, deletions, consent.

Key: record id and last modification. Cursor: the last modification read, minus an overlap; versions that are landed
already are left out, so nothing changed yields nothing. Archived records have no order by time and are listed whole.
Left out: names, addresses and free text of persons, engagements, property history.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from pipelines.brands import SourceConfig
from pipelines.extract import LoadContext, Page, Stream
from pipelines.http import Sleep
from pipelines.past import parse_time, versions
from pipelines.schema import Table
from pipelines.sources.hubspot import settings
from pipelines.sources.hubspot.client import HubSpotClient, Record
from pipelines.sources.hubspot.tables import COMPANIES, CONTACTS, DEALS, TABLES

__all__ = ["CREDENTIALS", "TABLES", "streams"]

CREDENTIALS = ("access_token",)
Shape = Callable[[HubSpotClient, LoadContext, Sequence[Record]], list[Record]]


@dataclass(frozen=True, slots=True)
class _Object:
    """One kind of CRM record: how it is asked for and how it becomes rows."""

    name: str
    table: Table
    properties: tuple[str, ...]
    modified: str
    shape: Shape


def streams(instance: str, config: SourceConfig, context: LoadContext, *, sleep: Sleep = time.sleep) -> list[Stream]:
    """The streams of one HubSpot account."""
    client = HubSpotClient(instance, config, context, sleep)
    return [
        stream
        for kind in _OBJECTS
        for stream in (
            Stream(kind.name, partial(_read_changed, kind, instance, client, context), (kind.table,)),
            Stream(f"{kind.name}_archived", partial(_read_archived, kind, instance, client, context), (kind.table,)),
        )
    ]


def _read_changed(kind: _Object, instance: str, client: HubSpotClient, context: LoadContext) -> Iterator[Page]:
    cursor = parse_time(context.cursor(kind.name))
    since = None if cursor is None else cursor - settings.OVERLAP
    landed = versions(context, f"hubspot__{kind.table.name}", instance, kind.table.key[0], since, "not is_archived")
    for page in client.changed(kind.name, _asked(kind), kind.modified, since):
        new = [r for r in page if (r["id"], parse_time(_value(r, kind.modified))) not in landed]
        if new:
            yield Page(kind.table, _rows(kind, client, context, new), _value(new[-1], kind.modified))


def _read_archived(kind: _Object, instance: str, client: HubSpotClient, context: LoadContext) -> Iterator[Page]:
    landed = versions(context, f"hubspot__{kind.table.name}", instance, kind.table.key[0], None, "is_archived")
    for page in client.archived(kind.name, _asked(kind)):
        new = [r for r in page if (r["id"], parse_time(_updated_at(r, kind))) not in landed]
        if new:
            yield Page(kind.table, _rows(kind, client, context, new))


def _asked(kind: _Object) -> tuple[str, ...]:
    return kind.properties + settings.EXTRA_PROPERTIES


def _rows(kind: _Object, client: HubSpotClient, context: LoadContext, records: Sequence[Record]) -> list[Record]:
    common = [
        {
            kind.table.key[0]: record["id"],
            "created_at": _value(record, "createdate") or record.get("createdAt"),
            "updated_at": _updated_at(record, kind),
            "is_archived": bool(record.get("archived")),
            "_extra": {name: _value(record, name) for name in settings.EXTRA_PROPERTIES if _value(record, name)}
            or None,
        }
        for record in records
    ]
    shaped = kind.shape(client, context, records)
    return [{**row, **base} for row, base in zip(shaped, common, strict=True)]


def _updated_at(record: Record, kind: _Object) -> str | None:
    """A deletion is a modification: an archived record's time is the one at which it was archived."""
    if record.get("archived") and record.get("archivedAt"):
        return str(record["archivedAt"])
    return _value(record, kind.modified) or record.get("updatedAt")


def _value(record: Mapping[str, Any], name: str) -> Any:
    """A property's value; HubSpot writes an unknown one as an empty text."""
    value = record["properties"].get(name)
    return None if value == "" else value


def _contacts(_: HubSpotClient, context: LoadContext, records: Sequence[Record]) -> list[Record]:
    emails = context.vault.tokens("email", _identifiers(records, "email"))
    phones = context.vault.tokens("phone", _identifiers(records, "phone"))
    handles = context.vault.tokens("handle", _identifiers(records, "instagram_handle"))
    return [
        {
            "email_token": email,
            "phone_token": phone,
            "handle_token": handle,
            "lifecycle_stage": _value(record, "lifecyclestage"),
            "country_code": _country(_value(record, "hs_country_region_code")),
            "acquisition_channel": _lower(_value(record, "hs_analytics_source")),
            "marketing_consent": _consent(record),
            "merged_contact_ids": _value(record, "hs_merged_object_ids"),
        }
        for record, email, phone, handle in zip(records, emails, phones, handles, strict=True)
    ]


def _consent(record: Record) -> str:
    """An opt-out counts over any consent; no opt-out is not a consent."""
    if _value(record, "hs_email_optout") == "true":
        return "unsubscribed"
    return "subscribed" if "consent" in str(_value(record, "hs_legal_basis")).lower() else "unknown"


def _lower(value: Any) -> Any:
    return value.lower() if isinstance(value, str) else value


def _country(code: Any) -> str | None:
    """A country code; nothing else that people may have typed into the field."""
    return code if isinstance(code, str) and re.fullmatch(r"[A-Z]{2}", code) else None


def _identifiers(records: Sequence[Record], name: str) -> list[str | None]:
    values = [_value(record, name) for record in records]
    return [value if isinstance(value, str) else None for value in values]


def _companies(_: HubSpotClient, __: LoadContext, records: Sequence[Record]) -> list[Record]:
    return [
        {
            "company_name": _value(record, "name"),
            "industry": _value(record, "industry"),
            "country_code": _country(_value(record, "hs_country_code")),
        }
        for record in records
    ]


def _deals(client: HubSpotClient, _: LoadContext, records: Sequence[Record]) -> list[Record]:
    ids = [record["id"] for record in records]
    contacts = client.first_associated("deals", "contacts", ids)
    companies = client.first_associated("deals", "companies", ids)
    return [
        {
            "contact_id": contacts.get(record["id"]),
            "company_id": companies.get(record["id"]),
            "pipeline": _value(record, "pipeline"),
            "stage": _value(record, "dealstage"),
            "amount": _value(record, "amount"),
            "currency": _value(record, "deal_currency_code"),
            "is_closed_won": _value(record, "hs_is_closed_won"),
            "closed_at": _value(record, "closedate"),
        }
        for record in records
    ]


_OBJECTS = (
    _Object("contacts", CONTACTS, settings.CONTACT_PROPERTIES, "lastmodifieddate", _contacts),
    _Object("companies", COMPANIES, settings.COMPANY_PROPERTIES, "hs_lastmodifieddate", _companies),
    _Object("deals", DEALS, settings.DEAL_PROPERTIES, "hs_lastmodifieddate", _deals),
)
