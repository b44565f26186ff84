"""Constants of the Instagram Graph API, the forms of its answers, what is read when, and the tables. No logic."""

from datetime import date, timedelta
from typing import Any

from dlt.common.schema.typing import TTableSchema

from .hints import count, day, flag, moment, personal, table, text, whole

BASE_URL = "https://graph.facebook.com"
API_VERSION = "v24.0"
API_VERSIONS: dict[str, date | None] = {
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
"""Versions that the source reads, with the day on which Meta ends each (None: not announced)."""

HANDLE = r"[A-Za-z0-9._]{1,30}"

BATCH_SIZE = 50
"""Requests that one Graph batch may carry."""
BATCH_ATTEMPTS = 5
"""Attempts in a row that settle no request of a batch."""
MEDIA_PAGE_SIZE, COMMENT_PAGE_SIZE = 100, 50

PROFILE_FIELDS = "id,username,name,followers_count,follows_count,media_count"
COMPETITOR_FIELDS = "id,username,name,followers_count,media_count"
MEDIA_FIELDS = "id,caption,media_type,media_product_type,permalink,timestamp,like_count,comments_count"
REPLY_FIELDS = "id,text,timestamp,username,like_count,hidden"
COMMENT_FIELDS = f"{REPLY_FIELDS},replies{{{REPLY_FIELDS}}}"
ASKED_COMMENT_FIELDS = f"{REPLY_FIELDS},parent_id"

MEDIA_METRICS: dict[str, frozenset[str]] = {
    "views": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS", "STORY"}),
    "reach": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS", "STORY"}),
    "likes": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS"}),
    "comments": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS"}),
    "shares": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS", "STORY"}),
    "saved": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS"}),
    "follows": frozenset({"FEED", "CAROUSEL_ALBUM", "STORY"}),
    "profile_visits": frozenset({"FEED", "CAROUSEL_ALBUM", "STORY"}),
    "total_interactions": frozenset({"FEED", "CAROUSEL_ALBUM", "REELS", "STORY"}),
    "ig_reels_avg_watch_time": frozenset({"REELS"}),
    "ig_reels_video_view_total_time": frozenset({"REELS"}),
}
"""Owner-only lifetime metrics and the kinds of media that have them."""
ACCOUNT_METRICS = ("reach", "views", "accounts_engaged", "total_interactions")
"""Account metrics over a window, each with metric_type=total_value."""
WITHHELD_FROM_OBJECTS = 20
"""A zero is not returned either, so it takes as many objects without a value to call a metric withheld."""

WINDOW_DAYS = (1, 7, 28)
ACCOUNT_BACKFILL_DAYS = 90
"""How far back account windows are read at first."""
RESTATED_DAYS = 1
"""Insights may be late or corrected for 48 hours: beside the newest day, so many before it are read again."""

READING_AGES = (
    timedelta(hours=1),
    timedelta(hours=6),
    timedelta(hours=24),
    timedelta(days=2),
    timedelta(days=4),
    timedelta(days=7),
    timedelta(days=14),
    timedelta(days=28),
    timedelta(days=60),
    timedelta(days=90),
)
"""Ages at which a post is due to be read."""
READING_EVERY_LATER = timedelta(days=30)
"""How often it is due after the last of these ages."""
SURGE_SHARE, SURGE_COUNT = 0.10, 10
"""A public count that moved by this share and this much since its last reading makes a post due out of turn."""
THREAD_EVERY = (
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=7), timedelta(hours=6)),
    (timedelta(days=28), timedelta(days=1)),
)
"""Up to which age of its post a thread is read how often; later, when the post is due."""
MOST_THREADS = 10_000
"""Threads that are remembered between runs, as many as media that Meta lists; beyond it, those last read."""

_PAGING = {"next?": str, "cursors?": {"after?": str}}
_MEDIA = {
    "id": str,
    "timestamp": object,
    "media_type": object,
    "comments_count": object,
    "caption?": object,
    "media_product_type?": object,
    "permalink?": object,
    "like_count?": object,
}
_REPLY = {
    "id": str,
    "timestamp": object,
    "text?": object,
    "username?": (str, None),
    "like_count?": object,
    "hidden?": object,
}
REPLIES_PAGE: Any = {"data": [_REPLY], "paging?": _PAGING}
COMMENTS_PAGE: Any = {"data": [{**_REPLY, "replies?": REPLIES_PAGE}], "paging?": _PAGING}
COMMENT: Any = {**_REPLY, "parent_id?": (str, None)}
MEDIA_PAGE: Any = {"data": [_MEDIA], "paging?": _PAGING}
PROFILE: Any = {"id": str, "username": str, "name?": object, "followers_count": object, "media_count": object}
OWN_PROFILE: Any = {**PROFILE, "follows_count": object}
DISCOVERY: Any = {"business_discovery": {**PROFILE, "media?": MEDIA_PAGE}}
OBJECT: Any = {"id": str}
INSIGHTS: Any = {
    "data": [
        (
            {"name": str, "id": str, "values": [{"value": object}]},
            {"name": str, "id": str, "total_value": {"value?": object}},
        )
    ]
}
BATCH: Any = [({"code": int, "body": str, "headers?": ([{"name": str, "value": str}], None)}, None)]
TOKEN: Any = {"data": {"expires_at?": int, "data_access_expires_at?": int}}

