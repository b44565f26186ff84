"""The HubSpot CRM API: errors, rate-limit headers, searches around their ceiling, archived records, associations."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from pipelines.brands import SourceConfig
from pipelines.credentials import variable
from pipelines.errors import TransientError
from pipelines.extract import LoadContext
from pipelines.http import Answer, Fault, HttpClient, Sleep, retry_after_seconds
from pipelines.past import parse_time
from pipelines.sources.hubspot import settings

Record = dict[str, Any]
_DAY_SECONDS = 86_400.0


class HubSpotDialect:
    """Errors as `{"status": "error", "category", "message"}`, budgets in `X-HubSpot-RateLimit-*`."""

    def __init__(self, instance: str) -> None:
        self._token_variable = variable(instance, "access_token")

    def fault(self, answer: Answer) -> Fault | None:
        """Read the error of a response."""
        body = answer.body
        if not isinstance(body, dict) or body.get("status") != "error":
            return None
        message = str(body.get("message") or "no message")
        if answer.status == 401:
            return Fault(f"the access token was refused: {message}", f"set a new {self._token_variable}", code="auth")
        if answer.status == 403:
            return Fault(message, "grant the private app crm.objects.contacts.read, companies.read and deals.read")
        if answer.status == 429:
            return _throttled(answer, str(body.get("policyName") or ""))
        if answer.status >= 500 or answer.status in (408, 423):
            return Fault(message, "run again later", True, retry_after_seconds(answer.headers))
        return Fault(f"{message} ({body.get('category') or answer.status})", "check base_url in brands.yml")

    def pause_seconds(self, answer: Answer) -> float:
        """Wait for the interval to pass when nothing of its budget is left."""
        if answer.headers.get("X-HubSpot-RateLimit-Remaining") != "0":
            return 0.0
        return _interval_seconds(answer.headers)


def _interval_seconds(headers: Mapping[str, str]) -> float:
    return float(headers.get("X-HubSpot-RateLimit-Interval-Milliseconds", 10_000)) / 1000


def _throttled(answer: Answer, policy: str) -> Fault:
    if policy == "DAILY":
        return Fault("the account's daily request limit is used up", "run again tomorrow", True, _DAY_SECONDS)
    wait = retry_after_seconds(answer.headers)
    if wait is None:
        wait = 1.0 if policy == "SECONDLY" else _interval_seconds(answer.headers)
    return Fault("too many requests", "run again later", is_transient=True, wait_seconds=wait)


class _Search:
    """What one stream searches for, and the versions that it has seen."""

    def __init__(self, object_type: str, properties: tuple[str, ...], modified: str) -> None:
        self.object_type, self.properties, self.modified = object_type, properties, modified
        self._seen: set[tuple[str, str]] = set()

    def unseen(self, records: Sequence[Record]) -> list[Record]:
        """Those of the records that come for the first time."""
        versions = {(record["id"], str(record["properties"].get(self.modified))): record for record in records}
        fresh = [record for version, record in versions.items() if version not in self._seen]
        self._seen.update(versions)
        return fresh


class HubSpotClient:
    """Reads of one HubSpot account."""

    def __init__(self, instance: str, config: SourceConfig, context: LoadContext, sleep: Sleep = time.sleep) -> None:
        token = context.credentials["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        self._http = HttpClient(instance, config.base_url, HubSpotDialect(instance), headers, (token,), sleep)
        self._version = config.api_version or "v3"
        self._last_search = 0.0

    def changed(
        self, object_type: str, properties: Sequence[str], modified: str, since: datetime | None
    ) -> Iterator[list[Record]]:
        """Pages of the records modified at or after `since`, oldest change first, each version once.

        A search sorts by one property and stops at its ceiling, so a longer result is read in windows that start at
        the last change seen; a single moment that holds more than a window is read by id.
        """
        search = _Search(object_type, tuple(properties), modified)
        start = since or datetime.fromtimestamp(0, UTC)
        while True:
            last = yield from self._window(search, [_filter(modified, "GTE", _milliseconds(start))], modified)
            if last is None:
                return
            moment = _modified_at(last, modified)
            if moment == start:
                yield from self._of_one_moment(search, start)
                moment = start + timedelta(milliseconds=1)
            start = moment

    def archived(self, object_type: str, properties: Sequence[str]) -> Iterator[list[Record]]:
        """Pages of the deleted records, as long as HubSpot keeps them."""
        after: str | None = None
        while True:
            params = {
                "archived": "true",
                "limit": str(settings.ARCHIVED_PAGE_SIZE),
                "properties": ",".join(properties),
            }
            page = self._http.get(f"/crm/v3/objects/{object_type}", params | ({"after": after} if after else {}))
            yield page.get("results") or []
            after = _after(page)
            if after is None:
                return

    def first_associated(self, from_type: str, to_type: str, ids: Sequence[str]) -> dict[str, str]:
        """Id of the first associated record of each id that has one."""
        found: dict[str, str] = {}
        for start in range(0, len(ids), settings.ASSOCIATION_BATCH_SIZE):
            inputs = [{"id": record_id} for record_id in ids[start : start + settings.ASSOCIATION_BATCH_SIZE]]
            path = f"/crm/v4/associations/{from_type}/{to_type}/batch/read"
            for result in self._http.post(path, json={"inputs": inputs}).get("results") or []:
                if result.get("to"):
                    found[str(result["from"]["id"])] = str(result["to"][0]["toObjectId"])
        return found

    def _of_one_moment(self, search: _Search, moment: datetime) -> Iterator[list[Record]]:
        last: Record | None = {"id": "0"}
        while last is not None:
            filters = [
                _filter(search.modified, "EQ", _milliseconds(moment)),
                _filter("hs_object_id", "GT", int(last["id"])),
            ]
            last = yield from self._window(search, filters, "hs_object_id")

    def _window(
        self, search: _Search, filters: Sequence[Record], sort: str
    ) -> Generator[list[Record], None, Record | None]:
        """Pages of one search up to the ceiling; returns the last record when there is more beyond it.

        A record that changes while it is read moves to the end and shifts the pages: the count tells, and the window
        is read once more.
        """
        path = f"/crm/v3/objects/{search.object_type}/search"
        ids: set[str] = set()
        for _ in range(settings.WINDOW_PASSES):
            page, read = self._search(path, search, filters, sort, None), 0
            while True:
                results: list[Record] = page.get("results") or []
                yield search.unseen(results)
                ids.update(record["id"] for record in results)
                read, after = read + len(results), _after(page)
                if after is None or read >= settings.SEARCH_CEILING:
                    break
                page = self._search(path, search, filters, sort, after)
            found = int(page["total"])
            if len(ids) >= min(found, settings.SEARCH_CEILING):
                return results[-1] if found > settings.SEARCH_CEILING else None
        what = f"the search found {found:,} records and gave {len(ids):,}"
        raise TransientError(what, self._http.where("POST", path), "run again: records change while they are read")

    def _search(
        self, path: str, search: _Search, filters: Sequence[Record], sort: str, after: str | None
    ) -> dict[str, Any]:
        self._space_out()
        query: dict[str, Any] = {
            "filterGroups": [{"filters": list(filters)}],
            "sorts": [{"propertyName": sort, "direction": "ASCENDING"}],
            "properties": list(search.properties),
            "limit": settings.SEARCH_PAGE_SIZE,
        }
        page: dict[str, Any] = self._http.post(path, json=query | ({"after": after} if after else {}))
        return page

    def _space_out(self) -> None:
        wait = self._last_search + settings.SEARCH_SPACING_SECONDS - time.monotonic()
        if wait > 0:
            self._http.sleep(wait)
        self._last_search = time.monotonic()


def _filter(name: str, operator: str, value: int) -> Record:
    return {"propertyName": name, "operator": operator, "value": str(value)}


def _after(page: Mapping[str, Any]) -> str | None:
    after = ((page.get("paging") or {}).get("next") or {}).get("after")
    return None if after is None else str(after)


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _modified_at(record: Mapping[str, Any], modified: str) -> datetime:
    moment = parse_time(record["properties"].get(modified)) or parse_time(record.get("updatedAt"))
    if moment is None:
        raise TransientError(f"a record has no {modified}", "HubSpot search", "run again; if it stays, ask HubSpot")
    return moment
