"""The Graph API: credentials, errors and throttling, paging, batches, and when a token ends."""

import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode

from dlt.common.configuration import configspec
from dlt.common.json import json as dlt_json
from dlt.sources.helpers.requests import Request, Response
from dlt.sources.helpers.rest_client.client import PageData, RESTClient
from dlt.sources.helpers.rest_client.paginators import JSONResponseCursorPaginator

from . import settings
from .json_client import (
    LONGEST_WAIT_SECONDS,
    AnswerError,
    Progress,
    VendorAuth,
    clean,
    expect,
    mismatch,
    pinned_session,
    place,
    refuse,
    throttle,
)

Kind = Literal[
    "auth", "throttled", "too_much_data", "passing", "gone", "skipped", "metric", "not_found", "permission", "refused"
]
Ask = tuple[str, Mapping[str, str]]
"""Path and parameters of one request of a batch."""
T = TypeVar("T")

THROTTLE_CODES = frozenset({4, 17, 32, 613, 80001, 80002, 80006})
AUTH_CODES = frozenset({102, 190, 467})
PERMISSION_CODES = frozenset({3, 10, *range(200, 300)})
GONE_SUBCODE, BEFORE_BUSINESS_SUBCODE, NO_ACCOUNT_SUBCODE = 33, 2108006, 2207013
NEAR_LIMIT_PERCENT, NEAR_LIMIT_PAUSE_SECONDS = 95, 5.0
SKIPPED: frozenset[Kind] = frozenset({"gone", "skipped"})
"""What one record of many may answer: it is gone, or has nothing of the kind."""
_LATEST = 253_402_300_800
_STATUS: dict[Kind, int] = {"auth": 401, "throttled": 429, "too_much_data": 400, "passing": 503, "permission": 403}
_PREFIX: dict[Kind, str] = {"auth": "the access token was refused: ", "throttled": "too many requests: "}


@dataclass(frozen=True)
class Fault:
    """What the API says is wrong with a request, or with one of a batch."""

    kind: Kind
    what: str
    status: int
    wait_seconds: float = 0.0
    where: str = ""

    def __str__(self) -> str:
        return f"{self.status} {self.where}: {self.what}"

    @property
    def is_transient(self) -> bool:
        """It may pass when asked again."""
        return self.kind in ("throttled", "passing")


class GraphError(AnswerError):
    """A request that the API refuses, and why."""

    def __init__(self, what: str, response: Response | None = None, kind: Kind = "refused") -> None:
        super().__init__(what, response=response)
        self.kind = kind


@configspec
class GraphAuth(VendorAuth):
    """Sends the token in a header, and says in HTTP's words what the API says in its body."""

    def check(self, response: Response, body: Any) -> None:
        """Raise what is wrong with an answer; after a good one, slow down where the limit is near."""
        fault = fault_of(response.status_code, body, response.headers, self.secrets)
        if fault is None:
            if pause := _pause_seconds(response.headers):
                time.sleep(pause)
            return
        response.status_code = fault.status
        if fault.wait_seconds:
            throttle(response, fault.what, fault.wait_seconds)
        refuse(response, fault.what, partial(GraphError, kind=fault.kind))


def fault_of(status: int, body: Any, headers: Mapping[str, str], secrets: Iterable[str | None]) -> Fault | None:
    """The error `{"error": {"code", "error_subcode", "message"}}` of an answer; None for a good one."""
    error = body.get("error") if isinstance(body, dict) else None
    if error is None and 200 <= status < 300:
        return None
    error = error if isinstance(error, dict) else {}
    message = clean(error.get("error_user_msg") or error.get("message") or "no message", secrets)
    kind = _kind(status, error, message)
    wait = (_regain_seconds(headers) or _seconds(headers.get("Retry-After"))) if kind == "throttled" else 0.0
    code = f" (code {error['code']})" if kind == "refused" and isinstance(error.get("code"), int) else ""
    return Fault(kind, _PREFIX.get(kind, "") + message + code, _STATUS.get(kind, max(status, 400)), wait)


def _kind(status: int, error: Mapping[str, Any], message: str) -> Kind:
    code, subcode = (
        error.get(name) if isinstance(error.get(name), int) else None for name in ("code", "error_subcode")
    )
    said = message.lower()
    rules: tuple[tuple[bool, Kind], ...] = (
        (code in AUTH_CODES or status == 401, "auth"),
        (code in THROTTLE_CODES or status == 429, "throttled"),
        ("reduce the amount of data" in said, "too_much_data"),
        (code in (1, 2) or error.get("is_transient") is True or status >= 500, "passing"),
        (code == 100 and subcode == GONE_SUBCODE, "gone"),
        (subcode == BEFORE_BUSINESS_SUBCODE or (code == 10 and "permission" not in said), "skipped"),
        (code == 100 and "metric" in said, "metric"),
        (code == 110 or subcode == NO_ACCOUNT_SUBCODE, "not_found"),
        (code in PERMISSION_CODES or status == 403, "permission"),
    )
    return next((kind for applies, kind in rules if applies), "refused")


