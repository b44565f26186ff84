"""Comments on own posts, and the brand's replies: most after some hours, some never."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sandbox.options import ACCOUNTS, WorldOptions
from sandbox.world.calendar import HOUR
from sandbox.world.columns import NEVER, Columns, Integers, Texts, texts
from sandbox.world.people import People
from sandbox.world.posts import Posts, inverse_growth
from sandbox.world.rng import stream

BRAND_AUTHOR = -1
STRANGER = -2
_WORDS = (
    "Love this", "Where can I buy it?", "Is it back in stock?", "So beautiful", "My order has not arrived yet", "Wow",
    "Which size is that?", "Mine broke after a week", "Perfect for our kitchen", "Do you ship to Italy?", "Again!",
)  # fmt: skip
_REPLIES = (
    "Thank you!",
    "Please send us a message, we will look into it.",
    "Yes, it is in the shop.",
    "It will be back in May.",
)


@dataclass(frozen=True)
class Comments(Columns):
    """One row per comment or reply, by time."""

    comment_id: Integers
    post: Integers
    """Row of the post."""
    parent: Integers
    """comment_id that it answers; -1 at top level."""
    author: Integers
    """Person, BRAND_AUTHOR or STRANGER."""
    username: Texts
    text: Texts
    posted_at: Integers
    likes: Integers
    hidden_at: Integers
    """When the owner hid it; it is still listed to the owner, and counts for nobody."""
    deleted_at: Integers
    """When it went; the replies to it go with it."""


def comments(options: WorldOptions, folk: People, shown: Posts) -> Comments:
    """Comments arrive as the post's attention grows; the brand answers two thirds of them."""
    rng = stream(options.seed, "comments")
    own = np.flatnonzero(np.array([account.is_own for account in ACCOUNTS])[shown.account])
    post = np.repeat(own, shown.comments[own])
    n = len(post)
    age = inverse_growth(rng.uniform(0, 0.995, n), shown.pace[post])
    asked_at = shown.posted_at[post] + age.astype(np.int64) + 1
    with_handle = np.flatnonzero([handle is not None for handle in folk.handle])
    author = np.where(rng.random(n) < 0.25, rng.choice(with_handle, n), STRANGER)
    answered = np.flatnonzero(rng.random(n) < 0.66)
    wait = np.exp(np.log(2.5 * HOUR) + 1.1 * rng.standard_normal(len(answered))).astype(np.int64) + 30
    moment = np.concatenate([asked_at, asked_at[answered] + wait])
    by_time = np.argsort(moment, kind="stable")
    rank = np.empty(len(moment), dtype=np.int64)
    rank[by_time] = np.arange(len(moment))
    comment_id = 17_800_000_000_000_000 + 271 * rank
    brand = next(account.username for account in ACCOUNTS if account.is_own)
    names = _usernames(rng, folk, author) + [brand] * len(answered)
    said = [_WORDS[i] for i in rng.integers(0, len(_WORDS), n)] + [
        _REPLIES[i] for i in rng.integers(0, len(_REPLIES), len(answered))
    ]
    table = Comments(
        comment_id=comment_id,
        post=np.concatenate([post, post[answered]]),
        parent=np.concatenate([np.full(n, -1), comment_id[answered]]),
        author=np.concatenate([author, np.full(len(answered), BRAND_AUTHOR)]),
        username=texts(names),
        text=texts(said),
        posted_at=moment,
        likes=rng.poisson(0.6, len(moment)),
        hidden_at=np.full(len(moment), NEVER),
        deleted_at=np.full(len(moment), NEVER),
    )
    return table.take(by_time)


def _usernames(rng: np.random.Generator, folk: People, author: Integers) -> list[str]:
    numbers = rng.integers(0, 400_000, len(author))
    return [f"home.lover.{n}" if a == STRANGER else folk.handle[a] for a, n in zip(author, numbers, strict=True)]
