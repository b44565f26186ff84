"""A prepared home: settings, secrets, clock, drops and truth, and nothing written twice."""

from __future__ import annotations

import csv
import json
import os
import stat
import time
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow.parquet as pq
import pytest
import yaml

from pipelines.sources.file_drop.mapping import Drop
from sandbox import prepare
from sandbox.scene import Scene
from sandbox.store import Store
from sandbox.truth import orders, taken_back
from sandbox.world.build import build
from sandbox.world.columns import NEVER
from tests.sandbox.conftest import SMALL


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("prepared")
    start = time.monotonic()
    prepare(home, SMALL, 8710)
    assert time.monotonic() - start < 10
    return home


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def truth(home: Path, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(home / "sandbox" / "truth" / f"{name}.parquet").to_pylist()
    return found


def test_settings_are_valid_and_secrets_are_the_owner_s_alone(prepared: Path) -> None:
    sources = yaml.safe_load((prepared / "brands.yml").read_text(encoding="utf-8"))["sources"]
    assert sources == {
        "aurora_hubspot": {"kind": "hubspot", "brand": "aurora", "base_url": "http://127.0.0.1:8710/hubspot"},
        "aurora_instagram": {
            "kind": "instagram",
            "brand": "aurora",
            "base_url": "http://127.0.0.1:8710/instagram",
            "account_id": "17841400000000001",
            "competitors": {"borealis": "borealis_home", "cirrus": "cirrus.living"},
        },
        "aurora_shopify": {"kind": "shopify", "brand": "aurora", "base_url": "http://127.0.0.1:8710/shopify"},
    }
    names = [line.partition("=")[0] for line in (prepared / "secrets.env").read_text().splitlines()]
    assert names == [
        "VOXHOUSE_AURORA_HUBSPOT_ACCESS_TOKEN",
        "VOXHOUSE_AURORA_INSTAGRAM_ACCESS_TOKEN",
        "VOXHOUSE_AURORA_SHOPIFY_CLIENT_ID",
        "VOXHOUSE_AURORA_SHOPIFY_CLIENT_SECRET",
    ]
    assert stat.S_IMODE((prepared / "secrets.env").stat().st_mode) == 0o600
    assert json.loads((prepared / "clock.json").read_text())["now"] == "2026-06-30T22:00:00Z"


def test_a_second_time_changes_nothing(prepared: Path) -> None:
    files = {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()}
    prepare(prepared, SMALL, 8710)
    assert {path: path.read_bytes() for path in prepared.rglob("*") if path.is_file()} == files


def test_the_drops_have_a_valid_mapping_whose_columns_exist(prepared: Path) -> None:
    for name in ("sandbox_history", "exchange_rates"):
        folder = prepared / "inbox" / name
        drop = Drop.model_validate(yaml.safe_load((folder / "drop.yml").read_text(encoding="utf-8")))
        for mapping in drop.files:
            (path, *_) = sorted(folder.glob(mapping.match))
            columns = set(rows(path)[0])
            for entity in mapping.entities:
                assert {value.column for value in entity.columns.values() if value.column} <= columns


def test_history_holds_readings_of_the_due_ages_and_ends_a_day_before_the_clock(prepared: Path) -> None:
    readings = rows(prepared / "inbox" / "sandbox_history" / "post_readings.csv")
    posted = {row["media_id"]: row["posted_at"].timestamp() for row in truth(prepared, "posts")}
    moments = np.array(
        [np.datetime64(row["read_at"].rstrip("Z")).astype("datetime64[s]").astype(int) for row in readings]
    )
    ages = moments - np.array([posted[row["media_id"]] for row in readings])
    assert moments.max() <= 1_782_856_800 - 86_400
    near_a_day = np.count_nonzero((ages >= 86_400) & (ages <= 86_400 + 3_900))
    assert near_a_day > 0.9 * len({row["media_id"] for row in readings})
    assert np.any((ages > 86_400 + 3_900) & (ages < 2 * 86_400)), "some come late"
    keys = [(row["media_id"], row["read_at"]) for row in readings]
    assert len(set(keys)) == len(keys)
    competitor = [row for row in readings if row["ig_account"] != "17841400000000001"]
    assert all(row["views"] == row["shares"] == "" for row in competitor)
    assert not any(row["shares"] == "0" for row in readings), "unknown is empty, never 0"


def test_reach_windows_of_the_history_keep_their_bounds(prepared: Path) -> None:
    found = rows(prepared / "inbox" / "sandbox_history" / "account_readings.csv")
    by_day: dict[str, dict[str, dict[str, str]]] = {}
    for row in found:
        if row["window_days"]:
            by_day.setdefault(row["read_at"][:10], {})[row["window_days"]] = row
    assert len(by_day) > 500
    assert len({(row["ig_account"], row["read_at"]) for row in found}) == len(found)
    for windows in by_day.values():
        reaches = [int(windows[days]["reach"]) for days in ("1", "7", "28") if days in windows]
        assert reaches == sorted(reaches)
        assert all(int(window["reach"]) <= int(window["views"]) for window in windows.values())


def test_rates_are_published_on_working_days_and_reach_back_before_the_first_order(prepared: Path) -> None:
    found = rows(prepared / "inbox" / "exchange_rates" / "rates_history.csv")
    assert {row["currency"] for row in found} == {"CHF", "USD"}
    assert min(row["date"] for row in found) < "2025-01-01"
    assert max(row["date"] for row in found) == "2026-06-30"
    assert all(np.is_busday(np.datetime64(row["date"])) for row in found)


@pytest.mark.parametrize(
    ("zone", "begins"), [("America/Los_Angeles", "2026-07-01T07:00:00Z"), ("Asia/Tokyo", "2026-06-30T15:00:00Z")]
)
def test_a_world_lives_where_its_options_say(tmp_path: Path, zone: str, begins: str) -> None:
    prepare(tmp_path, replace(SMALL, timezone=zone), 8710)
    brands = yaml.safe_load((tmp_path / "brands.yml").read_text(encoding="utf-8"))["brands"]
    assert {brand["timezone"] for brand in brands.values()} == {zone}
    assert json.loads((tmp_path / "clock.json").read_text())["now"] == begins
    scene = Store(tmp_path).scene()
    assert f"{scene.local_now:%Y-%m-%d %H:%M:%S}" == "2026-07-01 00:00:00"
    for row in truth(tmp_path, "orders"):
        assert row["ordered_on"] == row["ordered_at"].astimezone(ZoneInfo(zone)).date()
    for row in rows(tmp_path / "inbox" / "sandbox_history" / "account_readings.csv"):
        read_at = datetime.fromisoformat(row["read_at"])
        assert read_at.date() == read_at.astimezone(ZoneInfo(zone)).date()


def test_the_truth_agrees_with_itself(prepared: Path) -> None:
    sales, returns = truth(prepared, "orders"), truth(prepared, "taken_back")
    sold = sum(row["net_revenue_eur"] for row in sales if row["is_revenue_order"])
    returned = sum(row["euros"] for row in returns)
    days, customers = truth(prepared, "revenue_daily"), truth(prepared, "customers")
    assert sum(row["net_revenue"] for row in days) == pytest.approx(sold - returned)
    assert sum(row["net_revenue_before_refunds"] for row in customers) == pytest.approx(sold)
    assert sum(row["refunded"] for row in customers) == pytest.approx(returned)
    assert sum(row["orders_count"] for row in customers) == sum(row["is_revenue_order"] for row in sales)
    for row in customers:
        assert not (row["is_churned"] and row["buys_within_90_days"])


def test_the_future_is_what_later_orders_bring_less_what_is_taken_back_until_then(prepared: Path) -> None:
    now = int(SMALL.start_clock.timestamp()) - 1
    end = int(now + 12 * 30.4375 * 86_400)
    later = Scene(build(SMALL), end)
    person = {row["order_id"]: row["person"] for row in orders(later).to_pylist()}
    net: dict[int, float] = dict.fromkeys(person.values(), 0.0)
    for row in orders(later).to_pylist():
        if row["is_revenue_order"] and row["ordered_at"].timestamp() > now:
            net[row["person"]] += row["net_revenue_eur"]
    for row in taken_back(later).to_pylist():
        if row["taken_back_on"] > date(2026, 6, 30):
            net[person[row["order_id"]]] -= row["euros"]
    found = {row["person"]: row for row in truth(prepared, "customers")}
    assert {p: row["future_net_revenue_12m"] for p, row in found.items()} == pytest.approx(
        {p: net[p] for p in found}, abs=1e-6
    )
    total, discounted = (
        sum(row[f"future_net_revenue_{name}12m"] for row in found.values()) for name in ("", "discounted_")
    )
    assert total / 1.10 < discounted < total


def test_true_probabilities_are_calibrated(prepared: Path) -> None:
    customers = truth(prepared, "customers")
    chance = np.array([row["purchase_probability_90_days"] for row in customers])
    buys = np.array([row["buys_within_90_days"] for row in customers])
    assert chance.mean() == pytest.approx(buys.mean(), abs=0.06)
    ranked = np.argsort(chance)
    thirds = [buys[part].mean() for part in np.array_split(ranked, 3)]
    assert thirds[0] < thirds[1] < thirds[2]


def test_the_best_hours_name_one_best_cell_for_each_account(prepared: Path) -> None:
    cells = truth(prepared, "best_hours")
    best = {(row["brand_id"], row["weekday"], row["hour"]) for row in cells if row["rank"] == 1}
    assert best == {("aurora", 4, 19), ("borealis", 2, 12), ("cirrus", 7, 21)}
    assert len(cells) == 3 * 7 * 24


def test_identities_of_one_person_stand_together(prepared: Path, world: Any) -> None:
    people = {row["person"]: row for row in truth(prepared, "people")}
    twins = world.contacts.person[(world.contacts.merged_at < NEVER) & (world.contacts.created_at <= 1_782_856_800)]
    assert all(len(people[int(person)]["contact_ids"]) == 2 for person in twins)
    assert sum(row["shop_customer_id"] is not None and bool(row["contact_ids"]) for row in people.values()) > 200


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_everything_is_the_owner_s_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        prepare(tmp_path / "home", SMALL, 8710)
    finally:
        os.umask(before)
    made = [tmp_path / "home", *(tmp_path / "home").rglob("*")]
    assert len(made) > 20
    wrong = [p for p in made if stat.S_IMODE(p.stat().st_mode) != (0o700 if p.is_dir() else 0o600)]
    assert wrong == []
    assert {"brands.yml", "secrets.env", "inbox", "sandbox"} <= {p.name for p in made}
    assert {"control.token", "tokens.json", "truth"} <= {p.name for p in (tmp_path / "home" / "sandbox").iterdir()}


def test_tokens_that_a_home_has_already_are_accepted(tmp_path: Path) -> None:
    """A home of an older sandbox, which gave each vendor one token."""
    secrets = tmp_path / "secrets.env"
    secrets.write_text("# mine\nVOXHOUSE_AURORA_SHOPIFY_ACCESS_TOKEN=old\n", encoding="utf-8")
    prepare(tmp_path, SMALL, 8710)
    assert Store(tmp_path).tokens()["shopify"]["credentials"]["access_token"] == "old"
    assert secrets.read_text(encoding="utf-8").startswith("# mine")
