"""Social networks as files call them, and as the tables do."""

from __future__ import annotations

import re
from collections.abc import Mapping

from pipelines.errors import shown
from pipelines.sources.file_drop.reading import Staged, readable
from pipelines.sources.file_drop.settings import NETWORKS
from pipelines.sql import literal, quoted

_OTHER_NAMES: Mapping[str, tuple[str, ...]] = {
    "instagram": ("ig", "insta", "instagram.com"),
    "facebook": ("fb", "meta", "facebook.com", "fb.com"),
    "x": ("twitter", "x.com", "twitter.com", "x (twitter)", "x/twitter", "twitter/x"),
    "linkedin": ("li", "linked in", "linkedin.com"),
    "youtube": ("yt", "youtube.com", "youtu.be"),
    "tiktok": ("tt", "tik tok", "tiktok.com"),
    "bluesky": ("bsky", "bsky.app", "bsky.social"),
    "mastodon": ("mastodon.social",),
}
ALIASES: Mapping[str, str] = {other: name for name, others in _OTHER_NAMES.items() for other in others}
"""Another name of a network, in small letters, to the name that lands."""
_WORD = re.compile(r"[^\W\d]{1,20}([ ./-][^\W\d]{1,20})?")


def network_of(text: str) -> str | None:
    """Name of a network in any of its spellings; None where it is none that we know."""
    word = re.sub(r"^(https?://)?(www\.)?", "", text.strip().lower()).rstrip("/")
    return word if word in NETWORKS else ALIASES.get(word)


def named(raw: str) -> str:
    """SQL of a text as the name of a network; the text itself where it is no known one."""
    word = rf"regexp_replace(regexp_replace(lower(trim({raw})), '^(https?://)?(www\.)?', ''), '/+$', '')"
    cases = " ".join(f"when {literal(other)} then {literal(name)}" for other, name in ALIASES.items())
    known = " ".join(f"when {literal(name)} then {literal(name)}" for name in NETWORKS)
    return f"case {word} {known} {cases} else {raw} end"


def check_networks(staged: Staged, relation: str) -> None:
    """Raise ConfigError that names the file and the first word among its networks that is no known one."""
    column = quoted("value network")
    word = named(f"{column}::varchar")
    known = ", ".join(map(literal, NETWORKS))
    with readable(staged.file):
        rows = staged.con.execute(
            f"select {word} as word from {relation} where {column} is not null and {word} not in ({known}) limit 1"
        ).fetchall()
    if rows:
        found = str(rows[0][0])
        # A text that is no plain word may be anything that stands in the file.
        told = f"'{shown(found)}'" if _WORD.fullmatch(found) else f"a text of {len(found)} characters"
        remedy = f"use {', '.join(NETWORKS)}, or map the right column"
        raise staged.file.fault(f"names a network that is not known: {told}", remedy)
