"""HubSpot's CRM API: search with its ceiling, lists of archived records, and batches of associations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from pipelines.sandbox.api.answer import Answer, Request, json_answer
from pipelines.sandbox.api.hubspot_filters import FilterError, select, sort_rows
from pipelines.sandbox.api.hubspot_objects import HubspotScene, ObjectType, iso_milliseconds
from pipelines.sandbox.world.columns import Integers

SEARCH_CEILING = 10_000
_LARGEST_SEARCH, _LARGEST_LIST, _LARGEST_BATCH = 200, 100, 1_000
_TRACE = "7f3c1a52-5a0b-4f5e-9d0f-sandbox00000"
_DEFAULTS = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "dealstage", "pipeline", "closedate"),
}


class HubspotError(Exception):
    """An error as HubSpot words it."""

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


def _invalid(message: str) -> HubspotError:
    return HubspotError(400, "VALIDATION_ERROR", message)


class HubspotApi:
    """Answers requests of one private app over one scene."""

    def __init__(self, shown: HubspotScene, token: str) -> None:
        self._shown = shown
        self._token = token
        self._selections: dict[bytes, Integers] = {}

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        try:
            self._authorise(request.headers.get("authorization"))
            return self._route(request)
        except HubspotError as error:
            return error.answer()

    def _authorise(self, header: str | None) -> None:
        if header != f"Bearer {self._token}":
            raise HubspotError(
                401,
                "INVALID_AUTHENTICATION",
                "Authentication credentials not found. This API supports OAuth 2.0 authentication and you can find "
                "more details at https://developers.hubspot.com/docs/methods/auth/oauth-overview",
            )

    def _route(self, request: Request) -> Answer:
        parts = request.path.strip("/").split("/")
        match (request.method, *parts):
            case ("POST", "crm", "v3", "objects", name, "search") if name in self._shown.types:
                return json_answer(self._search(self._shown.types[name], request), is_page=True)
            case ("GET", "crm", "v3", "objects", name) if name in self._shown.types:
                return json_answer(self._list(self._shown.types[name], request), headers=_limits(), is_page=True)
            case ("POST", "crm", "v4", "associations", "deals", name, "batch", "read") if (
                name in self._shown.associations
            ):
                return self._associations(name, _json(request.body))
        raise HubspotError(404, "OBJECT_NOT_FOUND", "resource not found")

    def _search(self, of: ObjectType, request: Request) -> dict[str, Any]:
        body = _json(request.body)
        limit, after = _number(body.get("limit", 10), "limit"), _number(body.get("after") or 0, "after")
        if limit > _LARGEST_SEARCH:
            raise _invalid(f"Request exceeded maximum limit of {_LARGEST_SEARCH}")
        if after + limit > SEARCH_CEILING:
            raise _invalid(f"Paging beyond {SEARCH_CEILING} results is not supported: narrow the query")
        rows = self._selected(of, body)
        page = rows[after : after + (0 if request.is_emptied else limit)]
        content: dict[str, Any] = {
            "total": len(rows),
            "results": [
                _record(of, int(row), body.get("properties") or _DEFAULTS[of.name], is_archived=False) for row in page
            ],
        }
        following = after + len(page)
        if following < len(rows):
            content["paging"] = {"next": {"after": str(following), "link": f"?after={following}"}}
        return content

    def _selected(self, of: ObjectType, body: Mapping[str, Any]) -> Integers:
        question: dict[str, Any] = {
            "of": of.name,
            "groups": body.get("filterGroups") or [],
            "sorts": body.get("sorts") or [],
        }
        key = orjson.dumps(question, option=orjson.OPT_SORT_KEYS)
        if key not in self._selections:
            try:
                self._selections[key] = sort_rows(of, select(of, question["groups"]), question["sorts"])
            except FilterError as error:
                raise _invalid(str(error)) from error
        return self._selections[key]

    def _list(self, of: ObjectType, request: Request) -> dict[str, Any]:
        query = request.query
        limit = _number(query.get("limit", "10"), "limit")
        if limit > _LARGEST_LIST:
            raise _invalid(f"limit must be at most {_LARGEST_LIST}")
        is_archived = query.get("archived") == "true"
        rows = of.archived if is_archived else of.live
        start = int(np.searchsorted(of.ids[rows], _number(query.get("after", "0"), "after"), side="right"))
        page = rows[start : start + (0 if request.is_emptied else limit)]
        names = [name for name in query.get("properties", "").split(",") if name] or _DEFAULTS[of.name]
        content: dict[str, Any] = {"results": [_record(of, int(row), names, is_archived) for row in page]}
        if start + len(page) < len(rows):
            after = str(of.ids[page[-1]]) if len(page) else query.get("after", "0")
            content["paging"] = {"next": {"after": after, "link": f"?after={after}"}}
        return content

    def _associations(self, name: str, body: Mapping[str, Any]) -> Answer:
        inputs = [str(item.get("id")) for item in body.get("inputs") or []]
        if len(inputs) > _LARGEST_BATCH:
            raise _invalid(f"A batch may have at most {_LARGEST_BATCH} inputs")
        pairs = self._shown.associations[name]
        found = [(deal, pairs[int(deal)]) for deal in inputs if deal.isdigit() and int(deal) in pairs]
        kind = {"category": "HUBSPOT_DEFINED", "typeId": 3 if name == "contacts" else 5, "label": None}
        moment = iso_milliseconds(self._shown.scene.clock)
        content: dict[str, Any] = {
            "status": "COMPLETE",
            "results": [
                {"from": {"id": a}, "to": [{"toObjectId": str(b), "associationTypes": [kind]}]} for a, b in found
            ],
            "startedAt": moment,
            "completedAt": moment,
        }
        missing = [deal for deal in inputs if not (deal.isdigit() and int(deal) in pairs)]
        if not missing:
            return json_answer(content)
        content["numErrors"] = len(missing)
        content["errors"] = [_no_association(deal, name) for deal in missing]
        return json_answer(content, 207)


def _no_association(deal: str, name: str) -> dict[str, Any]:
    return {
        "status": "error",
        "category": "OBJECT_NOT_FOUND",
        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
        "message": f"No {name} is associated with deals {deal}.",
        "context": {"fromObjectId": [deal], "fromObjectType": ["deals"], "toObjectType": [name]},
    }


def _record(of: ObjectType, row: int, names: Sequence[str], is_archived: bool) -> dict[str, Any]:
    known = of.properties(row)
    always = ("hs_object_id", "createdate", of.modified_property)
    record: dict[str, Any] = {
        "id": known["hs_object_id"],
        "properties": {name: known[name] for name in (*names, *always) if name in known},
        "createdAt": known["createdate"],
        "updatedAt": known[of.modified_property],
        "archived": is_archived,
    }
    if is_archived:
        record["archivedAt"] = iso_milliseconds(int(of.archived_at[row]))
    return record


def _limits() -> dict[str, str]:
    return {
        "X-HubSpot-RateLimit-Daily": "1000000",
        "X-HubSpot-RateLimit-Daily-Remaining": "999000",
        "X-HubSpot-RateLimit-Interval-Milliseconds": "10000",
        "X-HubSpot-RateLimit-Max": "190",
        "X-HubSpot-RateLimit-Remaining": "180",
    }


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise _invalid("Invalid input JSON: the body cannot be parsed") from error
    if not isinstance(content, dict):
        raise _invalid("Invalid input JSON: an object is expected")
    return content


def _number(value: Any, name: str) -> int:
    if not str(value).isdigit():
        raise _invalid(f"{name} must be a number")
    return int(value)
