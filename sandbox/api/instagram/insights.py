"""Instagram's insights: which metric exists for what, and what a wrong question is told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.api.answer import number_of
from sandbox.api.instagram.errors import GraphError
from sandbox.api.instagram.objects import REEL_METRICS, InstagramScene, graph_time
from sandbox.options import ACCOUNTS
from sandbox.scene import Scene
from sandbox.world.audience import Window
from sandbox.world.calendar import DAY
from sandbox.world.posts import FORMATS

_COMMON = ("views", "reach", "likes", "comments", "shares", "saved", "total_interactions")
_FEED = (*_COMMON, "follows", "profile_visits")
_REELS = (*_COMMON, *REEL_METRICS)
_KNOWN = (*_FEED, *REEL_METRICS)
_TOTALS = ("views", "accounts_engaged", "total_interactions")
"""Account metrics that exist as total_value only."""
_ACCOUNT = ("reach", "follower_count", *_TOTALS)
_MOST_DAYS = 30


def _metrics(text: str, known: tuple[str, ...], retired: frozenset[str]) -> list[str]:
    if not text:
        raise GraphError("(#100) The parameter metric is required", 100)
    names = text.split(",")
    for position, name in enumerate(names):
        if name in retired:
            raise GraphError("(#100) The value must be a valid insights metric", 100)
        if name not in known:
            choice = ", ".join(metric for metric in known if metric not in retired)
            raise GraphError(f"(#100) metric[{position}] must be one of the following values: {choice}", 100)
    return names


def media_insights(shown: InstagramScene, row: int, metric: str, retired: frozenset[str]) -> dict[str, Any]:
    """Lifetime metrics of a media. One wrong metric fails the call; what is 0 is left out."""
    names = _metrics(metric, _KNOWN, retired)
    is_reel = FORMATS[shown.scene.world.posts.format[row]] == "VIDEO"
    fitting = _REELS if is_reel else _FEED
    wrong = [name for name in names if name not in fitting]
    if wrong:
        kind = "reel" if is_reel else "feed"
        raise GraphError(f"(#100) Incompatible metrics ({', '.join(wrong)}) with {kind} media", 100)
    media_id = str(shown.scene.world.posts.media_id[row])
    values = [(name, shown.insight(row, name)) for name in names]
    return {"data": [_lifetime(media_id, name, value) for name, value in values if value]}


def _lifetime(media_id: str, name: str, value: int) -> dict[str, Any]:
    return {
        "name": name,
        "period": "lifetime",
        "values": [{"value": value}],
        "title": name.replace("_", " ").capitalize(),
        "description": f"Lifetime {name.replace('_', ' ')} of the media",
        "id": f"{media_id}/insights/{name}/lifetime",
    }


def account_insights(scene: Scene, params: Mapping[str, str], retired: frozenset[str]) -> dict[str, Any]:
    """Metrics of the own account over [since, until); by day without metric_type=total_value, where that exists."""
    names = _metrics(params.get("metric", ""), _ACCOUNT, retired)
    if params.get("period") != "day":
        raise GraphError("(#100) period must be one of the following values: day", 100)
    first, stop = _days(scene, params)
    if params.get("metric_type") != "total_value":
        wrong = [name for name in names if name in _TOTALS]
        if wrong:
            message = f"The following metrics ({', '.join(wrong)}) should be specified with parameter"
            raise GraphError(f"(#100) {message} metric_type=total_value", 100)
        return {"data": [_series(scene, name, first, stop) for name in names]}
    if "follower_count" in names:
        raise GraphError("(#100) The following metrics (follower_count) do not support metric_type=total_value", 100)
    window = scene.world.audience.window(stop - 1, stop - first, scene.clock)
    values = [(name, _value(window, name)) for name in names]
    return {"data": [_total(name, value) for name, value in values if value]}


def _days(scene: Scene, params: Mapping[str, str]) -> tuple[int, int]:
    """First UTC day and the day after the last; bounds at other midnights count as the nearest one."""
    until = _moment(params.get("until"), (scene.clock // DAY) * DAY)
    since = _moment(params.get("since"), until - DAY)
    if until - since > _MOST_DAYS * DAY:
        raise GraphError("(#100) There cannot be more than 30 days (2592000 s) between since and until", 100)
    first, stop = ((moment + DAY // 2) // DAY for moment in (since, until))
    if stop <= first:
        raise GraphError("(#100) since param must be less than until param", 100)
    return first, stop


def _moment(text: str | None, default: int) -> int:
    if not text:
        return default
    if (number := number_of(text)) is not None:
        return number
    try:
        return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError as error:
        raise GraphError("(#100) param since/until must be a date or a unix timestamp", 100) from error


def _value(window: Window | None, name: str) -> int:
    if window is None:
        return 0
    of = {"accounts_engaged": window.engaged, "total_interactions": window.interactions}
    return of.get(name, window.views if name == "views" else window.reach)


def _total(name: str, value: int) -> dict[str, Any]:
    return {
        "name": name,
        "period": "day",
        "title": name.replace("_", " ").capitalize(),
        "description": f"Total {name.replace('_', ' ')} over the range",
        "total_value": {"value": value},
        "id": f"{ACCOUNTS[0].account_id}/insights/{name}/day",
    }


def _series(scene: Scene, name: str, first: int, stop: int) -> dict[str, Any]:
    audience = scene.world.audience
    values = []
    for day in range(first, stop):
        if name == "reach":
            value = _value(audience.window(day, 1, scene.clock), name)
        else:
            at = day - audience.first_day
            known = 0 < at < audience.followers.shape[1] and day * DAY < scene.clock
            value = int(audience.followers[0, at] - audience.followers[0, at - 1]) if known else 0
        if value:
            values.append({"value": value, "end_time": graph_time((day + 1) * DAY)})
    return {
        "name": name,
        "period": "day",
        "values": values,
        "title": name.replace("_", " ").capitalize(),
        "description": f"Daily {name.replace('_', ' ')}",
        "id": f"{ACCOUNTS[0].account_id}/insights/{name}/day",
    }
