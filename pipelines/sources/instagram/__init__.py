"""Instagram professional accounts: profile, media, insights, comments, and competitors by business_discovery."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dlt
from dlt.common.typing import TDataItems
from dlt.sources import DltResource

from . import loaded, settings
from .accounts import Listing, read_competitor, read_own, status_row
from .comments import CommentReader, LandedComments, ThreadMemory
from .helpers import graph_client
from .hints import resource_of
from .insights import account_windows, media_insights
from .json_client import RUN_SECONDS
from .media import History, moment_of
from .settings import API_VERSION, API_VERSIONS, BASE_URL, TABLES

__all__ = ["TABLES", "instagram"]

TRead = tuple[str, Listing | None]
"""A handle, and the account that it was found to be."""
TMetrics = tuple[list[dict[str, Any]], list[dict[str, Any]]]
"""Readings, and statuses of the metrics that were asked for."""


@dlt.source(name="instagram", max_table_nesting=0)
def instagram(
    access_token: dlt.TSecretStrValue = dlt.secrets.value,
    account_id: str = dlt.config.value,
    competitors: Sequence[str] = (),
    base_url: str = BASE_URL,
    api_version: str = API_VERSION,
    start_date: str | None = None,
    now: datetime | None = None,
    run_seconds: float = RUN_SECONDS,
    last_readings: Callable[[], Mapping[str, datetime]] = loaded.last_readings,
    landed_media: Callable[[], Iterable[Mapping[str, Any]]] = loaded.landed_media,
    landed_accounts: Callable[[], Iterable[Mapping[str, Any]]] = loaded.landed_accounts,
    landed_comments: LandedComments = loaded.landed_comments,
) -> Iterable[DltResource]:
    """Reads one professional account and what is public of its competitors.

    Counts are readings: the API knows only those of now, so each run appends those that are due by the age of the
    post (1 h, 6 h, 1, 2, 4, 7, 14, 28, 60, 90 days, then monthly). Comments, windows and states are merged.

    Args:
        access_token (str): Long-lived token with `instagram_basic`, `instagram_manage_insights`,
            `instagram_manage_comments` and `pages_read_engagement`.
        account_id (str): Id of the professional account that the token can read.
        competitors (Sequence[str]): Public handles of other professional accounts.
        base_url (str): Address of the Graph API.
        api_version (str): Version of the Graph API.
        start_date (str): Read again, in this run, media posted from then on with their insights and threads, and the
            account's windows since.
        now (datetime): Moment of the readings; by default the present.
        run_seconds (float): For so long a run may read; what is left then is an error, and read by the next one.
        last_readings (Callable): When the counts of each media were last read, by id; by default, as for the
            following ones, what the running pipeline has loaded.
        landed_media (Callable): Newest reading of each media.
        landed_accounts (Callable): Newest reading of each account, with `read_at`.
        landed_comments (Callable): Newest version of each comment on the media of these ids.

    Returns:
        Iterable[DltResource]: A resource for each table.
    """
    _check(api_version, account_id, competitors)
    client = graph_client(base_url, access_token, api_version, run_seconds)
    moment = (now or datetime.now(UTC)).astimezone(UTC)
    since = moment_of(start_date)

    def listings() -> Iterator[TRead]:
        """Each account with all its media; not loaded."""
        known = {row["media_id"]: row for row in landed_media()}
        profiles = {row["account_id"]: row for row in landed_accounts()}
        history = History(known, last_readings(), profiles, moment, since)
        own = read_own(client, account_id, history)
        yield own.account["username"], own
        for handle in competitors:
            yield handle, read_competitor(client, account_id, handle, history)

    def insights(read: TRead) -> Iterator[TMetrics]:
        """Metrics of the own media that are due; not loaded."""
        for found in _own(read):
            yield from media_insights(client, found.account["account_id"], found.due)

    def windows() -> Iterator[TMetrics]:
        """Metrics of the account on days that are new or may be restated; not loaded."""
        state = dlt.current.resource_state("windows")
        last = moment.date() - timedelta(days=1)
        yield account_windows(client, account_id, _first_day(last, since, state.get("last_day")), last)
        state["last_day"] = last.isoformat()

    def comments(read: TRead) -> Iterator[TDataItems]:
        """Comments and replies of the threads that are due, with those that are hidden or gone."""
        memory = ThreadMemory(dlt.current.resource_state("comments"), moment)
        for found in _own(read):
            yield from CommentReader(client, found, landed_comments).read(memory)

    return _resources(listings, insights, windows, comments)


def _resources(
    listings: Callable[[], Iterator[TRead]],
    insights: Callable[[TRead], Iterator[TMetrics]],
    windows: Callable[[], Iterator[TMetrics]],
    comments: Callable[[TRead], Iterator[TDataItems]],
) -> Iterable[DltResource]:
    """One answer fills several tables: what is read once, and the tables that are made of it."""
    accounts_read = dlt.resource(listings, name="listings", selected=False)
    media_metrics = dlt.transformer(insights, data_from=accounts_read, name="insights", selected=False)
    account_metrics = dlt.resource(windows, name="windows", selected=False)

    def table(name: str, of: DltResource, rows: Callable[..., TDataItems], resource: str | None = None) -> DltResource:
        return dlt.transformer(rows, data_from=of, name=resource or name, table_name=name, **resource_of(TABLES[name]))

    return (
        *(accounts_read, media_metrics, account_metrics),
        table("accounts", accounts_read, _profiles),
        table("competitor_status", accounts_read, _statuses_of_handles),
        table("media", accounts_read, _media),
        table("media_insights", media_metrics, _readings),
        table("metric_status", media_metrics, _statuses),
        table("account_insights", account_metrics, _readings),
        table("metric_status", account_metrics, _statuses, "account_metric_status"),
        table("comments", accounts_read, comments),
    )


def _profiles(read: TRead) -> TDataItems:
    """One reading a UTC day, and one more when the account was renamed."""
    found = read[1]
    return [found.account] if found and found.history.is_profile_due(found.account) else []


def _statuses_of_handles(read: TRead) -> TDataItems:
    """Whether the network knows each competitor's handle."""
    handle, found = read
    return [] if found and found.is_own else [status_row(handle, found)]


