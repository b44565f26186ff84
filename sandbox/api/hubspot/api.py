"""HubSpot's CRM API: search with its ceiling, lists of archived records, and batches of associations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from sandbox.api.answer import Answer, Request, json_answer, number_of
from sandbox.api.hubspot.errors import (
    HubspotError,
    expired_token,
    invalid,
    limits,
    not_found,
    throttled,
    unknown_token,
)
from sandbox.api.hubspot.filters import FilterError, select, sort_rows
from sandbox.api.hubspot.oauth import token
from sandbox.api.hubspot.objects import ObjectType, hubspot, iso_milliseconds
from sandbox.api.kind import Given
from sandbox.world.columns import Integers

DATED = ("2026-03", "2026-09")
"""Versions by date; their paths have the version behind the name of the API."""
SEARCH_CEILING = 10_000
_LARGEST_SEARCH, _LARGEST_LIST, _LARGEST_READ, _LARGEST_BATCH = 200, 100, 100, 1_000
_DEFAULTS = {
    "contacts": ("email", "firstname", "lastname"),
    "companies": ("name", "domain"),
    "deals": ("dealname", "amount", "dealstage", "pipeline", "closedate"),
}


class HubspotApi:
    """Answers requests of one app."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._shown = hubspot(given.scene)

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        parts = request.path.strip("/").split("/")
        if request.method == "POST" and parts in [["oauth", version, "token"] for version in ("v1", "v3", *DATED)]:
            return token(self._given, request)
        try:
            self._authorise(request.headers.get("authorization", ""))
            resource = _resource(parts)
            is_search = resource[-1] == "search"
            bucket = self._given.bucket
            if not bucket.take():
                told = {} if is_search else limits(bucket)
                return throttled(told, "SECONDLY" if is_search else "TEN_SECONDLY_ROLLING")
            return self._route(resource, request)
        except HubspotError as error:
            return error.answer()

    def _authorise(self, header: str) -> None:
        scheme, _, sent = header.partition(" ")
        state = self._given.tokens.state(sent, self._given.scene.clock) if scheme == "Bearer" else "unknown"
        if state != "good":
            raise expired_token() if state == "ended" else unknown_token()

    def _route(self, resource: tuple[str, ...], request: Request) -> Answer:
        known = self._shown.types
        match (request.method, *resource):
            case ("POST", "objects", name, "search") if name in known:
                return json_answer(self._search(name, request), is_page=True)
            case ("GET", "objects", name) if name in known:
                return self._told(self._list(known[name], request), is_page=True)
            case ("POST", "objects", name, "batch", "read") if name in known:
                return self._batch(known[name], request)
            case ("GET", "objects", name, record_id) if name in known:
                return self._told(self._one(known[name], record_id, request))
            case ("POST", "associations", "deals", name, "batch", "read") if name in self._shown.associations:
                return self._associations(name, _json(request.body))
        raise not_found()

    def _told(self, content: Any, status: int = 200, is_page: bool = False) -> Answer:
        return json_answer(content, status, limits(self._given.bucket), is_page)

    def _search(self, name: str, request: Request) -> dict[str, Any]:
        of = hubspot(self._given.indexed).types[name]
        body = _json(request.body)
        limit, after = _number(body.get("limit", 10), "limit"), _number(body.get("after") or 0, "after")
        if limit > _LARGEST_SEARCH:
            raise invalid(f"Request exceeded maximum limit of {_LARGEST_SEARCH}")
        ceiling = self._given.conditions.ceiling or SEARCH_CEILING
        if after + limit > ceiling:
            raise invalid(f"Paging beyond {ceiling} results is not supported: narrow the query")
        rows = _selected(of, body)
        names = _names(body.get("properties") or _DEFAULTS[of.name])
        page = rows[after : after + (0 if request.is_emptied else limit)]
        content: dict[str, Any] = {
            "total": len(rows),
            "results": [_record(of, int(row), names, is_archived=False) for row in page],
        }
        following = after + len(page)
        if following < len(rows):
            content["paging"] = {"next": {"after": str(following), "link": f"?after={following}"}}
        return content

    def _list(self, of: ObjectType, request: Request) -> dict[str, Any]:
        query = request.query
        is_archived = query.get("archived") == "true"
        limit = _number(query.get("limit", "10"), "limit")
        if limit > _LARGEST_LIST:
            raise invalid(f"Page limit must be at most {_LARGEST_LIST}")
        rows = of.archived if is_archived else of.live
        start = int(np.searchsorted(of.ids[rows], _number(query.get("after") or 0, "after"), side="right"))
        page = rows[start : start + (0 if request.is_emptied else limit)]
        names = _asked(query, of)
        content: dict[str, Any] = {"results": [_record(of, int(row), names, is_archived) for row in page]}
        if start + len(page) < len(rows):
            after = str(of.ids[page[-1]]) if len(page) else query.get("after", "0")
            content["paging"] = {"next": {"after": after, "link": f"?after={after}"}}
        return content

    def _one(self, of: ObjectType, record_id: str, request: Request) -> dict[str, Any]:
        is_archived = request.query.get("archived") == "true"
        row = of.row_of.get(number_of(record_id) or -1)
        if row is None or (row in of.archived) != is_archived:
            raise not_found()
        return _record(of, row, _asked(request.query, of), is_archived)

    def _batch(self, of: ObjectType, request: Request) -> Answer:
        """Records by their ids; those that are not there are errors beside the others."""
        body = _json(request.body)
        ids = _inputs(body, _LARGEST_READ)
        is_archived = request.query.get("archived") == "true"
        names = _names(body.get("properties") or _DEFAULTS[of.name])
        rows = {sent: of.row_of.get(number_of(sent) or -1) for sent in ids}
        shown = {sent: row for sent, row in rows.items() if row is not None and (row in of.archived) == is_archived}
        content: dict[str, Any] = {
            "status": "COMPLETE",
            "results": [_record(of, row, names, is_archived) for row in shown.values()],
            **self._moments(),
        }
        missing = [sent for sent in rows if sent not in shown]
        if not missing:
            return self._told(content)
        error = {
            "status": "error",
            "category": "OBJECT_NOT_FOUND",
            "message": f"Could not get some {of.name.upper()} objects, they may be deleted or not exist. "
            "Check that ids are valid.",
            "context": {"ids": missing},
        }
        return self._told({**content, "numErrors": 1, "errors": [error]}, 207)

    def _moments(self) -> dict[str, str]:
        moment = iso_milliseconds(self._given.scene.clock)
        return {"startedAt": moment, "completedAt": moment}

    def _associations(self, name: str, body: Mapping[str, Any]) -> Answer:
        inputs = _inputs(body, _LARGEST_BATCH)
        pairs = self._shown.associations[name]
        found = [(deal, pairs[number]) for deal in inputs if (number := number_of(deal)) in pairs]
        kind = {"category": "HUBSPOT_DEFINED", "typeId": 3 if name == "contacts" else 5, "label": None}
        content: dict[str, Any] = {
            "status": "COMPLETE",
            "results": [{"from": {"id": a}, "to": [{"toObjectId": b, "associationTypes": [kind]}]} for a, b in found],
            **self._moments(),
        }
        missing = [deal for deal in inputs if number_of(deal) not in pairs]
        if not missing:
            return self._told(content)
        content["numErrors"] = len(missing)
        content["errors"] = [_no_association(deal, name) for deal in missing]
        return self._told(content, 207)


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


