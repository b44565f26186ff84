"""The documented tables that a file in the inbox can be mapped to, those beside them, and the bounds of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from dlt.common.schema.typing import TColumnSchema, TTableSchema

from pipelines.entities.voice import VOICE
from pipelines.sources.file_drop import hints

Format = Literal["csv", "json lines", "parquet"]
ENDINGS: Mapping[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".jsonl": "json lines",
    ".ndjson": "json lines",
    ".parquet": "parquet",
}
MAX_LINE_BYTES = 1 << 20
"""Of a line of CSV or JSON lines, unpacked and in UTF-8."""
MAX_TEXT_BYTES = 10 << 30
"""Of a file of CSV or JSON lines or a packed Parquet file, unpacked."""
MAX_HEAD_CHARACTERS = 1 << 17
"""Of the line with the names of columns."""
MAX_COLUMNS = 2_000
MAX_RECORDS = 200_000_000
"""Of a Parquet file, which may claim any number in a few bytes."""
BATCH_ROWS = 100_000

FILE, FILE_VERSION, RECORD_NUMBER = "_source_file", "_file_version", "_record_number"
BROKEN = "_broken"
"""Column that is not declared, as it never lands: why the record could not be read as a whole, else NULL."""

NETWORKS = ("instagram", "facebook", "x", "linkedin", "youtube", "tiktok", "bluesky", "mastodon")

_FILE: Mapping[str, TColumnSchema] = {
    FILE: hints.text("File in the inbox folder, relative to it.", required=True),
    FILE_VERSION: hints.text("SHA-256 of the file's bytes.", required=True),
}
_CURRENCY = hints.currency("ISO 4217 of the amounts.", required=True)
_ORDER = hints.text("Order id in the source.", required=True)
_NETWORK = hints.text(f"{', '.join(NETWORKS[:-1])} or {NETWORKS[-1]}.", required=True)
_READ_AT = hints.moment("When the counts were read.", required=True)
_SCOPE = hints.text("Server of a federated network; empty: the whole network.")


def _entity(description: str, key: Sequence[str], columns: Mapping[str, TColumnSchema]) -> TTableSchema:
    """Records of files; each says where in which version of which file it stood."""
    number = hints.whole("Record's position in the file, from 1.", required=True)
    return hints.table(description, key, {**columns, **_FILE, RECORD_NUMBER: number}, "append")


def _same(entity: str, *names: str) -> dict[str, TColumnSchema]:
    """Columns that are the entity's own, and so are declared with it."""
    columns = VOICE[entity]["columns"]
    return {name: columns[name] for name in names}