_ACCOUNT_ID = text("Instagram professional account id.", required=True)
_MEDIA_ID = text("Instagram media id.", required=True)

TABLES: dict[str, TTableSchema] = {
    "accounts": table(
        "Readings of accounts' public profiles, once a UTC day and when renamed: own account and competitors.",
        ("account_id",),
        {
            "account_id": _ACCOUNT_ID,
            "username": text("Public handle of the brand's account.", required=True),
            "account_name": text("Display name of the brand's account."),
            "is_own": flag("True for the account that the token belongs to.", required=True),
            "followers_count": count("Followers at the reading."),
            "follows_count": count("Accounts that it follows; NULL for competitors."),
            "media_count": count("Media published and still online."),
        },
        "append",
    ),
    "competitor_status": table(
        "What the network says of a competitor's handle when it is asked for: available or not_found.",
        ("username",),
        {
            "username": text("Public handle that was asked for.", required=True),
            "status": text("State of the handle.", required=True, one_of=("available", "not_found")),
            "reason": text("Why nothing is read of it."),
        },
        "merge",
    ),
    "media": table(
        "Readings of media's attributes and public counts. like_count is NULL where the owner hides it.",
        ("media_id",),
        {
            "media_id": _MEDIA_ID,
            "account_id": _ACCOUNT_ID,
            "is_own": flag("True for media of the token's account.", required=True),
            "caption": text("Text of the brand's post."),
            "media_type": text("IMAGE, VIDEO or CAROUSEL_ALBUM."),
            "media_product_type": text("FEED, REELS or STORY; NULL for competitors where not given."),
            "permalink": text("Public address of the media."),
            "posted_at": moment("When it was published.", required=True),
            "like_count": count("Likes at the reading."),
            "comments_count": count("Comments at the reading."),
            "is_deleted": flag("True when the API no longer knows a media that it knew.", required=True),
        },
        "append",
    ),
    "media_insights": table(
        "Readings of the owner-only lifetime metrics of media. A metric that was not returned is NULL.",
        ("media_id",),
        {
            "media_id": _MEDIA_ID,
            "account_id": _ACCOUNT_ID,
            "views": count("Displays, organic; Meta's successor of impressions."),
            "reach": count("Distinct accounts that saw it, lifetime."),
            "likes": count("Likes, organic."),
            "comments": count("Comments, organic."),
            "shares": count("Shares."),
            "saved": count("Saves."),
            "follows": count("Follows that came from it (FEED only)."),
            "profile_visits": count("Profile visits that came from it (FEED only)."),
            "total_interactions": count("Interactions as the network adds them up."),
            "ig_reels_avg_watch_time": count("Average watch time of a reel, milliseconds."),
            "ig_reels_video_view_total_time": count("Total watch time of a reel, milliseconds."),
        },
        "append",
    ),
    "account_insights": table(
        "Account metrics over a stated window that ends on a day; unique counts cannot be added up.",
        ("account_id", "window_end", "window_days"),
        {
            "account_id": _ACCOUNT_ID,
            "window_end": day("Last day of the window, inclusive.", required=True),
            "window_days": whole("Length of the window in days: 1, 7 or 28.", required=True, minimum=1),
            "reach": count("Distinct accounts that saw any content."),
            "views": count("Displays of any content."),
            "accounts_engaged": count("Distinct accounts that interacted."),
            "total_interactions": count("Interactions with any content."),
        },
        "merge",
    ),
    "comments": table(
        "Versions of comments and replies on own media.",
        ("comment_id",),
        {
            "comment_id": text("Instagram comment id.", required=True),
            "media_id": _MEDIA_ID,
            "account_id": _ACCOUNT_ID,
            "parent_comment_id": text("Comment that it replies to; NULL at top level."),
            "author_handle": personal("handle", "Handle of the author; NULL for the brand itself.", "instagram"),
            "is_from_brand": flag("True when the account's owner wrote it.", required=True),
            "text": personal("text", "What was written."),
            "like_count": count("Likes of the comment at the reading."),
            "is_hidden": flag("True while the brand hides it from the public."),
            "is_deleted": flag("True when the API no longer knows it.", required=True, erases=True),
            "posted_at": moment("When it was written.", required=True),
        },
        "merge",
    ),
    "metric_status": table(
        "What the API said of a metric when it was asked for: available, retired or withheld.",
        ("object_type", "metric"),
        {
            "object_type": text("REELS, FEED, CAROUSEL_ALBUM, STORY or ACCOUNT.", required=True),
            "metric": text("The network's own metric name.", required=True),
            "status": text("State of the metric.", required=True, one_of=("available", "retired", "withheld")),
            "reason": text("The network's message, without identifiers."),
        },
        "merge",
    ),
}
