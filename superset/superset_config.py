"""Superset's settings, from the environment only. README.md lists the variables.

Every connection to data goes through `DB_CONNECTION_MUTATOR`, so no setting of a database object can weaken it.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from cachelib.file import FileSystemCache
from doors import close_doors, only_oneself
from guard import VoxhouseSecurityManager, refuse_foreign_sql
from serving import limit_statement_time, locked_down, pin
from sqlalchemy.engine.url import URL
from statements import CATALOG_VIEWS, REFUSED_FUNCTIONS

_home = Path(os.environ["VOXHOUSE_HOME"]).resolve() / "superset"
_query_seconds = float(os.environ.get("VOXHOUSE_SUPERSET_QUERY_SECONDS", "60"))
_duckdb_settings = locked_down(
    temp_directory=_home / "duckdb_tmp",
    memory_limit=os.environ.get("VOXHOUSE_SUPERSET_MEMORY", "1GB"),
    threads=int(os.environ.get("VOXHOUSE_SUPERSET_THREADS", "2")),
)
limit_statement_time(_query_seconds)


def _file_cache(name: str, seconds: int, entries: int, kind: str = "FileSystemCache") -> dict[str, Any]:
    folder = str(_home / "cache" / name)
    return {
        "CACHE_TYPE": kind,
        "CACHE_DIR": folder,
        "CACHE_DEFAULT_TIMEOUT": seconds,
        "CACHE_THRESHOLD": entries,
        "CACHE_KEY_PREFIX": f"{name}_",
    }


APP_NAME = "Voxhouse"
LOG_LEVEL = logging.WARNING
DATA_DIR = str(_home)
SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
GUEST_TOKEN_JWT_SECRET = f"{SECRET_KEY}/guest"
SQLALCHEMY_DATABASE_URI = os.environ.get("VOXHOUSE_SUPERSET_METADATA_URI", f"sqlite:///{_home / 'superset.db'}")

CUSTOM_SECURITY_MANAGER = VoxhouseSecurityManager
PREVENT_UNSAFE_DB_CONNECTIONS = True
SQL_QUERY_MUTATOR = refuse_foreign_sql
FLASK_APP_MUTATOR = close_doors
EXTRA_RELATED_QUERY_FILTERS = {"user": only_oneself}
DATASET_IMPORT_ALLOWED_DATA_URLS: list[str] = []
DISALLOWED_SQL_FUNCTIONS = {"duckdb": set(REFUSED_FUNCTIONS)}
DISALLOWED_SQL_TABLES = {"duckdb": set(CATALOG_VIEWS)}
FEATURE_FLAGS = {
    "ALLOW_ADHOC_SUBQUERY": False,
    "ENABLE_TEMPLATE_PROCESSING": False,
    "RLS_IN_SQLLAB": True,
    # Tabs are kept by the browser: Superset stores them under ids that it does not tie to their owner's queries.
    "SQLLAB_BACKEND_PERSISTENCE": False,
}
AUTH_ROLE_PUBLIC = "Public"
PUBLIC_ROLE_LIKE = None
FAB_API_SWAGGER_UI = False
# Only logging in is limited, in doors.py: readers behind one proxy share an address.
RATELIMIT_ENABLED = True
RATELIMIT_APPLICATION = None
RATELIMIT_STORAGE_URI = "memory://"
RATELIMIT_STRATEGY = "moving-window"
AUTH_RATE_LIMITED = False
# A session that has ended is gone from here, so that no copy of its cookie is worth anything.
SESSION_SERVER_SIDE = True
SESSION_TYPE = "cachelib"
SESSION_CACHELIB = FileSystemCache(str(_home / "sessions"), threshold=10_000, mode=0o600)
SESSION_PERMANENT = False
WTF_CSRF_ENABLED = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = os.environ.get("VOXHOUSE_SUPERSET_HTTPS") == "1"
ENABLE_PROXY_FIX = os.environ.get("VOXHOUSE_SUPERSET_BEHIND_PROXY") == "1"

# Superset's default, without the hosts of its telemetry, its maps and its fonts: a browser asks nobody but this server.
ENABLE_CORS = False
TALISMAN_ENABLED = True
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "connect-src": ["'self'"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    "force_https": False,
    "session_cookie_secure": SESSION_COOKIE_SECURE,
}

ROW_LIMIT = 10_000
SQL_MAX_ROW = 50_000
SQLLAB_TIMEOUT = int(_query_seconds) + 5
SUPERSET_WEBSERVER_TIMEOUT = int(_query_seconds) + 60

DATA_CACHE_CONFIG = _file_cache("data", 86_400, 5_000, kind="serving.VersionedFileSystemCache")
CACHE_CONFIG = _file_cache("metadata", 300, 1_000)
FILTER_STATE_CACHE_CONFIG = _file_cache("filter_state", 90 * 86_400, 10_000)
EXPLORE_FORM_DATA_CACHE_CONFIG = _file_cache("explore", 7 * 86_400, 10_000)


def DB_CONNECTION_MUTATOR(  # noqa: N802
    uri: URL, params: dict[str, Any], _username: str | None, _security_manager: Any, _source: Any
) -> tuple[URL, dict[str, Any]]:
    """Pin every DuckDB connection to the published version, read-only and locked down."""
    return pin(uri, params, _duckdb_settings)
