"""The documented tables that a file in the inbox can be mapped to, those beside them, and the bounds of reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

from dlt.common.schema.typing import TColumnSchema, TTableSchema

from pipelines.entities import FED as ENTITIES_OF_WAREHOUSE
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
_NETWORK = hints.text(f"{', '.join(NETWORKS[:-1])} or {NETWORKS[-1]}.", required=True)
_READ_AT = hints.moment("When the counts were read.", required=True)
_SCOPE = hints.text("Server of a federated network; empty: the whole network.")


def _entity(description: str, key: Sequence[str], columns: Mapping[str, TColumnSchema]) -> TTableSchema:
    """Records of files; each says where in which version of which file it stood."""
    number = hints.whole("Record's position in the file, from 1.", required=True)
    return hints.table(description, key, {**columns, **_FILE, RECORD_NUMBER: number}, "append")


def _of(entity: str, required: Sequence[str], optional: Sequence[str] = ()) -> dict[str, TColumnSchema]:
    """Columns as an entity of the warehouse declares them; what a file must have is the drop's own rule."""
    columns = {}
    for name in (*required, *optional):
        column = dict[str, Any](ENTITIES_OF_WAREHOUSE[entity]["columns"][name])
        own = {"name", "primary_key", "nullable"}
        kept = {hint: said for hint, said in column.items() if hint not in own}
        columns[name] = cast("TColumnSchema", kept | ({"nullable": False} if name in required else {}))
    return columns


ENTITIES: Mapping[str, TTableSchema] = {
    "customers": _entity(
        "Customers or contacts. E-mail, phone and handle are replaced by vault tokens before anything lands.",
        ("customer_id",),
        _of(
            "persons",
            ["customer_id"],
            [
                *("email", "phone", "handle", "country_code", "acquisition_channel", "marketing_consent"),
                "created_at",
            ],
        ),
    ),
    "orders": _entity(
        "Orders. Amounts may be negative or zero: some tills book so; is_revenue_order tells them apart.",
        ("order_id",),
        {
            **_of("orders", ["order_id", "ordered_at"], ["customer_id", "cancelled_at", "is_test"]),
            **_of("orders", ["currency"]),
            "gross_amount": hints.decimal("At full price without tax; NULL: the sum of the order's lines."),
            "discount_amount": hints.decimal("Discounts, positive."),
            **_of("orders", [], ["tax_amount", "shipping_amount", "country_code", "utm_source", "utm_campaign"]),
        },
    ),
    "order_lines": _entity(
        "Lines of orders. A file that has lines only is mapped to orders too, with `distinct: true`.",
        ("order_id", "line_id"),
        {
            **_of("order_lines", ["order_id", "line_id"], ["product_id"]),
            "quantity": hints.count("Units.", required=True),
            "gross_amount": hints.decimal("Of the line, at full price without tax.", required=True),
            "discount_amount": hints.decimal("Discounts, positive."),
            "tax_amount": hints.decimal("Tax."),
            **_of("order_lines", ["currency"]),
        },
    ),
    "refunds": _entity(
        "Refunds.",
        ("refund_id",),
        {
            **_of("refunds", ["refund_id", "order_id", "refunded_at"], ["line_id"]),
            "amount": hints.decimal("Refunded without tax, positive.", required=True, minimum=0),
            "tax_amount": hints.decimal("Tax refunded.", minimum=0),
            **_of("refunds", ["currency"]),
        },
    ),
    "products": _entity(
        "Products.", ("product_id",), _of("products", ["product_id"], ["product_title", "product_type", "sku"])
    ),
    "posts": _entity(
        "Posts of own or competitors' accounts.",
        ("network", "id_scope", "post_id"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_of("posts", ["account_id", "post_id"]),
            "posted_at": hints.moment("When it was published.", required=True),
            **_of("posts", [], ["post_format", "caption", "permalink"]),
            "deleted_at": hints.moment("When it was found deleted."),
        },
    ),
    "post_readings": _entity(
        "Lifetime counts of a post as read at a moment; an unknown count is empty, never 0.",
        ("network", "id_scope", "post_id", "observed_at"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_of("posts", ["account_id", "post_id"]),
            "observed_at": _READ_AT,
            **_of("post_readings", [], ["impressions", "reach", "reactions", "comments", "shares", "saves"]),
            **_of("post_readings", [], ["link_clicks", "profile_visits"]),
        },
    ),
    "account_readings": _entity(
        "Public counts of an account as read at a moment; with window columns, its reach over that window.",
        ("network", "id_scope", "account_id", "observed_at", "window_days"),
        {
            "network": _NETWORK,
            "id_scope": _SCOPE,
            **_of("accounts", ["account_id"]),
            "username": hints.text("Public handle of the brand's account."),
            "observed_at": _READ_AT,
            **_of("account_readings", [], ["followers_count", "posts_count"]),
            "window_days": hints.whole(
                "Length of the reach window that ended the day before; empty: no reach.", minimum=1
            ),
            **_of("account_windows", [], ["reach", "impressions"]),
        },
    ),
    "exchange_rates": _entity(
        "Units of a currency for one euro, as the European Central Bank publishes them each working day.",
        ("rate_date", "currency"),
        {
            "rate_date": hints.day("Day of the rate.", required=True),
            **_of("exchange_rates", ["currency", "units_per_euro"]),
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
