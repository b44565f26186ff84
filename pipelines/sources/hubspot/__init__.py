"""HubSpot CRM: contacts, companies and deals with their associations; edits, merges, deletions and restores."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.typing import TDataItems
from dlt.sources import DltResource

from .helpers import Crm
from .hints import resource_of
from .json_client import RUN_SECONDS
from .rows import modified_at, row_of
from .search import Record, iso, milliseconds
from .settings import (
    API_VERSION,
    BASE_URL,
    OBJECT_TYPES,
    OVERLAP_SECONDS,
    START_DATE,
    TABLES,
    VERSIONS,
    ObjectType,
)

__all__ = ["TABLES", "hubspot"]


def none(_: str) -> Iterable[str]:
    """Nothing is known of the past."""
    return ()


@dlt.source(name="hubspot", max_table_nesting=0)
def hubspot(
    access_token: dlt.TSecretStrValue | None = None,
    client_id: dlt.TSecretStrValue | None = None,
    client_secret: dlt.TSecretStrValue | None = None,
    refresh_token: dlt.TSecretStrValue | None = None,
    base_url: str = BASE_URL,
    api_version: str = API_VERSION,
    start_date: str = START_DATE,
    now: datetime | None = None,
    run_seconds: float = RUN_SECONDS,
    keep: Callable[[Mapping[str, Any]], None] | None = None,
    landed_archived: Callable[[str], Iterable[str]] = none,
) -> Iterable[DltResource]:
    """Reads what changed in a CRM since the last run, and what is deleted in it.

    Args:
        access_token (str): A token that does not end: of a service key or a private app. Else an app's credentials:
        client_id (str): Id of the app.
        client_secret (str): Secret of the app.
        refresh_token (str): What the app was given when the account installed it.
        base_url (str): Address of the API.
        api_version (str): Version of the API, one of `VERSIONS`.
        start_date (str): First modification to read in the first run, ISO 8601.
        now (datetime): The present, which no cursor passes; defaults to the clock's.
        run_seconds (float): For so long a run may read; what is left then is an error, and read by the next one.
        keep (Callable): Stores what HubSpot answers when it renews a token, before the token is used.
        landed_archived (Callable): Gives the ids of a table's records that are known as deleted. Those that HubSpot
            no longer lists as such are asked for by id: to be restored need not be a modification.

    Returns:
        Iterable[DltResource]: contacts, companies and deals.
    """
    first = milliseconds(start_date)
    if first is None:
        raise ValueError("hubspot: start_date is not an ISO 8601 time")
    if api_version not in VERSIONS:
        raise ValueError(f"hubspot: unknown api_version {api_version!r}, use one of {', '.join(VERSIONS)}")
    credentials = {
        "access_token": access_token,
        "client_id": client_id,
        "client_secret": client_secret,
        "refresh_token": refresh_token,
    }
    crm = Crm(base_url, api_version, credentials, keep, run_seconds)
    return [_records(crm, of, first, now or datetime.now(UTC), landed_archived) for of in OBJECT_TYPES]


def _records(
    crm: Crm, of: ObjectType, first: int, present: datetime, landed_archived: Callable[[str], Iterable[str]]
) -> DltResource:
    modified = dlt.sources.incremental[str]("updated_at", initial_value=iso(first), lag=OVERLAP_SECONDS)

    @dlt.resource(name=of.name, **resource_of(TABLES[of.name]))
    def records(updated_at: dlt.sources.incremental[str] = modified) -> Iterator[TDataItems]:
        cursor = str(updated_at.get_state()["last_value"])
        since = milliseconds(updated_at.last_value) or first
        # the search applies the range: no row is dropped here, whatever its time says
        updated_at.advance(cursor)
        # first, so that what is restored before the search passes it is known as deleted, and asked for next time
        deleted: dict[str, int | None] = {}
        for page in crm.archived(of):
            yield _rows(crm, of, page)
            deleted.update({record["id"]: modified_at(of, record) for record in page})
        for page in crm.by_id(of, sorted(set(landed_archived(of.name)) - set(deleted))):
            yield _rows(crm, of, page)
        for page in crm.changed(of, since):
            yield _rows(crm, of, [record for record in page if not _is_deleted(of, record, deleted)])
            cursor = max(cursor, _newest(of, page, present))
            updated_at.advance(cursor)

    return records


def _rows(crm: Crm, of: ObjectType, page: list[Record]) -> list[dict[str, Any]]:
    rows = [row_of(of, record) for record in page]
    for column, kind in (of.associations or {}).items():
        first = crm.first_associated(of, kind, [row[of.key] for row in rows])
        for row in rows:
            row[column] = first.get(row[of.key])
    return rows


def _is_deleted(of: ObjectType, record: Record, deleted: Mapping[str, int | None]) -> bool:
    """Whether the index, which lags, still shows what has been deleted."""
    return record["id"] in deleted and (modified_at(of, record) or 0) <= (deleted[record["id"]] or 0)


def _newest(of: ObjectType, page: list[Record], present: datetime) -> str:
    """The last modification in a page that is not of the future; an empty text where there is none."""
    times = [time for record in page if (time := modified_at(of, record)) is not None]
    past = [time for time in times if time <= present.timestamp() * 1000]
    return iso(max(past)) if past else ""