def _usage(headers: Mapping[str, str]) -> list[Mapping[str, Any]]:
    try:
        usage = dlt_json.loads(headers.get("X-Business-Use-Case-Usage") or "{}")
    except ValueError:
        return []
    of_objects = usage.values() if isinstance(usage, dict) else ()
    return [row for rows in of_objects if isinstance(rows, list) for row in rows if isinstance(row, dict)]


def _seconds(value: Any) -> float:
    """A positive number, else 0."""
    try:
        number = float(value)
    except (TypeError, ValueError):
        return 0.0
    return number if 0 < number < math.inf else 0.0


def _regain_seconds(headers: Mapping[str, str]) -> float:
    """Seconds until access is regained (Meta gives minutes); 0 when it is not lost."""
    return 60 * max((_seconds(row.get("estimated_time_to_regain_access")) for row in _usage(headers)), default=0.0)


def _pause_seconds(headers: Mapping[str, str]) -> float:
    """Wait as long as Meta says once access is lost, a little when it is nearly; a long wait is left to the refusal."""
    regain = _regain_seconds(headers)
    if regain:
        return regain if regain <= LONGEST_WAIT_SECONDS else 0.0
    names = ("call_count", "total_cputime", "total_time")
    percent = max((_seconds(row.get(name)) for row in _usage(headers) for name in names), default=0.0)
    return NEAR_LIMIT_PAUSE_SECONDS if percent >= NEAR_LIMIT_PERCENT else 0.0


def graph_client(base_url: str, access_token: str, version: str, run_seconds: float | None = None) -> RESTClient:
    """A client of one version of the Graph API; sends nothing yet."""
    root = base_url.rstrip("/")
    session = pinned_session(root, run_seconds)
    auth = GraphAuth(access_token=access_token)
    return RESTClient(f"{root}/{version}", auth=auth, session=session, data_selector="data")


def get(client: RESTClient, path: str, fields: str, form: Any) -> dict[str, Any]:
    """One object."""
    answer: dict[str, Any] = client.get(path, {"fields": fields}, hooks=expect(form)).json()
    return answer


class GraphPaginator(JSONResponseCursorPaginator):
    """An edge ends where `paging.next` is missing: the last page has a cursor too, an empty page may have a link.

    The link itself is not followed: it carries the token.
    """

    def __init__(self, after: str | None = None) -> None:
        super().__init__(cursor_path="paging.cursors.after", cursor_param="after")
        self._progress = Progress()
        if after:
            self._next_reference = after

    def init_request(self, request: Request) -> None:
        """Start, or go on after an interruption."""
        if self._next_reference:
            self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Read the next cursor; raises AnswerError where the list does not come to an end."""
        super().update_state(response, data)
        if "next" not in (response.json().get("paging") or {}):
            self._has_next_page = False
        elif not self._has_next_page:
            raise AnswerError(f"{place(response.request)}: paging.next leads on, but paging.cursors.after is missing")
        self._progress.note(response, self._next_reference if self._has_next_page and data else None, data)


class DiscoveryPaginator(JSONResponseCursorPaginator):
    """business_discovery pages within its `fields`, has cursors and no link; empty twice at one cursor is the end."""

    def __init__(self, handle: str) -> None:
        super().__init__(cursor_path="business_discovery.media.paging.cursors.after")
        self.limit = settings.MEDIA_PAGE_SIZE
        self._handle = handle
        self._progress = Progress()
        self._empty_at: str | None = None

    def init_request(self, request: Request) -> None:
        """Start, or go on after an interruption."""
        self.update_request(request)

    def update_request(self, request: Request) -> None:
        """Ask for the page after the cursor."""
        after = f".after({self._next_reference})" if self._next_reference else ""
        media = f"media{after}.limit({self.limit}){{{settings.MEDIA_FIELDS}}}"
        request.params = {
            "fields": f"business_discovery.username({self._handle}){{{settings.COMPETITOR_FIELDS},{media}}}"
        }

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Read the next cursor; raises AnswerError where the list does not come to an end."""
        super().update_state(response, data)
        cursor = self._next_reference
        if not data and cursor == self._empty_at:
            self._has_next_page = False
        self._empty_at = None if data else cursor
        self._progress.note(response, cursor if self._has_next_page and data else None, data)


def pages(
    client: RESTClient, path: str, fields: str, form: Any, limit: int, after: str | None = None
) -> Iterator[PageData[Any]]:
    """Pages of an edge to its end."""
    paginator, hooks = GraphPaginator(after), expect(form)

    def read(size: int) -> Iterator[PageData[Any]]:
        return client.paginate(path, params={"fields": fields, "limit": size}, paginator=paginator, hooks=hooks)

    return _halving(read, limit)