ENTITIES: Mapping[str, TTableSchema] = {
    "customers": _entity(
        "Customers or contacts. E-mail, phone and handle are replaced by vault tokens before anything lands.",
        ("customer_id",),
        {
            "customer_id": hints.text("Customer id in the source.", required=True),
            "email": hints.personal("email", "The e-mail, normalised."),
            "phone": hints.personal("phone", "The phone number, as E.164."),
            "handle": hints.personal("handle", "The Instagram handle.", network="instagram"),
            "country_code": hints.text("ISO 3166-1 alpha-2."),
            "acquisition_channel": hints.text("How the customer came."),
            "marketing_consent": hints.text("subscribed, unsubscribed or unknown."),
            "created_at": hints.moment("When the customer became known."),
        },
    ),
    "orders": _entity(
        "Orders. Amounts may be negative or zero: some tills book so; is_revenue_order tells them apart.",
        ("order_id",),
        {
            "order_id": _ORDER,
            "customer_id": hints.text("Customer id in the source."),
            "ordered_at": hints.moment("When it was placed.", required=True),
            "cancelled_at": hints.moment("When it was cancelled."),
            "is_test": hints.flag("True for a test order."),
            "currency": _CURRENCY,
            "gross_amount": hints.decimal("At full price without tax; NULL: the sum of the order's lines."),
            "discount_amount": hints.decimal("Discounts, positive."),
            "tax_amount": hints.decimal("Tax."),
            "shipping_amount": hints.decimal("Shipping charged."),
            "country_code": hints.text("ISO 3166-1 alpha-2."),
            "utm_source": hints.text("Source of the visit that bought."),
            "utm_campaign": hints.text("Campaign of the visit that bought."),
        },
    ),
    "order_lines": _entity(
        "Lines of orders. A file that has lines only is mapped to orders too, with `distinct: true`.",
        ("order_id", "line_id"),
        {
            "order_id": _ORDER,
            "line_id": hints.text("Line id, unique in its order.", required=True),
            "product_id": hints.text("Product id in the source."),
            "quantity": hints.count("Units.", required=True),
            "gross_amount": hints.decimal("Of the line, at full price without tax.", required=True),
            "discount_amount": hints.decimal("Discounts, positive."),
            "tax_amount": hints.decimal("Tax."),
            "currency": _CURRENCY,
        },
    ),
    "refunds": _entity(
        "Refunds.",
        ("refund_id",),
        {
            "refund_id": hints.text("Refund id in the source.", required=True),
            "order_id": _ORDER,
            "line_id": hints.text("Refunded line."),
            "refunded_at": hints.moment("When it was refunded.", required=True),
            "amount": hints.decimal("Refunded without tax, positive.", required=True, minimum=0),
            "tax_amount": hints.decimal("Tax refunded.", minimum=0),
            "currency": _CURRENCY,
        },
    ),
    "products": _entity(
        "Products.",
        ("product_id",),
        {
            "product_id": hints.text("Product id in the source.", required=True),
            "product_title": hints.text("Title."),
            "product_type": hints.text("Type or category."),
            "sku": hints.text("Stock keeping unit."),
        },
    ),
    "posts": _entity(
        "Posts of own or competitors' accounts.",
        ("network", "id_scope", "post_id"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_same("posts", "account_id", "post_id"),
            "posted_at": hints.moment("When it was published.", required=True),
            **_same("posts", "post_format", "caption", "permalink"),
            "deleted_at": hints.moment("When it was found deleted."),
        },
    ),
    "post_readings": _entity(
        "Lifetime counts of a post as read at a moment; an unknown count is empty, never 0.",
        ("network", "id_scope", "post_id", "observed_at"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_same("posts", "account_id", "post_id"),
            "observed_at": _READ_AT,
            **_same("post_readings", "impressions", "reach", "reactions", "comments", "shares", "saves"),
            **_same("post_readings", "link_clicks", "profile_visits"),
        },
    ),
    "account_readings": _entity(
        "Public counts of an account as read at a moment; with window columns, its reach over that window.",
        ("network", "id_scope", "account_id", "observed_at", "window_days"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_same("accounts", "account_id"),
            "username": hints.text("Public handle of the brand's account."),
            "observed_at": _READ_AT,
            **_same("account_readings", "followers_count", "posts_count"),
            "window_days": hints.whole(
                "Length of the reach window that ended the day before; empty: no reach.", minimum=1
            ),
            **_same("account_windows", "reach", "impressions"),
        },
    ),
    "exchange_rates": _entity(
        "Units of a currency for one euro, as the European Central Bank publishes them each working day.",
        ("rate_date", "currency"),
        {
            "rate_date": hints.day("Day of the rate.", required=True),
            "currency": _CURRENCY,
            "units_per_euro": hints.decimal(
                "Units of the currency for one euro.", required=True, minimum=0, precision=18, scale=8
            ),
        },
    ),
}
CONTROL_TOTALS = "control_totals"
FILES = "files"
TABLES: Mapping[str, TTableSchema] = {
    **ENTITIES,
    CONTROL_TOTALS: hints.table(
        "What the raw bytes of a file add up to, by the brand's day: independent of how its rows landed.",
        (FILE, FILE_VERSION, "entity", "day", "currency"),
        {
            "entity": hints.text("orders, order_lines or refunds.", required=True),
            "day": hints.day(
                "Day of the order or refund in the brand's time zone; NULL: not a date, or lines without orders."
            ),
            "currency": hints.text("As the file says."),
            "records": hints.count("Records of the day.", required=True),
            "net_amount": hints.decimal("gross - discount (orders, lines) or amount (refunds); NULL: not in the file."),
            **_FILE,
        },
        "append",
    ),
    FILES: hints.table(
        "Which version of a file was read, and what it gave: a new version replaces the rows of older ones.",
        (FILE, FILE_VERSION, "table_name"),
        {
            **_FILE,
            "table_name": hints.text("Table that the file feeds.", required=True),
            "records_read": hints.count("Records that the file gave.", required=True),
        },
        "append",
    ),
}


def targets(entity: str) -> dict[str, TColumnSchema]:
    """What a mapping may fill of an entity."""
    filled = (FILE, FILE_VERSION, RECORD_NUMBER)
    return {name: column for name, column in ENTITIES[entity]["columns"].items() if name not in filled}
