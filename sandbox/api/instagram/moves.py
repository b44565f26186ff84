"""What happens on Instagram of itself: comments come, are hidden and go, and now and then a post does."""

from __future__ import annotations

import numpy as np

from sandbox.changes import Change
from sandbox.edits.social import OWN, is_online, is_said
from sandbox.scene import Scene

_SHARES = {"add_comment": 0.4, "hide_comment": 0.15, "delete_comment": 0.2, "add_post": 0.15, "delete_post": 0.1}


def move(scene: Scene, rng: np.random.Generator) -> Change:
    """A change of the own account's posts or of what is said about them."""
    w, clock = scene.world, scene.clock
    kind = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    online = np.flatnonzero(is_online(w, clock) & (w.posts.account == OWN))
    said = np.flatnonzero(is_said(w, clock) & (w.comments.hidden_at > clock) & (w.comments.parent == -1))
    if kind.endswith("_comment") and kind != "add_comment" and len(said):
        return Change(kind, clock, comment_id=int(w.comments.comment_id[rng.choice(said)]))
    if kind in ("add_comment", "delete_post") and len(online) > 1:
        return Change(kind, clock, media_id=int(w.posts.media_id[rng.choice(online)]))
    return Change("add_post", clock)
