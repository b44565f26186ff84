"""What the shop refuses, in its own words."""

from __future__ import annotations

from typing import Any

from sandbox.api.answer import Answer, json_answer
from sandbox.api.bucket import Bucket

MOST_POINTS = 1_000
"""A single query may not cost more."""
BUCKET, RESTORE_RATE = 20_000, 1_000
"""Shopify Plus: points in the bucket, and points that come back in a second."""
_LIMITS = "https://shopify.dev/api/usage/rate-limits"


class ShopifyError(Exception):
    """A query that the shop refuses."""

    def __init__(self, message: str, code: str, **more: Any) -> None:
        super().__init__(message)
        self.errors = [{"message": message, "extensions": {"code": code, **more}}]


def bad_request(message: str) -> ShopifyError:
    """A query that cannot be run as it is."""
    return ShopifyError(message, "BAD_REQUEST")


def too_costly(cost: int) -> ShopifyError:
    """More points than a single query may cost."""
    message = f"Query cost is {cost}, which exceeds the single query max cost limit ({MOST_POINTS})."
    return ShopifyError(message, "MAX_COST_EXCEEDED", cost=cost, maxCost=MOST_POINTS, documentation=_LIMITS)


def unauthorised() -> Answer:
    """The token was not given out, or no longer holds."""
    return json_answer({"errors": "[API] Invalid API key or access token (unrecognized login or wrong password)"}, 401)


def not_found() -> Answer:
    """No such path or version."""
    return json_answer({"errors": "Not Found"}, 404)


def throttled(cost: int = 100, bucket: Bucket | None = None) -> Answer:
    """There is not enough in the bucket; waiting fills it."""
    error = {"message": "Throttled", "extensions": {"code": "THROTTLED", "documentation": _LIMITS}}
    return json_answer({"errors": [error], "extensions": {"cost": cost_of(cost, None, bucket)}})


def cost_of(requested: int, actual: int | None, bucket: Bucket | None) -> dict[str, Any]:
    """What a query took; without a bucket of its own the shop's is empty when it refused, and full before it ran."""
    size, rate, left = float(BUCKET), float(RESTORE_RATE), 0 if actual is None else BUCKET - actual
    if bucket is not None and bucket.rate is not None:
        size, rate, left = bucket.size, bucket.rate, int(bucket.level)
    status = {"maximumAvailable": size, "currentlyAvailable": left, "restoreRate": rate}
    return {"requestedQueryCost": requested, "actualQueryCost": actual, "throttleStatus": status}
