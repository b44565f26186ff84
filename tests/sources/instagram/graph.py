"""The Graph API over a handful of media, on the loopback, and loads of it by plain dlt into DuckDB."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import dlt
import pytest
from dlt.common.configuration.container import Container
from dlt.common.pipeline import PipelineContext
from dlt.extract.exceptions import ResourceExtractionError

from pipelines.sources.instagram import TABLES, instagram, settings
from pipelines.sources.instagram.json_client import AnswerError
from tests.sources.far_side import FarSide, Reply, Request

NOW = datetime.now(UTC).replace(microsecond=0)
SECRET = "EAAG-secret"
OWN, RIVAL = "1784", "1785"
SOON, LATER = datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC)
Params = dict[str, str]
Rows = list[dict[str, Any]]


def ago(**age: float) -> str:
    return (NOW - timedelta(**age)).strftime("%Y-%m-%dT%H:%M:%S+0000")


def error(code: int, message: str = "no", status: int = 400, **more: Any) -> Reply:
    body = {"error": {"message": message, "type": "OAuthException", "code": code, "fbtrace_id": "A1", **more}}
    return Reply(body, status)


def gone(node: str) -> Reply:
    return error(100, f"Unsupported get request. Object with ID '{node}' does not exist", error_subcode=33)


def comment(comment_id: str, author: str = "fan", **more: Any) -> dict[str, Any]:
    said = {"id": comment_id, "text": f"said {comment_id}", "username": author, "timestamp": ago(hours=5)}
    return {**said, "like_count": 0, "hidden": False, **more}


def values(node: str, metrics: list[str]) -> Reply:
    """Each metric of an account is 5, of a media 7."""
    period, said = ("day", {"total_value": {"value": 5}}) if node == OWN else ("lifetime", {"values": [{"value": 7}]})
    common = [{"name": m, "period": period, "id": f"{node}/insights/{m}/{period}"} for m in metrics]
    return Reply({"data": [{**metric, **said} for metric in common]})


@dataclass
class Graph:
    """The Graph API over a handful of media, with switches for what goes wrong."""

    media: Rows = field(default_factory=list)
    unlisted: set[str] = field(default_factory=set)
    rival_media: Rows = field(default_factory=list)
    rival: dict[str, Any] | None = None
    comments: dict[str, Rows] = field(default_factory=dict)
    page_size: int = 100
    empty_pages: set[int] = field(default_factory=set)
    username: str = "aurora"
    gets: list[str] = field(default_factory=list)
    before_get: Callable[[str, Params], Reply | None] = lambda _path, _params: None
    insights: Callable[[str, list[str]], Reply] = values

    def add(self, media_id: str, posted_at: str, **more: Any) -> dict[str, Any]:
        media = {
            "id": media_id,
            "caption": f"post {media_id}",
            "media_type": "IMAGE",
            "media_product_type": "FEED",
            "permalink": f"https://instagram.example/{media_id}",
            "timestamp": posted_at,
            "like_count": 100,
            "comments_count": 0,
            "owner": {"id": OWN},
            **more,
        }
        self.media.append(media)
        return media

    def talk(self, media_id: str, *said: dict[str, Any]) -> None:
        """Make these the comments of a media."""
        self.comments[media_id] = list(said)
        (media,) = (one for one in self.media if one["id"] == media_id)
        media["comments_count"] = len(said)

    def __call__(self, request: Request) -> Reply:
        assert SECRET not in request.query
        assert SECRET not in request.path
        if request.method == "POST":
            form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
            assert form["access_token"] == SECRET
            calls = json.loads(form["batch"])
            assert len(calls) <= 50
            return Reply([self._item(call["relative_url"]) for call in calls])
        assert request.headers["authorization"] == f"Bearer {SECRET}"
        return self.get(request.path, {name: values[0] for name, values in parse_qs(request.query).items()})

    def _item(self, relative_url: str) -> dict[str, Any] | None:
        parts = urlsplit("/" + relative_url)
        reply = self.get(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})
        if reply.content is None:
            return None
        body = reply.content if isinstance(reply.content, str) else json.dumps(reply.content)
        return {"code": reply.status, "headers": [{"name": "A", "value": "b"}], "body": body}

    def get(self, path: str, params: Params) -> Reply:
        self.gets.append(path.partition(f"/{settings.API_VERSION}/")[2])
        disturbed = self.before_get(path, params)
        if disturbed is not None:
            return disturbed
        version, node, *edge = path.strip("/").split("/")
        assert version == settings.API_VERSION
        match edge:
            case ["insights"]:
                known = node == OWN or self._knows(node)
                return self.insights(node, params["metric"].split(",")) if known else gone(node)
            case ["media"]:
                return self._page([one for one in self.media if one["id"] not in self.unlisted], params)
            case ["comments"]:
                listed = [one for one in self.comments.get(node, []) if not one.get("is_unlisted")]
                return self._page(listed, params) if self._knows(node) else gone(node)
        return self._node(node, params)

    def _node(self, node: str, params: Params) -> Reply:
        said = {one["id"]: one for thread in self.comments.values() for one in thread}
        if node in said:
            return Reply(said[node])
        if node != OWN:
            return Reply({"id": node}) if self._knows(node) else gone(node)
        if "business_discovery" in params["fields"]:
            return self._discovery(params["fields"])
        profile = {"id": OWN, "username": self.username, "name": "Aurora", "followers_count": 10, "biography": "hello"}
        return Reply({**profile, "follows_count": 2, "media_count": len(self.media)})

    def _knows(self, node: str) -> bool:
        return any(one["id"] == node for one in self.media)

    def _page(self, rows: Rows, params: Params) -> Reply:
        start = int(params.get("after", 0))
        is_empty = start in self.empty_pages
        self.empty_pages.discard(start)
        stop = start + (0 if is_empty else self.page_size)
        page: dict[str, Any] = {"data": rows[start:stop]}
        if stop < len(rows):
            cursors = {"before": str(start), "after": str(stop)}
            page["paging"] = {"cursors": cursors, "next": "https://elsewhere.example/"}
        return Reply(page)

    def _discovery(self, fields: str) -> Reply:
        if self.rival is None:
            message = "The user with username: borealis cannot be found."
            return error(110, "Invalid user id", error_subcode=2207013, error_user_msg=message)
        start = int(fields.partition(".after(")[2].partition(")")[0] or 0)
        stop = start + self.page_size
        paging = {"cursors": {"after": str(stop)} if stop < len(self.rival_media) else {"before": "0"}}
        media = {"data": self.rival_media[start:stop], "paging": paging}
        return Reply({"id": OWN, "business_discovery": {**self.rival, "media": media}})


@dataclass
class Loads:
    """Loads by plain dlt into a DuckDB of its own."""

    url: str
    folder: Path

    def source(self, now: datetime = NOW, **options: Any) -> Any:
        return instagram(**{"access_token": SECRET, "account_id": OWN, "base_url": self.url, "now": now, **options})

    def pipeline(self) -> dlt.Pipeline:
        return dlt.pipeline(
            "social",
            pipelines_dir=str(self.folder / "pipelines"),
            destination=dlt.destinations.duckdb(str(self.folder / "social.duckdb")),
            dataset_name="data",
        )

    def run(self, *tables: str, now: datetime = NOW, **options: Any) -> dict[str, Rows]:
        """Rows of this load by table, with the declared columns that it has."""
        source = self.source(now, **options)
        pipeline = self.pipeline()
        info = pipeline.run(source.with_resources(*tables) if tables else source)
        assert not info.has_failed_jobs
        (load_id,) = info.loads_ids or [""]
        return {name: rows for name in TABLES if (rows := self.rows(name, f"_dlt_load_id = '{load_id}'"))}

    def rows(self, table: str, condition: str = "true") -> Rows:
        pipeline = self.pipeline()
        if table not in pipeline.default_schema.data_table_names(seen_data_only=True):
            return []
        names = list(TABLES[table]["columns"])
        key = [name for name, column in TABLES[table]["columns"].items() if column.get("primary_key")]
        with pipeline.sql_client() as sql:
            found = sql.execute_sql(
                f"select {', '.join(names)} from {table} where {condition} order by {', '.join(key)}"
            )
        return [dict(zip(names, row, strict=True)) for row in found or ()]

    def read(self, resource: str, **options: Any) -> Rows:
        """Rows of one resource of which nothing was loaded before, without loading them."""
        return list(self.source(**options).resources[resource])


def serve_graph(far_side: FarSide) -> Graph:
    """A Graph API without media."""
    graph = Graph()
    far_side.answer = graph
    return graph


def without_waiting(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Seconds that the code under test was told to wait."""
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    return slept


