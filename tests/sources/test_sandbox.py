"""The sources against the sandbox, landed by the real loader: load, load again, move the clock, get in trouble."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.credentials import read_secrets
from pipelines.errors import PipelineError, TerminalError
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import LoadReport, load_instance
from tests.sources.conftest import Vendors

SOURCES = ("aurora_instagram", "aurora_hubspot", "aurora_shopify")


@pytest.fixture
def load(vendors: Vendors, tmp_path: Path) -> Callable[[str], LoadReport]:
    home = Home(tmp_path / "home")

    def load_and_accept(instance: str) -> LoadReport:
        now = datetime.fromisoformat(json.loads((vendors.home / "clock.json").read_text())["now"]).astimezone(UTC)
        secrets = read_secrets(vendors.home / "secrets.env")
        report = load_instance(home, instance, vendors.brands, now, environment=secrets)
        if report.load_id:
            Ledger(home.landing).accept(report.load_id, "test", "as it is")
        return report

    return load_and_accept


def _landed(tmp_path: Path, instance: str, table: str) -> list[dict[str, Any]]:
    files = f"{tmp_path}/home/landing/{instance}/{table}/**/*.parquet"
    rows: list[dict[str, Any]] = duckdb.sql(f"from read_parquet('{files}')").to_arrow_table().to_pylist()
    return rows


@pytest.mark.parametrize("instance", SOURCES)
def test_a_second_load_brings_nothing_and_the_next_day_only_what_is_new(
    vendors: Vendors, load: Callable[[str], LoadReport], instance: str
) -> None:
    first = load(instance)
    assert first.tables
    assert all(quarantined == 0 for _, quarantined in first.tables.values()), first.tables
    assert load(instance).load_id is None
    vendors.control("clock", {"advance_days": 1})
    second = load(instance)
    assert second.load_id
    table = {"aurora_instagram": "media", "aurora_hubspot": "contacts", "aurora_shopify": "orders"}[instance]
    assert second.tables.get(table, (0, 0))[0] < first.tables[table][0] / 2
    assert load(instance).load_id is None


def test_everything_that_the_vendors_show_has_landed(
    vendors: Vendors, load: Callable[[str], LoadReport], tmp_path: Path
) -> None:
    reports = {instance: load(instance) for instance in SOURCES}
    world, clock = vendors.sandbox.scene.world, vendors.sandbox.scene.clock
    shop, crm, social = (reports[f"aurora_{kind}"].tables for kind in ("shopify", "hubspot", "instagram"))
    orders = world.orders.created_at <= clock
    assert shop["orders"][0] == orders.sum()
    assert shop["order_lines"][0] == orders[world.lines.order].sum()
    assert shop["customers"][0] == (world.customers.created_at <= clock).sum()
    assert crm["contacts"][0] == ((world.contacts.created_at <= clock) & (world.contacts.merged_at > clock)).sum()
    assert crm.get("deals", (0, 0))[0] == (world.deals.created_at <= clock).sum()
    assert social["media"][0] == ((world.posts.posted_at <= clock) & (world.posts.deleted_at > clock)).sum()
    refunds = _landed(tmp_path, "aurora_shopify", "refunds")
    visible = world.books.refunds.created_at <= clock
    assert round(100 * sum(row["amount"] for row in refunds)) == world.books.net(world.orders)[visible].sum()


def test_no_identifier_and_no_secret_is_in_what_landed(
    vendors: Vendors, load: Callable[[str], LoadReport], tmp_path: Path
) -> None:
    for instance in SOURCES:
        load(instance)
    folk = vendors.sandbox.scene.world.people
    private = {str(value) for values in (folk.email, folk.phone, folk.handle) for value in values if value}
    private |= set(read_secrets(vendors.home / "secrets.env").values())
    files = sorted((tmp_path / "home" / "landing").rglob("*.parquet"))
    assert files
    for path in files:
        text = json.dumps(duckdb.sql(f"from read_parquet('{path}')").to_arrow_table().to_pylist(), default=str)
        assert not private & set(re.split(r'[\s",:]+', text.lower())), path.parent


@pytest.mark.parametrize("instance", SOURCES)
def test_trouble_that_passes_changes_nothing(
    vendors: Vendors, load: Callable[[str], LoadReport], instance: str
) -> None:
    api = instance.removeprefix("aurora_")
    for kind in ("rate_limit", "server_error", "truncated", "empty_page"):
        vendors.control("trouble", {"api": api, "kind": kind, "times": 1})
    seen = load(instance).tables
    world, clock = vendors.sandbox.scene.world, vendors.sandbox.scene.clock
    table, moments = {
        "instagram": ("media", world.posts.posted_at[world.posts.deleted_at > clock]),
        "hubspot": ("contacts", world.contacts.created_at[world.contacts.merged_at > clock]),
        "shopify": ("orders", world.orders.created_at),
    }[api]
    assert seen[table] == ((moments <= clock).sum(), 0)


@pytest.mark.parametrize("instance", SOURCES)
def test_a_refused_token_stops_at_once(vendors: Vendors, load: Callable[[str], LoadReport], instance: str) -> None:
    vendors.control("trouble", {"api": instance.removeprefix("aurora_"), "kind": "expired_token"})
    with pytest.raises(TerminalError) as caught:
        load(instance)
    message = str(caught.value)
    assert message.startswith(f"{instance}: 401 ")
    assert f"; set a new VOXHOUSE_{instance.upper()}_" in message
    assert "\n" not in message


@pytest.mark.parametrize("instance", SOURCES)
def test_a_page_of_html_is_named(vendors: Vendors, load: Callable[[str], LoadReport], instance: str) -> None:
    vendors.control("trouble", {"api": instance.removeprefix("aurora_"), "kind": "html"})
    with pytest.raises(
        PipelineError, match=r"an HTML page instead of JSON; check base_url and api_version in brands.yml"
    ):
        load(instance)


@pytest.mark.parametrize("instance", SOURCES)
def test_values_of_a_wrong_type_are_quarantined(
    vendors: Vendors, load: Callable[[str], LoadReport], instance: str
) -> None:
    vendors.control("trouble", {"api": instance.removeprefix("aurora_"), "kind": "bad_types", "share": 0.3})
    assert sum(quarantined for _, quarantined in load(instance).tables.values()) > 0


def test_a_retired_metric_is_recorded_and_the_rest_is_read(
    vendors: Vendors, load: Callable[[str], LoadReport], tmp_path: Path
) -> None:
    vendors.control("trouble", {"api": "instagram", "kind": "retired_metric", "metric": "reach"})
    load("aurora_instagram")
    status = {
        (row["object_type"], row["metric"]): row["status"]
        for row in _landed(tmp_path, "aurora_instagram", "metric_status")
    }
    assert {state for (_, metric), state in status.items() if metric == "reach"} == {"retired"}
    assert status["ACCOUNT", "views"] == "available"
    insights = _landed(tmp_path, "aurora_instagram", "media_insights")
    assert {row["reach"] for row in insights} == {None}
    assert any(row["views"] for row in insights)


def test_a_refund_and_new_likes_are_seen_at_the_next_load(
    vendors: Vendors, load: Callable[[str], LoadReport], tmp_path: Path
) -> None:
    load("aurora_shopify")
    load("aurora_instagram")
    refund = vendors.control("refund", {})
    likes = vendors.control("likes", {"count": 500})
    vendors.control("clock", {"advance_days": 1})
    load("aurora_shopify")
    load("aurora_instagram")
    amounts = [
        r["amount"] for r in _landed(tmp_path, "aurora_shopify", "refunds") if r["refund_id"] == refund["refund_id"]
    ]
    assert f"{sum(amounts):.2f}" == refund["net_amount"]
    readings = [r for r in _landed(tmp_path, "aurora_instagram", "media") if r["media_id"] == likes["media_id"]]
    before, after = sorted(row["like_count"] for row in readings)
    assert after - before >= 500
