"""One folder per kind of source: its tables, and how its records are read. A new folder is a new kind."""

import pkgutil

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))
API_KINDS: tuple[str, ...] = tuple(kind for kind in KINDS if kind != "file_drop")
