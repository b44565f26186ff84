"""Errors as HubSpot words them."""

from __future__ import annotations

from collections.abc import Mapping

from sandbox.api.answer import Answer, json_answer
from sandbox.api.bucket import Bucket

_TRACE = "7f3c1a52-5a0b-4f5e-9d0f-sandbox00000"


class HubspotError(Exception):
    """An error: its status and its body."""

    def __init__(self, status: int, category: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.content = {"status": "error", "message": message, "correlationId": _TRACE, "category": category}

    def answer(self) -> Answer:
        """The error as an answer."""
        return json_answer(self.content, self.status)


def expired_token() -> HubspotError:
    """The token was good once."""
    return HubspotError(401, "EXPIRED_AUTHENTICATION", "The OAuth token used to make this call expired 3 hour(s) ago.")


def unknown_token() -> HubspotError:
    """The token was not given out."""
    return HubspotError(
        401,
        "INVALID_AUTHENTICATION",
        "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
        "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
    )


def invalid(message: str) -> HubspotError:
    """A request that cannot be read."""
    return HubspotError(400, "VALIDATION_ERROR", message)


def not_found() -> HubspotError:
    """No such path, version or record."""
    return HubspotError(404, "OBJECT_NOT_FOUND", "resource not found")


def unavailable() -> Answer:
    """A passing fault."""
    return HubspotError(502, "SERVICE_UNAVAILABLE", "There was a problem with the request.").answer()


def limits(bucket: Bucket | None = None) -> dict[str, str]:
    """The headers that tell of the limit for ten seconds; searches have none."""
    most, left = (190, 180) if bucket is None or bucket.rate is None else (bucket.size, bucket.level)
    return {
        "X-HubSpot-RateLimit-Daily": "1000000",
        "X-HubSpot-RateLimit-Daily-Remaining": "999000",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Max": str(round(most)),
        "X-HubSpot-RateLimit-Remaining": str(int(left)),
    }


def throttled(headers: Mapping[str, str] | None = None, policy: str = "TEN_SECONDLY_ROLLING") -> Answer:
    """Too many requests; wait a second."""
    content = {
        "status": "error",
        "message": f"You have reached your {policy.lower()} limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": _TRACE,
        "policyName": policy,
        "groupName": "publicapi:private-apps-api-calls-ten-secondly",
    }
    told = {**limits(), "X-HubSpot-RateLimit-Remaining": "0"} if headers is None else headers
    return json_answer(content, 429, {**told, "Retry-After": "1"})
