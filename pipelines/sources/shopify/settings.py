"""Constants of the Shopify Admin API. No logic belongs here."""

from datetime import timedelta

API_VERSION = "2026-10"
ORDER_PAGE_SIZE = 100
CUSTOMER_PAGE_SIZE = 250
CHECKOUT_PAGE_SIZE = 250
LINES_INLINE, REFUNDS_INLINE = 10, 5
"""Lines and refunds read with their order; an order that has more is asked for them by itself."""
NESTED_PAGE_SIZE = 250
PAGING_CEILING = 25_000
"""Shopify pages no deeper than this into one list."""
OVERLAP = timedelta(hours=24)
"""The search index lags behind: what changed shortly before the cursor is read once more."""
SALES_WINDOW_DAYS = 365
SALES_MAX_WINDOWS = 10
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
