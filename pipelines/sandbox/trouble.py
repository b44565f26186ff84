"""Answers as the real APIs give them on bad days. Trouble lasts for some requests, or until it is taken away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args
from zlib import crc32

import orjson

from pipelines.sandbox.api import graph_errors, hubspot, shopify
from pipelines.sandbox.api.answer import Answer, Request, json_answer
from pipelines.sandbox.options import ACCOUNTS

ApiName = Literal["instagram", "hubspot", "shopify"]
Kind = Literal[
    "rate_limit", "server_error", "expired_token", "retired_metric", "empty_page", "html", "truncated", "bad_types"
]
_ONCE = frozenset({"rate_limit", "server_error", "empty_page", "html", "truncated"})


@dataclass(frozen=True, slots=True)
class Trouble:
    """One kind of trouble of one API. `times` None: until it is taken away."""

    api: ApiName
    kind: Kind
    times: int | None = None
    share: float = 0.3
    """Of the records, for bad_types."""
    metric: str = "profile_visits"
    """For retired_metric."""


def trouble(content: dict[str, Any]) -> Trouble:
    """Trouble as it was asked for; raises ValueError. What passes by itself lasts for one request unless said."""
    unknown = set(content) - {"api", "kind", "times", "share", "metric"}
    if unknown or content.get("api") not in get_args(ApiName) or content.get("kind") not in get_args(Kind):
        raise ValueError(f"trouble needs an api of {get_args(ApiName)} and a kind of {get_args(Kind)}")
    defaults = {"times": 1 if content["kind"] in _ONCE else None}
    return Trouble(**{**defaults, **content})


class Troubles:
    """The troubles that are on."""

    def __init__(self) -> None:
        self._on: list[Trouble] = []

    def add(self, new: Trouble) -> None:
        """Switch a trouble on; it replaces one of the same kind."""
        self._on = [t for t in self._on if (t.api, t.kind) != (new.api, new.kind)] + [new]

    def clear(self) -> None:
        """Switch everything off."""
        self._on = []

    def retired(self) -> frozenset[str]:
        """Metrics that Instagram no longer knows."""
        return frozenset(t.metric for t in self._on if t.kind == "retired_metric")

    def disturb(self, api: str, request: Request, answer: Callable[[Request], Answer]) -> Answer:
        """An API's answer to a request, or what trouble makes of it."""
        for on in [t for t in self._on if t.api == api and t.kind != "retired_metric"]:
            if on.kind == "empty_page":
                told = answer(replace(request, is_emptied=True))
                if not told.is_page:
                    continue
            elif on.kind in _ALTERED:
                told = _ALTERED[on.kind](on, answer(request))
            else:
                told = _REPLACED[on.kind](api)
            self._use(on)
            return told
        return answer(request)

    def _use(self, used: Trouble) -> None:
        if used.times is None:
            return
        rest = [t for t in self._on if t is not used]
        self._on = rest + ([replace(used, times=used.times - 1)] if used.times > 1 else [])


def _rate_limit(api: str) -> Answer:
    if api == "instagram":
        # Meta gives the time to regain access in minutes; 0 lets clients try again at once.
        usage = [
            {
                "type": "instagram",
                "call_count": 100,
                "total_cputime": 25,
                "total_time": 25,
                "estimated_time_to_regain_access": 0,
            }
        ]
        headers = {"X-Business-Use-Case-Usage": orjson.dumps({ACCOUNTS[0].account_id: usage}).decode()}
        return replace(graph_errors.application_limit().answer(), headers=headers)
    if api == "shopify":
        return shopify.throttled()
    content = {
        "status": "error",
        "message": "You have reached your ten_secondly_rolling limit.",
        "errorType": "RATE_LIMIT",
        "correlationId": "c93e06a4-7d61-4c3e-b63f-sandbox00000",
        "policyName": "TEN_SECONDLY_ROLLING",
        "groupName": "publicapi:private-apps-api-calls-ten-secondly",
    }
    limits = {"X-HubSpot-RateLimit-Interval-Milliseconds": "10000", "X-HubSpot-RateLimit-Max": "190"}
    return json_answer(content, 429, {**limits, "X-HubSpot-RateLimit-Remaining": "0", "Retry-After": "1"})


def _server_error(api: str) -> Answer:
    if api == "instagram":
        return graph_errors.unexpected().answer()
    if api == "hubspot":
        return hubspot.HubspotError(502, "SERVICE_UNAVAILABLE", "There was a problem with the request.").answer()
    return json_answer({"errors": "Internal Server Error"}, 500)


def _expired_token(api: str) -> Answer:
    if api == "instagram":
        return graph_errors.expired_token().answer()
    return hubspot.expired_token().answer() if api == "hubspot" else shopify.unauthorised()


def _html(_: str) -> Answer:
    page = (
        b"<!DOCTYPE html><html><head><title>Maintenance</title></head><body><h1>We will be back soon</h1></body></html>"
    )
    return Answer(200, page, media_type="text/html; charset=utf-8")


def _truncated(_: Trouble, answer: Answer) -> Answer:
    return replace(answer, body=answer.body[: len(answer.body) // 2])


def _bad_types(on: Trouble, answer: Answer) -> Answer:
    """A share of the records with a word where a number or a time belongs; always the same records."""
    content = orjson.loads(answer.body)
    for page in _pages(content):
        for record in page.get("data") or page.get("results") or page.get("nodes") or ():
            if isinstance(record, dict) and crc32(str(record.get("id")).encode()) % 1000 < 1000 * on.share:
                _spoil(record)
    return replace(answer, body=orjson.dumps(content))


def _spoil(record: dict[str, Any]) -> None:
    for name in ("like_count", "totalTaxSet", "totalPriceSet"):
        if name in record:
            record[name] = {"shopMoney": {"amount": "n/a", "currencyCode": "EUR"}} if name.endswith("Set") else "many"
            return
    properties = record.get("properties", record)
    for name in ("createdate", "createdAt"):
        if name in properties:
            properties[name] = "a while ago"
            record["createdAt"] = "a while ago"


def _pages(content: Any) -> Iterator[dict[str, Any]]:
    """The pages in an answer: lists of records with a way to the next ones."""
    if not isinstance(content, dict):
        return
    found = content.get("data")
    if (isinstance(found, list) and "paging" in content) or ("results" in content and "total" in content):
        yield content
    elif isinstance(found, dict):
        yield from (part for part in found.values() if isinstance(part, dict) and "pageInfo" in part)
    elif "business_discovery" in content and "media" in content["business_discovery"]:
        yield content["business_discovery"]["media"]


_REPLACED: dict[str, Callable[[str], Answer]] = {
    "rate_limit": _rate_limit,
    "server_error": _server_error,
    "expired_token": _expired_token,
    "html": _html,
}
_ALTERED: dict[str, Callable[[Trouble, Answer], Answer]] = {"bad_types": _bad_types, "truncated": _truncated}
