"""Entities of what people say: accounts, posts, messages, and what a network counts of them."""

from __future__ import annotations

from collections.abc import Mapping

from dlt.common.schema.typing import TTableSchema

from pipelines.entities import hints
from pipelines.entities.precedence import network_entity

_ACCOUNT = hints.text("Account id on the network.", required=True)
_POST = hints.text("Post id on the network.", required=True)
_READ_AT = hints.moment("When the counts were read, UTC.", required=True)
_WATCHED = hints.moment(
    "Until when the source looks at each reading for what is new of it, UTC; NULL: only when its counts are read."
)

VOICE: Mapping[str, TTableSchema] = {
    "accounts": network_entity(
        "Versions of an account's public profile, own or a competitor's.",
        ("account_id", "observed_at"),
        {
            "account_id": _ACCOUNT,
            "username": hints.text("Public handle of the brand's account, lower case."),
            "account_name": hints.text("Name shown on the profile."),
            "is_own": hints.flag(
                "True where the account's own token read it, false for a competitor's; NULL: a delivery."
            ),
            "observed_at": hints.moment("When it was read, UTC."),
        },
    ),
    "account_readings": network_entity(
        "Public counts of an account as read at a moment; an unknown count is NULL, never 0.",
        ("account_id", "observed_at"),
        {
            "account_id": _ACCOUNT,
            "observed_at": _READ_AT,
            "followers_count": hints.count("Followers."),
            "follows_count": hints.count("Accounts that it follows."),
            "posts_count": hints.count("Posts online."),
        },
    ),
    "account_windows": network_entity(
        "Reach and impressions of an account over a window of days, as the network states them.",
        ("account_id", "window_end", "window_days", "observed_at"),
        {
            "account_id": _ACCOUNT,
            "window_end": hints.day("Last day of the window, inclusive; NULL: the brand's day before the reading."),
            "window_days": hints.whole("Length of the window, days.", required=True, minimum=1),
            "observed_at": _READ_AT,
            "reach": hints.count("Distinct accounts over the window."),
            "impressions": hints.count("Displays over the window."),
        },
    ),
    "posts": network_entity(
        "Posts of own or competitors' accounts in the version of the run's day; deletions seen by absence are dated.",
        ("post_id",),
        {
            "account_id": _ACCOUNT,
            "post_id": _POST,
            "is_own": hints.flag("True where the account's own token read it; NULL: a delivery."),
            "posted_at": hints.moment("When it was published, UTC.", required=True),
            "post_format": hints.text(
                "Format.", one_of=("image", "video", "carousel", "reel", "story", "text", "link")
            ),
            "caption": hints.text("Text of the brand's post."),
            "permalink": hints.text("Public address."),
            "deleted_at": hints.moment("When it was first found deleted and never seen again by this source, UTC."),
            "last_seen_at": hints.moment("When this source last saw it alive, UTC; NULL: it does not look."),
            "watched_until": _WATCHED,
        },
    ),
    "post_readings": network_entity(
        "Lifetime counts of a post as read at a moment; an unknown count is NULL, never 0.",
        ("post_id", "observed_at"),
        {
            "account_id": hints.text("Account id on the network; NULL: known by the post."),
            "post_id": _POST,
            "observed_at": _READ_AT,
            "metric_set": hints.text(
                "Whose counts they are: the owner's, or what everybody sees.",
                required=True,
                one_of=("owner", "public"),
            ),
            "measured_metrics": hints.text(
                "Counts that the source has of such a post at all, `;` before and after each: what is NULL of them is"
                " unknown, any other has no place in a total.",
                required=True,
            ),
            "impressions": hints.count("Displays (views)."),
            "reach": hints.count("Distinct accounts, lifetime."),
            "reactions": hints.count("Likes and other reactions."),
            "comments": hints.count("Comments."),
            "shares": hints.count("Shares and reposts."),
            "saves": hints.count("Saves."),
            "link_clicks": hints.count("Clicks on links."),
            "profile_visits": hints.count("Profile visits."),
        },
    ),
    "messages": network_entity(
        "Comments and messages in their newest version. Texts and handles are in the vault alone.",
        ("message_id",),
        {
            "account_id": _ACCOUNT,
            "message_id": hints.text("Message id on the network.", required=True),
            "post_id": hints.text("Post under which it stands; NULL: none."),
            "parent_message_id": hints.text("Message that it answers; NULL: the first of its thread."),
            "author_handle": hints.personal("handle", "Author's handle; NULL for the brand itself."),
            "is_from_brand": hints.flag("True when the brand wrote it.", required=True),
            "text_length": hints.count("Characters of what was written."),
            "likes_count": hints.count("Likes of the message."),
            "is_hidden": hints.flag(
                "True while the brand hides it: it was received, so it stays a message.", required=True
            ),
            "is_deleted": hints.flag(
                "True when the network no longer knows it: it is no message any more.", required=True
            ),
            "posted_at": hints.moment("When it was written, UTC.", required=True),
        },
    ),
    "metric_status": network_entity(
        "What a network said of a metric when it was asked.",
        ("object_type", "network_metric", "observed_at"),
        {
            "object_type": hints.text("Type of object as the network calls it.", required=True),
            "object_level": hints.text("What the metric is of.", required=True, one_of=("account", "post")),
            "network_metric": hints.text("Metric as the network calls it.", required=True),
            "status": hints.text("available, withheld, unavailable or retired.", required=True),
            "reason": hints.text("What the network said."),
            "observed_at": hints.moment("When it was asked, UTC.", required=True),
        },
    ),
}
"""Entities of the networks, by name."""