def discovered(client: RESTClient, account_id: str, handle: str) -> Iterator[dict[str, Any]]:
    """Profile of a professional account with a page of its media each, to the end."""
    paginator, hooks = DiscoveryPaginator(handle), expect(settings.DISCOVERY)

    def read(size: int) -> Iterator[PageData[Any]]:
        paginator.limit = size
        return client.paginate(
            account_id, paginator=paginator, data_selector="business_discovery.media.data", hooks=hooks
        )

    for page in _halving(read, settings.MEDIA_PAGE_SIZE):
        yield page.response.json()["business_discovery"]


def _halving(read: Callable[[int], Iterator[T]], limit: int) -> Iterator[T]:
    """Pages of the size that the API bears, which it tells by refusing larger ones."""
    while True:
        try:
            yield from read(limit)
        except GraphError as error:
            if error.kind != "too_much_data" or limit == 1:
                raise
            limit //= 2
        else:
            return


def batch(
    client: RESTClient, asks: Sequence[Ask], form: Any, bearable: frozenset[Kind] = SKIPPED
) -> list[dict[str, Any] | Fault]:
    """Each request's body, or its fault where that is bearable, in order; what fails in passing is asked again."""
    outcomes: dict[int, dict[str, Any] | Fault] = {}
    pending, idle = list(range(len(asks))), 0
    while pending:
        passing: list[Fault] = []
        for start in range(0, len(pending), settings.BATCH_SIZE):
            chunk = pending[start : start + settings.BATCH_SIZE]
            sent = _send(client, [asks[i] for i in chunk], form, bearable)
            for index, outcome in zip(chunk, sent, strict=True):
                if isinstance(outcome, Fault) and outcome.is_transient:
                    passing.append(outcome)
                else:
                    outcomes[index] = outcome
        idle = idle + 1 if len(passing) == len(pending) else 0
        pending = [index for index in pending if index not in outcomes]
        if passing:
            _wait(passing, idle)
    return [outcomes[index] for index in range(len(asks))]


def _wait(passing: Sequence[Fault], idle: int) -> None:
    seconds = max(fault.wait_seconds or 2.0 ** max(idle - 1, 0) for fault in passing)
    if idle >= settings.BATCH_ATTEMPTS or seconds > LONGEST_WAIT_SECONDS:
        raise AnswerError(str(passing[0]), is_transient=True)
    time.sleep(seconds)


def _send(
    client: RESTClient, asks: Sequence[Ask], form: Any, bearable: frozenset[Kind]
) -> list[dict[str, Any] | Fault]:
    """The token travels in the body, as Meta wants it for batches: in no address."""
    root, _, version = (client.base_url or "").rpartition("/")
    requests = [
        {"method": "GET", "relative_url": f"{version}/{path}?{urlencode(params, safe=',{}')}"} for path, params in asks
    ]
    sent = {"access_token": _token(client), "batch": dlt_json.dumps(requests), "include_headers": "true"}
    items = client.post(f"{root}/", data=sent, hooks=expect(settings.BATCH)).json()
    if len(items) != len(asks):
        raise AnswerError(f"POST / (batch): {len(items)} answers to {len(asks)} requests")
    outcomes = [
        _outcome(f"GET /{version}/{path}", item, form, _token(client))
        for (path, _), item in zip(asks, items, strict=True)
    ]
    for outcome in outcomes:
        if isinstance(outcome, Fault) and not outcome.is_transient and outcome.kind not in bearable:
            response = Response()
            response.status_code = outcome.status
            raise GraphError(str(outcome), response, outcome.kind)
    return outcomes


def _outcome(where: str, item: Mapping[str, Any] | None, form: Any, token: str) -> dict[str, Any] | Fault:
    if item is None:
        return Fault("passing", "a request of the batch timed out", 503, where=where)
    try:
        body = dlt_json.loads(item["body"])
    except ValueError:
        return Fault("passing", "the answer is not JSON", 502, where=where)
    headers = {header["name"]: header["value"] for header in item.get("headers") or ()}
    fault = fault_of(item["code"], body, headers, (token,))
    if fault is not None:
        return replace(fault, where=where)
    differs = mismatch(body, form)
    if differs:
        raise AnswerError(f"{where}: {differs}")
    return dict(body)


def _token(client: RESTClient) -> str:
    assert isinstance(client.auth, GraphAuth)  # noqa: S101 - graph_client made it
    return str(client.auth.access_token)


def token_expiry(client: RESTClient) -> datetime | None:
    """When the token ends, or the access to data that it gives; None: never, or the token may not ask.

    Raises AnswerError where the token is refused.
    """
    try:
        (told,) = batch(client, [("debug_token", {"input_token": _token(client)})], settings.TOKEN)
    except GraphError as error:
        if error.kind == "auth":
            raise
        return None
    if isinstance(told, Fault):
        return None
    ends = [told["data"].get(name) for name in ("expires_at", "data_access_expires_at")]
    return min((datetime.fromtimestamp(end, UTC) for end in ends if end and 0 < end < _LATEST), default=None)
