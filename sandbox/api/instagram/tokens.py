"""Tokens of the Graph API: what is known of one, and a new one for sixty more days."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.api.instagram.errors import GraphError, bad_token, ended_token, malformed
from sandbox.api.kind import Given
from sandbox.options import ACCOUNTS
from sandbox.world.calendar import DAY

LONG_LIVED = 60 * DAY
_DATA_ACCESS = 90 * DAY
_SCOPES = ["instagram_basic", "instagram_manage_insights", "instagram_manage_comments", "pages_read_engagement"]


def authorise(given: Given, token: str) -> None:
    """Raise GraphError for a token that does not hold."""
    state = given.tokens.state(token, given.scene.clock)
    if state != "good":
        raise ended_token() if state == "ended" else bad_token()


def debug_token(given: Given, token: str) -> dict[str, Any]:
    """What the vendor knows of a token; 0 stands for never."""
    ends, clock = given.tokens.ends_at(token), given.scene.clock
    is_valid = token in (given.tokens.credentials["access_token"], *given.tokens.given)
    if not is_valid:
        return {"data": {"error": {"code": 190, "message": "Malformed access token"}, "is_valid": False, "scopes": []}}
    issued = clock if ends is None else ends - LONG_LIVED
    return {
        "data": {
            "app_id": given.tokens.credentials["client_id"],
            "type": "USER",
            "application": "Voxhouse",
            "data_access_expires_at": issued + _DATA_ACCESS,
            "expires_at": ends or 0,
            "is_valid": ends is None or clock < ends,
            "issued_at": issued,
            "scopes": _SCOPES,
            "user_id": ACCOUNTS[0].account_id,
        }
    }


def exchange(given: Given, params: Mapping[str, str]) -> dict[str, Any]:
    """A new long-lived token for one that still holds."""
    if params.get("grant_type") not in ("fb_exchange_token", "ig_refresh_token"):
        raise malformed("grant_type must be fb_exchange_token")
    known = given.tokens.credentials
    is_app = (params.get("client_id"), params.get("client_secret")) == (known["client_id"], known["client_secret"])
    if params["grant_type"] == "fb_exchange_token" and not is_app:
        raise GraphError("Error validating client secret.", 1)
    authorise(given, params.get("fb_exchange_token") or params.get("access_token", ""))
    token = given.tokens.give("EAASandbox", given.scene.clock, LONG_LIVED)
    return {"access_token": token, "token_type": "bearer", "expires_in": LONG_LIVED}
