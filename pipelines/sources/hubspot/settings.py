"""Constants of the HubSpot CRM API, the form of its answers, and the source's tables. No logic belongs here.

Names, addresses and free text of persons are never asked for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from dlt.common.schema.typing import TTableSchema

from .hints import currency, decimal, document, flag, moment, personal, table, text

BASE_URL = "https://api.hubapi.com"
API_VERSION = "2026-09"
VERSIONS: Mapping[str, date | None] = {
    "2026-09": date(2028, 3, 8),
    "2026-03": date(2027, 9, 30),
    "v3": date(2027, 3, 30),
}
"""Version to the day on which HubSpot ends it: 18 months after its release. Associations of `v3` are those of `v4`."""
START_DATE = "2006-01-01T00:00:00.000Z"
"""HubSpot began in that year."""

SEARCH_PAGE_SIZE = 200
SEARCH_PASSES = 3
"""How often a search is asked when its answer contradicts itself, before the load gives up."""
SEARCH_SPACING_SECONDS = 0.2
"""Searches are limited to 5 a second for the whole account, and their answers carry no rate-limit headers."""
OVERLAP_SECONDS = 24 * 3600
"""The search index lags behind: what changed shortly before the cursor is read once more."""
LIST_PAGE_SIZE = 100
RECORD_BATCH_SIZE = 100
ASSOCIATION_BATCH_SIZE = 1_000
INTERVAL_SECONDS = 10.0
"""Of the general rate limit, where no header names it."""
DAY_SECONDS = 86_400.0
LOCKED_SECONDS = 2.0
"""HubSpot's advice for a record or an account that is locked for a while."""
LOCKED_STATUS = (408, 423, 477)


@dataclass(frozen=True)
class ObjectType:
    """One kind of CRM record: what is asked for, and what becomes a column as it is."""

    name: str
    key: str
    modified: str
    """Property that holds the last modification."""
    columns: Mapping[str, str]
    """Column to property."""
    further: tuple[str, ...] = ()
    """Properties that a column is derived from."""
    associations: Mapping[str, str] | None = None
    """Column to the kind of record whose first association it holds."""

    @property
    def properties(self) -> tuple[str, ...]:
        """Every property that is asked for."""
        return (*self.columns.values(), *self.further, "createdate", self.modified, *EXTRA_PROPERTIES)


EXTRA_PROPERTIES = ("hs_lead_status", "hs_latest_source", "dealtype")
"""Asked for beyond the declared columns, for `_extra`; identifiers must never be listed here."""
CONTACTS = ObjectType(
    "contacts",
    "contact_id",
    "lastmodifieddate",
    {
        "email": "email",
        "phone": "phone",
        "handle": "instagram_handle",
        "lifecycle_stage": "lifecyclestage",
        "country_code": "hs_country_region_code",
        "acquisition_channel": "hs_analytics_source",
        "merged_contact_ids": "hs_merged_object_ids",
    },
    further=("hs_email_optout", "hs_legal_basis"),
)
COMPANIES = ObjectType(
    "companies",
    "company_id",
    "hs_lastmodifieddate",
    {"company_name": "name", "industry": "industry", "country_code": "hs_country_code"},
)
DEALS = ObjectType(
    "deals",
    "deal_id",
    "hs_lastmodifieddate",
    {
        "pipeline": "pipeline",
        "stage": "dealstage",
        "amount": "amount",
        "currency": "deal_currency_code",
        "is_closed_won": "hs_is_closed_won",
        "closed_at": "closedate",
    },
    associations={"contact_id": "contacts", "company_id": "companies"},
)
OBJECT_TYPES = (CONTACTS, COMPANIES, DEALS)

SCALAR = (str, int, float, bool, None)


def record_form(of: ObjectType) -> dict[str, Any]:
    """The form of a record."""
    return {
        "id": str,
        "properties": {f"{name}?": SCALAR for name in of.properties},
        "createdAt": str,
        "updatedAt": str,
        "archived": bool,
        "archivedAt?": (str, None),
    }


_CONTEXT = ({"ids?": [str], "fromObjectId?": [str]}, None)
_ERRORS = ([{"category": str, "message?": (str, None), "context?": _CONTEXT}], None)
_PAGING = ({"next?": ({"after": str}, None)}, None)


def search_form(of: ObjectType) -> dict[str, Any]:
    """The form of a page of a search."""
    return {"total": int, "results": [record_form(of)]}


def list_form(of: ObjectType) -> dict[str, Any]:
    """The form of a page of a list."""
    return {"results": [record_form(of)], "paging?": _PAGING}


def batch_form(of: ObjectType) -> dict[str, Any]:
    """The form of a batch of records."""
    return {"results": [record_form(of)], "errors?": _ERRORS}


ASSOCIATIONS_FORM = {"results": [{"from": {"id": str}, "to": [{"toObjectId": (str, int)}]}], "errors?": _ERRORS}
"""HubSpot documents `toObjectId` as a text and gives a number."""

_COMMON = {
    "created_at": moment("When the record was created.", required=True),
    "updated_at": moment("When the record was last modified.", required=True, version=True),
    "archived_at": moment("When the record was deleted; NULL while it is not."),
    "is_archived": flag("True once the record was deleted.", required=True),
    "_extra": document("Allowed properties beyond the declared columns."),
}
TABLES: dict[str, TTableSchema] = {
    "contacts": table(
        "One version of a contact.",
        ("contact_id",),
        {
            "contact_id": text("HubSpot contact id.", required=True),
            "email": personal("email", "E-mail of the contact."),
            "phone": personal("phone", "Phone number of the contact."),
            "handle": personal("handle", "The contact's Instagram handle, where known.", network="instagram"),
            "lifecycle_stage": text("subscriber, lead, opportunity, customer, evangelist or other."),
            "country_code": text("ISO 3166-1 alpha-2."),
            "acquisition_channel": text("hs_analytics_source, lower case."),
            "marketing_consent": text("subscribed, unsubscribed or unknown."),
            "merged_contact_ids": text("Ids merged into this contact, separated by semicolons."),
            **_COMMON,
        },
        "merge",
    ),
    "companies": table(
        "One version of a company.",
        ("company_id",),
        {
            "company_id": text("HubSpot company id.", required=True),
            "company_name": text("Name of the company."),
            "industry": text("Industry as HubSpot lists it."),
            "country_code": text("ISO 3166-1 alpha-2."),
            **_COMMON,
        },
        "merge",
    ),
    "deals": table(
        "One version of a deal.",
        ("deal_id",),
        {
            "deal_id": text("HubSpot deal id.", required=True),
            "contact_id": text("First associated contact."),
            "company_id": text("First associated company."),
            "pipeline": text("Pipeline id."),
            "stage": text("Stage id."),
            "amount": decimal("Amount in the deal's currency."),
            "currency": currency(),
            "is_closed_won": flag("True when won."),
            "closed_at": moment("Closing time, planned until the deal is closed."),
            **_COMMON,
        },
        "merge",
    ),
}
