"""A village's shop, and the notes that people read on its own server of a federated network."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import dlt
from dlt.common.typing import TDataItems
from dlt.sources import DltResource
from dlt.sources.helpers.rest_client import RESTClient

from .hints import resource_of
from .json_client import RUN_SECONDS, expect, pinned_session
from .settings import FORMS, TABLES

__all__ = ["TABLES", "village"]


@dlt.source(name="village", max_table_nesting=0)
def village(base_url: str, run_seconds: float = RUN_SECONDS) -> Iterable[DltResource]:
    """Reads all that the village has, each time.

    Args:
        base_url (str): Address of the village.
        run_seconds (float): For so long a run may read.

    Returns:
        Iterable[DltResource]: sales and notes.
    """
    client = RESTClient(base_url, session=pinned_session(base_url, run_seconds))
    return [_all(client, name) for name in TABLES]


def _all(client: RESTClient, name: str) -> DltResource:
    @dlt.resource(name=name, **resource_of(TABLES[name]))
    def records() -> Iterator[TDataItems]:
        answer: dict[str, Any] = client.get(name, hooks=expect({name: [FORMS[name]]})).json()
        yield [_typed(row) for row in answer[name]]

    return records


def _typed(row: dict[str, Any]) -> dict[str, Any]:
    times = ("sold_at", "written_at")
    return {
        name: datetime.fromisoformat(value).astimezone(UTC) if name in times else value for name, value in row.items()
    }
