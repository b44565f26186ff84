"""The GraphQL Admin API: credentials, errors, the cost throttle, and lists read to their end however long they are."""

import re
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from dlt.common.configuration import configspec
from dlt.common.configuration.exceptions import ConfigurationValueError
from dlt.common.configuration.specs.base_configuration import NotResolved
from dlt.sources import incremental
from dlt.sources.helpers.requests import Request, Response
from dlt.sources.helpers.rest_client.client import RESTClient
from requests import PreparedRequest

from . import settings
from .json_client import (
    LONGEST_WAIT_SECONDS,
    AnswerError,
    CursorPaginator,
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
from .queries import COST_FORM, MORE, ORDER_REFUNDS, REFUND_PARTS, Query

Node = dict[str, Any]
_PATH = "graphql.json"
_STATUS_OF = {
    "ACCESS_DENIED": 403,
    "THROTTLED": 429,
    "INTERNAL_SERVER_ERROR": 503,
    "TIMEOUT": 503,
    "SERVICE_UNAVAILABLE": 503,
}
_LOCKED = (423, 430)
"""Shopify's own for a shop that is locked for a moment, and for too many requests from one address."""


class TooCostlyError(AnswerError):
    """The page costs more than one query may."""


class MovedError(Exception):
    """A record changed while its parts were read."""


class GoneError(Exception):
    """A record was deleted while its parts were read."""


@configspec
class ShopifyAuth(VendorAuth):
    """An app's credentials, which give a token for 24 hours, or a token that lasts; reads what Shopify calls wrong."""

    api_version: Annotated[str | None, NotResolved()] = None

    def sign(self, request: PreparedRequest) -> None:
        """Put the token where Shopify expects it."""
        request.headers["X-Shopify-Access-Token"] = self.access_token or ""

    def check(self, response: Response, body: Any) -> None:
        """Refuse errors, which come with 200 as well, and another version than asked for; wait for the bucket."""
        fault = mismatch(body, COST_FORM) if isinstance(body, dict) else None
        if fault:
            refuse(response, fault)
        errors = body.get("errors") if isinstance(body, dict) else None
        if errors or not response.ok:
            self._refuse(response, errors, body)
        version = response.headers.get("X-Shopify-API-Version")
        if version and version != self.api_version:
            response.status_code = 400
            refuse(response, f"API version {self.api_version} is not served any more, but {clean(version)} instead")
        if wait := refill_seconds(body):
            time.sleep(min(wait, LONGEST_WAIT_SECONDS))

    def _refuse(self, response: Response, errors: Any, body: Any) -> None:
        """One error is enough to refuse all of an answer."""
        first = errors[0] if isinstance(errors, list) and errors else errors
        first = first if isinstance(first, dict) else {"message": first or response.reason}
        extensions = first.get("extensions")
        code = extensions.get("code") if isinstance(extensions, dict) else None
        message = clean(first.get("message") or "no message", self.secrets)
        if code == "ACCESS_DENIED":
            message = f"{message} The app needs {', '.join(settings.SCOPES)}"
        if response.ok:
            is_throttled = message == "Throttled"
            response.status_code = _STATUS_OF.get(str(code), 429 if is_throttled else 400)
        elif response.status_code in _LOCKED:
            response.status_code = 429
        if response.status_code == 429:
            throttle(response, message, max(refill_seconds(body), _retry_after(response)))
        refuse(response, message, TooCostlyError if code == "MAX_COST_EXCEEDED" else AnswerError)


def _retry_after(response: Response) -> float:
    text = response.headers.get("Retry-After", "")
    return float(text) if text.replace(".", "", 1).isdecimal() else 1.0


def refill_seconds(body: Any) -> float:
    """Seconds until a query of the same cost fits into the bucket; `body` is of the form of costs."""
    cost = ((body.get("extensions") or {}).get("cost") or {}) if isinstance(body, dict) else {}
    status = cost.get("throttleStatus")
    if not status:
        return 0.0
    needed = min(cost.get("requestedQueryCost") or 0, status["maximumAvailable"])
    return float(max(needed - status["currentlyAvailable"], 0) / max(status["restoreRate"], 1))


def shopify_client(
    base_url: str,
    api_version: str,
    access_token: str | None,
    client_id: str | None,
    client_secret: str | None,
    run_seconds: float,
) -> RESTClient:
    """A client of one shop; no request is sent yet.

    Args:
        base_url (str): Address of the shop.
        api_version (str): Version of the API.
        access_token (str): A token that lasts, or None.
        client_id (str): Id of an app that is given tokens, or None.
        client_secret (str): Its secret, or None.
        run_seconds (float): For so long it may read.

    Returns:
        RESTClient: The client.
    """
    if not access_token and not (client_id and client_secret):
        raise ConfigurationValueError("shopify: give client_id and client_secret, or access_token")
    address, session = base_url.rstrip("/"), pinned_session(base_url, run_seconds)
    auth = ShopifyAuth(
        access_token=access_token,
        access_token_url=f"{address}/admin/oauth/access_token",
        client_id=client_id or "",
        client_secret=client_secret or "",
        session=session,
        api_version=api_version,
    )
    return RESTClient(f"{address}/admin/api/{api_version}", auth=auth, session=session)


def ask(client: RESTClient, query: Query, **variables: Any) -> Response:
    """The answer to one query, of its declared form."""
    return client.post(_PATH, json={"query": query.text, "variables": variables}, hooks=expect({"data": query.form}))


def utc(text: Any) -> str | None:
    """A time of any offset as UTC text that sorts; None for what cannot be read."""
    try:
        at = datetime.fromisoformat(text)
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (TypeError, ValueError, OverflowError):
        return None
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")


def changes_since(start_date: str | None, field: str) -> "incremental[str]":
    """The cursor of a list that is searched by its last modification; `field` has it in what a resource yields."""
    first = utc(start_date)
    if start_date and not first:
        raise ConfigurationValueError("shopify: start_date is no date, such as 2026-01-31")
    return incremental[str](field, initial_value=first, lag=settings.OVERLAP_SECONDS)


def follow(
    updated_at: "incremental[str]", read: Callable[[str | None], Iterator[list[Node]]], now: str
) -> Iterator[list[Node]]:
    """Pages of what changed since the cursor, which moves when all are read, and never beyond `now`."""
    since, newest = updated_at.last_value, None
    # the search applies the range: no record is dropped here, whatever its time says
    updated_at.advance(None)  # type: ignore[arg-type]
    for page in read(since):
        times = [time for node in page if (time := utc(node["updatedAt"])) and time <= now]
        newest = max([*times, newest] if newest else times, default=newest)
        yield page
    updated_at.advance(newest)  # type: ignore[arg-type]


class WindowPaginator(CursorPaginator):
    """A root connection as far down as Shopify pages; `last` is the node where it had to stop before the end."""

    def __init__(self, field: str, page_size: int) -> None:
        page = f"data.{field}.pageInfo"
        super().__init__(f"{page}.endCursor", cursor_body_path="variables.after", has_more_path=f"{page}.hasNextPage")
        self.last: Node | None = None
        self._field, self._page_size, self._read = field, page_size, 0

    def init_request(self, request: Request) -> None:
        """Go on from where the paginator stands."""
        if self._next_reference:
            self.update_request(request)

    def update_state(self, response: Response, data: list[Any] | None = None) -> None:
        """Read the next cursor; the next page must not reach beyond the ceiling."""
        super().update_state(response, data)
        following(response, response.json()["data"][self._field], f"data.{self._field}")
        self._read += len(data or [])
        if self._has_next_page and data and self._read + self._page_size > settings.PAGING_CEILING:
            self._has_next_page, self.last = False, data[-1]


def following(response: Response, connection: Node, at: str) -> str | None:
    """The cursor of a connection's next page; None: this is the last one."""
    page = connection["pageInfo"]
    if page["hasNextPage"] and not page["endCursor"]:
        raise AnswerError(f"{place(response.request)}: {at}.pageInfo.endCursor is missing, and there are more pages")
    return page["endCursor"] if page["hasNextPage"] else None


class Listing:
    """A root connection, read to its end through as many windows as Shopify's paging depth makes necessary."""

    def __init__(self, client: RESTClient, query: Query, page_size: int) -> None:
        self._client, self._query, self._size = client, query, page_size
        (self._field,) = query.form

    def by_time(self, since: str | None) -> Iterator[list[Node]]:
        """What changed since, the earliest first. A second that fills a window by itself is read by id."""
        while True:
            last = yield from self._window(since and f"updated_at:>='{since}'", "UPDATED_AT")
            if last is None:
                return
            reached = utc(last["updatedAt"])
            if reached is None or (since and reached < since):
                raise AnswerError(f"{self._where}.updatedAt is not in order, so the list has no end")
            if reached == since:
                # not `=`: Shopify keeps fractions of the second that it shows
                yield from self._by_id(f"updated_at:>='{since}' AND updated_at:<='{since}'")
                reached = utc((datetime.fromisoformat(since) + timedelta(seconds=1)).isoformat())
            since = reached

    def by_id(self, since: str | None) -> Iterator[list[Node]]:
        """What changed since, sorted by id."""
        yield from self._by_id(since and f"updated_at:>='{since}'")

    def _by_id(self, search: str | None) -> Iterator[list[Node]]:
        beyond = 0
        while True:
            terms = [search, f"id:>{beyond}" if beyond else None]
            last = yield from self._window(" AND ".join(filter(None, terms)) or None, "ID")
            if last is None:
                return
            reached = number(last["id"])
            if not re.fullmatch("[0-9]{1,20}", reached) or int(reached) <= beyond:
                raise AnswerError(f"{self._where}.id is not in order, so the list has no end")
            beyond = int(reached)

    def named(self, gids: Iterable[str]) -> Iterator[list[Node]]:
        """Those of these records that are there, each by itself."""
        for gid in gids:
            yield from self._window(f"id:{number(gid)}", "ID")

    @property
    def _where(self) -> str:
        return f"POST {_PATH}: data.{self._field}.nodes"

    def _window(self, search: str | None, sort_key: str) -> Generator[list[Node], None, Node | None]:
        """Pages of one search; gives the node where it must start anew. A page that costs too much is halved."""
        paginator = WindowPaginator(self._field, self._size)
        while True:
            variables = {"first": self._size, "after": None, "search": search, "sortKey": sort_key}
            try:
                yield from self._client.paginate(
                    _PATH,
                    "POST",
                    json={"query": self._query.text, "variables": variables},
                    paginator=paginator,
                    data_selector=f"data.{self._field}.nodes",
                    hooks=expect({"data": self._query.form}),
                )
            except TooCostlyError:
                if self._size == 1:
                    raise
                self._size //= 2
            else:
                return paginator.last


def number(gid: str) -> str:
    """Numeric part of a global id: gid://shopify/Order/1 gives 1."""
    return gid.rpartition("/")[2].partition("?")[0]


def whole_orders(client: RESTClient, listing: Listing, since: str | None) -> Iterator[list[Node]]:
    """Orders with all of their lines and refunds; nested connections become lists.

    An order that changes while it is read comes again as it is then, further down; else it is asked for by its id.
    Raises AnswerError for one that changes then, too.
    """
    moved: dict[str, Node] = {}
    for page in listing.by_time(since):
        yield list(_unmoved_of(client, page, moved))
    again: dict[str, Node] = {}
    for page in listing.named(list(moved)):
        yield list(_unmoved_of(client, page, again))
    if again:
        what = f"{len(again)} orders changed each time that they were read"
        raise AnswerError(f"POST {_PATH}: {what}", is_transient=True)


def _unmoved_of(client: RESTClient, page: list[Node], moved: dict[str, Node]) -> Iterator[Node]:
    """The orders of a page that are whole; `moved` gets those that changed."""
    for order in page:
        try:
            whole = _whole_order(client, order)
        except MovedError:
            moved[order["id"]] = order
        except GoneError:
            continue
        else:
            moved.pop(order["id"], None)
            yield whole


def _whole_order(client: RESTClient, order: Node) -> Node:
    refunds = order["refunds"]
    if len(refunds) >= settings.REFUNDS_INLINE:
        answer = ask(client, ORDER_REFUNDS, id=order["id"])
        refunds = _unmoved(answer, order)["refunds"]
        if len(refunds) >= settings.LIST_LENGTH:
            what = f"an order has {len(refunds)} refunds or more, and Shopify lists no more of them"
            raise AnswerError(f"{place(answer.request)}: {what}")
    return {
        **order,
        "lineItems": list({line["id"]: line for line in _rest(client, order, "lineItems")}.values()),
        "refunds": [{**refund, **{part: _rest(client, refund, part) for part in REFUND_PARTS}} for refund in refunds],
    }


def _rest(client: RESTClient, owner: Node, part: str) -> list[Node]:
    """All nodes of a nested connection, of which the first page is at hand."""
    connection, progress = owner[part], Progress()
    if connection["pageInfo"]["hasNextPage"] and not connection["pageInfo"]["endCursor"]:
        raise AnswerError(f"POST {_PATH}: {part}.pageInfo.endCursor is missing, and there are more pages")
    nodes, cursor = list(connection["nodes"]), connection["pageInfo"]["endCursor"]
    while connection["pageInfo"]["hasNextPage"]:
        answer = ask(client, MORE[part], id=owner["id"], first=settings.LIST_LENGTH, after=cursor)
        connection = _unmoved(answer, owner)["nested"]
        cursor = following(answer, connection, "data.node.nested")
        progress.note(answer, cursor, connection["nodes"])
        nodes += connection["nodes"]
    return nodes


def _unmoved(answer: Response, owner: Node) -> Node:
    node: Node | None = answer.json()["data"]["node"]
    if node is None:
        raise GoneError
    if node["updatedAt"] != owner["updatedAt"]:
        raise MovedError
    return node
