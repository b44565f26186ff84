"""Landing tables of the Shopify source. Money is the shop currency's amount unless the name says otherwise."""

from pipelines.schema import BOOLEAN, DATE, INTEGER, MONEY, TEXT, TIMESTAMP, Column, table

_ORDER = Column("order_id", TEXT, "Shopify order id, numeric part of the gid.", required=True)
_CREATED = Column("created_at", TIMESTAMP, "When the record was created.", required=True)
_UPDATED = Column("updated_at", TIMESTAMP, "When the record was last modified.", required=True)
_CURRENCY = Column("currency", TEXT, "ISO 4217 of the amounts.", required=True, is_currency=True)


def _money(name: str, description: str, required: bool = False) -> Column:
    return Column(name, MONEY, description, required=required, minimum=0)


CUSTOMERS = table(
    "customers",
    "One version of a shop customer. Identifiers are tokens; their values are in the vault alone.",
    ("customer_id", "updated_at"),
    (
        Column("customer_id", TEXT, "Shopify customer id.", required=True),
        Column("email_token", TEXT, "Vault token of the normalised e-mail."),
        Column("phone_token", TEXT, "Vault token of the E.164 phone number."),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2 of the default address."),
        Column("marketing_consent", TEXT, "subscribed, unsubscribed, not_subscribed, pending or redacted."),
        _CREATED,
        _UPDATED,
    ),
)
ORDERS = table(
    "orders",
    "One version of an order. gross = sum of quantity times unit price before discounts, with tax if is_tax_included.",
    ("order_id", "updated_at"),
    (
        _ORDER,
        Column("order_name", TEXT, "Number that the customer sees."),
        Column("customer_id", TEXT, "Shop customer; NULL for a guest that left no account."),
        Column("email_token", TEXT, "Vault token of the e-mail given at checkout."),
        Column("ordered_at", TIMESTAMP, "processedAt: when the order counts as placed.", required=True),
        Column("cancelled_at", TIMESTAMP, "When it was cancelled."),
        Column("is_test", BOOLEAN, "True for an order of a test gateway.", required=True),
        _CURRENCY,
        Column("presentment_currency", TEXT, "Currency in which the customer paid.", is_currency=True),
        Column("is_tax_included", BOOLEAN, "True when prices include tax.", required=True),
        _money("gross_amount", "Lines at full price.", required=True),
        _money("discount_amount", "Discounts of lines and order."),
        _money("tax_amount", "Tax."),
        _money("shipping_amount", "Shipping charged."),
        _money("total_amount", "Charged at order time, before refunds.", required=True),
        Column("financial_status", TEXT, "PAID, PARTIALLY_REFUNDED, REFUNDED, PENDING, VOIDED …"),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2 of the shipping address."),
        Column("utm_source", TEXT, "utm_source of the landing page."),
        Column("utm_campaign", TEXT, "utm_campaign of the landing page."),
        _CREATED,
        _UPDATED,
    ),
)
ORDER_LINES = table(
    "order_lines",
    "One line of one version of an order.",
    ("line_id", "updated_at"),
    (
        _ORDER,
        Column("line_id", TEXT, "Shopify line item id.", required=True),
        Column("product_id", TEXT, "Shopify product id; NULL for a custom line."),
        Column("product_title", TEXT, "Title at the time of the order."),
        Column("product_type", TEXT, "Product type."),
        Column("sku", TEXT, "Stock keeping unit."),
        Column("quantity", INTEGER, "Units ordered.", required=True, minimum=0),
        _money("unit_price", "Price of a unit before discounts.", required=True),
        _money("discount_amount", "Discounts allocated to the line."),
        _money("tax_amount", "Tax of the line."),
        _CURRENCY,
        _UPDATED,
    ),
)
REFUNDS = table(
    "refunds",
    "One part of a refund: a row for each refunded line, one for shipping and one for adjustments, line_id NULL.",
    ("refund_id", "refund_kind", "line_id", "updated_at"),
    (
        Column("refund_id", TEXT, "Shopify refund id.", required=True),
        _ORDER,
        Column(
            "refund_kind",
            TEXT,
            "What was refunded.",
            one_of=frozenset({"line", "shipping", "adjustment"}),
            required=True,
        ),
        Column("line_id", TEXT, "Refunded line item."),
        Column("refunded_at", TIMESTAMP, "When it was refunded.", required=True),
        Column("quantity", INTEGER, "Units given back.", minimum=0),
        Column("amount", MONEY, "Refunded, without tax; an adjustment may take some of it back.", required=True),
        Column("tax_amount", MONEY, "Tax refunded."),
        _CURRENCY,
        _UPDATED,
    ),
)
ABANDONED_CHECKOUTS = table(
    "abandoned_checkouts",
    "One version of a checkout that was left.",
    ("checkout_id", "updated_at"),
    (
        Column("checkout_id", TEXT, "Shopify abandoned checkout id.", required=True),
        Column("customer_id", TEXT, "Shop customer, where known."),
        _money("total_amount", "Value of the basket.", required=True),
        _CURRENCY,
        Column("completed_at", TIMESTAMP, "When it was completed after all."),
        _CREATED,
        _UPDATED,
    ),
)
SALES_TOTALS = table(
    "sales_totals",
    "Shopify's own daily sales report (shopifyqlQuery), the control total. Days are the shop's; returns are negative.",
    ("day", "_observed_at"),
    (
        Column("day", DATE, "Day in the shop's time zone.", required=True),
        Column("orders_count", INTEGER, "Orders of the day.", minimum=0),
        Column("gross_sales", MONEY, "Sales at full price, without tax."),
        Column("discounts", MONEY, "Discounts, negative."),
        Column("returns", MONEY, "Refunds by refund day, negative."),
        Column("net_sales", MONEY, "gross_sales + discounts + returns."),
        Column("taxes", MONEY, "Tax."),
        Column("shipping_charges", MONEY, "Shipping charged."),
        Column("total_sales", MONEY, "net_sales + taxes + shipping_charges."),
        _CURRENCY,
    ),
)
TABLES = (CUSTOMERS, ORDERS, ORDER_LINES, REFUNDS, ABANDONED_CHECKOUTS, SALES_TOTALS)
