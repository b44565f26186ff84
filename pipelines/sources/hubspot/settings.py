"""Constants of the HubSpot CRM API and the properties that are asked for. No logic belongs here.

Names, addresses and free text of persons are never asked for; e-mail, phone and handle become vault tokens.
"""

from datetime import timedelta

SEARCH_PAGE_SIZE = 200
SEARCH_CEILING = 10_000
"""A search answers no more than this, whatever it has found."""
WINDOW_PASSES = 3
"""How often a search is read when records change under it, before the load gives up."""
SEARCH_SPACING_SECONDS = 0.2
"""Searches are limited to 5 a second for the whole account, and their answers carry no rate-limit headers."""
ARCHIVED_PAGE_SIZE = 100
ASSOCIATION_BATCH_SIZE = 1_000
OVERLAP = timedelta(hours=24)
"""The search index lags behind: what changed shortly before the cursor is read once more."""

CONTACT_PROPERTIES = (
    "email",
    "phone",
    "instagram_handle",
    "lifecyclestage",
    "hs_country_region_code",
    "hs_analytics_source",
    "hs_email_optout",
    "hs_legal_basis",
    "hs_merged_object_ids",
    "createdate",
    "lastmodifieddate",
)
COMPANY_PROPERTIES = ("name", "industry", "hs_country_code", "createdate", "hs_lastmodifieddate")
DEAL_PROPERTIES = (
    "pipeline",
    "dealstage",
    "amount",
    "deal_currency_code",
    "hs_is_closed_won",
    "closedate",
    "createdate",
    "hs_lastmodifieddate",
)
EXTRA_PROPERTIES = ("hs_lead_status", "hs_latest_source", "dealtype")
"""Asked for beyond the declared columns and landed in `_extra`; identifiers must never be listed here."""