def _resource(parts: Sequence[str]) -> tuple[str, ...]:
    """What a path is about, without its version; raises HubspotError for a version that there is not."""
    match parts:
        case ["crm", "v3", "objects", *rest]:
            return ("objects", *rest)
        case ["crm", "v4", "associations", *rest]:
            return ("associations", *rest)
        case ["crm", ("objects" | "associations") as name, version, *rest] if version in DATED:
            return (name, *rest)
    raise not_found()


def _selected(of: ObjectType, body: Mapping[str, Any]) -> Integers:
    """Rows that a search has found, in its order."""
    groups, sorts = body.get("filterGroups") or [], body.get("sorts") or []
    key = orjson.dumps([groups, sorts], option=orjson.OPT_SORT_KEYS)
    if key not in of.selections:
        try:
            of.selections[key] = sort_rows(of, select(of, groups), sorts)
        except FilterError as error:
            raise invalid(str(error)) from error
    return of.selections[key]


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        content = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise invalid("Invalid input JSON: the body cannot be parsed") from error
    if not isinstance(content, dict):
        raise invalid("Invalid input JSON: an object is expected")
    return content


def _inputs(body: Mapping[str, Any], most: int) -> list[str]:
    """The ids of a batch."""
    inputs = body.get("inputs")
    if not isinstance(inputs, list) or not all(isinstance(item, dict) and "id" in item for item in inputs):
        raise invalid("Invalid input JSON: inputs must be a list of objects with an id")
    if len(inputs) > most:
        raise invalid(f"A batch may have at most {most} inputs")
    return [str(item["id"]) for item in inputs]


def _names(value: Any) -> Sequence[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(name, str) for name in value):
        raise invalid("Invalid input JSON: properties must be a list of names")
    return value


def _asked(query: Mapping[str, str], of: ObjectType) -> Sequence[str]:
    """Names of the properties that a query asks for."""
    return [name for name in query.get("properties", "").split(",") if name] or _DEFAULTS[of.name]


def _number(value: Any, name: str) -> int:
    number = number_of(str(value))
    if number is None:
        raise invalid(f"{name} must be a number")
    return number
