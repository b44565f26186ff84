"""What lands: which days, which figures, and nothing twice."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from pipelines.brands import Attrition, Brands, LifetimeValue
from pipelines.landing import columns as rules
from pipelines.models.lifetime_value import run
from pipelines.models.tables import CUSTOMER_VALUE, TABLES, VALUE_BACKTEST, VALUE_MODEL

BRANDS = Brands(brands={})
AS_OF = date(1998, 6, 30)
NOTHING_BACK = pa.schema(
    [
        ("brand_id", pa.string()),
        ("customer_key", pa.string()),
        ("ordered_on", pa.date32()),
        ("refunded_on", pa.date32()),
        ("refunded_revenue", pa.float64()),
    ]
).empty_table()
Results = dict[str, pa.Table]


@pytest.fixture(scope="module")
def results(cdnow_order_days: pa.Table) -> Results:
    return run(cdnow_order_days, NOTHING_BACK, AS_OF, BRANDS, set())


def _ids(results: Results) -> set[str]:
    return {model_id for table in results.values() for model_id in table["model_id"].to_pylist()}


def _at(table: pa.Table, as_of: date) -> pa.Table:
    return table.filter(pc.field("as_of") == as_of)


def test_declared_columns_land_with_their_types(results: Results) -> None:
    assert set(results) == set(TABLES)
    for name, rows in results.items():
        assert rows.schema.field("brand_id").type == pa.string()
        for column, hints in rules.declared(TABLES[name]).items():
            assert rows.schema.field(column).type == rules.arrow_type(hints)
            assert not rules.is_required(hints) or rows[column].null_count == 0
        key = ["brand_id", *rules.key(TABLES[name])]
        assert rows.group_by(key).aggregate([([], "count_all")]).num_rows == rows.num_rows


def test_every_month_end_with_enough_history_and_the_current_day(results: Results) -> None:
    days = sorted(set(results[CUSTOMER_VALUE]["as_of"].to_pylist()))
    assert days[0] == date(1997, 4, 30), "the first month end with a quarter of history"
    assert days[-1] == AS_OF
    assert len(days) == 15
    assert all((day + timedelta(days=1)).day == 1 for day in days)


def test_month_ends_stop_once_a_brand_has_been_silent_for_the_attrition_horizon(
    cdnow_order_days: pa.Table, results: Results
) -> None:
    lines: list[str] = []
    late = run(cdnow_order_days, NOTHING_BACK, date(2000, 6, 15), BRANDS, set(), lines.append)
    days = sorted(set(late[CUSTOMER_VALUE]["as_of"].to_pylist()))
    assert days[-3:] == [date(1998, 8, 31), date(1998, 9, 30), date(2000, 6, 15)]
    assert len(days) == 19
    before = pc.field("as_of") <= date(1998, 5, 31)
    assert late[CUSTOMER_VALUE].filter(before).equals(results[CUSTOMER_VALUE].filter(before))
    assert lines[0] == "cdnow: fitting 1997-01-31, 1 of 22 days"
    assert lines[-2:] == ["cdnow: fitting 2000-06-15, 22 of 22 days", "cdnow: backtests of 2000-06-15"]


def test_forecasts_are_possible_values(results: Results) -> None:
    rows = results[CUSTOMER_VALUE]
    for name in ("probability_alive", "probability_no_purchase"):
        assert pc.min(rows[name]).as_py() >= 0
        assert pc.max(rows[name]).as_py() <= 1
    low, value, high = (rows[f"predicted_value{end}"].to_numpy() for end in ("_low", "", "_high"))
    assert (low >= 0).all()
    assert (low <= value).all()
    assert (value <= high).all()
    assert rows["reason"].null_count == rows.num_rows
    assert rows["mean_order_value"].null_count == pc.sum(pc.equal(rows["repeat_orders_count"], 0)).as_py()


def test_discounting_takes_the_months_in_turn(cdnow_order_days: pa.Table, results: Results) -> None:
    discounted = _at(results[CUSTOMER_VALUE], AS_OF)["predicted_value"].to_numpy()
    revenue = _at(results[CUSTOMER_VALUE], AS_OF)["predicted_revenue"].to_numpy()
    factor = 1.10 ** -(1 / 12)
    assert (discounted < revenue * factor).all()
    assert (discounted > revenue / 1.10).all()
    at_par = Brands(brands={}, lifetime_value=LifetimeValue(discount_rate_year=0.0))
    rows = run(cdnow_order_days, NOTHING_BACK, date(1997, 6, 30), at_par, set())[CUSTOMER_VALUE]
    assert rows["predicted_value"].to_numpy() == pytest.approx(rows["predicted_revenue"].to_numpy())


def test_unchanged_input_lands_nothing(cdnow_order_days: pa.Table, results: Results) -> None:
    backwards = cdnow_order_days.take(list(reversed(range(cdnow_order_days.num_rows))))
    assert run(backwards, NOTHING_BACK, AS_OF, BRANDS, _ids(results)) == {}


def test_a_result_does_not_depend_on_what_was_skipped(cdnow_order_days: pa.Table, results: Results) -> None:
    known = _ids(results) - set(_at(results[VALUE_MODEL], AS_OF)["model_id"].to_pylist())
    again = run(cdnow_order_days, NOTHING_BACK, AS_OF, BRANDS, known)
    assert set(again) == {CUSTOMER_VALUE, VALUE_MODEL}
    assert again[CUSTOMER_VALUE].equals(_at(results[CUSTOMER_VALUE], AS_OF))


def test_a_late_order_changes_only_the_days_after_it(cdnow_order_days: pa.Table, results: Results) -> None:
    late = pa.Table.from_pylist(
        [{**cdnow_order_days.slice(0, 1).to_pylist()[0], "ordered_on": date(1998, 5, 15), "net_revenue": 5.0}],
        schema=cdnow_order_days.schema,
    )
    changed = run(pa.concat_tables([cdnow_order_days, late]), NOTHING_BACK, AS_OF, BRANDS, _ids(results))
    assert set(changed[CUSTOMER_VALUE]["as_of"].to_pylist()) == {date(1998, 5, 31), AS_OF}


def test_other_settings_are_another_model(cdnow_order_days: pa.Table, results: Results) -> None:
    shorter = Brands(brands={}, attrition=Attrition(horizon_days=30))
    changed = run(cdnow_order_days, NOTHING_BACK, date(1997, 4, 30), shorter, _ids(results))
    assert set(changed[CUSTOMER_VALUE]["attrition_horizon_days"].to_pylist()) == {30}


def test_backtests_of_both_horizons_at_the_current_day_only(results: Results) -> None:
    rows = results[VALUE_BACKTEST].to_pylist()
    assert {(row["as_of"], row["cut_off"], row["horizon_days"]) for row in rows} == {
        (AS_OF, AS_OF - timedelta(days=365), 365),
        (AS_OF, AS_OF - timedelta(days=90), 90),
    }
    assert {row["forecaster"] for row in rows} == {
        *("bg_nbd", "pareto_nbd", "own_rate", "repeat_count", "population_rate", "recency_rule")
    }
    assert {row["decile"] for row in rows} == set(range(11))


def test_the_season_and_the_correlation_are_reported(results: Results) -> None:
    rows = _at(results[VALUE_MODEL], AS_OF).to_pylist()
    season = [row["estimate"] for row in rows if row["model_name"] == "season"]
    assert len(season) == 12
    assert np.mean(season) == pytest.approx(1.0)
    (correlation,) = (row["estimate"] for row in rows if row["parameter"] == "correlation")
    assert 0 < correlation < 0.3


def test_too_little_history_says_so_and_predicts_nothing(cdnow_order_days: pa.Table) -> None:
    results = run(cdnow_order_days, NOTHING_BACK, date(1997, 2, 15), BRANDS, set())
    assert set(results[CUSTOMER_VALUE]["as_of"].to_pylist()) == {date(1997, 2, 15)}
    assert results[CUSTOMER_VALUE]["predicted_value"].null_count == results[CUSTOMER_VALUE].num_rows
    assert set(results[CUSTOMER_VALUE]["reason"].to_pylist()) == {"45 days of orders, 90 are needed"}
    (row,) = (row for row in results[VALUE_MODEL].to_pylist() if row["parameter"] == "none")
    assert not row["is_eligible"]
    assert row["reason"] == "45 days of orders, 90 are needed"


def test_too_few_repeat_customers_say_so(cdnow_order_days: pa.Table) -> None:
    few = pc.unique(cdnow_order_days["customer_key"]).slice(0, 60)
    results = run(cdnow_order_days.filter(pc.field("customer_key").isin(few)), NOTHING_BACK, AS_OF, BRANDS, set())
    (reason,) = set(results[CUSTOMER_VALUE]["reason"].to_pylist())
    assert reason.endswith("customers with a second order, 100 are needed")


def test_orders_of_no_value_leave_orders_foreseen_and_value_unknown(cdnow_order_days: pa.Table) -> None:
    nothing = pa.array(np.zeros(cdnow_order_days.num_rows))
    free = cdnow_order_days.drop_columns("net_revenue").append_column("net_revenue", nothing)
    rows = run(free, NOTHING_BACK, date(1997, 9, 30), BRANDS, set())[CUSTOMER_VALUE]
    current = _at(rows, date(1997, 9, 30))
    assert current["expected_orders"].null_count == 0
    assert current["predicted_value"].null_count == current.num_rows
    assert set(current["reason"].to_pylist()) == {"0 customers with a second order of positive value, 100 are needed"}


def test_brands_are_modelled_apart(cdnow_order_days: pa.Table) -> None:
    other = cdnow_order_days.set_column(0, "brand_id", pa.array(["other"] * cdnow_order_days.num_rows))
    half = other.filter(pc.less(pc.cast(other["customer_key"], pa.int32()), 1200))
    both = run(pa.concat_tables([cdnow_order_days, half]), NOTHING_BACK, date(1997, 4, 30), BRANDS, set())
    alone = run(cdnow_order_days, NOTHING_BACK, date(1997, 4, 30), BRANDS, set())
    assert both[CUSTOMER_VALUE].filter(pc.field("brand_id") == "cdnow").equals(alone[CUSTOMER_VALUE])


def test_no_orders_no_results(cdnow_order_days: pa.Table) -> None:
    assert run(cdnow_order_days.slice(0, 0), NOTHING_BACK, AS_OF, BRANDS, set()) == {}
    assert run(cdnow_order_days, NOTHING_BACK, date(1996, 12, 31), BRANDS, set()) == {}
