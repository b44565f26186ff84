"""HubSpot's dialect: tokens, budgets and errors; versions in paths; lists, batches and associations."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from dlt.common.configuration import configspec
from dlt.sources.helpers.requests import Response
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import PreparedRequest

from . import settings
from .json_client import (
    LONGEST_WAIT_SECONDS,
    AnswerError,
    CursorPaginator,
    VendorAuth,
    clean,
    expect,
    pinned_session,
    place,
    refuse,
    throttle,
)
from .search import Record, SearchPaginator, unseen
from .settings import ObjectType


@configspec
class HubSpotAuth(VendorAuth):
    """The token of an app; spaces searches, waits where a budget is used up, and says what HubSpot calls wrong."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._next_search = 0.0

    def sign(self, request: PreparedRequest) -> None:
        """Put the token, once a search may be asked for; raises AnswerError without a token."""
        if not self.access_token:
            raise AnswerError("HubSpot: set access_token, or client_id, client_secret and refresh_token")
        if request.path_url.endswith("/search"):
            self._space_out()
        super().sign(request)

    def _space_out(self) -> None:
        wait = self._next_search - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._next_search = time.monotonic() + settings.SEARCH_SPACING_SECONDS

    def check(self, response: Response, body: Any) -> None:
        """Raise an error of HubSpot, which is an object with `status`, `category` and `message`."""
        said = body if isinstance(body, dict) else {}
        if response.ok and said.get("status") != "error":
            if response.headers.get("X-HubSpot-RateLimit-Remaining") == "0":
                time.sleep(min(_interval_seconds(response), LONGEST_WAIT_SECONDS))
            return
        message = clean(said.get("message") or response.reason or "no message", self.secrets)
        if response.status_code == 429:
            _throttled(response, said.get("policyName"))
        if response.status_code in settings.LOCKED_STATUS:
            throttle(response, message, _seconds(response, "Retry-After", settings.LOCKED_SECONDS))
        category = said.get("category")
        refuse(response, f"{message} ({clean(category)})" if category else message)


def _throttled(response: Response, policy: object) -> None:
    if policy == "DAILY":
        throttle(response, "the account's daily request limit is used up", settings.DAY_SECONDS)
    usual = 1.0 if policy == "SECONDLY" else _interval_seconds(response)
    throttle(response, "too many requests", _seconds(response, "Retry-After", usual))


def _interval_seconds(response: Response) -> float:
    return _seconds(response, "X-HubSpot-RateLimit-Interval-Milliseconds", settings.INTERVAL_SECONDS * 1000) / 1000


def _seconds(response: Response, header: str, otherwise: float) -> float:
    """The number in a header, unless it is none."""
    given = response.headers.get(header, "")
    return float(given) if given.replace(".", "", 1).isdecimal() else otherwise


class Crm:
    """Reads of one HubSpot account, in one version of its API."""

    def __init__(
        self,
        base_url: str,
        api_version: str,
        credentials: Mapping[str, Any],
        keep: Callable[[Mapping[str, Any]], None] | None,
        run_seconds: float,
    ) -> None:
        session = pinned_session(base_url, run_seconds)
        self._version = api_version
        self._client = RESTClient(
            base_url,
            auth=HubSpotAuth(
                **credentials,
                access_token_url=f"{base_url.rstrip('/')}/oauth/{api_version}/token",
                keep=keep,
                session=session,
            ),
            session=session,
            data_selector="results",
        )

    def changed(self, of: ObjectType, since: int) -> Iterator[list[Record]]:
        """Pages of the records modified at or after `since`, in milliseconds; oldest change first."""
        pages = self._client.paginate(
            f"{self._objects(of)}/search",
            method="POST",
            json={"properties": list(of.properties)},
            paginator=SearchPaginator(of.modified, since),
            hooks=expect(settings.search_form(of)),
        )
        return unseen(pages)

    def archived(self, of: ObjectType) -> Iterator[list[Record]]:
        """Pages of the deleted records, as long as HubSpot keeps them."""
        pages = self._client.paginate(
            self._objects(of),
            params={
                "archived": "true",
                "limit": settings.LIST_PAGE_SIZE,
                "properties": ",".join(of.properties),
            },
            paginator=CursorPaginator("paging.next.after", "after"),
            hooks=expect(settings.list_form(of)),
        )
        for page in pages:
            if not all(record["archived"] for record in page):
                what = "a record in the list of archived ones is not archived"
                raise AnswerError(f"{place(page.response.request)}: {what}")
            yield page

    def by_id(self, of: ObjectType, ids: Iterable[str]) -> Iterator[list[Record]]:
        """Pages of those of the records that are there and not deleted."""
        path = f"{self._objects(of)}/batch/read"
        for batch in _batches(ids, settings.RECORD_BATCH_SIZE):
            asked = {"properties": list(of.properties), "propertiesWithHistory": [], "inputs": _inputs(batch)}
            response = self._client.post(path, json=asked, hooks=expect(settings.batch_form(of)))
            records: list[Record] = response.json()["results"]
            found = {record["id"] for record in records}
            if not found - set(batch):  # a record that was merged comes under the id of the other
                _check_whole(response, batch, found)
            yield records

    def first_associated(self, of: ObjectType, kind: str, ids: Sequence[str]) -> dict[str, str]:
        """Id of the first associated record of each id that has one."""
        prefix = "crm/v4/associations" if self._version == "v3" else f"crm/associations/{self._version}"
        path, form = f"{prefix}/{of.name}/{kind}/batch/read", expect(settings.ASSOCIATIONS_FORM)
        first: dict[str, str] = {}
        for batch in _batches(ids, settings.ASSOCIATION_BATCH_SIZE):
            response = self._client.post(path, json={"inputs": _inputs(batch)}, hooks=form)
            found = {result["from"]["id"]: result["to"] for result in response.json()["results"]}
            _check_whole(response, batch, found)
            first.update({record_id: str(to[0]["toObjectId"]) for record_id, to in found.items() if to})
        return first

    def _objects(self, of: ObjectType) -> str:
        prefix = "crm/v3/objects" if self._version == "v3" else f"crm/objects/{self._version}"
        return f"{prefix}/{of.name}"


def _batches(ids: Iterable[str], size: int) -> Iterator[list[str]]:
    rest = iter(ids)
    while batch := list(islice(rest, size)):
        yield batch


def _inputs(ids: Iterable[str]) -> list[dict[str, str]]:
    return [{"id": record_id} for record_id in ids]


def _check_whole(response: Response, asked: Sequence[str], found: Iterable[str]) -> None:
    """Each id of a batch must be found, or said not to be; raises AnswerError."""
    where, missing = place(response.request), set(asked).difference(found)
    for error in response.json().get("errors") or []:
        if error["category"] != "OBJECT_NOT_FOUND":
            said = f"{clean(error.get('message') or 'no message')} ({clean(error['category'])})"
            raise AnswerError(f"{where}: a part of the batch failed: {said}", is_transient=True)
        context = error.get("context") or {}
        missing.difference_update(context.get("ids") or context.get("fromObjectId") or [])
    if missing:
        what = f"{len(missing):,} of the {len(asked):,} records asked for are neither there nor said to be missing"
        raise AnswerError(f"{where}: {what}", is_transient=True)
