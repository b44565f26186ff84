"""The suites of the marts: the good warehouse passes, and each fault is told in one line."""

from __future__ import annotations

import pytest

from expectations import MART_TABLES, validation
from expectations.readiness import WITH_HISTORY, WITHOUT_DAY
from expectations.validation import validate_marts

FED = frozenset({"accounts", "control_totals", "orders", "persons", "posts"})
BAD = [
    # table, check, what is spoiled, what is said
    (
        "marts.bridge_identity",
        "rows_preserved",
        "delete from marts.bridge_identity where record_key = 'k1'",
        "4 rows of 5, none may be lost or doubled",
    ),
    (
        "marts.dim_account",
        "rows_preserved",
        "insert into marts.dim_account from marts.dim_account",
        "2 rows of 1, none may be lost or doubled",
    ),
    (
        "marts.dim_account",
        "configured_accounts_found",
        "insert into staging.stg_config__accounts values ('borealis', 'instagram', '18')",
        "1 of 2 configured accounts of a loaded network were never read (50.0 %), none may be",
    ),
    (
        "marts.dim_customer",
        "rows_preserved",
        "delete from marts.dim_customer where customer_key = 'bob'",
        "1 rows of 2, none may be lost or doubled",
    ),
    (
        "marts.dim_post",
        "rows_preserved",
        "delete from marts.dim_post where post_key = 'p1'",
        "1 rows of 2, none may be lost or doubled",
    ),
    (
        "marts.fct_account_snapshot",
        "rows_preserved",
        (
            "insert into intermediate.int_account_readings_deduplicated"
            " from intermediate.int_account_readings_deduplicated"
        ),
        "2 rows of 4, none may be lost or doubled",
    ),
    (
        "marts.fct_post_snapshot",
        "rows_preserved",
        "delete from marts.fct_post_snapshot where post_key = 'p2'",
        "2 rows of 3, none may be lost or doubled",
    ),
    (
        "marts.fct_message",
        "rows_preserved",
        "delete from marts.fct_message where message_key = 'm2'",
        "1 rows of 2, none may be lost or doubled",
    ),
    (
        "marts.fct_order",
        "rows_preserved",
        "insert into marts.fct_order from marts.fct_order where order_key = '1'",
        "4 rows of 3, none may be lost or doubled",
    ),
    (
        "marts.fct_order",
        "customer_known",
        "delete from marts.dim_customer where customer_key = 'bob'",
        "1 of 3 orders have a customer that dim_customer lacks (33.3 %), none may be",
    ),
    (
        "marts.fct_order",
        "refunds_within_order",
        "update marts.fct_order set refunded_amount_reporting = 70 where order_key = '2'",
        "1 of 1 refunded orders gave back more than they brought (100.0 %), at most 2 % may be",
    ),
    (
        "marts.fct_order",
        "plausible_amount",
        "update marts.fct_order set net_revenue = 100000 where order_key = '1'",
        "1 of 3 orders are over 1,000 times the source's median order (33.3 %), none may be",
    ),
    (
        "marts.fct_order_line",
        "rows_preserved",
        "delete from marts.fct_order_line where order_key = '1'",
        "2 lines of known orders, which count 3, none may be lost or doubled",
    ),
    (
        "marts.fct_refund",
        "rows_preserved",
        "insert into marts.fct_refund from marts.fct_refund",
        "2 rows of 1, none may be lost or doubled",
    ),
    (
        "marts.mart_post_performance",
        "rows_preserved",
        "delete from marts.mart_post_performance where post_key = 'p1'",
        "1 rows of 2, none may be lost or doubled",
    ),
    (
        "marts.mart_post_performance",
        "erf_within_one",
        "update marts.mart_post_performance set erf_followers = 10 where post_key = 'p1'",
        "1 of 2 posts have more public engagements than followers (50.0 %), at most 5 % may be",
    ),
    (
        "marts.mart_post_performance",
        "err_within_one",
        "update marts.mart_post_performance set err_reach = 10 where post_key = 'p1'",
        "1 of 2 posts have more engagements than reach (50.0 %), at most 2 % may be",
    ),
    (
        "marts.mart_post_performance",
        "eri_within_one",
        "update marts.mart_post_performance set eri_impressions = 10 where post_key = 'p1'",
        "1 of 2 posts have more engagements than impressions (50.0 %), at most 2 % may be",
    ),
    (
        "marts.mart_post_performance",
        "ctr_within_one",
        "update marts.mart_post_performance set ctr_impressions = 10 where post_key = 'p1'",
        "1 of 2 posts have more link clicks than impressions (50.0 %), at most 1 % may be",
    ),
    (
        "marts.mart_engagement_daily",
        "daily_rate_within_one",
        "update marts.mart_engagement_daily set daily_er_followers = 20",
        "1 of 1 days have more public engagements than followers (100.0 %), at most 2 % may be",
    ),
    (
        "marts.mart_engagement_daily",
        "engagements_are_not_lost",
        "update marts.mart_engagement_daily set daily_er_engagements = -80",
        "1 of 1 days lost engagements worth more than 1 % of the followers (100.0 %), at most 1 % may be",
    ),
    (
        "marts.mart_competitor_benchmark_weekly",
        "competitors_compared",
        "delete from marts.mart_competitor_benchmark_weekly where brand_id = 'borealis'",
        "1 of 1 configured competitors have no week (100.0 %), none may be",
    ),
    (
        "marts.mart_competitor_benchmark_weekly",
        "rate_within_one",
        "update marts.mart_competitor_benchmark_weekly set erf_followers = 20 where brand_id = 'borealis'",
        "1 of 2 weeks have more public engagements than followers times posts (50.0 %), at most 2 % may be",
    ),
    (
        "marts.mart_best_time_to_post",
        "whole_week",
        "insert into marts.mart_best_time_to_post values ('other', 0.1, date '2026-06-30')",
        "1 of 2 accounts have not 168 hours (50.0 %), none may be",
    ),
    (
        "marts.mart_best_time_to_post",
        "plausible_effect",
        "insert into marts.mart_best_time_to_post values ('acc', 4, date '2026-06-30')",
        "1 of 169 values, e.g. 4.0, effect must be between -2 and 2",
    ),
    (
        "marts.mart_response_daily",
        "plausible_response_time",
        "update marts.mart_response_daily set response_hours_median = -1",
        "1 of 1 values, e.g. -1.0, response_hours_median must be between 0 and 8760",
    ),
    (
        "marts.mart_reach",
        "reach_within_bounds",
        "update marts.mart_reach set is_reach_within_bounds = false",
        "1 of 1 windows have a reach that their days do not allow (100.0 %), at most 5 % may be",
    ),
    (
        "marts.mart_attrition_monthly",
        "rate",
        "update marts.mart_attrition_monthly set attrition_rate = 1.2 where segment_type = 'all'",
        "1 of 2 values, e.g. 1.2, attrition_rate must be between 0 and 1",
    ),
    (
        "marts.mart_attrition_monthly",
        "interval_holds_rate",
        "update marts.mart_attrition_monthly set attrition_rate_high = 0.1 where segment_type = 'all'",
        "1 of 2 rates lie outside their own interval (50.0 %), none may be",
    ),
    (
        "marts.mart_attrition_monthly",
        "segments_add_up",
        "update marts.mart_attrition_monthly set customers_at_start = 9 where segment_type = 'country'",
        "1 of 1 months whose segments do not add up to all customers (100.0 %), none may be",
    ),
    (
        "marts.mart_retention_cohort",
        "rate",
        "update marts.mart_retention_cohort set retention_rate = 1.5 where age_months = 1",
        "1 of 2 values, e.g. 1.5, retention_rate must be between 0 and 1",
    ),
    (
        "marts.mart_retention_cohort",
        "starts_with_all",
        "update marts.mart_retention_cohort set retention_rate = 0.5",
        "1 of 1 cohorts did not all buy in their first month (100.0 %), none may be",
    ),
    (
        "marts.mart_retention_cohort",
        "keeps_its_size",
        "update marts.mart_retention_cohort set customers_count = 1 where age_months = 1",
        "1 of 1 cohorts change their size with age (100.0 %), none may be",
    ),
    (
        "marts.mart_customer_attrition_risk",
        "probability",
        "update marts.mart_customer_attrition_risk set probability_no_purchase = -0.1 where not is_current",
        "1 of 2 values, e.g. -0.1, probability_no_purchase must be between 0 and 1",
    ),
    (
        "marts.mart_customer_attrition_risk",
        "probability_alive",
        "update marts.mart_customer_attrition_risk set probability_alive = 1.1 where is_current",
        "1 of 2 values, e.g. 1.1, probability_alive must be between 0 and 1",
    ),
    (
        "marts.mart_customer_attrition_risk",
        "some_stay_some_go",
        "update marts.mart_customer_attrition_risk set probability_no_purchase = 1",
        "1 of 1 brands lose or keep nearly every customer (100.0 %), none may be",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "probability_alive",
        "update finance.mart_customer_lifetime_value set probability_alive = 1.1 where customer_key = 'ann'",
        "1 of 2 values, e.g. 1.1, probability_alive must be between 0 and 1",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "expected_orders",
        "update finance.mart_customer_lifetime_value set expected_orders = -1 where customer_key = 'ann'",
        "1 of 2 values, e.g. -1.0, expected_orders must be at least 0",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "no_more_taken_back_than_paid",
        "update finance.mart_customer_lifetime_value set predicted_value = -141 where customer_key = 'ann'",
        "1 of 2 predictions take back more than was paid (50.0 %), at most 1 % may be",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "interval_in_order",
        "update finance.mart_customer_lifetime_value set predicted_value_low = 200 where customer_key = 'ann'",
        "1 of 2 intervals end before they begin (50.0 %), none may be",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "prediction_in_interval",
        "update finance.mart_customer_lifetime_value set predicted_value_high = 60 where customer_key = 'ann'",
        "1 of 2 predictions lie outside their interval (50.0 %), at most 5 % may be",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "everyone_predicted",
        "update finance.mart_customer_lifetime_value set predicted_value = null where customer_key = 'ann'",
        "1 of 2 customers of today have no prediction (50.0 %), at most 1 % may be",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "historic_value_ties_out",
        "delete from finance.mart_customer_lifetime_value where customer_key = 'bob'",
        "140.00 of historic net revenue by customer, 180.00 by month, both must be the same to a cent",
    ),
    (
        "finance.mart_customer_lifetime_value",
        "prediction_in_proportion",
        "update finance.mart_customer_lifetime_value set predicted_value = 5000, predicted_value_high = 9000",
        "predicted 11.23 times the revenue of the past year for aurora, at most 3 times may be",
    ),
    (
        "finance.mart_lifetime_value_monthly",
        "opening_is_closing_before",
        "update finance.mart_lifetime_value_monthly set opening_net_revenue = 90 where month = date '2026-05-01'",
        "1 of 2 months do not open with what the one before closed with (50.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_monthly",
        "segments_add_up",
        "update finance.mart_lifetime_value_monthly set closing_net_revenue = 1 where segment_type <> 'all'",
        "3 of 3 months whose segments do not add up to all customers (100.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_model",
        "parameters_positive",
        "update finance.mart_lifetime_value_model set estimate = 0 where parameter = 'r'",
        "1 of 1 parameters are not positive numbers (100.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_model",
        "refund_share",
        "update finance.mart_lifetime_value_model set estimate = 1.2 where parameter = 'share'",
        "1 of 1 shares of revenue taken back are not between 0 and 1 (100.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_model",
        "orders_independent_of_value",
        "update finance.mart_lifetime_value_model set estimate = -0.4 where parameter = 'correlation'",
        "1 of 1 correlations of orders with their mean value are 0.3 or more (100.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_backtest",
        "rates",
        "update finance.mart_lifetime_value_backtest set value = 1.4 where forecaster = 'recency_rule'",
        "1 of 2 scores are not between 0 and 1 (50.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_backtest",
        "no_hindsight",
        "update finance.mart_lifetime_value_backtest set cut_off = date '2026-04-15'",
        "2 of 2 backtests judge by days that are not over (100.0 %), none may be",
    ),
    (
        "finance.mart_lifetime_value_backtest",
        "model_beats_rule",
        "update finance.mart_lifetime_value_backtest set value = 0.3 where forecaster = 'bg_nbd'",
        "1 of 1 backtests have bg_nbd behind the recency rule (100.0 %), none may be",
    ),
    (
        "finance.mart_revenue_reconciliation",
        "nothing_unexplained",
        "update finance.mart_revenue_reconciliation set unexplained_difference = -0.02",
        "1 of 1 days differ from their control total by more than a cent without a named cause (100.0 %), none may be",
    ),
    (
        "finance.mart_revenue_reconciliation",
        "control_totals_known",
        "update finance.mart_revenue_reconciliation set control_total = null",
        "1 of 1 days that are over have no control total (100.0 %), at most 5 % may be",
    ),
]
WARNINGS = {
    "competitors_compared",
    "configured_accounts_found",
    "control_totals_known",
    "model_beats_rule",
    "orders_independent_of_value",
    "plausible_amount",
}
READINESS = {"has_rows", "as_of_the_run"}


