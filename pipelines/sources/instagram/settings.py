"""Constants of the Instagram Graph API and of what is read when. No logic belongs here."""

from datetime import timedelta

API_VERSION = "v24.0"
BATCH_SIZE = 50
"""Requests that one Graph batch may carry."""
MEDIA_PAGE_SIZE = 100
COMMENT_PAGE_SIZE = 50
MOST_EMPTY_PAGES = 20
"""Empty pages in a row that are still taken for a legal answer."""

MEDIA_FIELDS = "id,caption,media_type,media_product_type,permalink,timestamp,like_count,comments_count"
PROFILE_FIELDS = "id,username,name,followers_count,follows_count,media_count"
COMPETITOR_FIELDS = "id,username,name,followers_count,media_count"
REPLY_FIELDS = "id,text,timestamp,username,like_count"
COMMENT_FIELDS = f"{REPLY_FIELDS},replies{{{REPLY_FIELDS}}}"

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
WINDOW_DAYS = (1, 7, 28)
ACCOUNT_BACKFILL_DAYS = 90
"""How far back account insights are kept by the network."""
RESTATED_FOR = timedelta(hours=48)
"""Insights may be delayed or corrected for so long after a window's end."""

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
COMMENTS_AGE = timedelta(days=28)
"""Younger media are asked for comments whenever their count moved, older ones only when they are due."""
COMPLETE_LISTING_SHARE = 0.9
"""A listing that has less of the account's own count than this says nothing about what was deleted."""
