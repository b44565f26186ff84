"""The documented schema of every entity that a file in the inbox can be mapped to, and of the control totals."""

from pipelines.schema import BOOLEAN, DATE, INTEGER, MONEY, RATE, TEXT, TIMESTAMP, Column, Table, file_table

_CURRENCY = Column("currency", TEXT, "ISO 4217 of the amounts.", required=True, is_currency=True)
_ORDER = Column("order_id", TEXT, "Order id in the source.", required=True)
_NETWORK = Column(
    "network", TEXT, "instagram, facebook, x, linkedin, youtube, tiktok, bluesky or mastodon.", required=True
)
_ACCOUNT = Column("account_id", TEXT, "Account id on the network.", required=True)
_POST = Column("post_id", TEXT, "Post id on the network.", required=True)
_READ_AT = Column("observed_at", TIMESTAMP, "When the counts were read.", required=True)


def _count(name: str, description: str) -> Column:
    return Column(name, INTEGER, description, minimum=0)


CUSTOMERS = file_table(
    "customers",
    "Customers or contacts. E-mail, phone and handle are replaced by vault tokens before anything lands.",
    ("customer_id",),
    (
        Column("customer_id", TEXT, "Customer id in the source.", required=True),
        Column("email_token", TEXT, "Mapped as `email`: vault token of the normalised e-mail."),
        Column("phone_token", TEXT, "Mapped as `phone`: vault token of the E.164 phone number."),
        Column("handle_token", TEXT, "Mapped as `handle`: vault token of the Instagram handle."),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2."),
        Column("acquisition_channel", TEXT, "How the customer came."),
        Column("marketing_consent", TEXT, "subscribed, unsubscribed or unknown."),
        Column("created_at", TIMESTAMP, "When the customer became known."),
    ),
)
ORDERS = file_table(
    "orders",
    "Orders. Amounts may be negative or zero: some tills book so; is_revenue_order tells them apart.",
    ("order_id",),
    (
        _ORDER,
        Column("customer_id", TEXT, "Customer id in the source."),
        Column("ordered_at", TIMESTAMP, "When it was placed.", required=True),
        Column("cancelled_at", TIMESTAMP, "When it was cancelled."),
        Column("is_test", BOOLEAN, "True for a test order."),
        _CURRENCY,
        Column("gross_amount", MONEY, "At full price without tax; NULL: the sum of the order's lines."),
        Column("discount_amount", MONEY, "Discounts, positive."),
        Column("tax_amount", MONEY, "Tax."),
        Column("shipping_amount", MONEY, "Shipping charged."),
        Column("country_code", TEXT, "ISO 3166-1 alpha-2."),
        Column("utm_source", TEXT, "Source of the visit that bought."),
        Column("utm_campaign", TEXT, "Campaign of the visit that bought."),
    ),
)
ORDER_LINES = file_table(
    "order_lines",
    "Lines of orders. A file that has lines only is mapped to orders too, with `distinct: true`.",
    ("order_id", "line_id"),
    (
        _ORDER,
        Column("line_id", TEXT, "Line id, unique in its order.", required=True),
        Column("product_id", TEXT, "Product id in the source."),
        Column("quantity", INTEGER, "Units.", required=True, minimum=0),
        Column("gross_amount", MONEY, "Of the line, at full price without tax.", required=True),
        Column("discount_amount", MONEY, "Discounts, positive."),
        Column("tax_amount", MONEY, "Tax."),
        _CURRENCY,
    ),
)
REFUNDS = file_table(
    "refunds",
    "Refunds.",
    ("refund_id",),
    (
        Column("refund_id", TEXT, "Refund id in the source.", required=True),
        _ORDER,
        Column("line_id", TEXT, "Refunded line."),
        Column("refunded_at", TIMESTAMP, "When it was refunded.", required=True),
        Column("amount", MONEY, "Refunded without tax, positive.", required=True, minimum=0),
        Column("tax_amount", MONEY, "Tax refunded.", minimum=0),
        _CURRENCY,
    ),
)
PRODUCTS = file_table(
    "products",
    "Products.",
    ("product_id",),
    (
        Column("product_id", TEXT, "Product id in the source.", required=True),
        Column("product_title", TEXT, "Title."),
        Column("product_type", TEXT, "Type or category."),
        Column("sku", TEXT, "Stock keeping unit."),
    ),
)
POSTS = file_table(
    "posts",
    "Posts of own or competitors' accounts.",
    ("network", "post_id"),
    (
        _NETWORK,
        _ACCOUNT,
        _POST,
        Column("posted_at", TIMESTAMP, "When it was published.", required=True),
        Column("post_format", TEXT, "image, video, carousel, reel, story, text or link."),
        Column("caption", TEXT, "Text of the brand's post."),
        Column("permalink", TEXT, "Public address."),
        Column("deleted_at", TIMESTAMP, "When it was found deleted."),
    ),
)
POST_READINGS = file_table(
    "post_readings",
    "Lifetime counts of a post as read at a moment; an unknown count is empty, never 0.",
    ("network", "post_id", "observed_at"),
    (
        _NETWORK,
        _ACCOUNT,
        _POST,
        _READ_AT,
        _count("impressions", "Displays (views)."),
        _count("reach", "Distinct accounts, lifetime."),
        _count("reactions", "Likes and other reactions."),
        _count("comments", "Comments."),
        _count("shares", "Shares and reposts."),
        _count("saves", "Saves."),
        _count("link_clicks", "Clicks on links."),
        _count("profile_visits", "Profile visits."),
    ),
)
ACCOUNT_READINGS = file_table(
    "account_readings",
    "Public counts of an account as read at a moment; with window columns, its reach over that window.",
    ("network", "account_id", "observed_at", "window_days"),
    (
        _NETWORK,
        _ACCOUNT,
        Column("username", TEXT, "Public handle of the brand's account."),
        _READ_AT,
        _count("followers_count", "Followers."),
        _count("posts_count", "Posts online."),
        Column(
            "window_days", INTEGER, "Length of the reach window that ended the day before; empty: no reach.", minimum=1
        ),
        _count("reach", "Distinct accounts over the window."),
        _count("impressions", "Displays over the window."),
    ),
)
EXCHANGE_RATES = file_table(
    "exchange_rates",
    "Units of a currency for one euro, as the European Central Bank publishes them each working day.",
    ("rate_date", "currency"),
    (
        Column("rate_date", DATE, "Day of the rate.", required=True),
        _CURRENCY,
        Column("units_per_euro", RATE, "Units of the currency for one euro.", required=True, minimum=0),
    ),
)
CONTROL_TOTALS = Table(
    "control_totals",
    "What the raw bytes of a file add up to, by the brand's day: independent of how its rows landed.",
    ("_source_file", "_file_version", "entity", "day", "currency"),
    (
        Column("entity", TEXT, "orders, order_lines or refunds.", required=True),
        Column(
            "day",
            DATE,
            "Day of the order or refund in the brand's time zone; NULL: not a date, or lines without orders.",
        ),
        Column("currency", TEXT, "As the file says."),
        Column("records", INTEGER, "Records of the day.", required=True),
        Column("net_amount", MONEY, "gross - discount (orders, lines) or amount (refunds); NULL: not in the file."),
    ),
    POSTS.system_columns[:-1],
)
ENTITIES = (CUSTOMERS, ORDERS, ORDER_LINES, REFUNDS, PRODUCTS, POSTS, POST_READINGS, ACCOUNT_READINGS, EXCHANGE_RATES)
TABLES = (*ENTITIES, CONTROL_TOTALS)
