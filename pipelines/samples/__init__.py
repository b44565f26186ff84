"""Real data sets that can be put into a home's inbox, each as a file drop like any user's."""

from __future__ import annotations

from pipelines.brands import load_brands
from pipelines.errors import ConfigError, shown
from pipelines.home import Home
from pipelines.landing.ledger import Ledger, format_of
from pipelines.samples import complete_journey
from pipelines.sources import KINDS, configuration

_SAMPLES = {"complete-journey": complete_journey.put}


def put_sample(name: str, home: Home) -> str:
    """Put the named data set into the home's inbox; returns one line that says what is there now.

    Raises ConfigError for a name that is none, and for a home with figures of somebody's own, which it would be among.
    """
    if name not in _SAMPLES:
        what = f"there is no sample '{shown(name)}'"
        raise ConfigError(what, "voxhouse sample", f"use one of {', '.join(_SAMPLES)}")
    _check_no_live_sources(home)
    return _SAMPLES[name](home)


def _check_no_live_sources(home: Home) -> None:
    configured = sorted(load_brands(home.brands_file).sources) if home.brands_file.exists() else []
    if configured:
        what = f"has API sources ({shown(', '.join(configured))}), and the sample would be among their figures"
        raise ConfigError(what, str(home.brands_file), "name a home of its own in VOXHOUSE_HOME")
    loads = Ledger(home.landing).loads() if format_of(home.landing) is not None else []
    landed = sorted({load.source_instance for load in loads if not _is_delivery(load.kind)})
    if landed:
        what = f"has loads of API sources ({shown(', '.join(landed))}), and the sample would be among their figures"
        raise ConfigError(what, str(home.landing), "name a home of its own in VOXHOUSE_HOME")


def _is_delivery(kind: str) -> bool:
    return kind in KINDS and configuration(kind).is_delivery
