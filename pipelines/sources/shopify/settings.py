"""Constants of the Admin API and the tables of the source. Money is the shop's currency unless the name says otherwise.

Names and addresses of persons are never asked for; e-mail and phone are declared as what identifies a person.
"""

from functools import partial

from dlt.common.schema.typing import TTableSchema

from .hints import count, currency, day, decimal, flag, moment, personal, table, text

API_VERSION = "2026-10"
SCOPES = ("read_customers", "read_orders", "read_all_orders", "read_reports")
ORDER_PAGE_SIZE, CUSTOMER_PAGE_SIZE, CHECKOUT_PAGE_SIZE = 50, 250, 250
LINES_INLINE, REFUNDS_INLINE, REFUND_LINES_INLINE, REFUND_PARTS_INLINE = 10, 2, 5, 1
"""Read with their order. What an order has beyond them is asked for by itself: each of these multiplies the cost of a
page, of which a query may have 1,000."""
LIST_LENGTH = 250
"""Shopify gives no more of a nested list at once, and a list that is no connection has no next page."""
PAGING_CEILING = 25_000
"""Shopify pages no deeper than this into one list."""
OVERLAP_SECONDS = 24 * 3600
"""The search index lags behind: what changed shortly before the cursor is read once more."""
SALES_WINDOW_DAYS, SALES_MAX_WINDOWS = 365, 10
SALES_METRICS = (
    "orders",
    "gross_sales",
    "discounts",
    "returns",
    "net_sales",
    "taxes",
    "shipping_charges",
    "total_sales",
)

_money = partial(decimal, minimum=0)
_ORDER = text("Shopify order id, numeric part of the gid.", required=True)
_CREATED = moment("When the record was created.", required=True)
_UPDATED = moment("When the record was last modified.", required=True, version=True)
_CURRENCY = currency("ISO 4217 of the amounts.", required=True)

CUSTOMERS = table(
    "One version of a shop customer.",
    ("customer_id",),
    {
        "customer_id": text("Shopify customer id.", required=True),
        "email": personal("email", "The default e-mail address."),
        "phone": personal("phone", "The default phone number, E.164."),
        "country_code": text("ISO 3166-1 alpha-2 of the default address."),
        "marketing_consent": text("subscribed, unsubscribed, not_subscribed, pending or redacted."),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
    },
    "merge",
)
ORDERS = table(
    "One version of an order. gross = sum of quantity times unit price before discounts, with tax if is_tax_included.",
    ("order_id",),
    {
        "order_id": _ORDER,
        "order_name": text("Number that the customer sees."),
        "customer_id": text("Shop customer; NULL for a guest that left no account."),
        "email": personal("email", "The e-mail address given at checkout."),
        "ordered_at": moment("processedAt: when the order counts as placed.", required=True),
        "cancelled_at": moment("When it was cancelled."),
        "is_test": flag("True for an order of a test gateway.", required=True),
        "currency": _CURRENCY,
        "presentment_currency": currency("Currency in which the customer paid."),
        "is_tax_included": flag("True when prices include tax.", required=True),
        "gross_amount": _money("Lines at full price.", required=True),
        "discount_amount": _money("Discounts of lines and order."),
        "tax_amount": _money("Tax."),
        "shipping_amount": _money("Shipping charged."),
        "total_amount": _money("Charged at order time, before refunds.", required=True),
        "financial_status": text("PAID, PARTIALLY_REFUNDED, REFUNDED, PENDING, VOIDED …"),
        "country_code": text("ISO 3166-1 alpha-2 of the shipping address."),
        "utm_source": text("utm_source of the landing page."),
        "utm_campaign": text("utm_campaign of the landing page."),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
    },
    "merge",
)
ORDER_LINES = table(
    "One line of one version of an order.",
    ("order_id", "line_id"),
    {
        "order_id": {**_ORDER, "merge_key": True},
        "line_id": text("Shopify line item id.", required=True),
        "product_id": text("Shopify product id; NULL for a custom line."),
        "product_title": text("Title at the time of the order."),
        "product_type": text("Product type."),
        "sku": text("Stock keeping unit."),
        "is_gift_card": flag("True for a gift card: money taken in advance, and no sale until it is redeemed."),
        "quantity": count("Units ordered.", required=True),
        "unit_price": _money("Price of a unit before discounts.", required=True),
        "discount_amount": _money("Discounts allocated to the line."),
        "tax_amount": _money("Tax of the line."),
        "currency": _CURRENCY,
        "updated_at": moment("When the order was last modified.", required=True, version=True),
    },
    "merge",
)
REFUNDS = table(
    "One part of a refund: a row for each refunded line, one for shipping and one for adjustments, line_id NULL. Money "
    "that was given back for no part is an adjustment.",
    ("refund_id", "refund_kind", "line_id"),
    {
        "refund_id": {**text("Shopify refund id.", required=True), "merge_key": True},
        "order_id": _ORDER,
        "refund_kind": text("What was refunded.", required=True, one_of=("line", "shipping", "adjustment")),
        "line_id": text("Refunded line item."),
        "refunded_at": moment("When it was refunded; its last modification where Shopify does not say.", required=True),
        "quantity": count("Units given back."),
        "amount": decimal("Refunded, without tax; an adjustment may take some of it back.", required=True),
        "tax_amount": decimal("Tax refunded; NULL for money that was given back for no part."),
        "currency": _CURRENCY,
        "updated_at": _UPDATED,
    },
    "merge",
)
ABANDONED_CHECKOUTS = table(
    "One version of a checkout that was left.",
    ("checkout_id",),
    {
        "checkout_id": text("Shopify abandoned checkout id.", required=True),
        "customer_id": text("Shop customer, where known."),
        "total_amount": _money("Value of the basket.", required=True),
        "currency": _CURRENCY,
        "completed_at": moment("When it was completed after all."),
        "created_at": _CREATED,
        "updated_at": _UPDATED,
    },
    "merge",
)
SALES_TOTALS = table(
    "Shopify's own daily sales report (shopifyqlQuery), the control total. Days are the shop's; returns are negative.",
    ("day",),
    {
        "day": day("Day in the shop's time zone.", required=True),
        "orders_count": count("Orders of the day."),
        "gross_sales": decimal("Sales at full price, without tax."),
        "discounts": decimal("Discounts, negative."),
        "returns": decimal("Refunds by refund day, negative."),
        "net_sales": decimal("gross_sales + discounts + returns."),
        "taxes": decimal("Tax."),
        "shipping_charges": decimal("Shipping charged."),
        "total_sales": decimal("net_sales + taxes + shipping_charges."),
        "currency": _CURRENCY,
    },
    "merge",
)
TABLES: dict[str, TTableSchema] = {
    "customers": CUSTOMERS,
    "orders": ORDERS,
    "order_lines": ORDER_LINES,
    "refunds": REFUNDS,
    "abandoned_checkouts": ABANDONED_CHECKOUTS,
    "sales_totals": SALES_TOTALS,
}
