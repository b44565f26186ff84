"""Instagram's Graph API: accounts, media, comments, business_discovery and batches; insights are in `insights`."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from sandbox.api.answer import Answer, Request, json_answer, number_of
from sandbox.api.instagram.errors import (
    GraphError,
    application_limit,
    malformed,
    old_version,
    unknown_field,
    unknown_object,
    unknown_path,
)
from sandbox.api.instagram.fields import Field, FieldsError, parse_fields
from sandbox.api.instagram.insights import account_insights, media_insights
from sandbox.api.instagram.objects import instagram
from sandbox.api.instagram.tokens import authorise, debug_token, exchange
from sandbox.api.kind import Given
from sandbox.edits.social import OWN
from sandbox.options import ACCOUNTS

VERSIONS = ("v24.0", "v25.0")
MEDIA_CEILING = 10_000
"""A listing of media has the most recent ones only."""
_BATCH_LIMIT = 50
_PAGE, _LARGEST_PAGE = 25, 100
_ID_ONLY = (Field("id"),)

Params = Mapping[str, str]
Render = Callable[[int, Sequence[Field]], dict[str, Any]]


def throttled() -> Answer:
    """The application has used up its calls. Meta gives the time to regain access in minutes; 0: try again at once."""
    return replace(application_limit().answer(), headers=_usage_header(100))


def _usage_header(share: int) -> dict[str, str]:
    usage = {
        "type": "instagram",
        "call_count": share,
        "total_cputime": share // 4,
        "total_time": share // 4,
        "estimated_time_to_regain_access": 0,
    }
    return {"X-Business-Use-Case-Usage": orjson.dumps({ACCOUNTS[OWN].account_id: [usage]}).decode()}


class InstagramApi:
    """Answers a request with the own account's token."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._shown = instagram(given.scene)
        self._retired = given.retired
        self._version = VERSIONS[0]
        self._token = ""
        self._is_emptied = self._is_page = False

    def answer(self, request: Request) -> Answer:
        """The answer to a request, or to each of a batch."""
        self._is_emptied, self._is_page = request.is_emptied, False
        if not self._given.bucket.take():
            return throttled()
        try:
            content = self._content(request)
        except GraphError as error:
            return error.answer()
        return json_answer(content, headers=self._headers(), is_page=self._is_page)

    def _content(self, request: Request) -> Any:
        params = dict(request.query)
        if request.method == "POST":
            params |= dict(parse_qsl(request.body.decode(errors="replace"), keep_blank_values=True))
        parts = self._parts(request.path)
        if parts in (["oauth", "access_token"], ["refresh_access_token"]):
            return exchange(self._given, params)
        self._token = params.get("access_token") or request.headers.get("authorization", "").removeprefix("Bearer ")
        authorise(self._given, self._token)
        return self._batch(params.get("batch", "")) if request.method == "POST" else self._get(request.path, params)

    def _headers(self) -> dict[str, str]:
        bucket = self._given.bucket
        share = 3 if bucket.rate is None else round(100 * (1 - bucket.level / bucket.size))
        return {
            **_usage_header(share),
            "X-App-Usage": orjson.dumps({"call_count": share, "total_cputime": 0, "total_time": 0}).decode(),
            "facebook-api-version": self._version,
        }

    def _parts(self, path: str) -> list[str]:
        """The parts of a path behind its version; raises GraphError for a version that there is not."""
        parts = [part for part in path.split("/") if part]
        if not (parts and parts[0][:1] == "v" and parts[0][1:].replace(".", "", 1).isdecimal()):
            return parts
        if parts[0] not in VERSIONS:
            raise old_version(VERSIONS[-1]) if _number(parts[0]) < _number(VERSIONS[0]) else unknown_path(path)
        self._version = parts[0]
        return parts[1:]

    def _batch(self, text: str) -> list[dict[str, Any]]:
        try:
            calls = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise malformed("batch parameter must be a JSON array") from error
        if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
            raise malformed("batch parameter must be a JSON array")
        if len(calls) > _BATCH_LIMIT:
            raise GraphError("Too many requests in batch message. Maximum batch size is 50", 1)
        return [self._batched(call) for call in calls]

    def _batched(self, call: Mapping[str, Any]) -> dict[str, Any]:
        parts = urlsplit("/" + str(call.get("relative_url", "")).lstrip("/"))
        try:
            status, body = 200, self._get(parts.path, dict(parse_qsl(parts.query)))
        except GraphError as error:
            status, body = error.status, {"error": error.error}
        headers = [{"name": "Content-Type", "value": "text/javascript; charset=UTF-8"}]
        return {"code": status, "headers": headers, "body": orjson.dumps(body).decode()}

    def _get(self, path: str, params: Params) -> dict[str, Any]:
        object_id, edge = [*self._parts(path), "", ""][:2]
        if object_id == "debug_token":
            return debug_token(self._given, params.get("input_token", ""))
        fields = _fields(params.get("fields"))
        if object_id in ("me", ACCOUNTS[OWN].account_id):
            return self._own_account(path, edge, fields, params)
        row = self._shown.row_of.get(object_id)
        if row is not None and self._shown.scene.world.posts.account[row] == OWN:
            return self._one_media(path, row, edge, fields, params)
        if object_id in self._shown.comment_row:
            return self._one_comment(path, object_id, edge, fields, params)
        raise unknown_object(object_id)

    def _listed(self, account: int) -> list[int]:
        """Rows of the media that a listing reaches."""
        ceiling = self._given.conditions.ceiling or MEDIA_CEILING
        rows: list[int] = self._shown.media_of[account][:ceiling].tolist()
        return rows

    def _own_account(self, path: str, edge: str, fields: tuple[Field, ...], params: Params) -> dict[str, Any]:
        if edge == "media":
            return self._page(path, self._listed(OWN), self._media, fields, params)
        if edge == "insights":
            return account_insights(self._shown.scene, params, self._retired)
        if edge:
            raise malformed(f"Tried accessing nonexisting field ({edge})")
        return self._account(path, OWN, fields, {"business_discovery": self._discovered})

    def _one_media(self, path: str, row: int, edge: str, fields: tuple[Field, ...], params: Params) -> dict[str, Any]:
        if edge == "insights":
            return media_insights(self._shown, row, params.get("metric", ""), self._retired)
        if edge == "comments":
            return self._page(path, self._shown.comments_of.get(row, []), self._comment, fields, params)
        return self._media(row, fields)

    def _one_comment(
        self, path: str, comment_id: str, edge: str, fields: tuple[Field, ...], params: Params
    ) -> dict[str, Any]:
        if edge == "replies":
            return self._page(path, self._shown.replies_of.get(int(comment_id), []), self._comment, fields, params)
        return self._comment(self._shown.comment_row[comment_id], fields)

    def _account(
        self, path: str, number: int, fields: tuple[Field, ...], special: Mapping[str, Callable[[Field], Any]]
    ) -> dict[str, Any]:
        known = self._shown.account(number)
        chosen: dict[str, Any] = {}
        for field in fields:
            if field.name in special:
                chosen[field.name] = special[field.name](field)
            elif field.name == "media":
                chosen["media"] = self._page(
                    path, self._listed(number), self._media, field.children or _ID_ONLY, field.modifiers, number == OWN
                )
            elif field.name in known:
                chosen[field.name] = known[field.name]
            else:
                raise unknown_field(field.name, "IGUser")
        return chosen | {"id": known["id"]}

    def _discovered(self, field: Field) -> dict[str, Any]:
        username = field.modifiers.get("username", "")
        for number, account in enumerate(ACCOUNTS):
            if account.username == username:
                return self._account("", number, field.children or _ID_ONLY, {})
        user_message = f"The user with username: {username} cannot be found."
        raise GraphError(
            "Invalid user id",
            110,
            error_subcode=2207013,
            is_transient=False,
            error_user_title="Cannot find User",
            error_user_msg=user_message,
        )

    def _media(self, row: int, fields: Sequence[Field]) -> dict[str, Any]:
        known = self._shown.media(row)
        chosen: dict[str, Any] = {}
        for field in fields:
            if field.name == "comments":
                rows = self._shown.comments_of.get(row, [])
                path = f"/{self._version}/{known['id']}/comments"
                chosen["comments"] = self._page(path, rows, self._comment, field.children or _ID_ONLY, field.modifiers)
            elif field.name == "insights":
                chosen["insights"] = media_insights(self._shown, row, field.modifiers.get("metric", ""), self._retired)
            elif field.name in known:
                chosen[field.name] = known[field.name]
            elif field.name not in ("like_count", "children"):
                raise unknown_field(field.name, "IGMedia")
        return chosen | {"id": known["id"]}

    def _comment(self, row: int, fields: Sequence[Field]) -> dict[str, Any]:
        known = self._shown.comment(row)
        chosen: dict[str, Any] = {}
        for field in fields:
            if field.name == "replies":
                rows = self._shown.replies_of.get(int(known["id"]), [])
                path = f"/{self._version}/{known['id']}/replies"
                if rows:
                    chosen["replies"] = self._page(
                        path, rows, self._comment, field.children or _ID_ONLY, field.modifiers
                    )
            elif field.name in known:
                chosen[field.name] = known[field.name]
            elif field.name != "parent_id":
                raise unknown_field(field.name, "IGComment")
        return chosen | {"id": known["id"]}

    def _page(
        self, path: str, rows: list[int], render: Render, fields: Sequence[Field], params: Params, has_link: bool = True
    ) -> dict[str, Any]:
        """A page of rows; the next link is absolute and carries the token, as Graph's do."""
        start = _start(rows, params.get("after"))
        self._is_page = True
        stop = start if self._is_emptied else min(start + _limit(params.get("limit")), len(rows))
        page: dict[str, Any] = {"data": [render(row, fields) for row in rows[start:stop]]}
        if start >= len(rows):
            return page
        cursors = {"before": _cursor(rows, start), "after": _cursor(rows, stop)}
        page["paging"] = {"cursors": cursors}
        if stop < len(rows) and has_link:
            following = {**params, "access_token": self._token, "after": cursors["after"]}
            page["paging"]["next"] = f"{self._given.base_url}{path}?{urlencode(following)}"
        if stop == len(rows) and not has_link:
            del cursors["after"]
        return page


def _cursor(rows: list[int], position: int) -> str:
    """A place in a listing: behind a record, which stays where it is when others come or go before it."""
    return base64.urlsafe_b64encode(f"{rows[position - 1] if position else -1}:{position}".encode()).decode()


def _start(rows: list[int], cursor: str | None) -> int:
    """Position of the first record behind a cursor; if the one before it has gone, nothing is left out."""
    if not cursor:
        return 0
    try:
        row, _, position = base64.urlsafe_b64decode(cursor).decode().partition(":")
    except ValueError:
        row, position = "", ""
    before, at = number_of(row), number_of(position)
    if at is None or (before is None and row != "-1"):
        raise GraphError("Invalid cursor: the cursor is not valid for this edge", 100)
    return rows.index(before) + 1 if before in rows else max(at - 1, 0)


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not (limit := number_of(text)):
        raise malformed("param limit must be a positive integer")
    return min(limit, _LARGEST_PAGE)


def _number(version: str) -> float:
    return float(version.removeprefix("v"))


def _fields(text: str | None) -> tuple[Field, ...]:
    if not text:
        return _ID_ONLY
    try:
        return parse_fields(text)
    except FieldsError as error:
        raise GraphError(f"(#2500) {error}", 2500) from error
