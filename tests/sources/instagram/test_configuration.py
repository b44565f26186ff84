"""Instagram in `brands.yml`, and what its source knows of landing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pydantic import ValidationError

from pipelines.sources import Given
from pipelines.sources.instagram import TABLES
from pipelines.sources.instagram.configuration import Configuration
from tests.sources.far_side import FarSide, Reply
from tests.sources.instagram.graph import (
    NOW,
    OWN,
    SECRET,
    SOON,
    Graph,
    Loads,
    ago,
    comment,
    ids,
)


@pytest.fixture
def configuration(far_side: FarSide) -> Configuration:
    return Configuration(
        kind="instagram", brand="aurora", base_url=far_side.url, account_id=OWN, competitors={"borealis": "@borealis"}
    )


def test_what_a_configuration_says(configuration: Configuration) -> None:
    assert configuration.brands == ("aurora", "borealis")
    assert configuration.handles == {"borealis": "borealis"}
    assert configuration.credentials == (("access_token",),)
    assert configuration.api_version in configuration.versions
    assert Configuration(kind="instagram", brand="aurora", account_id=OWN).address == "https://graph.facebook.com"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"api_version": "v19.0"}, "unknown version 'v19.0', use one of v22.0, v23.0, v24.0, v25.0, v26.0"),
        ({"account_id": "aurora"}, "String should match pattern"),
        ({"account_id": None}, "Input should be a valid string"),
        ({"competitors": {"borealis": "a b"}}, "String should match pattern"),
        ({"access_token": "x"}, "Extra inputs are not permitted"),
    ],
)
def test_a_wrong_configuration_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=re.escape(said)):
        Configuration(**{"kind": "instagram", "brand": "aurora", "account_id": OWN, **wrong})


@pytest.fixture
def landing() -> Iterator[duckdb.DuckDBPyConnection]:
    """Landing views as the loader gives them."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        for name, table in TABLES.items():
            types = {"bool": "boolean", "bigint": "bigint", "timestamp": "timestamptz", "date": "date"}
            columns = [f"{column} {types.get(c['data_type'], 'varchar')}" for column, c in table["columns"].items()]
            loader = "source_instance varchar, _observed_at timestamptz, _dlt_load_id varchar"
            con.execute(f"create table instagram__{name} ({', '.join(columns)}, {loader})")
        con.execute("create table file_drop__post_readings (network varchar, post_id varchar, observed_at timestamptz)")
        yield con


def given(landing: duckdb.DuckDBPyConnection, since: date | None = None) -> Given:
    def query(sql: str, *tables: str) -> pa.Table:
        assert set(re.findall(r"from (\w+__\w+)", sql)) == set(tables)
        return landing.execute(sql).to_arrow_table()

    return Given(
        instance="aurora_instagram",
        credentials={"access_token": SECRET},
        now=NOW,
        since=since,
        query=query,
        keep_token=lambda _: None,
    )


def land(landing: duckdb.DuckDBPyConnection, table: str, read_at: datetime, **row: Any) -> None:
    values = {"source_instance": "aurora_instagram", "_observed_at": read_at, "_dlt_load_id": "1", **row}
    landing.execute(
        f"insert into {table} ({', '.join(values)}) values ({', '.join('?' * len(values))})", list(values.values())
    )


def test_a_source_knows_what_its_instance_has_landed(
    graph: Graph, loads: Loads, configuration: Configuration, landing: duckdb.DuckDBPyConnection
) -> None:
    posted = {"account_id": OWN, "is_own": True, "is_deleted": False, "posted_at": NOW - timedelta(days=20)}
    looks = {"media_type": "IMAGE", "media_product_type": "FEED"}
    for media_id in "12345":
        graph.add(media_id, ago(days=20))
        known = {**looks, "caption": f"post {media_id}", "permalink": f"https://instagram.example/{media_id}"}
        land(landing, "instagram__media", NOW - timedelta(days=19), media_id=media_id, **posted, **known)
    fresh = NOW - timedelta(days=1)
    land(landing, "instagram__media_insights", fresh, media_id="1", account_id=OWN)
    landing.execute("insert into file_drop__post_readings values ('instagram', '2', ?), ('x', '3', ?)", [fresh, fresh])
    land(landing, "instagram__media", fresh, media_id="4", source_instance="other", **posted)
    land(landing, "instagram__media_insights", NOW + timedelta(days=1), media_id="5", account_id=OWN)
    land(landing, "instagram__accounts", NOW, account_id=OWN, username="aurora", account_name="Aurora")
    graph.talk("3", comment("90"))
    said = {"media_id": "3", "account_id": OWN, "is_from_brand": False, "posted_at": NOW - timedelta(days=2)}
    land(landing, "instagram__comments", fresh, comment_id="91", is_deleted=False, **said)
    land(landing, "instagram__comments", fresh, comment_id="92", is_deleted=False, **said)
    land(landing, "instagram__comments", NOW, comment_id="92", is_deleted=True, **said)
    source = configuration.source(given(landing))
    assert [row["media_id"] for row in source.resources["media"]] == ["3", "4", "5"]
    assert list(source.resources["accounts"]) == []
    assert ids(list(source.resources["comments"]), "is_deleted") == [("90", False), ("91", True)]


def test_a_source_reads_again_since_a_day(
    graph: Graph, loads: Loads, configuration: Configuration, landing: duckdb.DuckDBPyConnection
) -> None:
    graph.add("1", ago(days=20))
    land(landing, "instagram__media_insights", NOW, media_id="1", account_id=OWN)
    again = configuration.source(given(landing, (NOW - timedelta(days=30)).date()))
    assert [row["media_id"] for row in again.resources["media_insights"]] == ["1"]
    assert list(configuration.source(given(landing)).resources["media_insights"]) == []


def test_a_configuration_knows_when_its_token_ends(
    graph: Graph, configuration: Configuration, landing: duckdb.DuckDBPyConnection
) -> None:
    graph.before_get = lambda _, __: Reply({"data": {"expires_at": int(SOON.timestamp())}})
    assert configuration.expires_at(given(landing)) == SOON
