"""Entities that no source feeds yet: their columns are the contract for those to come."""

from __future__ import annotations

from collections.abc import Mapping

from dlt.common.schema.typing import TTableSchema

from pipelines.entities import hints
from pipelines.entities.precedence import entity, network_entity

_CURRENCY = hints.currency("ISO 4217 of the amounts.", required=True)
_CAMPAIGN = hints.text("Campaign id in the source.", required=True)

PLANNED: Mapping[str, TTableSchema] = {
    "payments": entity(
        "Movements of a payment system, signed: a refund or a chargeback is negative.",
        ("payment_id",),
        {
            "payment_id": hints.text("Movement id in the source.", required=True),
            "order_id": hints.text("Order that it pays for, as the shop calls it."),
            "customer_id": hints.text("Customer id in the source."),
            "payment_kind": hints.text(
                "What moved.", required=True, one_of=("charge", "refund", "chargeback", "fee", "payout")
            ),
            "paid_at": hints.moment("When it was settled, UTC.", required=True),
            "currency": _CURRENCY,
            "amount": hints.decimal("Signed amount.", required=True),
            "fee_amount": hints.decimal("Fee kept by the payment system."),
        },
    ),
    "campaigns": entity(
        "Campaigns of any paid or owned channel.",
        ("campaign_id",),
        {
            "campaign_id": _CAMPAIGN,
            "campaign_name": hints.text("Name."),
            "channel": hints.text("Channel."),
            "objective": hints.text("What the campaign is for, as the source calls it."),
            "started_on": hints.day("First day."),
            "ended_on": hints.day("Last day; NULL: it runs."),
        },
    ),
    "ad_days": network_entity(
        "What an advertisement did and cost on a day of its account.",
        ("ad_id", "day"),
        {
            "account_id": hints.text("Advertising account id.", required=True),
            "campaign_id": _CAMPAIGN,
            "ad_id": hints.text("Advertisement id.", required=True),
            "day": hints.day("Day in the account's time zone.", required=True),
            "currency": _CURRENCY,
            "spend_amount": hints.decimal("Spent.", required=True),
            "impressions": hints.count("Displays."),
            "link_clicks": hints.count("Clicks on links."),
            "conversions_count": hints.count("Conversions, by the window that the source attributes in."),
            "conversions_amount": hints.decimal("Value of the conversions."),
        },
    ),
    "sessions": entity(
        "Visits of a site or application.",
        ("session_id",),
        {
            "session_id": hints.text("Session id in the source.", required=True),
            "customer_id": hints.text("Customer id in the source; NULL: unknown."),
            "started_at": hints.moment("When it began, UTC.", required=True),
            "utm_source": hints.text("Source of the visit."),
            "utm_medium": hints.text("Medium of the visit."),
            "utm_campaign": hints.text("Campaign of the visit."),
            "pages_count": hints.count("Pages seen."),
            "is_engaged": hints.flag("True by the source's own rule of an engaged visit."),
        },
    ),
    "tickets": entity(
        "Tickets of a help desk.",
        ("ticket_id",),
        {
            "ticket_id": hints.text("Ticket id in the source.", required=True),
            "customer_id": hints.text("Requester's id in the source."),
            "channel": hints.text("How it came."),
            "opened_at": hints.moment("When it was opened, UTC.", required=True),
            "first_replied_at": hints.moment("When a person first answered, UTC."),
            "solved_at": hints.moment("When it was solved, UTC; NULL: open."),
            "reopened_count": hints.count("How often it was opened again."),
            "satisfaction_score": hints.number("Score of the survey, as the source states it."),
        },
    ),
}
"""Entities to come, by name."""
