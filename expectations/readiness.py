"""May a mart be published? Rows where there must be some, all of the day that the run is for."""

from __future__ import annotations

from dataclasses import dataclass

from great_expectations.expectations.expectation import Expectation

from expectations.custom import ExpectVerdict, verdict
from expectations.sql import grouped

ACCOUNTS, ORDERS, PERSONS, POSTS, TOTALS = "accounts", "orders", "persons", "posts", "control_totals"
"""Entities of the warehouse that a source may feed."""


@dataclass(frozen=True)
class Need:
    """When a mart must have rows: a configured source feeds an entity, or the table upstream has rows.

    An entity is given only where a source that feeds it always brings some: a shop without a refund, or an account
    without a comment, is no fault. A file drop brings what it is mapped to, which the table upstream tells. A past day
    may lie before anything was there: then only the table upstream tells.
    """

    upstream: str
    entity: str | None = None
    where: str = "true"
    """Which rows of the table upstream."""


_ORDERS, _POSTS = "intermediate.int_orders_priced", "intermediate.int_posts_merged"
_BUYERS = "intermediate.int_customer_order_days"
_EXPECTATIONS = "staging.stg_models__customer_values"
NEEDS = {
    "finance.mart_customer_lifetime_value": Need(_BUYERS),
    "finance.mart_lifetime_value_backtest": Need("staging.stg_models__value_backtests"),
    "finance.mart_lifetime_value_model": Need(_BUYERS),
    "finance.mart_lifetime_value_monthly": Need(_BUYERS),
    "finance.mart_revenue_reconciliation": Need("intermediate.int_control_totals_visible", TOTALS),
    "marts.bridge_identity": Need("intermediate.int_person_identities", PERSONS),
    "marts.dim_account": Need("intermediate.int_accounts_assigned", ACCOUNTS),
    "marts.dim_customer": Need("intermediate.int_customers", PERSONS),
    "marts.dim_post": Need(_POSTS, POSTS),
    "marts.fct_account_snapshot": Need("intermediate.int_account_readings_deduplicated", ACCOUNTS),
    "marts.fct_message": Need("intermediate.int_messages_threaded"),
    "marts.fct_order": Need(_ORDERS, ORDERS),
    "marts.fct_order_line": Need("intermediate.int_order_lines_priced", ORDERS),
    "marts.fct_post_snapshot": Need("intermediate.int_post_readings_totalled", POSTS),
    "marts.fct_refund": Need("intermediate.int_refunds_priced"),
    "marts.mart_attrition_monthly": Need("intermediate.int_customer_months", where="age_months > 0 and has_begun"),
    "marts.mart_best_time_to_post": Need("intermediate.int_accounts_assigned", ACCOUNTS),
    "marts.mart_competitor_benchmark_weekly": Need("intermediate.int_account_followers_daily", ACCOUNTS),
    "marts.mart_customer_attrition_risk": Need(_EXPECTATIONS),
    "marts.mart_engagement_daily": Need("intermediate.int_account_followers_daily", ACCOUNTS),
    "marts.mart_post_performance": Need(_POSTS, POSTS),
    "marts.mart_reach": Need("intermediate.int_account_windows_deduplicated"),
    "marts.mart_response_daily": Need("intermediate.int_response_turns"),
    "marts.mart_retention_cohort": Need("intermediate.int_customers", where="acquired_on is not null"),
}
"""When each mart must have rows."""
WITH_HISTORY = frozenset(
    {
        "finance.mart_customer_lifetime_value",
        "finance.mart_lifetime_value_model",
        "finance.mart_lifetime_value_monthly",
        "marts.mart_customer_attrition_risk",
    }
)
"""Marts with rows of past days beside those of the run's."""
WITHOUT_DAY = frozenset({"finance.mart_lifetime_value_backtest"})
"""Marts whose rows are of no run's day."""


def readiness(table: str, fed: frozenset[str]) -> list[Expectation]:
    """Expectations that every mart has."""
    checks: list[Expectation] = [has_rows(table, fed)]
    if table not in WITHOUT_DAY:
        checks.append(of_the_run(table))
    return checks


def has_rows(table: str, fed: frozenset[str]) -> ExpectVerdict:
    """The mart has rows if it must."""
    need = NEEDS[table]
    is_fed = need.entity in fed
    query = f"""
        select
            {grouped("here")} || ' rows' || case
                when is_upstream then ' with data in {need.upstream}'
                when {is_fed} and not is_past then ' with a source of {need.entity}'
                else ', and no source of it'
            end as observed,
            here > 0 or not ({is_fed} and not is_past or is_upstream) as is_met
        from (
            select
                (select count(*) from {table}) as here,
                exists (select 1 from {need.upstream} where {need.where}) as is_upstream,
                coalesce((select is_past from staging.stg_config__run), false) as is_past
        ) as counted
    """
    why = "A chart over an empty table reads as zero. Only what no source brings may be empty."
    return verdict("has_rows", query, "a mart with a source must have rows", why)


def of_the_run(table: str) -> ExpectVerdict:
    """The rows are of the run's day; of a mart with history the newest are."""
    oldest, expected = ("max", "the newest") if table in WITH_HISTORY else ("min", "all")
    query = f"""
        select
            coalesce('rows of ' || min(as_of) || ' to ' || max(as_of), 'no rows') as observed,
            count(*) = 0 or ({oldest}(as_of) = any_value(day) and max(as_of) = any_value(day)) as is_met
        from (select as_of, (select as_of from staging.stg_config__run) as day from {table}) as rows
    """
    why = "A table that a run did not build anew would be published beside those of another day."
    return verdict("as_of_the_run", query, f"{expected} must be of the run's day", why, column="as_of")
