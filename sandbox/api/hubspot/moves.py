"""What happens in HubSpot of itself: contacts are edited, and now and then archived or restored."""

from __future__ import annotations

import numpy as np

from sandbox.changes import Change
from sandbox.edits.contacts import is_archived, is_live
from sandbox.scene import Scene


def move(scene: Scene, rng: np.random.Generator) -> Change:
    """A change of a contact."""
    w, clock = scene.world, scene.clock
    live, luck = is_live(w, clock), rng.random()
    archived = np.flatnonzero(is_archived(w, clock))
    idle = np.flatnonzero(live & ~np.isin(w.contacts.contact_id, w.deals.contact_id))
    if luck < 0.1 and len(archived):
        return Change("restore_contact", clock, contact_id=int(w.contacts.contact_id[rng.choice(archived)]))
    if luck < 0.2 and len(idle):
        return Change("archive_contact", clock, contact_id=int(w.contacts.contact_id[rng.choice(idle)]))
    return Change("edit_contact", clock, contact_id=int(w.contacts.contact_id[rng.choice(np.flatnonzero(live))]))
