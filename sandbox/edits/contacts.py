"""What happens to contacts: edited, archived, restored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sandbox.edits import ChangeError
from sandbox.world.build import World
from sandbox.world.columns import NEVER, Flags


def is_live(world: World, at: int) -> Flags:
    """Contacts that are neither merged nor archived at a moment."""
    known = world.contacts
    return np.asarray((known.created_at <= at) & (known.merged_at > at) & (known.archived_at > at))


def is_archived(world: World, at: int) -> Flags:
    """Contacts that can be restored at a moment."""
    known = world.contacts
    return np.asarray((known.created_at <= at) & (known.merged_at > at) & (known.archived_at <= at))


def edit(world: World, contact_id: int, at: int) -> World:
    """Consent is noted, or taken out again; who had opted out before has not any more."""
    row = _row(world, contact_id, is_live(world, at))
    consent = 1 - int(world.contacts.consent[row])
    contacts = world.contacts.edit(row, consent=consent, opted_out_at=NEVER, edited_at=at)
    return replace(world, contacts=contacts)


def archive(world: World, contact_id: int, at: int) -> World:
    """The contact goes to the archive."""
    row = _row(world, contact_id, is_live(world, at))
    return replace(world, contacts=world.contacts.edit(row, archived_at=at))


def restore(world: World, contact_id: int, at: int) -> World:
    """The contact comes back from the archive as it was; that is no modification."""
    row = _row(world, contact_id, is_archived(world, at))
    return replace(world, contacts=world.contacts.edit(row, archived_at=NEVER))


def _row(world: World, contact_id: int, fitting: Flags) -> int:
    found = np.flatnonzero((world.contacts.contact_id == contact_id) & fitting)
    if not len(found):
        raise ChangeError(f"there is no such contact {contact_id} at the clock")
    return int(found[0])
