"""Landing tables of the Instagram source; the units and kinds are in the names."""

from pipelines.schema import BOOLEAN, DATE, INTEGER, TEXT, TIMESTAMP, Column, table

_ACCOUNT = Column("account_id", TEXT, "Instagram professional account id.", required=True)
_MEDIA = Column("media_id", TEXT, "Instagram media id.", required=True)


def _count(name: str, description: str) -> Column:
    return Column(name, INTEGER, description, minimum=0)


ACCOUNTS = table(
    "accounts",
    "One reading of an account's public profile. Own account and competitors (business_discovery).",
    ("account_id", "_observed_at"),
    (
        _ACCOUNT,
        Column("username", TEXT, "Public handle of the brand's account.", required=True),
        Column("account_name", TEXT, "Display name of the brand's account."),
        Column("is_own", BOOLEAN, "True for the account that the token belongs to.", required=True),
        _count("followers_count", "Followers at the reading."),
        _count("follows_count", "Accounts that it follows; NULL for competitors."),
        _count("media_count", "Media published and still online."),
    ),
)
MEDIA = table(
    "media",
    "One reading of a media's attributes and public counts. like_count is NULL where the owner hides it.",
    ("media_id", "_observed_at"),
    (
        _MEDIA,
        _ACCOUNT,
        Column("is_own", BOOLEAN, "True for media of the token's account.", required=True),
        Column("caption", TEXT, "Text of the brand's post."),
        Column("media_type", TEXT, "IMAGE, VIDEO or CAROUSEL_ALBUM."),
        Column("media_product_type", TEXT, "FEED, REELS or STORY; NULL for competitors where not given."),
        Column("permalink", TEXT, "Public address of the media."),
        Column("posted_at", TIMESTAMP, "When it was published.", required=True),
        _count("like_count", "Likes at the reading."),
        _count("comments_count", "Comments at the reading."),
        Column("is_deleted", BOOLEAN, "True when the API no longer knows a media that it knew.", required=True),
    ),
)
MEDIA_INSIGHTS = table(
    "media_insights",
    "One reading of the owner-only lifetime metrics of a media. A metric that was not returned is NULL.",
    ("media_id", "_observed_at"),
    (
        _MEDIA,
        _ACCOUNT,
        _count("views", "Displays, organic; Meta's successor of impressions."),
        _count("reach", "Distinct accounts that saw it, lifetime."),
        _count("likes", "Likes, organic."),
        _count("comments", "Comments, organic."),
        _count("shares", "Shares."),
        _count("saved", "Saves."),
        _count("follows", "Follows that came from it (FEED only)."),
        _count("profile_visits", "Profile visits that came from it (FEED only)."),
        _count("total_interactions", "Interactions as the network adds them up."),
        _count("ig_reels_avg_watch_time", "Average watch time of a reel, milliseconds."),
        _count("ig_reels_video_view_total_time", "Total watch time of a reel, milliseconds."),
    ),
)
ACCOUNT_INSIGHTS = table(
    "account_insights",
    "Account metrics over a stated window that ends on a day; unique counts cannot be added up.",
    ("account_id", "window_end", "window_days", "_observed_at"),
    (
        _ACCOUNT,
        Column("window_end", DATE, "Last day of the window, inclusive.", required=True),
        Column("window_days", INTEGER, "Length of the window in days: 1, 7 or 28.", required=True, minimum=1),
        _count("reach", "Distinct accounts that saw any content."),
        _count("views", "Displays of any content."),
        _count("accounts_engaged", "Distinct accounts that interacted."),
        _count("total_interactions", "Interactions with any content."),
    ),
)
COMMENTS = table(
    "comments",
    "One reading of a comment on an own media. The author is a token; the handle is in the vault alone.",
    ("comment_id", "_observed_at"),
    (
        Column("comment_id", TEXT, "Instagram comment id.", required=True),
        _MEDIA,
        _ACCOUNT,
        Column("parent_comment_id", TEXT, "Comment that it replies to; NULL at top level."),
        Column("author_handle_token", TEXT, "Vault token of the author's handle; NULL for the brand itself."),
        Column("is_from_brand", BOOLEAN, "True when the account's owner wrote it.", required=True),
        Column("text", TEXT, "What was written."),
        _count("like_count", "Likes of the comment at the reading."),
        Column("posted_at", TIMESTAMP, "When it was written.", required=True),
    ),
)
METRIC_STATUS = table(
    "metric_status",
    "What the API said of a metric when it was asked for: available, retired or withheld.",
    ("object_type", "metric", "_observed_at"),
    (
        Column("object_type", TEXT, "REELS, FEED, CAROUSEL_ALBUM, STORY or ACCOUNT.", required=True),
        Column("metric", TEXT, "The network's own metric name.", required=True),
        Column(
            "status",
            TEXT,
            "State of the metric.",
            required=True,
            one_of=frozenset({"available", "retired", "withheld"}),
        ),
        Column("reason", TEXT, "The network's message, without identifiers."),
    ),
)
TABLES = (ACCOUNTS, MEDIA, MEDIA_INSIGHTS, ACCOUNT_INSIGHTS, COMMENTS, METRIC_STATUS)
