"""Client credentials of an app: a token for twenty-four hours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from sandbox.api.answer import Answer, Request, json_answer
from sandbox.api.kind import Given

LASTS = 86_399
_SCOPES = "read_orders,read_all_orders,read_customers,read_reports"


def token(given: Given, request: Request) -> Answer:
    """The answer to a request for a token, sent as a form or as JSON."""
    asked, known = _parameters(request), given.tokens.credentials
    if asked.get("grant_type") != "client_credentials":
        return _refused("unsupported_grant_type", "grant_type must be client_credentials")
    if (asked.get("client_id"), asked.get("client_secret")) != (known["client_id"], known["client_secret"]):
        return _refused("invalid_client", "Client authentication failed")
    content = {
        "access_token": given.tokens.give("shpat_", given.scene.clock, LASTS),
        "scope": _SCOPES,
        "expires_in": LASTS,
    }
    return json_answer(content)


def _parameters(request: Request) -> Mapping[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return dict(parse_qsl(request.body.decode(errors="replace")))
    try:
        content = orjson.loads(request.body)
    except orjson.JSONDecodeError:
        return {}
    return content if isinstance(content, dict) else {}


def _refused(error: str, description: str) -> Answer:
    return json_answer({"error": error, "error_description": description}, 400)
