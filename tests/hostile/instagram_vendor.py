"""The Graph API as Meta's documents have it for Instagram: fields and edges, insights, business_discovery, batches.

developers.facebook.com/docs: instagram-platform (IG User, IG Media, IG Comment, insights), graph-api/batch-requests.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlsplit

from tests.hostile.vendor import Vendor, page_of
from tests.hostile.wire import Reply, Request

TOKEN = "EAAtok3nOfThePage"
ACCOUNT, RIVAL = "17841400000000001", "17841400000000002"
Node = dict[str, Any]
METRICS = {
    "FEED": {"views", "reach", "likes", "comments", "shares", "saved", "follows", "profile_visits"},
    "REELS": {"views", "reach", "likes", "comments", "shares", "saved"},
}
METRICS["FEED"] |= {"total_interactions"}
METRICS["REELS"] |= {"total_interactions", "ig_reels_avg_watch_time", "ig_reels_video_view_total_time"}
METRICS["CAROUSEL_ALBUM"] = METRICS["FEED"]
ACCOUNT_METRICS = {"reach", "views", "accounts_engaged", "total_interactions", "likes", "comments", "shares", "saves"}
EDGES = {"media", "comments", "replies", "children", "stories", "tags"}


def media(number: int, posted: str, owner: str = ACCOUNT, **fields: Any) -> Node:
    """A post; every third is a reel, every fourth an album."""
    kind = "VIDEO" if number % 3 == 0 else "CAROUSEL_ALBUM" if number % 4 == 0 else "IMAGE"
    return {
        "id": str(17900000000000000 + number),
        "caption": f"Grüße aus Málaga №{number} 🌞",
        "media_type": kind,
        "media_product_type": "REELS" if kind == "VIDEO" else "FEED",
        "permalink": f"https://www.instagram.com/p/C{number}/",
        "timestamp": posted,
        "like_count": 10 * number,
        "comments_count": 0,
        "owner": {"id": owner},
        "username": "aurora.brand" if owner == ACCOUNT else "rival.brand",
        "comments": [],
        **fields,
    }


def comment(number: int, written: str, text: str, username: str, replies: Sequence[Node] = ()) -> Node:
    """A comment with its replies."""
    return {
        "id": str(18000000000000000 + number),
        "text": text,
        "timestamp": written,
        "username": username,
        "like_count": number % 4,
        "hidden": False,
        "replies": list(replies),
    }


def world() -> dict[str, Any]:
    """The own account with twelve posts, three of them with comments, and a rival with seven."""
    posts = [media(number, f"2026-06-{2 * number:02}T18:30:{number:02}+0000") for number in range(1, 13)]
    reply = comment(90, "2026-06-21T09:00:00+0000", "zaubernuss antwort", "zaunkoenig.q")
    posts[9]["comments"] = [
        comment(
            number,
            f"2026-06-2{number % 10}T08:00:0{number % 10}+0000",
            f"zaubernuss nummer {number}",
            f"zaunkoenig.{number}",
            [reply] if number == 0 else [],
        )
        for number in range(8)
    ]
    posts[10]["comments"] = [comment(20, "2026-06-23T10:00:00+0000", "zaubernuss ja", "aurora.brand")]
    posts[11]["comments"] = [comment(30, "2026-06-25T10:00:00+0000", "zaubernuss 😀 Žluťoučký", "zaunkoenig.cz")]
    for post in posts:
        post["comments_count"] = sum(1 + len(item["replies"]) for item in post["comments"])
    rival = [media(100 + n, f"2026-06-{3 * n:02}T12:00:00+0000", RIVAL, comments_count=n) for n in range(1, 8)]
    own = {"id": ACCOUNT, "username": "aurora.brand", "name": "Aurora", "followers_count": 5120, "follows_count": 77}
    other = {"id": RIVAL, "username": "rival.brand", "name": "Rival", "followers_count": 9001, "follows_count": 5}
    return {
        "own": {**own, "media_count": len(posts), "media": posts[::-1]},
        "rival": {**other, "media_count": len(rival), "media": rival[::-1]},
    }


@dataclass
class Field:
    """One of the asked fields, with its modifiers and what is asked below it."""

    name: str
    modifiers: dict[str, str] = field(default_factory=dict)
    below: list[Field] = field(default_factory=list)


def fields_of(text: str) -> list[Field]:
    """Read `id,comments.limit(5){text,replies{id}}`."""
    found, _ = _fields(re.findall(r"[\w]+|\([^)]*\)|[{},.]", text), 0)
    return found


def _fields(tokens: Sequence[str], at: int) -> tuple[list[Field], int]:
    found: list[Field] = []
    while at < len(tokens) and tokens[at] != "}":
        if tokens[at] == ",":
            at += 1
            continue
        asked = Field(tokens[at])
        at += 1
        while at < len(tokens) and tokens[at] == ".":
            asked.modifiers[tokens[at + 1]] = tokens[at + 2][1:-1]
            at += 3
        if at < len(tokens) and tokens[at] == "{":
            asked.below, at = _fields(tokens, at + 1)
            at += 1
        found.append(asked)
    return found, at


class GraphError(Exception):
    """What the API answers instead."""

    def __init__(self, status: int, code: int, message: str, **more: Any) -> None:
        super().__init__(message)
        self.reply = error(status, code, message, **more)


def error(status: int, code: int, message: str, **more: Any) -> Reply:
    """An error as the Graph API writes it."""
    body = {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "AbCdEfGhIjK", **more}
    return Reply({"error": body}, status)


class Instagram(Vendor):
    """One account and one competitor."""

    kind: ClassVar[str] = "instagram"
    tables: ClassVar = {
        "accounts": ("account_id",),
        "media": ("media_id",),
        "media_insights": ("media_id",),
        "account_insights": ("account_id", "window_end", "window_days"),
        "comments": ("comment_id",),
        "metric_status": ("object_type", "metric"),
        "competitor_status": ("username",),
    }
    variables: ClassVar = {"VOXHOUSE_AURORA_INSTAGRAM_ACCESS_TOKEN": TOKEN}
    main: ClassVar[str] = "media"
    records: ClassVar[str] = "data"
    settings: ClassVar = {"ACCOUNT_BACKFILL_DAYS": 2}
    paged: ClassVar[str] = "media"
    paged_records: ClassVar[str] = "data"
    cursor: ClassVar[str] = "QVFI5"
    null_cursor: ClassVar[str] = r"paging\.cursors\.after is null"

    def __init__(self) -> None:
        super().__init__()
        self.world = world()
        self.tokens = {TOKEN}
        self.unknown_metrics: set[str] = set()

    def configuration(self) -> dict[str, Any]:
        return {**super().configuration(), "account_id": ACCOUNT, "competitors": {"rival": "rival.brand"}}

    def add(self, table: str) -> tuple[tuple[str], Node]:
        own = self.world["own"]
        if table == "media":
            number = 500 + len(own["media"])
            own["media"].append(media(number, "2026-05-01T00:00:00+0000"))
            own["media_count"] += 1
            return (own["media"][-1]["id"],), own["media"][-1]
        post = own["media"][2]
        number = 500 + len(post["comments"])
        post["comments"].append(comment(number, "2026-06-21T00:00:00+0000", f"zaubernuss {number}", "zaunkoenig.o"))
        post["comments_count"] += 1
        return (post["comments"][-1]["id"],), post["comments"][-1]

    @staticmethod
    def lead_on(content: Any, cursor: Any) -> Any:
        link = f"https://graph.facebook.example/v24.0/1/media?access_token={TOKEN}&after={cursor}"
        return {**content, "paging": {"cursors": {"before": "QVFI0", "after": cursor}, "next": link}}

    @staticmethod
    def error_of(status: int, message: Any) -> Any:
        return error(status, {401: 190, 403: 10, 404: 803}.get(status, 100), message).content

    @property
    def identifiers(self) -> list[str]:
        return ["zaunkoenig", "zaubernuss", "kanari.example", TOKEN]

    def spot(self, request: Request) -> str:
        parts = [part for part in request.path.split("/") if part and not re.fullmatch(r"v\d+\.\d", part)]
        if request.method == "POST":
            return "batch"
        if not parts:
            return "ids"
        if parts[0] == ACCOUNT and len(parts) == 1:
            return "discovery" if "business_discovery" in request.query.get("fields", "") else "profile"
        if len(parts) == 1:
            return "object"
        return f"account_{parts[1]}" if parts[0] == ACCOUNT and parts[1] == "insights" else parts[1]

    def reply(self, request: Request) -> Reply:
        token = request.bearer or request.query.get("access_token") or request.form.get("access_token")
        if token not in self.tokens:
            return error(401, 190, "Invalid OAuth access token - Cannot parse access token")
        if request.method == "POST":
            return self._batch(request)
        return self._get(request.path, request.query)

    def _batch(self, request: Request) -> Reply:
        given = request.form if request.form.get("batch") else request.query
        items = []
        for part in json.loads(given["batch"]):
            url = urlsplit("/" + part["relative_url"].lstrip("/"))
            reply = self._get(url.path, dict(parse_qsl(url.query)))
            headers = [{"name": "Content-Type", "value": "text/javascript; charset=UTF-8"}]
            items.append({"code": reply.status, "headers": headers, "body": json.dumps(reply.content)})
        return Reply(items)

    def _get(self, path: str, query: Mapping[str, str]) -> Reply:
        parts = [part for part in path.split("/") if part and not re.fullmatch(r"v\d+\.\d", part)]
        try:
            if not parts:
                return Reply(
                    {i: self._shown(self._node(i), query.get("fields", "id")) for i in query["ids"].split(",")}
                )
            node = self._node(parts[0])
            if len(parts) == 1:
                return Reply(self._shown(node, query.get("fields", "id")))
            if parts[1] == "insights":
                return Reply(self._insights(node, query))
            return Reply(self._edge(node, parts[1], query, fields_of(query.get("fields", "id")), has_link=True))
        except GraphError as refusal:
            return refusal.reply

    def _node(self, number: str) -> Node:
        own: Node = self.world["own"]
        known = {own["id"]: own}
        for post in own["media"]:
            known[post["id"]] = post
            for item in post["comments"]:
                known |= {item["id"]: item, **{reply["id"]: reply for reply in item["replies"]}}
        if number not in known:
            message = f"Unsupported get request. Object with ID '{number}' does not exist, cannot be loaded"
            raise GraphError(400, 100, message, error_subcode=33)
        return known[number]

    def _shown(self, node: Node, fields: str | list[Field]) -> Node:
        shown: Node = {"id": node["id"]}
        for asked in fields_of(fields) if isinstance(fields, str) else fields:
            if asked.name == "business_discovery":
                shown[asked.name] = self._discovery(asked)
            elif asked.name in EDGES:
                edge = self._edge(
                    node, asked.name, asked.modifiers, asked.below, has_link=node is not self.world["rival"]
                )
                shown |= {asked.name: edge} if edge["data"] else {}
            elif node.get(asked.name) is not None:
                shown[asked.name] = node[asked.name]
        return shown

    def _discovery(self, asked: Field) -> Node:
        handle = asked.modifiers.get("username")
        if handle != self.world["rival"]["username"]:
            raise GraphError(
                400,
                110,
                "Invalid user id",
                error_subcode=2207013,
                is_transient=False,
                error_user_title="Cannot find User",
                error_user_msg=f"The user with username: {handle} cannot be found.",
            )
        return self._shown(self.world["rival"], asked.below)

    def _edge(
        self, node: Node, name: str, query: Mapping[str, str], below: list[Field], *, has_link: bool
    ) -> dict[str, Any]:
        rows = node.get(name) or []
        if name == "comments":
            rows = sorted(rows, key=lambda item: str(item["timestamp"]), reverse=True)
        start = _place_of(query.get("after"), rows)
        page, following = page_of(rows, start, min(int(query.get("limit", "25")), self.page_size))
        shown = {"data": [self._shown(row, below or fields_of("id")) for row in page]}
        if not page:
            return shown
        cursors = {"before": f"QVFI{start}", "after": f"QVFI{start + len(page)}-{page[-1]['id']}"}
        if has_link:
            link = f"{self.url}/v24.0/{node['id']}/{name}?access_token={TOKEN}&after={cursors['after']}"
            return {**shown, "paging": {"cursors": cursors, **({"next": link} if following is not None else {})}}
        return {**shown, "paging": {"cursors": cursors if following is not None else {"before": cursors["before"]}}}

    def _insights(self, node: Node, query: Mapping[str, str]) -> dict[str, Any]:
        is_account = node["id"] == ACCOUNT
        known = ACCOUNT_METRICS if is_account else METRICS[_kind(node)]
        data = []
        for place, name in enumerate(query["metric"].split(",")):
            if name not in known - self.unknown_metrics:
                message = f"(#100) metric[{place}] must be one of the following values: {', '.join(sorted(known))}"
                raise GraphError(400, 100, message)
            value = len(name) * (7 if is_account else int(node["id"]) % 100)
            numbers = {"total_value": {"value": value}} if is_account else {"values": [{"value": value}]}
            period = query.get("period", "lifetime")
            data.append({"name": name, "period": period, **numbers, "id": f"{node['id']}/insights/{name}/{period}"})
        return {"data": data}


def _place_of(cursor: str | None, rows: Sequence[Node]) -> int:
    """Where a cursor leads: behind the record that it was given for, wherever that stands by now."""
    if not cursor:
        return 0
    place, _, number = cursor.removeprefix("QVFI").partition("-")
    return next((at + 1 for at, row in enumerate(rows) if row["id"] == number), int(place) - bool(number))


def _kind(node: Node) -> str:
    return "CAROUSEL_ALBUM" if node["media_type"] == "CAROUSEL_ALBUM" else node["media_product_type"]
