"""A CRM on the far side: HubSpot's search, lists, batches, associations and tokens; and the source run on it."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import dlt
import duckdb
import pytest

from pipelines.sources.hubspot import hubspot
from tests.sources.far_side import FarSide, Reply, Request

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)
SECRET = "s3cr3t-token-0123456789"
KINDS = ("contacts", "companies", "deals")
CEILING = 10_000
Record = dict[str, Any]


def iso(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def ago(**age: float) -> datetime:
    return NOW - timedelta(**age)


def problem(status: int, message: str, headers: dict[str, str] | None = None, **more: str) -> Reply:
    return Reply({"status": "error", "message": message, **more}, status, headers or {})


class Crm:
    """HubSpot's search with its lagging index, offsets and ceiling; the list of the deleted, batches, associations."""

    def __init__(self) -> None:
        self.live: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self.deleted: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self.index: dict[str, dict[int, Record]] = {kind: {} for kind in KINDS}
        self.order: dict[str, list[tuple[int, int]]] = {kind: [] for kind in KINDS}
        self.is_lagging = False
        self.ceiling = CEILING
        self.token = SECRET
        self.associations: dict[tuple[str, str], list[Any]] = {}
        self.lost: set[str] = set()
        self.searches: list[Record] = []
        self.batches: list[list[str]] = []
        self.paths: list[str] = []
        self.before_search: Callable[[], None] = lambda: None
        self.slept: list[float] = []
        """Seconds that the source was told to wait, those of dlt's own loops left out."""

    def put(self, kind: str, record_id: int, modified: datetime, **properties: Any) -> Record:
        """Make or edit a record."""
        name = "lastmodifieddate" if kind == "contacts" else "hs_lastmodifieddate"
        always = {"hs_object_id": str(record_id), "createdate": iso(ago(days=400)), name: iso(modified)}
        record = {
            "id": str(record_id),
            "properties": {**self.live[kind].get(record_id, {}).get("properties", {}), **properties, **always},
            "createdAt": always["createdate"],
            "updatedAt": iso(modified),
            "archived": False,
        }
        self.live[kind][record_id] = record
        if not self.is_lagging:
            self._index(kind, record_id, record)
        return record

    def archive(self, kind: str, record_id: int, moment: datetime) -> None:
        record = self.live[kind].pop(record_id)
        self.deleted[kind][record_id] = {**record, "archived": True, "archivedAt": iso(moment)}
        self._index(kind, record_id, None)

    def restore(self, kind: str, record_id: int) -> None:
        record = self.deleted[kind].pop(record_id)
        self.live[kind][record_id] = {k: v for k, v in record.items() if k != "archivedAt"} | {"archived": False}
        self._index(kind, record_id, self.live[kind][record_id])

    def catch_up(self) -> None:
        self.is_lagging = False
        for kind in KINDS:
            for record_id, record in self.live[kind].items():
                self._index(kind, record_id, record)

    def _index(self, kind: str, record_id: int, record: Record | None) -> None:
        if known := self.index[kind].pop(record_id, None):
            self.order[kind].remove((_modified(known), record_id))
        if record:
            self.index[kind][record_id] = record
            bisect.insort(self.order[kind], (_modified(record), record_id))

    def __call__(self, request: Request) -> Reply:
        if request.headers["authorization"] != f"Bearer {self.token}":
            return problem(401, "The OAuth token expired.", category="EXPIRED_AUTHENTICATION")
        self.paths.append(request.path)
        parts = request.path.strip("/").split("/")
        if parts[-1] == "search":
            self.before_search()
            return self._search(parts[3], request.json)
        if "associations" in parts:
            return self._associated(parts[4], request.json)
        if parts[-1] == "read":
            return self._batch(parts[3], request.json)
        return self._deleted(parts[3], parse_qs(request.query))

    def _search(self, kind: str, query: Record) -> Reply:
        self.searches.append(query)
        start, limit = int(query.get("after", 0)), query["limit"]
        if start + limit > self.ceiling or limit > 200:
            return problem(400, "Paging beyond the ceiling", category="VALIDATION_ERROR")
        order, ids = self.order[kind], []
        filters = {f["operator"]: int(f["value"]) for f in query["filterGroups"][0]["filters"]}
        ((sort, direction),) = [(s["propertyName"], s["direction"]) for s in query["sorts"]]
        assert direction == "ASCENDING"
        if "GTE" in filters:
            assert sort in {"lastmodifieddate", "hs_lastmodifieddate"}
            ids = [number for _, number in order[bisect.bisect_left(order, (filters["GTE"], 0)) :]]
        else:
            assert sort == "hs_object_id"
            first = bisect.bisect_left(order, (filters["EQ"], filters["GT"] + 1))
            ids = [number for _, number in order[first : bisect.bisect_left(order, (filters["EQ"] + 1, 0))]]
        page = [self.index[kind][number] for number in ids[start : start + limit]]
        answer: Record = {"total": len(ids), "results": [record for record in page if record["id"] not in self.lost]}
        if start + limit < len(ids):
            answer["paging"] = {"next": {"after": str(start + limit), "link": "?"}}
        return Reply(answer)

    def _deleted(self, kind: str, query: dict[str, list[str]]) -> Reply:
        assert query["archived"] == ["true"]
        after = int(query.get("after", ["0"])[0])
        rest = sorted(number for number in self.deleted[kind] if number > after)
        answer: Record = {"results": [self.deleted[kind][number] for number in rest[:3]]}
        if len(rest) > 3:
            answer["paging"] = {"next": {"after": str(rest[2]), "link": "?"}}
        return Reply(answer)

    def _batch(self, kind: str, query: Record) -> Reply:
        asked = [item["id"] for item in query["inputs"]]
        self.batches.append(asked)
        gone = [number for number in asked if int(number) not in self.live[kind]]
        answer: Record = {
            "status": "COMPLETE",
            "results": [self.live[kind][int(number)] for number in asked if number not in gone],
        }
        if gone:
            told = {"status": "error", "category": "OBJECT_NOT_FOUND", "message": "Could not get some objects."}
            answer |= {"numErrors": len(gone), "errors": [{**told, "context": {"ids": gone}}]}
        return Reply(answer, 207 if gone else 200)

    def _associated(self, to_kind: str, query: Record) -> Reply:
        asked = [item["id"] for item in query["inputs"]]
        without = [number for number in asked if (number, to_kind) not in self.associations]
        answer: Record = {
            "status": "COMPLETE",
            "results": [
                {"from": {"id": number}, "to": [{"toObjectId": to, "associationTypes": []} for to in found]}
                for number in asked
                if (found := self.associations.get((number, to_kind)))
            ],
        }
        if without:
            answer["errors"] = [
                {
                    "status": "error",
                    "category": "OBJECT_NOT_FOUND",
                    "subCategory": "crm.associations.NO_ASSOCIATIONS_FOUND",
                    "message": f"No {to_kind} is associated with deals {number}.",
                    "context": {"fromObjectId": [number], "fromObjectType": ["deals"], "toObjectType": [to_kind]},
                }
                for number in without
            ]
        return Reply(answer, 207 if without else 200)