def _media(read: TRead) -> TDataItems:
    """One reading of each media that is due, has changed, or is gone."""
    found = read[1]
    return [*found.to_land, *found.gone] if found else []


def _readings(read: TMetrics) -> TDataItems:
    return read[0]


def _statuses(read: TMetrics) -> TDataItems:
    return read[1]


def _own(read: TRead) -> Iterator[Listing]:
    found = read[1]
    if found and found.is_own:
        yield found


def _first_day(last: date, since: datetime | None, last_read: str | None) -> date:
    """First window end to read, as far back as is sensible: asked for, or not yet read, or still restated."""
    earliest = last - timedelta(days=settings.ACCOUNT_BACKFILL_DAYS - 1)
    if since:
        return max(earliest, since.date())
    if last_read:
        return max(earliest, date.fromisoformat(last_read) - timedelta(days=settings.RESTATED_DAYS))
    return earliest


def _check(api_version: str, account_id: str, competitors: Sequence[str]) -> None:
    """Refuse what would end in an address or a query of another meaning."""
    if api_version not in API_VERSIONS:
        raise ValueError(f"unknown api_version {api_version!r}: use one of {', '.join(API_VERSIONS)}")
    if not re.fullmatch(r"\d+", account_id):
        raise ValueError("account_id must be the number of an Instagram professional account")
    for handle in competitors:
        if not re.fullmatch(settings.HANDLE, handle):
            raise ValueError(f"{handle!r} is no Instagram handle: letters, digits, dots and underscores")
