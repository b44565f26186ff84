"""The suites of the intermediate layer: the good warehouse passes, and each fault is told in one line."""

from __future__ import annotations

import pytest

from expectations import STAGING_TABLES, validation
from expectations.validation import validate_staging

BAD = [
    # table, check, what is spoiled, what is said
    (
        "int_orders_priced",
        "no_event_after_as_of",
        "update intermediate.int_orders_priced set ordered_at = timestamp '2026-07-01 08:00' where order_key = '3'",
        "1 of 3 rows with ordered_at later than the run (33.3 %), none may be",
    ),
    (
        "int_orders_priced",
        "rows_preserved",
        "insert into intermediate.int_orders values ('9', timestamp '2026-06-01 09:00', 'nobody')",
        "3 rows of 4, none may be lost or doubled",
    ),
    (
        "int_orders_priced",
        "plausible_date",
        "update intermediate.int_orders_priced set ordered_at = timestamp '1970-01-01' where order_key = '3'",
        "1 of 3 orders are dated before 1995 (33.3 %), none may be",
    ),
    (
        "int_orders_priced",
        "customer_found",
        "update intermediate.int_orders_priced set customer_key = null where order_key = '3'",
        "1 of 3 orders with a customer of the source lead to no person (33.3 %), at most 1 % may be",
    ),
    (
        "int_refunds_priced",
        "no_event_after_as_of",
        "update intermediate.int_refunds_priced set refunded_at = timestamp '2026-07-01 08:00'",
        "1 of 1 rows with refunded_at later than the run (100.0 %), none may be",
    ),
    (
        "int_refunds_priced",
        "order_known",
        "update intermediate.int_refunds_priced set is_order_known = false",
        "1 of 1 refunds are of no known order (100.0 %), at most 5 % may be",
    ),
    (
        "int_refunds_priced",
        "refund_after_order",
        "update intermediate.int_refunds_priced set refunded_on = date '2026-05-01'",
        "1 of 1 refunds are dated before their order (100.0 %), at most 0.5 % may be",
    ),
    (
        "int_customer_order_days",
        "revenue_preserved",
        "insert into intermediate.int_customer_order_days values ('ann', 60)",
        "260 of net revenue from orders of 200, both must be the same to a cent",
    ),
    (
        "int_person_identities",
        "rows_preserved",
        "delete from intermediate.int_person_identities where record_key = 'k3'",
        "2 rows of 3, none may be lost or doubled",
    ),
    (
        "int_person_identities",
        "no_giant_person",
        "insert into intermediate.int_person_identities select 'x' || range, 'contact', 'ann' from range(25)",
        "1 of 2 persons have more than 20 accounts (50.0 %), none may be",
    ),
    (
        "int_person_identities",
        "few_large_persons",
        "insert into intermediate.int_person_identities select 'x' || range, 'contact', 'ann' from range(5)",
        "1 of 2 persons have more than 5 accounts (50.0 %), at most 1 % may be",
    ),
    (
        "int_posts_merged",
        "posts_kept",
        "delete from intermediate.int_posts_merged where post_id = 'p2'",
        "1 of 2 posts of a source are none of ours (50.0 %), none may be",
    ),
    (
        "int_posts_merged",
        "dated",
        "update intermediate.int_posts_merged set posted_at = null where post_id = 'p2'",
        "1 of 2 posts have no date (50.0 %), at most 5 % may be",
    ),
    (
        "int_posts_merged",
        "deleted_after_posted",
        "update intermediate.int_posts_merged set deleted_at = timestamp '2026-01-01' where post_id = 'p2'",
        "1 of 2 posts were deleted before they were posted (50.0 %), none may be",
    ),
    (
        "int_post_readings_totalled",
        "no_event_after_as_of",
        (
            "update intermediate.int_post_readings_totalled set observed_at = timestamp '2026-07-01 08:00'"
            " where post_key = 'p2'"
        ),
        "1 of 3 rows with observed_at later than the run (33.3 %), none may be",
    ),
    (
        "int_post_readings_totalled",
        "read_after_posted",
        "update intermediate.int_post_readings_totalled set post_age_hours = -2 where post_key = 'p2'",
        "1 of 3 readings are of posts not yet posted (33.3 %), none may be",
    ),
    (
        "int_post_readings_totalled",
        "impressions_do_not_fall",
        "update intermediate.int_post_readings_totalled set impressions = 850 where post_age_hours = 168",
        "1 of 1 posts lost more than 2 % of their impressions between two readings (100.0 %), at most 2 % may be",
    ),
    (
        "int_post_readings_totalled",
        "reactions_do_not_fall",
        "update intermediate.int_post_readings_totalled set reactions = 60 where post_age_hours = 168",
        "1 of 1 posts lost more than 20 % of their reactions between two readings (100.0 %), at most 5 % may be",
    ),
    (
        "int_post_readings_totalled",
        "reach_within_impressions",
        "update intermediate.int_post_readings_totalled set reach = 2000 where post_key = 'p2'",
        "1 of 3 readings have more reach than impressions (33.3 %), at most 2 % may be",
    ),
    (
        "int_account_readings_deduplicated",
        "no_event_after_as_of",
        (
            "update intermediate.int_account_readings_deduplicated set observed_at = date '2026-07-01'"
            " where followers_count > 5000"
        ),
        "1 of 2 rows with observed_at later than the run (50.0 %), none may be",
    ),
    (
        "int_account_readings_deduplicated",
        "followers_do_not_jump",
        "update intermediate.int_account_readings_deduplicated set followers_count = 51 where followers_count = 5100",
        "1 of 1 readings have twice or half the followers of the one before (100.0 %), at most 0.5 % may be",
    ),
    (
        "int_account_readings_deduplicated",
        "fresh",
        "update intermediate.int_account_readings_deduplicated set observed_at = observed_at - interval 3 day",
        "1 of 1 accounts were not read within the configured freshness (100.0 %), none may be",
    ),
    (
        "int_account_windows_deduplicated",
        "reach_within_impressions",
        "update intermediate.int_account_windows_deduplicated set reach = 2000",
        "1 of 1 windows have more reach than impressions (100.0 %), at most 2 % may be",
    ),
    (
        "int_account_windows_deduplicated",
        "fresh",
        "update intermediate.int_account_windows_deduplicated set window_end = date '2026-06-20'",
        "1 of 1 accounts have no window of the last four days (100.0 %), none may be",
    ),
    (
        "int_messages_threaded",
        "reply_after_message",
        (
            "update intermediate.int_messages_threaded set posted_at = timestamp '2026-06-01 08:30'"
            " where message_key = 'm2'"
        ),
        "1 of 1 replies are older than what they reply to (100.0 %), at most 0.5 % may be",
    ),
    (
        "int_messages_threaded",
        "comment_after_post",
        (
            "update intermediate.int_messages_threaded set posted_at = timestamp '2026-06-01 06:30'"
            " where message_key = 'm1'"
        ),
        "1 of 2 comments are older than their post (50.0 %), at most 0.5 % may be",
    ),
    (
        "int_fx_rates",
        "rates_do_not_jump",
        "update intermediate.int_fx_rates set units_per_reporting = 111 where rate_on = date '2026-06-30'",
        "1 of 1 daily rates are half again as high, or a third lower, than the day before (100.0 %), none may be",
    ),
]
WARNINGS = {"fresh"}


def test_a_good_warehouse_passes(good_warehouse, tmp_path):
    report = validate_staging(good_warehouse, tmp_path / "docs")
    assert [result.one_line for result in report.results if not result.success] == []
    assert {result.table_name for result in report.results} == set(STAGING_TABLES)
    spoilt_below = {(f"intermediate.{table}", check) for table, check, _, _ in BAD}
    assert {(result.table_name, result.check_name) for result in report.results} == spoilt_below


@pytest.mark.parametrize(("table", "check", "sql", "said"), BAD, ids=[f"{case[0]}-{case[1]}" for case in BAD])
@pytest.mark.usefixtures("_no_docs")
def test_a_fault_is_told_in_one_line(spoiled, tmp_path, monkeypatch, table, check, sql, said):
    table = f"intermediate.{table}"
    monkeypatch.setattr(validation, "STAGING_TABLES", (table,))
    report = validate_staging(spoiled(sql), tmp_path / "docs")
    [failed] = [result for result in report.results if result.check_name == check]
    assert not failed.success
    assert failed.one_line == f"{table}: {said}"
    assert (failed in report.failures) is (check not in WARNINGS)