def _modified(record: Record) -> int:
    found = record["properties"]
    text = found.get("lastmodifieddate") or found["hs_lastmodifieddate"]
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Tokens:
    """HubSpot's token endpoint: each refresh rotates the refresh token, and ends the access token before."""

    def __init__(self, crm: Crm) -> None:
        self.crm, self.refresh, self.count = crm, "refresh-0", 0
        self.forms: list[dict[str, list[str]]] = []

    def __call__(self, request: Request) -> Reply:
        if not request.path.startswith("/oauth/"):
            return self.crm(request)
        assert request.path == "/oauth/2026-09/token"
        assert request.query == ""
        form = parse_qs(request.body.decode())
        self.forms.append(form)
        assert form["refresh_token"] == [self.refresh]
        self.count += 1
        self.refresh, self.crm.token = f"refresh-{self.count}", f"access-{self.count}"
        return Reply({"access_token": self.crm.token, "refresh_token": self.refresh, "expires_in": 1800})


class Account:
    """The source as a stranger runs it: plain dlt, into a DuckDB file."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._folder = url, folder

    def source(self, *names: str, **arguments: Any) -> Any:
        given = {"access_token": SECRET, "base_url": self.url, "now": NOW} | arguments
        made = hubspot(**given)
        return made.with_resources(*names) if names else made

    def load(self, *names: str, **arguments: Any) -> None:
        destination = dlt.destinations.duckdb(str(self._folder / "crm.duckdb"))
        pipelines_dir = str(self._folder / "pipelines")
        pipeline = dlt.pipeline("crm", pipelines_dir=pipelines_dir, destination=destination, dataset_name="data")
        pipeline.run(self.source(*names, **arguments))
        pipeline.deactivate()

    def read(self, name: str, **arguments: Any) -> list[Record]:
        """Rows as the resource gives them."""
        return list(self.source(name, **arguments))

    def rows(self, table: str, columns: str) -> list[tuple[Any, ...]]:
        """Rows as they are in DuckDB, by id."""
        with duckdb.connect(str(self._folder / "crm.duckdb")) as con:
            con.execute("set timezone = 'UTC'")
            return con.execute(f"select {columns} from data.{table} order by 1").fetchall()

    def fault(self, name: str = "contacts", **arguments: Any) -> str:
        """What the resource's error says."""
        with pytest.raises(dlt.extract.exceptions.ResourceExtractionError) as caught:
            self.read(name, **arguments)
        error: BaseException | None = caught.value
        while error.__cause__ or error.__context__:
            error = error.__cause__ or error.__context__
            if type(error).__name__ == "AnswerError":
                return str(error)
        raise AssertionError(error)


def serve_crm(far_side: FarSide, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Crm:
    """A CRM behind the far side, for a dlt that knows nothing of the caller's."""
    crm = Crm()
    far_side.answer = crm
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    monkeypatch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
    monkeypatch.setattr("time.sleep", lambda wait: crm.slept.append(wait) if wait >= 0.05 else None)
    return crm


def newest(rows: Iterable[Record]) -> dict[str, Record]:
    """Rows as a destination keeps them: of each record the greatest `updated_at`, then the one read last."""
    kept: dict[str, Record] = {}
    for row in rows:
        if row["contact_id"] not in kept or row["updated_at"] >= kept[row["contact_id"]]["updated_at"]:
            kept[row["contact_id"]] = row
    return kept
