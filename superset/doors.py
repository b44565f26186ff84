"""What is settled before a request is heard: the name it was sent to, the pause after wrong passwords, databases."""

from __future__ import annotations

import os
from typing import Any

from flask import Flask, Response, g, jsonify, request, session
from flask_limiter.util import get_remote_address
from saving import refuse_foreign_content
from serving import SERVED_FILES
from sqlalchemy import event

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")
LOGINS = ("AuthDBView.login", "SecurityApi.login")
WRONG_PASSWORDS = 5
"""A minute, account and address; each of the two workers of gunicorn.conf.py counts for itself, so 10 in all."""
PAUSE = "Too many wrong passwords: wait a minute."
CONNECTING = frozenset({"DatabaseRestApi.validate_parameters", "DatabaseRestApi.upload_metadata"})
"""They load an engine, and some connect, before any setting can say no."""
NO_OTHER_DATABASE = "Only the published files can be databases."
FOR_ADMINISTRATORS = "This is for administrators."
SERVED_URIS = frozenset(f"duckdb:///{file}" for file in SERVED_FILES)


def close_doors(app: Flask) -> None:
    """Superset's FLASK_APP_MUTATOR."""
    from superset import db, security_manager

    app.before_request(_refuse_unknown_hosts)
    app.before_request(_refuse_other_databases)
    app.before_request(_refuse_lists_of_others)
    limit = security_manager.limiter.shared_limit(
        f"{WRONG_PASSWORDS} per minute",
        scope="login",
        key_func=_who_logs_in,
        methods=["POST"],
        deduct_when=_is_wrong,
        error_message=PAUSE,
    )
    for endpoint in LOGINS:
        app.view_functions[endpoint] = limit(app.view_functions[endpoint])
    event.listen(db.session, "before_flush", refuse_foreign_content)


def known_hosts() -> frozenset[str]:
    """What a Host header may say: the loopback at the served port, and the names in VOXHOUSE_SUPERSET_HOSTS."""
    port = os.environ.get("VOXHOUSE_SUPERSET_PORT", "8088")
    configured = os.environ.get("VOXHOUSE_SUPERSET_HOSTS", "").replace(",", " ").split()
    return frozenset({*(f"{name}:{port}" for name in LOOPBACK), *map(str.lower, configured)})


def only_oneself(query: Any) -> Any:
    """Superset's filter of related users: whoever does not administer finds nobody else in the lists of people."""
    from superset import security_manager

    if security_manager.is_admin():
        return query
    return query.filter(security_manager.user_model.id == getattr(g.user, "id", None))


def _refuse_unknown_hosts() -> tuple[Response, int] | None:
    if request.host.lower() in known_hosts():
        return None
    return jsonify(message="Superset is not served under this name; see VOXHOUSE_SUPERSET_HOSTS."), 400


def _refuse_other_databases() -> tuple[Response, int] | None:
    """`serving.pin` would refuse the connection; here it is refused before its engine is loaded."""
    asked = request.get_json(silent=True) if (request.endpoint or "").startswith("DatabaseRestApi.") else None
    uri = asked.get("sqlalchemy_uri") if isinstance(asked, dict) else None
    if request.endpoint in CONNECTING or (uri and uri not in SERVED_URIS):
        return jsonify(message=NO_OTHER_DATABASE), 403
    return None


def _refuse_lists_of_others() -> tuple[Response, int] | None:
    """Superset tells whoever may see a database of all charts on it, whatever their schema."""
    from superset import security_manager

    if request.endpoint != "DatabaseRestApi.related_objects" or security_manager.is_admin():
        return None
    return jsonify(message=FOR_ADMINISTRATORS), 403


def _who_logs_in() -> str:
    given = request.get_json(silent=True) if request.is_json else request.form
    account = given.get("username") if hasattr(given, "get") else None
    return f"{str(account).lower()} {get_remote_address()}"


def _is_wrong(response: Response) -> bool:
    return response.status_code != 200 and "_user_id" not in session
