"""Landing tables of the HubSpot source. Every property arrives as text; `""` is landed as NULL."""

from pipelines.schema import BOOLEAN, MONEY, TEXT, TIMESTAMP, Column, table

_CREATED = Column("created_at", TIMESTAMP, "When the record was created.", required=True)
_UPDATED = Column("updated_at", TIMESTAMP, "When the record was last modified.", required=True)
_ARCHIVED = Column("is_archived", BOOLEAN, "True once the record was deleted.", required=True)

CONTACTS = table(
    "contacts",
    "One version of a contact. Identifiers are tokens; their values are in the vault alone.",
    ("contact_id", "updated_at", "is_archived"),
    (
        Column("contact_id", TEXT, "HubSpot contact id.", required=True),
        Column("email_token", TEXT, "Vault token of the normalised e-mail."),
        Column("phone_token", TEXT, "Vault token of the E.164 phone number."),
        Column("handle_token", TEXT, "Vault token of the contact's Instagram handle, where known."),
        Column("lifecycle_stage", TEXT, "subscriber, lead, opportunity, customer, evangelist or other."),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2."),
        Column("acquisition_channel", TEXT, "hs_analytics_source, lower case."),
        Column("marketing_consent", TEXT, "subscribed, unsubscribed or unknown."),
        Column("merged_contact_ids", TEXT, "Ids merged into this contact, separated by semicolons."),
        _CREATED,
        _UPDATED,
        _ARCHIVED,
    ),
)
COMPANIES = table(
    "companies",
    "One version of a company.",
    ("company_id", "updated_at", "is_archived"),
    (
        Column("company_id", TEXT, "HubSpot company id.", required=True),
        Column("company_name", TEXT, "Name of the company."),
        Column("industry", TEXT, "Industry as HubSpot lists it."),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2."),
        _CREATED,
        _UPDATED,
        _ARCHIVED,
    ),
)
DEALS = table(
    "deals",
    "One version of a deal.",
    ("deal_id", "updated_at", "is_archived"),
    (
        Column("deal_id", TEXT, "HubSpot deal id.", required=True),
        Column("contact_id", TEXT, "First associated contact."),
        Column("company_id", TEXT, "First associated company."),
        Column("pipeline", TEXT, "Pipeline id."),
        Column("stage", TEXT, "Stage id."),
        Column("amount", MONEY, "Amount in the deal's currency."),
        Column("currency", TEXT, "ISO 4217.", is_currency=True),
        Column("is_closed_won", BOOLEAN, "True when won."),
        Column("closed_at", TIMESTAMP, "Closing time, planned until the deal is closed."),
        _CREATED,
        _UPDATED,
        _ARCHIVED,
    ),
)
TABLES = (CONTACTS, COMPANIES, DEALS)
