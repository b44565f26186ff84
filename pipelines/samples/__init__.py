"""Real data sets that can be put into a home's inbox, each as a file drop like any user's."""

from __future__ import annotations

from pipelines.errors import ConfigError
from pipelines.home import Home
from pipelines.samples import complete_journey

_SAMPLES = {"complete-journey": complete_journey.put}


def put_sample(name: str, home: Home) -> str:
    """Put the named data set into the home's inbox; returns one line that says what is there now."""
    if name not in _SAMPLES:
        raise ConfigError(f"there is no sample {name!r}", "voxhouse sample", f"use one of {', '.join(_SAMPLES)}")
    return _SAMPLES[name](home)
