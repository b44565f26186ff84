"""Instagram's Graph API: accounts, media, comments, business_discovery and batches; insights are in `insights`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import orjson

from pipelines.sandbox.api.answer import Answer, Request, cursor_of, json_answer, position_of
from pipelines.sandbox.api.graph_errors import GraphError, bad_token, unknown_field, unknown_object
from pipelines.sandbox.api.graph_fields import Field, FieldsError, parse_fields
from pipelines.sandbox.api.insights import account_insights, media_insights
from pipelines.sandbox.api.instagram_objects import InstagramScene
from pipelines.sandbox.options import ACCOUNTS

OWN = next(number for number, account in enumerate(ACCOUNTS) if account.is_own)
_BATCH_LIMIT = 50
_PAGE, _LARGEST_PAGE = 25, 100
_ID_ONLY = (Field("id"),)

Params = Mapping[str, str]
Render = Callable[[int, Sequence[Field]], dict[str, Any]]


class InstagramApi:
    """Answers requests of one access token over one scene."""

    def __init__(self, shown: InstagramScene, token: str, base_url: str, retired: frozenset[str]) -> None:
        self._shown = shown
        self._token = token
        self._base_url = base_url
        self._retired = retired
        self._is_emptied = self._is_page = False

    def answer(self, request: Request) -> Answer:
        """The answer to a request, or to each of a batch."""
        self._is_emptied, self._is_page = request.is_emptied, False
        params = dict(request.query)
        if request.method == "POST":
            params |= dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        bearer = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            self._authorise(params.get("access_token") or bearer)
            if request.method == "POST":
                return json_answer(self._batch(params.get("batch", "")), headers=self._usage())
            content = self._get(request.path, params)
            return json_answer(content, headers=self._usage(), is_page=self._is_page)
        except GraphError as error:
            return error.answer()

    def _authorise(self, token: str) -> None:
        if token != self._token:
            raise bad_token()

    def _usage(self) -> dict[str, str]:
        usage = [
            {
                "type": "instagram",
                "call_count": 3,
                "total_cputime": 1,
                "total_time": 1,
                "estimated_time_to_regain_access": 0,
            }
        ]
        return {
            "X-Business-Use-Case-Usage": orjson.dumps({ACCOUNTS[OWN].account_id: usage}).decode(),
            "X-App-Usage": '{"call_count":1,"total_cputime":0,"total_time":0}',
            "facebook-api-version": "v24.0",
        }

    def _batch(self, text: str) -> list[dict[str, Any]]:
        try:
            calls = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise GraphError("(#100) batch parameter must be a JSON array", 100) from error
        if len(calls) > _BATCH_LIMIT:
            raise GraphError("Too many requests in batch message. Maximum batch size is 50", 1)
        return [self._batched(call) for call in calls]

    def _batched(self, call: Mapping[str, str]) -> dict[str, Any]:
        parts = urlsplit("/" + call["relative_url"].lstrip("/"))
        try:
            status, body = 200, self._get(parts.path, dict(parse_qsl(parts.query)))
        except GraphError as error:
            status, body = error.status, {"error": error.error}
        headers = [{"name": "Content-Type", "value": "text/javascript; charset=UTF-8"}]
        return {"code": status, "headers": headers, "body": orjson.dumps(body).decode()}

    def _get(self, path: str, params: Params) -> dict[str, Any]:
        parts = [part for part in path.split("/") if part]
        if parts and parts[0].startswith("v") and parts[0][1:2].isdigit():
            parts = parts[1:]
        object_id, edge = [*parts, "", ""][:2]
        fields = _fields(params.get("fields"))
        if object_id in ("me", ACCOUNTS[OWN].account_id):
            return self._own_account(path, edge, fields, params)
        if (
            object_id in self._shown.row_of
            and self._shown.scene.world.posts.account[self._shown.row_of[object_id]] == OWN
        ):
            return self._one_media(path, self._shown.row_of[object_id], edge, fields, params)
        if object_id in self._shown.comment_row:
            return self._one_comment(path, object_id, edge, fields, params)
        raise unknown_object(object_id)

    def _own_account(self, path: str, edge: str, fields: tuple[Field, ...], params: Params) -> dict[str, Any]:
        if edge == "media":
            rows = self._shown.media_of[OWN].tolist()
            return self._page(path, rows, self._media, fields, params)
        if edge == "insights":
            return account_insights(self._shown.scene, params, self._retired)
        if edge:
            raise GraphError(f"(#100) Tried accessing nonexisting field ({edge})", 100)
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
                rows = self._shown.media_of[number].tolist()
                chosen["media"] = self._page(
                    path, rows, self._media, field.children or _ID_ONLY, field.modifiers, number == OWN
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
                path = f"/v24.0/{known['id']}/comments"
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
                path = f"/v24.0/{known['id']}/replies"
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
        start = 0
        if after := params.get("after"):
            position = position_of(after)
            if position is None:
                raise GraphError("Invalid cursor: the cursor is not valid for this edge", 100)
            start = position
        self._is_page = True
        stop = start if self._is_emptied else min(start + _limit(params.get("limit")), len(rows))
        page: dict[str, Any] = {"data": [render(row, fields) for row in rows[start:stop]]}
        if start >= len(rows):
            return page
        cursors = {"before": cursor_of(start), "after": cursor_of(stop)}
        page["paging"] = {"cursors": cursors}
        if stop < len(rows) and has_link:
            following = {**params, "access_token": self._token, "after": cursors["after"]}
            page["paging"]["next"] = f"{self._base_url}{path}?{urlencode(following)}"
        if stop == len(rows) and not has_link:
            del cursors["after"]
        return page


def _limit(text: str | None) -> int:
    if text is None:
        return _PAGE
    if not text.isdigit() or int(text) < 1:
        raise GraphError("(#100) param limit must be a positive integer", 100)
    return min(int(text), _LARGEST_PAGE)


def _fields(text: str | None) -> tuple[Field, ...]:
    if not text:
        return _ID_ONLY
    try:
        return parse_fields(text)
    except FieldsError as error:
        raise GraphError(f"(#2500) {error}", 2500) from error
