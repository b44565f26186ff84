"""Entities of who buys and what: persons, orders, refunds, products, deals, checkouts, and what sources add up."""

from __future__ import annotations

from collections.abc import Mapping

from dlt.common.schema.typing import TTableSchema

from pipelines.entities import hints
from pipelines.entities.precedence import entity

_ORDER = hints.text("Order id in the source.", required=True)
_CURRENCY = hints.currency("ISO 4217 of the amounts.", required=True)
_COUNTRY = hints.text("ISO 3166-1 alpha-2, as the source spells it.")
_FIRST_LANDED = hints.moment(
    "When any version of the record was first read: a person's id is that of the record known longest.", required=True
)

CUSTOMERS: Mapping[str, TTableSchema] = {
    "persons": entity(
        "Records of persons: contacts of a CRM, customers of a shop or a file. Identifiers are tokens of the vault.",
        ("record_type", "customer_id"),
        {
            "record_type": hints.text("What the record is.", required=True, one_of=("contact", "customer")),
            "customer_id": hints.text("Contact or customer id in the source.", required=True),
            "known_from": hints.text("Kind of system.", required=True, one_of=("crm", "shop", "file")),
            "email": hints.personal("email", "The e-mail, normalised."),
            "phone": hints.personal("phone", "The phone number, as E.164."),
            "handle": hints.personal("handle", "The Instagram handle.", network="instagram"),
            "country_code": _COUNTRY,
            "acquisition_channel": hints.text("How the customer came."),
            "lifecycle_stage": hints.text("Stage in the CRM's funnel."),
            "marketing_consent": hints.text("subscribed, unsubscribed or unknown, as the source spells it."),
            "created_at": hints.moment("When the customer became known."),
            "changed_at": hints.moment("When the version was made."),
            "is_archived": hints.flag("True when the source has put it away.", required=True),
            "first_landed_at": _FIRST_LANDED,
        },
    ),
    "person_merges": entity(
        "Records of persons that a CRM merged into others.",
        ("record_type", "merged_id"),
        {
            "record_type": hints.text("What the records are.", required=True, one_of=("contact", "customer")),
            "merged_id": hints.text("Record that went.", required=True),
            "survivor_id": hints.text("Record that stayed.", required=True),
            "survivor_created_at": hints.moment("When the survivor became known."),
            "merged_at": hints.moment("When the survivor first said so."),
        },
    ),
    "orders": entity(
        "Orders in the version of the run's day, amounts without tax, shipping and gift cards.",
        ("order_id",),
        {
            "order_id": _ORDER,
            "customer_id": hints.text("Customer id in the source; NULL: a guest."),
            "email": hints.personal("email", "A guest's e-mail, normalised."),
            "ordered_at": hints.moment("When it was placed.", required=True),
            "cancelled_at": hints.moment("When it was cancelled."),
            "is_test": hints.flag("True for a test order.", required=True),
            "currency": _CURRENCY,
            "stated_amount": hints.decimal(
                "After discounts, as the source states it: with tax where its prices hold it."
            ),
            "gross_amount": hints.decimal("At full price."),
            "net_amount": hints.decimal("After discounts: the order's net revenue before refunds."),
            "tax_amount": hints.decimal("Tax, that of shipping included."),
            "shipping_amount": hints.decimal("Shipping charged."),
            "control_amount": hints.decimal("What the order adds to the source's own control total."),
            "has_control_day": hints.flag("False where that total has the order under no day.", required=True),
            "control_records_count": hints.count("Records of the control total that it stands for.", required=True),
            "country_code": _COUNTRY,
            "utm_source": hints.text("Source of the visit that bought."),
            "utm_campaign": hints.text("Campaign of the visit that bought."),
            "first_landed_at": _FIRST_LANDED,
        },
    ),
    "order_lines": entity(
        "Lines of orders, of the same version as their order; amounts without tax.",
        ("order_id", "line_id"),
        {
            "order_id": _ORDER,
            "line_id": hints.text("Line id, unique in its order.", required=True),
            "product_id": hints.text("Product id in the source."),
            "is_gift_card": hints.flag("True where money is taken in advance: no revenue.", required=True),
            "quantity": hints.whole("Units.", required=True),
            "currency": _CURRENCY,
            "gross_amount": hints.decimal("At full price."),
            "net_amount": hints.decimal("After discounts."),
        },
    ),
    "refunds": entity(
        "Refund lines in the version of the run's day, amounts positive and without tax.",
        ("refund_id", "refund_kind", "line_id"),
        {
            "refund_id": hints.text("Refund id in the source.", required=True),
            "refund_kind": hints.text(
                "What is given back; an adjustment may be negative.",
                required=True,
                one_of=("line", "shipping", "adjustment"),
            ),
            "order_id": _ORDER,
            "line_id": hints.text("Refunded line; NULL: none."),
            "refunded_at": hints.moment("When it was refunded.", required=True),
            "currency": _CURRENCY,
            "amount": hints.decimal("Refunded, without tax."),
            "tax_amount": hints.decimal("Tax refunded."),
            "is_of_sales": hints.flag("False for shipping and gift cards, which are no revenue.", required=True),
        },
    ),
    "products": entity(
        "Products in their newest version.",
        ("product_id",),
        {
            "product_id": hints.text("Product id in the source.", required=True),
            "product_title": hints.text("Title."),
            "product_type": hints.text("Type or category."),
            "sku": hints.text("Stock keeping unit."),
        },
    ),
    "deals": entity(
        "Deals of a CRM in their newest version.",
        ("deal_id",),
        {
            "deal_id": hints.text("Deal id in the source.", required=True),
            "customer_id": hints.text("Contact of the deal."),
            "is_won": hints.flag("True when it was won.", required=True),
            "is_archived": hints.flag("True when the source has put it away.", required=True),
            "amount": hints.decimal("Amount."),
            "currency": hints.currency("ISO 4217 of the amount."),
            "closed_at": hints.moment("When it was closed."),
        },
    ),
    "checkouts": entity(
        "Checkouts that were left, in their newest version.",
        ("checkout_id",),
        {
            "checkout_id": hints.text("Checkout id in the source.", required=True),
            "customer_id": hints.text("Customer id in the source."),
            "created_at": hints.moment("When it was begun.", required=True),
            "completed_at": hints.moment("When it became an order after all."),
        },
    ),
    "control_totals": entity(
        "What a source adds up itself: a shop's own report by its days, or the raw bytes of a file by the brand's.",
        ("source_file", "total_of", "day", "currency"),
        {
            "total_of": hints.text(
                "sales: the net sales of a report; else the records of a file.",
                required=True,
                one_of=("sales", "orders", "order_lines", "refunds"),
            ),
            "day": hints.day("Day; NULL: not a date, or lines without orders."),
            "currency": hints.text("ISO 4217, or as the file says."),
            "net_amount": hints.decimal("Sum of the day; NULL: not stated."),
            "records_count": hints.count("Records of the day."),
            "source_file": hints.text("File of the delivery; NULL: a report."),
        },
    ),
    "exchange_rates": entity(
        "Units of a currency for one euro, a row each day of publication.",
        ("rate_on", "currency"),
        {
            "rate_on": hints.day("Day of the rate.", required=True),
            "currency": _CURRENCY,
            "units_per_euro": hints.decimal("Units of the currency for one euro.", minimum=0, precision=18, scale=8),
        },
    ),
}
"""Entities of customers, by name."""
