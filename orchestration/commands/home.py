"""Which home a command works on."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestration.config import Settings


def home() -> Settings:
    """The home as the environment names it; nothing is made there."""
    from orchestration.config import Settings

    return Settings.from_environment()


def prepared_home() -> Settings:
    """The same, ready to be written to."""
    settings = home()
    settings.prepare()
    return settings
