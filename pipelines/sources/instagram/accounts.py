"""Accounts and all their media at one reading: the own one by its edges, competitors by business_discovery."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from dlt.common import logger
from dlt.sources.helpers.rest_client.client import RESTClient

from . import settings
from .helpers import GraphError, discovered, get, pages
from .json_client import AnswerError
from .media import History, Row, deleted_row, gone_by_id, media_row

OF_THE_HANDLE = frozenset({"not_found", "gone"})
"""Refusals that are the competitor's own: it was renamed, removed, or may not be seen any more."""
FindGone = Callable[[Sequence[Mapping[str, Any]]], Sequence[Mapping[str, Any]]]
"""Which of the media that are missing in a listing are gone."""


@dataclass(frozen=True)
class Listing:
    """An account and its media at one reading; `to_land` and `due` are parts of them, `gone` were."""

    account: Row
    history: History
    media: Sequence[Row]
    to_land: Sequence[Row]
    due: Sequence[Row]
    gone: Sequence[Row]

    @property
    def is_own(self) -> bool:
        """The token belongs to the account."""
        return bool(self.account["is_own"])


def read_own(client: RESTClient, account_id: str, history: History) -> Listing:
    """The own account; a media that its listing lacks is asked for."""
    profile = get(client, account_id, settings.PROFILE_FIELDS, settings.OWN_PROFILE)
    found = pages(client, f"{account_id}/media", settings.MEDIA_FIELDS, settings.MEDIA_PAGE, settings.MEDIA_PAGE_SIZE)
    items = (item for page in found for item in page)
    return _listing(_account_row(profile, is_own=True), items, history, partial(gone_by_id, client))


def read_competitor(client: RESTClient, account_id: str, handle: str, history: History) -> Listing | None:
    """A competitor as the own account sees it; None where the network does not know the handle.

    Its media cannot be asked for: only a listing that has as many as the account says tells what is gone.
    """
    pages_of: list[dict[str, Any]] = []
    try:
        pages_of += discovered(client, account_id, handle)
    except GraphError as error:
        if error.kind not in OF_THE_HANDLE:
            raise
        logger.warning("Instagram finds no professional account %s: correct or remove this competitor", handle)
        return None
    profile = pages_of[0]
    if "media" not in profile and profile["media_count"] not in (0, None):
        raise AnswerError(f"business_discovery of {handle}: media is missing, but media_count is not 0")
    items = [item for page in pages_of if "media" in page for item in page["media"]["data"]]
    ids = {item["id"] for item in items}
    is_complete = all(page["media_count"] == len(ids) for page in pages_of)
    account = _account_row(profile, is_own=False)
    return _listing(account, items, history, _all if is_complete else _none)


def status_row(handle: str, found: Listing | None) -> Row:
    """What the network says of a competitor's handle."""
    reason = None if found else "the network finds no professional account of this handle"
    return {"username": handle, "status": "available" if found else "not_found", "reason": reason}


def _listing(account: Row, items: Iterable[Mapping[str, Any]], history: History, find_gone: FindGone) -> Listing:
    """Each media once: a new post shifts the pages while they are read."""
    account_id, is_own = account["account_id"], account["is_own"]
    rows = list({item["id"]: media_row(item, account_id, is_own=is_own) for item in items}.values())
    due = [row for row in rows if history.is_due(row)]
    due_ids = {row["media_id"] for row in due}
    return Listing(
        account=account,
        history=history,
        media=rows,
        to_land=[row for row in rows if row["media_id"] in due_ids or history.has_changed(row)],
        due=due,
        gone=[deleted_row(known) for known in find_gone(history.missing(rows, account_id))],
    )


def _all(missing: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return missing


def _none(_: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    return ()


def _account_row(profile: Mapping[str, Any], *, is_own: bool) -> Row:
    return {
        "account_id": profile["id"],
        "username": profile["username"],
        "account_name": profile.get("name"),
        "is_own": is_own,
        "followers_count": profile["followers_count"],
        "follows_count": profile.get("follows_count"),
        "media_count": profile["media_count"],
    }
