"""HubSpot's OAuth endpoints: an access token of thirty minutes for a refresh token."""

from __future__ import annotations

from urllib.parse import parse_qsl

from sandbox.api.answer import Answer, Request, json_answer
from sandbox.api.kind import Given

LASTS = 30 * 60


def token(given: Given, request: Request) -> Answer:
    """The answer to a refresh; what is wrong with it is said as OAuth says it."""
    form = dict(parse_qsl(request.body.decode(errors="replace")))
    known = given.tokens.credentials
    if form.get("grant_type") != "refresh_token":
        return _refused("unsupported_grant_type", "grant_type must be refresh_token")
    if (form.get("client_id"), form.get("client_secret")) != (known["client_id"], known["client_secret"]):
        return _refused("invalid_client", "missing or unknown client id or secret")
    if form.get("refresh_token") != known["refresh_token"]:
        return _refused("invalid_grant", "missing or unknown refresh token")
    if given.conditions.rotates:
        given.tokens.rotate("refresh_token")
    content = {
        "token_type": "bearer",
        "access_token": given.tokens.give("", given.scene.clock, LASTS),
        "refresh_token": known["refresh_token"],
        "expires_in": LASTS,
        "hub_id": 8_765_432,
    }
    return json_answer(content)


def _refused(error: str, description: str) -> Answer:
    content = {"status": "error", "error": error, "error_description": description, "message": description}
    return json_answer(content, 400)
