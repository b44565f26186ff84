"""The suites of the marts of what people see and do: readiness to publish, plausible rates, no lost rows.

A bound on a share leaves room for what is rare and real; a bound of none is for what cannot be. Each function returns
a new list of expectations. Marts of money are in `money`.
"""

from __future__ import annotations

from collections.abc import Callable

from great_expectations.expectations.expectation import Expectation

from expectations import money
from expectations.custom import between, rows_preserved, verdict_on_share
from expectations.readiness import readiness


def suite(table: str, fed: frozenset[str]) -> list[Expectation]:
    """Expectations of one of `MART_TABLES`."""
    return [*readiness(table, fed), *(_SUITES | money.SUITES)[table]()]


def dim_account() -> list[Expectation]:
    """Accounts."""
    table = "marts.dim_account"
    configured = f"""
        (
            select configured.account_id, accounts.account_key
            from staging.stg_config__accounts as configured
            left join {table} as accounts
                on configured.network = accounts.network
                and configured.account_id = ltrim(accounts.id_scope || '/' || accounts.account_id, '/')
            where configured.account_id is not null
                and configured.network in (select network from {table})
        ) as configured
    """
    return [
        rows_preserved(table, "intermediate.int_accounts_assigned", "Every account of the layer below is one row."),
        verdict_on_share(
            "configured_accounts_found",
            configured,
            "configured accounts of a loaded network were never read",
            "account_key is null",
            "A mistyped account id looks like an account that does nothing; a new one may not have been read yet.",
            severity="warning",
            column="account_id",
        ),
    ]


def dim_post() -> list[Expectation]:
    """Posts."""
    return [
        rows_preserved("marts.dim_post", "intermediate.int_posts_merged", "Every post of the layer below is one row.")
    ]


def fct_account_snapshot() -> list[Expectation]:
    """Readings of accounts."""
    why = "History is in the readings: none may fall out."
    return [rows_preserved("marts.fct_account_snapshot", "intermediate.int_account_readings_deduplicated", why)]


def fct_post_snapshot() -> list[Expectation]:
    """Readings of posts."""
    why = "History is in the readings: none may fall out."
    return [rows_preserved("marts.fct_post_snapshot", "intermediate.int_post_readings_totalled", why)]


def fct_message() -> list[Expectation]:
    """Comments."""
    return [rows_preserved("marts.fct_message", "intermediate.int_messages_threaded", "Every comment is one row.")]


def mart_post_performance() -> list[Expectation]:
    """Posts with their rates."""
    table = "marts.mart_post_performance"
    rates = {
        "erf": ("more public engagements than followers", 0.05, "A post that travels beyond the followers does so."),
        "err": ("more engagements than reach", 0.02, "One person engages more than once; seldom all who saw it do."),
        "eri": ("more engagements than impressions", 0.02, "Networks count an engagement without a display at times."),
        "ctr": ("more link clicks than impressions", 0.01, "A click needs a display; one person may click twice."),
    }
    denominators = {"erf": "followers", "err": "reach", "eri": "impressions", "ctr": "impressions"}
    return [
        rows_preserved(table, "marts.dim_post", "Every post is one row."),
        *(
            verdict_on_share(
                f"{rate}_within_one",
                table,
                f"posts have {what}",
                f"{rate}_{'link_clicks' if rate == 'ctr' else 'engagements'} > {rate}_{denominators[rate]}",
                why,
                max_share=share,
                among=f"{rate}_{denominators[rate]} is not null",
                column=f"{rate}_{denominators[rate]}",
            )
            for rate, (what, share, why) in rates.items()
        ),
    ]


def mart_engagement_daily() -> list[Expectation]:
    """Accounts by day."""
    table = "marts.mart_engagement_daily"
    return [
        verdict_on_share(
            "daily_rate_within_one",
            table,
            "days have more public engagements than followers",
            "daily_er_engagements > daily_er_followers",
            "A post that travels does so on a day; on many days the followers are of another account.",
            max_share=0.02,
            among="daily_er_followers is not null",
            column="daily_er_engagements",
        ),
        verdict_on_share(
            "engagements_are_not_lost",
            table,
            "days lost engagements worth more than 1 % of the followers",
            "daily_er_engagements < -0.01 * daily_er_followers",
            "Likes are taken back and removed, a few at a time; more is a post whose readings are mixed up.",
            max_share=0.01,
            among="daily_er_followers is not null",
            column="daily_er_engagements",
        ),
    ]


def mart_competitor_benchmark_weekly() -> list[Expectation]:
    """Brands by week."""
    table = "marts.mart_competitor_benchmark_weekly"
    compared = f"""
        (
            select competitors.brand_id, count(weeks.brand_id) as weeks_count
            from staging.stg_config__competitors as competitors
            left join {table} as weeks
                on competitors.brand_id = weeks.benchmark_brand_id and competitors.competitor_brand_id = weeks.brand_id
            where competitors.brand_id in (select benchmark_brand_id from {table})
            group by competitors.brand_id, competitors.competitor_brand_id
        ) as compared
    """
    return [
        verdict_on_share(
            "competitors_compared",
            compared,
            "configured competitors have no week",
            "weeks_count = 0",
            "A rank among fewer brands is another rank; a new competitor may not have been read yet.",
            severity="warning",
            column="brand_id",
        ),
        verdict_on_share(
            "rate_within_one",
            table,
            "weeks have more public engagements than followers times posts",
            "erf_engagements > erf_followers",
            "A week's posts together do not travel as far as one may.",
            max_share=0.02,
            among="erf_followers is not null",
            column="erf_engagements",
        ),
    ]