def test_a_good_warehouse_passes(good_warehouse, tmp_path):
    report = validate_marts(good_warehouse, tmp_path / "docs", FED)
    assert [result.one_line for result in report.results if not result.success] == []
    assert {result.table_name for result in report.results} == set(MART_TABLES)
    checks = {(result.table_name, result.check_name) for result in report.results}
    assert {check for check in checks if check[1] not in READINESS} == {(table, check) for table, check, _, _ in BAD}


@pytest.mark.parametrize(("table", "check", "sql", "said"), BAD, ids=[f"{case[0]}-{case[1]}" for case in BAD])
@pytest.mark.usefixtures("_no_docs")
def test_a_fault_is_told_in_one_line(spoiled, tmp_path, monkeypatch, table, check, sql, said):
    monkeypatch.setattr(validation, "MART_TABLES", (table,))
    report = validate_marts(spoiled(sql), tmp_path / "docs", FED)
    [failed] = [result for result in report.results if result.check_name == check]
    assert not failed.success
    assert failed.one_line == f"{table}: {said}"
    assert (failed in report.failures) is (check not in WARNINGS)


def test_an_empty_mart_is_not_ready_while_its_layer_below_has_rows(spoiled, tmp_path):
    warehouse = spoiled("; ".join(f"delete from {table}" for table in MART_TABLES))
    report = validate_marts(warehouse, tmp_path / "docs", frozenset())
    empty = {result.table_name: result for result in report.failures if result.check_name == "has_rows"}
    assert set(empty) == set(MART_TABLES)
    assert empty["marts.dim_post"].one_line == (
        "marts.dim_post: 0 rows with data in intermediate.int_posts_merged, a mart with a source must have rows"
    )


