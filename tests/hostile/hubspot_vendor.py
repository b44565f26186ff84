"""HubSpot's CRM API as its documents have it: search, archived listing, batches, associations, OAuth.

developers.hubspot.com/docs/api-reference/latest: search-the-crm, objects, associations, manage-oauth-tokens.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from tests.hostile.vendor import Vendor, page_of
from tests.hostile.wire import Reply, Request

TOKEN = "pat-eu1-tok3n-of-the-app"
Record = dict[str, Any]
MODIFIED = {"contacts": "lastmodifieddate"}
_PATHS = {
    "search": r"/crm/(?:v3/objects|objects/\d{4}-\d{2})/(\w+)/search",
    "batch": r"/crm/(?:v3/objects|objects/\d{4}-\d{2})/(\w+)/batch/read",
    "one": r"/crm/(?:v3/objects|objects/\d{4}-\d{2})/(\w+)/(\d+)",
    "list": r"/crm/(?:v3/objects|objects/\d{4}-\d{2})/(\w+)",
    "associations": r"/crm/(?:v4/associations|associations/\d{4}-\d{2})/(\w+)/(\w+)/batch/read",
    "token": r"/oauth/(?:v\d|\d{4}-\d{2})/token",
}
_COMPARE = {
    "EQ": lambda a, b: a == b,
    "NEQ": lambda a, b: a != b,
    "GT": lambda a, b: a > b,
    "GTE": lambda a, b: a >= b,
    "LT": lambda a, b: a < b,
    "LTE": lambda a, b: a <= b,
}


def contact(number: int, modified: str, **properties: str) -> Record:
    """A contact; a property that is not given has never been set."""
    return _record(number, "lastmodifieddate", modified, {"email": f"piep{number}@kanari.example", **properties})


def _record(number: int, modified_name: str, modified: str, properties: Mapping[str, str]) -> Record:
    created = f"2026-01-0{number % 9 + 1}T09:30:00.000Z"
    return {
        "id": str(number),
        "properties": {"hs_object_id": str(number), "createdate": created, modified_name: modified, **properties},
        "createdAt": created,
        "updatedAt": modified,
        "archived": False,
    }


def world() -> dict[str, dict[str, Record]]:
    """Twelve contacts and three that are archived, three companies, three deals."""
    contacts = [
        contact(
            100 + number,
            f"2026-06-{number + 1:02}T10:00:{number:02}.{number * 11:03}Z",
            phone=f"+3361200{number:04}",
            lifecyclestage="Stammkündin" if number % 2 else "lead",
            hs_analytics_source="ORGANIC_SEARCH",
            hs_country_region_code="FR",
        )
        for number in range(1, 16)
    ]
    for record in contacts[12:]:
        record |= {"archived": True, "archivedAt": "2026-06-20T08:00:00.000Z"}
    names = ("Müller & Söhne", "Łódź Papier", "Ōsaka Tea")
    companies = [
        _record(
            200 + number,
            "hs_lastmodifieddate",
            f"2026-06-1{number}T12:00:00.000Z",
            {"name": name, "industry": "RETAIL"},
        )
        for number, name in enumerate(names, 1)
    ]
    deals = [
        _record(
            300 + number,
            "hs_lastmodifieddate",
            f"2026-06-2{number}T15:00:00.500Z",
            {
                "amount": f"{number}200.50",
                "deal_currency_code": "EUR",
                "dealstage": "closedwon",
                "pipeline": "default",
                "hs_is_closed_won": "true",
                "closedate": "2026-06-25T00:00:00.000Z",
            },
        )
        for number in range(1, 4)
    ]
    kinds = {"contacts": contacts, "companies": companies, "deals": deals}
    return {kind: {record["id"]: record for record in records} for kind, records in kinds.items()}


class HubSpot(Vendor):
    """One account."""

    kind: ClassVar[str] = "hubspot"
    tables: ClassVar = {"contacts": ("contact_id",), "companies": ("company_id",), "deals": ("deal_id",)}
    variables: ClassVar = {"VOXHOUSE_AURORA_HUBSPOT_ACCESS_TOKEN": TOKEN}
    main: ClassVar[str] = "contacts"
    records: ClassVar[str] = "results"
    settings: ClassVar = {
        "SEARCH_PAGE_SIZE": 5,
        "LIST_PAGE_SIZE": 2,
        "ASSOCIATION_BATCH_SIZE": 2,
        "SEARCH_SPACING_SECONDS": 0.0,
    }
    paged: ClassVar[str] = "archived_contacts"
    paged_records: ClassVar[str] = "results"
    cursor: ClassVar[str] = "2"
    null_cursor: ClassVar[str] = r"paging\.next\.after is null, not a text"

    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.links = {("301", "contacts"): ["101", "102"], ("302", "contacts"): ["103"], ("301", "companies"): ["201"]}
        self.tokens = {TOKEN}
        self.ceiling = 10_000

    def add(self, table: str) -> tuple[tuple[str], Record]:
        kind = self.world[table]
        record = copy.deepcopy(next(iter(kind.values())))
        number = str({"contacts": 5000, "companies": 6000, "deals": 7000}[table] + len(kind))
        record["id"] = record["properties"]["hs_object_id"] = number
        name = "lastmodifieddate" if table == "contacts" else "hs_lastmodifieddate"
        record["properties"][name] = f"2026-05-01T00:{len(kind):02}:00.000Z"
        if table == "contacts":
            record["properties"]["email"] = f"piep{number}@kanari.example"
        kind[number] = record
        return (number,), record

    @staticmethod
    def lead_on(content: Any, cursor: Any) -> Any:
        return {**content, "paging": {"next": {"after": cursor, "link": "https://api.hubapi.example/next"}}}

    @staticmethod
    def error_of(status: int, message: Any) -> Any:
        return error(status, message, "SOME_CATEGORY").content

    @property
    def identifiers(self) -> list[str]:
        return ["kanari.example", "+33612", TOKEN, "cl13nt-s3cret", "r3fresh", "acc3ss-"]

    def spot(self, request: Request) -> str:
        name, parts = _route(request)
        if name == "list":
            return f"archived_{parts[0]}" if request.query.get("archived") == "true" else f"list_{parts[0]}"
        return {"search": parts[0], "associations": f"associated_{parts[-1]}"}.get(name, name) if parts else name

    def reply(self, request: Request) -> Reply:
        name, parts = _route(request)
        if name == "token":
            return self._token(request)
        if request.bearer not in self.tokens:
            return error(401, "Authentication credentials not found.", "INVALID_AUTHENTICATION")
        if name == "unknown" or parts[0] not in self.world:
            return error(404, f"Unable to infer object type from: {request.path}", "OBJECT_NOT_FOUND")
        return getattr(self, f"_{name}")(request, *parts)

    def _search(self, request: Request, kind: str) -> Reply:
        asked = request.json
        limit, after = int(asked.get("limit", 10)), int(asked.get("after") or 0)
        if limit > 200 or after + limit > self.ceiling + 200 or after >= self.ceiling:
            return error(400, "the paging is beyond what a search gives", "VALIDATION_ERROR")
        groups = asked.get("filterGroups") or [{"filters": []}]
        found = [
            record
            for record in self.world[kind].values()
            if not record["archived"]
            and any(all(_holds(record, rule) for rule in group["filters"]) for group in groups)
        ]
        for sort in reversed(asked.get("sorts") or []):
            name, way = (sort, "ASCENDING") if isinstance(sort, str) else (sort["propertyName"], sort["direction"])
            found.sort(key=lambda record: _number(record, name), reverse=way == "DESCENDING")
        rows, following = page_of(found, after, limit)
        return Reply({"total": len(found), **self._page(rows, following, asked.get("properties"))})

    def _list(self, request: Request, kind: str) -> Reply:
        is_archived = request.query.get("archived") == "true"
        limit, after = int(request.query.get("limit", "10")), int(request.query.get("after") or 0)
        found = [r for r in self.world[kind].values() if r["archived"] == is_archived and int(r["id"]) > after]
        found.sort(key=lambda record: int(record["id"]))
        if limit > 100:
            return error(400, "limit must be at most 100", "VALIDATION_ERROR")
        rows, following = page_of(found, 0, limit)
        following = following and int(rows[-1]["id"])
        return Reply(self._page(rows, following, request.query.get("properties", "").split(",")))

    def _batch(self, request: Request, kind: str) -> Reply:
        asked = [str(given["id"]) for given in request.json["inputs"]]
        is_archived = request.query.get("archived") == "true"
        known = [self.world[kind][i] for i in asked if i in self.world[kind]]
        rows = [_shown(r, request.json.get("properties")) for r in known if r["archived"] == is_archived]
        return Reply({"status": "COMPLETE", "results": rows})

    def _one(self, request: Request, kind: str, number: str) -> Reply:
        record = self.world[kind].get(number)
        if record is None or record["archived"] != (request.query.get("archived") == "true"):
            return error(404, "resource not found", "OBJECT_NOT_FOUND")
        return Reply(_shown(record, request.query.get("properties", "").split(",")))

    def _associations(self, request: Request, _: str, to: str) -> Reply:
        is_dated = re.search(r"/\d{4}-\d{2}/", request.path)
        kinds = [{"category": "HUBSPOT_DEFINED", "typeId": 3, "label": None}]
        results, missing = [], []
        for given in request.json["inputs"]:
            number = str(given["id"])
            linked = self.links.get((number, to), [])
            if linked:
                to_ids = [{"toObjectId": i if is_dated else int(i), "associationTypes": kinds} for i in linked]
                results.append({"from": {"id": number}, "to": to_ids})
            else:
                missing.append(
                    {
                        "status": "error",
                        "category": "OBJECT_NOT_FOUND",
                        "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                        "message": f"No {to} is associated with deals {number}.",
                        "context": {"fromObjectId": [number]},
                    }
                )
        errors = {"numErrors": len(missing), "errors": missing} if missing else {}
        return Reply({"status": "COMPLETE", "results": results, **errors}, 207 if missing else 200)

    def _token(self, request: Request) -> Reply:
        given = request.form
        if given.get("client_secret") != "cl13nt-s3cret" or given.get("refresh_token") != "r3fresh-0":
            return error(400, "missing or invalid refresh token", "BAD_REFRESH_TOKEN")
        self.tokens.add("acc3ss-1")
        return Reply(
            {"token_type": "bearer", "access_token": "acc3ss-1", "refresh_token": "r3fresh-0", "expires_in": 1800}
        )

    def _page(self, rows: list[Record], following: int | None, properties: Any) -> dict[str, Any]:
        paging = {"paging": {"next": {"after": str(following), "link": f"{self.url}/next?after={following}"}}}
        return {"results": [_shown(row, properties) for row in rows], **(paging if following is not None else {})}


def error(status: int, message: str, category: str, **more: Any) -> Reply:
    """An error as HubSpot writes it."""
    correlation = "aeb5f871-7f07-4993-9211-075dc63e7cbf"
    body = {"status": "error", "message": message, "correlationId": correlation, "category": category, **more}
    return Reply(body, status)


def _route(request: Request) -> tuple[str, tuple[str, ...]]:
    for name, pattern in _PATHS.items():
        if found := re.fullmatch(pattern, request.path.rstrip("/")):
            return name, found.groups()
    return "unknown", ()


def _shown(record: Record, properties: Any) -> Record:
    """A record with the properties that were asked for; one that was never set is null."""
    known = record["properties"]
    asked = ["createdate", "hs_object_id", *(name for name in properties or [] if name)]
    return {**record, "properties": {name: known.get(name) for name in asked}}


def _number(record: Record, name: str) -> Any:
    value = record["properties"].get(name)
    if value is None:
        return 0.0
    if re.fullmatch(r"-?\d+", str(value)):
        return float(value)
    moment = datetime.fromisoformat(value)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000


def _holds(record: Record, rule: Mapping[str, Any]) -> bool:
    value, operator = record["properties"].get(rule["propertyName"]), rule["operator"]
    if operator in ("HAS_PROPERTY", "NOT_HAS_PROPERTY"):
        return (value is not None) == (operator == "HAS_PROPERTY")
    if value is None:
        return operator == "NEQ"
    number = _number(record, rule["propertyName"])
    if operator in ("IN", "NOT_IN"):
        return (str(value).lower() in map(str, rule["values"])) == (operator == "IN")
    if operator == "BETWEEN":
        return _asked(rule["value"]) <= number <= _asked(rule["highValue"])
    return bool(_COMPARE[operator](number, _asked(rule["value"])))


def _asked(value: Any) -> float:
    text = str(value)
    return float(text) if re.fullmatch(r"-?\d+", text) else datetime.fromisoformat(text).timestamp() * 1000