def mart_best_time_to_post() -> list[Expectation]:
    """Accounts by weekday and hour."""
    table = "marts.mart_best_time_to_post"
    grids = f"(select account_key, count(*) as cells_count from {table} group by account_key) as grids"
    why = "The hour moves engagement by some tens of percent; a logarithm of 2 is seven times as much."
    return [
        verdict_on_share(
            "whole_week",
            grids,
            "accounts have not 168 hours",
            "cells_count <> 168",
            "A heat map with holes hides hours in which nobody has posted yet.",
            column="account_key",
        ),
        between("plausible_effect", "effect", -2, 2, why),
    ]


def mart_response_daily() -> list[Expectation]:
    """Responses by day."""
    why = "An answer is not before its question, and one after a year is no answer."
    return [between("plausible_response_time", "response_hours_median", 0, 24 * 365, why)]


def mart_reach() -> list[Expectation]:
    """Reach over windows."""
    return [
        verdict_on_share(
            "reach_within_bounds",
            "marts.mart_reach",
            "windows have a reach that their days do not allow",
            "not is_reach_within_bounds",
            "Networks estimate reach and correct days later; many are windows that end on another day than told.",
            max_share=0.05,
            among="is_reach_within_bounds is not null",
            column="reach",
        )
    ]


def mart_attrition_monthly() -> list[Expectation]:
    """Attrition by month."""
    table = "marts.mart_attrition_monthly"
    partition = f"""
        (
            select
                sum(customers_at_start) filter (where segment_type = 'all') as at_start,
                sum(customers_lost) filter (where segment_type = 'all') as lost,
                sum(customers_at_start) filter (where segment_type = kind) as segments_at_start,
                sum(customers_lost) filter (where segment_type = kind) as segments_lost
            from {table}
            cross join (select distinct segment_type as kind from {table} where segment_type <> 'all') as kinds
            group by brand_id, month, definition, kind
        ) as months
    """
    return [
        between("rate", "attrition_rate", 0, 1, "A part of the customers who were there at the start."),
        verdict_on_share(
            "interval_holds_rate",
            table,
            "rates lie outside their own interval",
            "attrition_rate not between attrition_rate_low - 1e-9 and attrition_rate_high + 1e-9",
            "A Wilson interval holds its rate; the margin is for rounding.",
            column="attrition_rate",
        ),
        verdict_on_share(
            "segments_add_up",
            partition,
            "months whose segments do not add up to all customers",
            "at_start is distinct from segments_at_start or lost is distinct from segments_lost",
            "Each customer is in one segment of each type: one who is in none or two falls out or counts twice.",
            column="customers_at_start",
        ),
    ]


def mart_retention_cohort() -> list[Expectation]:
    """Cohorts by age."""
    table = "marts.mart_retention_cohort"
    sizes = f"""
        (
            select count(distinct customers_count) as sizes_count
            from {table} group by brand_id, acquisition_month
        ) as cohorts
    """
    return [
        between("rate", "retention_rate", 0, 1, "A part of the cohort."),
        verdict_on_share(
            "starts_with_all",
            table,
            "cohorts did not all buy in their first month",
            "retention_rate <> 1",
            "The first purchase is what makes the cohort.",
            among="age_months = 0 and retention_rate is not null",
            column="retention_rate",
        ),
        verdict_on_share(
            "keeps_its_size",
            sizes,
            "cohorts change their size with age",
            "sizes_count > 1",
            "A cohort is closed; one that shrinks hides its losses.",
            column="customers_count",
        ),
    ]


def mart_customer_attrition_risk() -> list[Expectation]:
    """Customers by risk."""
    table = "marts.mart_customer_attrition_risk"
    spread = f"""
        (
            select avg(probability_no_purchase) as mean_probability
            from {table} where is_current and probability_no_purchase is not null group by brand_id
        ) as brands
    """
    return [
        between("probability", "probability_no_purchase", 0, 1, "A probability."),
        between("probability_alive", "probability_alive", 0, 1, "A probability."),
        verdict_on_share(
            "some_stay_some_go",
            spread,
            "brands lose or keep nearly every customer",
            "mean_probability not between 0.005 and 0.995",
            "A model that sees one outcome only has not converged, or was fitted on a few days.",
            column="probability_no_purchase",
        ),
    ]


_SUITES: dict[str, Callable[[], list[Expectation]]] = {
    "marts.dim_account": dim_account,
    "marts.dim_post": dim_post,
    "marts.fct_account_snapshot": fct_account_snapshot,
    "marts.fct_message": fct_message,
    "marts.fct_post_snapshot": fct_post_snapshot,
    "marts.mart_attrition_monthly": mart_attrition_monthly,
    "marts.mart_best_time_to_post": mart_best_time_to_post,
    "marts.mart_competitor_benchmark_weekly": mart_competitor_benchmark_weekly,
    "marts.mart_customer_attrition_risk": mart_customer_attrition_risk,
    "marts.mart_engagement_daily": mart_engagement_daily,
    "marts.mart_post_performance": mart_post_performance,
    "marts.mart_reach": mart_reach,
    "marts.mart_response_daily": mart_response_daily,
    "marts.mart_retention_cohort": mart_retention_cohort,
}