@pytest.mark.parametrize(
    ("entity", "must"),
    [
        ("exchange_rates", set()),
        ("persons", {"marts.bridge_identity", "marts.dim_customer"}),
        ("orders", {"marts.fct_order", "marts.fct_order_line"}),
        ("control_totals", {"finance.mart_revenue_reconciliation"}),
        ("posts", {"marts.dim_post", "marts.fct_post_snapshot", "marts.mart_post_performance"}),
    ],
)
def test_only_a_mart_of_an_entity_that_no_source_feeds_may_be_empty(
    spoiled, good_warehouse, tmp_path, entity, must, all_tables
):
    configuration = ("staging.stg_config__run",)
    warehouse = spoiled("; ".join(f"delete from {table}" for table in all_tables if table not in configuration))
    report = validate_marts(warehouse, tmp_path / "docs", frozenset({entity}))
    assert {failure.table_name for failure in report.failures} == must
    assert {failure.one_line.partition(": ")[2] for failure in report.failures} == (
        {f"0 rows with a source of {entity}, a mart with a source must have rows"} if must else set()
    )


def test_rows_of_another_day_are_not_ready(spoiled, tmp_path):
    dated = [table for table in MART_TABLES if table not in WITHOUT_DAY]
    warehouse = spoiled("; ".join(f"update {table} set as_of = as_of - 1" for table in dated))
    report = validate_marts(warehouse, tmp_path / "docs", FED)
    stale = {result.table_name: result for result in report.failures if result.check_name == "as_of_the_run"}
    assert set(stale) == set(dated)
    assert stale["marts.dim_post"].one_line == (
        "marts.dim_post: rows of 2026-06-29 to 2026-06-29, all must be of the run's day"
    )
    history = "finance.mart_customer_lifetime_value"
    assert history in WITH_HISTORY
    assert stale[history].one_line.endswith("the newest must be of the run's day")
