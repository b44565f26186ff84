"""CRM search read by keysets: what changes while it is read is neither lost nor read for ever.

HubSpot's own pages are offsets, which shift when a record that is edited moves to the end, and end at 10,000 records.
So each request is the first page of a search of its own, from the last modification seen; a moment that holds more
than a page is read by id.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from dlt.sources.helpers.requests import Request, Response
from dlt.sources.helpers.rest_client.paginators import BasePaginator

from . import settings
from .json_client import AnswerError, Progress, place

Record = dict[str, Any]
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)


def milliseconds(time: object) -> int | None:
    """An ISO 8601 text as whole milliseconds since 1970, to which HubSpot compares; None when it is none."""
    if not isinstance(time, str):
        return None
    try:
        moment = datetime.fromisoformat(time)
    except ValueError:
        return None
    return ((moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - _EPOCH) // _MILLISECOND


def iso(moment: int) -> str:
    """Milliseconds since 1970 as HubSpot writes a time; such texts sort as the times do."""
    return (_EPOCH + moment * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class SearchPaginator(BasePaginator):
    """Asks for the records modified at or after `since`, oldest first; an edit moves a record ahead, never behind."""

    def __init__(self, modified: str, since: int) -> None:
        super().__init__()
        self._modified = modified
        self._since = since
        self._beyond_id: int | None = None
        """Set while the moment `since` is read by id."""
        self._passes = 0
        self._progress = Progress()

    def init_request(self, request: Request) -> None:
        """Ask for the first page."""
        self.update_request(request)

    def update_request(self, request: Request) -> None:
        """Ask from where the last page ended."""
        filters = [(self._modified, "GTE" if self._beyond_id is None else "EQ", self._since)]
        if self._beyond_id is not None:
            filters.append(("hs_object_id", "GT", self._beyond_id))
        request.json = {
            **(request.json or {}),
            "filterGroups": [
                {"filters": [{"propertyName": n, "operator": o, "value": str(value)} for n, o, value in filters]}
            ],
            "sorts": [{"propertyName": filters[-1][0], "direction": "ASCENDING"}],
            "limit": settings.SEARCH_PAGE_SIZE,
        }

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Go on from the page's last record; raises AnswerError where the pages lead nowhere."""
        records, total = data or [], response.json()["total"]
        keys = [key for key in map(self._key, records) if key is not None]
        fault = self._fault(len(records), total, keys)
        self._passes = self._passes + 1 if fault else 0
        if self._passes == settings.SEARCH_PASSES:
            raise AnswerError(f"{place(response.request)}: {fault}", is_transient=True)
        if fault:
            return
        if total <= len(records):
            self._end_of_window()
        else:
            self._go_on_from(keys[-1])
        if self._has_next_page:
            self._progress.note(response, (self._since, self._beyond_id), records)

    def _key(self, record: Record) -> int | None:
        if self._beyond_id is None:
            return milliseconds(record["properties"].get(self._modified))
        return int(record["id"]) if record["id"].isdecimal() else None

    def _fault(self, count: int, total: int, keys: list[int]) -> str | None:
        """What an answer contradicts itself in; a passing state of the index is asked about again."""
        if count != min(total, settings.SEARCH_PAGE_SIZE):
            return f"the search found {total:,} records and gave {count:,} of the {settings.SEARCH_PAGE_SIZE} asked for"
        least = self._since if self._beyond_id is None else self._beyond_id + 1
        name = self._modified if self._beyond_id is None else "id"
        if keys != sorted(keys) or (keys and keys[0] < least):
            return f"the records found are not those asked for, in the order of {name}"
        return None if keys or not count else f"no record has a {name} that can be read"

    def _end_of_window(self) -> None:
        if self._beyond_id is None:
            self._has_next_page = False
        else:
            self._since, self._beyond_id = self._since + 1, None

    def _go_on_from(self, last: int) -> None:
        if self._beyond_id is not None:
            self._beyond_id = last
        elif last > self._since:
            self._since = last
        else:
            self._beyond_id = 0


def unseen(pages: Iterator[list[Record]]) -> Iterator[list[Record]]:
    """The pages without the records that the page before gave alike: a page begins at the moment at which one ended."""
    seen: dict[str, Record] = {}
    for page in pages:
        fresh = [record for record in page if seen.get(record["id"]) != record]
        seen = {record["id"]: record for record in page}
        if fresh:
            yield fresh
