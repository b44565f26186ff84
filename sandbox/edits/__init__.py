"""Edits, additions and deletions of single records, as `sandbox.changes` makes them."""

from __future__ import annotations


class ChangeError(ValueError):
    """The change cannot be made; the text says why."""
