"""What Superset may open and for how long: the published files, one version per request, one time limit per statement.

The version is pinned once per request and used for the connection and for the cache key alike. Otherwise a result
read from one version could be stored under the key of the next, when a publication falls between query and store.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

from flask import g, has_app_context
from flask_caching.backends.filesystemcache import FileSystemCache
from sqlalchemy import event
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import Pool
from superset.exceptions import SupersetGenericDBErrorException

SERVED_FILES = frozenset({"published.duckdb", "ledger.duckdb"})
"""Base names of the files of a published version: the only databases that exist for Superset."""


def current_version() -> Path:
    """Folder of the published version, the same one for the whole of a request."""
    if not has_app_context():
        return _resolve_current()
    if "voxhouse_version" not in g:
        g.voxhouse_version = _resolve_current()
    pinned: Path = g.voxhouse_version
    return pinned


def _resolve_current() -> Path:
    pointer = Path(os.environ["VOXHOUSE_HOME"]).resolve() / "serving" / "current"
    return pointer.resolve()


def locked_down(temp_directory: Path, memory_limit: str, threads: int) -> dict[str, str]:
    """DuckDB's settings for every connection: no file, no network, no extension, no way to change that afterwards."""
    return {
        "enable_external_access": "false",
        "allow_community_extensions": "false",
        "autoinstall_known_extensions": "false",
        "autoload_known_extensions": "false",
        "python_enable_replacements": "false",
        "temp_directory": str(temp_directory),
        "max_temp_directory_size": "5GB",
        "memory_limit": memory_limit,
        "threads": str(threads),
        "lock_configuration": "true",
    }


def pin(uri: URL, params: dict[str, Any], settings: dict[str, str]) -> tuple[URL, dict[str, Any]]:
    """Turn `duckdb:///published.duckdb` into the pinned version's file, opened read-only.

    SupersetGenericDBErrorException, whose message people see, for any other database and while nothing is published.
    """
    if uri.get_backend_name() != "duckdb" or uri.database not in SERVED_FILES:
        raise SupersetGenericDBErrorException(
            f"only the published files can be opened: {', '.join(sorted(SERVED_FILES))}"
        )
    file = current_version() / uri.database
    if not file.exists():
        raise SupersetGenericDBErrorException(f"{uri.database}: nothing has been published yet; run `voxhouse run`")
    return uri.set(database=str(file), query={}), params | {"connect_args": {"read_only": True, "config": settings}}


class VersionedFileSystemCache(FileSystemCache):
    """A result cache in which a publication or a rollback makes the other versions' entries unreachable at once."""

    def _get_filename(self, key: str) -> str:
        if key != self._fs_count_file:
            key = f"{current_version()}|{key}"
        filename: str = super()._get_filename(key)
        return filename


def limit_statement_time(seconds: float) -> None:
    """Interrupt DuckDB statements after `seconds`. Superset opens one connection per query: a timer each is enough.

    Superset's own limits cannot do it: signals do not reach worker threads and its DuckDB dialect has no cancel.
    """

    @event.listens_for(Pool, "connect")
    def _start(connection: Any, record: Any) -> None:
        if type(connection).__module__.startswith("duckdb_engine"):
            timer = threading.Timer(seconds, connection.interrupt)
            timer.daemon = True
            timer.start()
            record.info["voxhouse_timer"] = timer

    @event.listens_for(Pool, "close")
    def _stop(_connection: Any, record: Any) -> None:
        timer = record.info.pop("voxhouse_timer", None) if record is not None else None
        if timer is not None:
            timer.cancel()