@contextmanager
def plain_dlt(far_side: FarSide, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loads]:
    """Loads into a folder; dlt forgets their pipeline afterwards."""
    monkeypatch.setenv("DLT_DATA_DIR", str(folder / "dlt"))
    monkeypatch.setenv("RUNTIME__DLTHUB_TELEMETRY", "false")
    yield Loads(far_side.url, folder)
    if Container()[PipelineContext].is_active():
        Container()[PipelineContext].deactivate()


def refusal(loads: Loads, resource: str, **options: Any) -> str:
    """The one line that stops a load."""
    with pytest.raises(ResourceExtractionError) as caught:
        loads.read(resource, **options)
    assert isinstance(caught.value.__cause__, AnswerError)
    line = str(caught.value.__cause__)
    assert "\n" not in line
    assert SECRET not in line
    return line


def ids(rows: Rows, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in ("comment_id", *names)) for row in rows]


RIVAL_PROFILE = {"id": RIVAL, "username": "borealis", "name": "Borealis", "followers_count": 7}


def compete(graph: Graph, count: int) -> None:
    graph.rival_media = [
        {"id": f"r{n}", "timestamp": ago(days=n), "media_type": "IMAGE", "comments_count": 1}
        for n in range(1, count + 1)
    ]
    graph.rival = {**RIVAL_PROFILE, "media_count": count}
