"""The vendors' APIs: each folder here is a vendor, found by its name; nothing else lists them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache

from sandbox.api.kind import Kind


@cache
def kinds() -> Mapping[str, Kind]:
    """Vendors by name."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg)
    return {name: importlib.import_module(f"{__name__}.{name}").KIND for name in names}
