"""What happens to posts and comments: published, deleted, said, hidden."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.edits import ChangeError
from sandbox.options import ACCOUNTS
from sandbox.world.build import World
from sandbox.world.calendar import HOUR
from sandbox.world.columns import NEVER, Flags
from sandbox.world.comments import STRANGER

OWN = next(number for number, account in enumerate(ACCOUNTS) if account.is_own)
_FIRST_NEW_POST, _FIRST_NEW_COMMENT = 17_950_000_000_000_000, 17_890_000_000_000_000
_FIRST_NEW_SHORTCODE = 36**5
_SAID = ("Is this new?", "Lovely", "Can it be washed?", "I would like two of them")


def is_online(world: World, at: int) -> Flags:
    """Posts that can be seen at a moment."""
    return np.asarray((world.posts.posted_at <= at) & (world.posts.deleted_at > at))


def is_said(world: World, at: int) -> Flags:
    """Comments that are there at a moment, hidden ones too."""
    said = world.comments
    return np.asarray((said.posted_at <= at) & (said.deleted_at > at) & is_online(world, at)[said.post])


def post_row(world: World, media_id: int, at: int) -> int:
    """Row of a post that can be seen; raises ChangeError."""
    found = np.flatnonzero((world.posts.media_id == media_id) & is_online(world, at))
    if not len(found):
        raise ChangeError(f"there is no media {media_id} at the clock")
    return int(found[0])


def add_post(world: World, at: int) -> World:
    """A picture of the own account, which will do as well as the newest one before it."""
    posts, calendar = world.posts, world.calendar
    like = int(np.flatnonzero((posts.account == OWN) & (posts.posted_at <= at))[-1])
    added = int(np.count_nonzero(posts.media_id >= _FIRST_NEW_POST))
    day = int(calendar.day_of(np.array([at]))[0])
    values = {name: getattr(posts, name)[like] for name in posts.__dataclass_fields__} | {
        "media_id": _FIRST_NEW_POST + 1013 * added,
        "format": 0,
        "posted_at": at,
        "day": day,
        "hour": (at - int(calendar.midnight[day])) // HOUR,
        "caption": f"Just in: no. {added + 1} #new",
        "shortcode": f"N{np.base_repr(_FIRST_NEW_SHORTCODE + added, 36)}",
        "deleted_at": NEVER,
    }
    return replace(world, posts=posts.append(**values))


def delete_post(world: World, media_id: int, at: int) -> World:
    """A post goes, and its comments with it."""
    return replace(world, posts=world.posts.edit(post_row(world, media_id, at), deleted_at=at))


def add_comment(world: World, media_id: int, at: int) -> World:
    """A stranger says something about an own post."""
    post = post_row(world, media_id, at)
    if world.posts.account[post] != OWN:
        raise ChangeError(f"media {media_id} is not the own account's")
    added = int(np.count_nonzero(world.comments.comment_id >= _FIRST_NEW_COMMENT))
    comments = world.comments.append(
        comment_id=_FIRST_NEW_COMMENT + 271 * added,
        post=post,
        parent=-1,
        author=STRANGER,
        username=f"new.neighbour.{added}",
        text=_SAID[added % len(_SAID)],
        posted_at=at,
        likes=0,
        hidden_at=NEVER,
        deleted_at=NEVER,
    )
    return replace(world, comments=comments)


def hide_comment(world: World, comment_id: int, at: int) -> World:
    """The owner hides a comment."""
    row = _comment_row(world, comment_id, is_said(world, at) & (world.comments.hidden_at > at))
    return replace(world, comments=world.comments.edit(row, hidden_at=at))


def delete_comment(world: World, comment_id: int, at: int) -> World:
    """A comment goes, with every reply to it that is there or will be."""
    row = _comment_row(world, comment_id, is_said(world, at))
    said = world.comments
    gone = (said.comment_id == comment_id) | (said.parent == comment_id)
    deleted_at = np.where(gone, np.minimum(said.deleted_at, np.maximum(said.posted_at, at)), said.deleted_at)
    deleted_at[row] = at
    return replace(world, comments=replace(said, deleted_at=deleted_at))


def _comment_row(world: World, comment_id: int, fitting: Flags) -> int:
    found = np.flatnonzero((world.comments.comment_id == comment_id) & fitting)
    if not len(found):
        raise ChangeError(f"there is no such comment {comment_id} at the clock")
    return int(found[0])
