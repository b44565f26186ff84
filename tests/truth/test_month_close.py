"""What a month's close published is what later runs publish of it; its last evening is the next month by UTC."""

from __future__ import annotations

import pytest

from tests.stages import Stage
from tests.truth.conftest import CLOSED, JUNE_IN_LOS_ANGELES

pytestmark = [pytest.mark.xdist_group("truth"), pytest.mark.xdist_group("los_angeles"), pytest.mark.slow]

READ_ON = f"(observed_at at time zone 'UTC' at time zone '{JUNE_IN_LOS_ANGELES.tzinfo}')::date"
OF_THE_RUN = ("as_of", "is_current")
"""Say for which day the run was."""
ATTRIBUTES = ("source_instance", "is_attribute_current_fallback")
"""Where the newest attributes are from, and whether they landed after the day."""
GAINS = ("impressions", "reactions", "comments", "shares", "saves", "link_clicks", "profile_visits",
         "engagements_public", "engagements_full")  # fmt: skip
MEASURED = (
    *(f"{gain}_delta" for gain in GAINS), "daily_er_engagements", "daily_er_followers",
    "impressions_version", "engagements_public_version", "engagements_full_version",
)  # fmt: skip
GROWING = ("posts_measured_count", "is_complete", "is_week_complete", *MEASURED)
"""A day's gains grow until all posts alive on it were read after it."""
OF_POSTS = (
    "reactions", "comments", "engagements_public", "engagements_public_version", "erf_engagements", "erf_followers",
    "erf_median", "posts_measured_7d_count", "erf_7d_engagements", "erf_7d_followers", "erf_rank",
)  # fmt: skip
"""A week's posts go on to gain after it."""
AGREE = {
    "mart_attrition_monthly": ("month", OF_THE_RUN),
    "mart_lifetime_value_monthly": ("month", ()),
    "mart_customer_attrition_risk": ("as_of", ("is_current",)),
    # The first order counts that was not given back whole by the run's day.
    "mart_customer_lifetime_value": ("as_of", ("is_current", "acquisition_month")),
    "mart_lifetime_value_model": ("as_of", ("is_current",)),
    "mart_revenue_reconciliation": ("day", OF_THE_RUN),
    "mart_response_daily": ("inbound_on", (*OF_THE_RUN, *ATTRIBUTES)),
    "mart_engagement_daily": ("activity_on", (*OF_THE_RUN, *ATTRIBUTES, *GROWING)),
    "mart_competitor_benchmark_weekly": ("week_start_on", (*OF_THE_RUN, *OF_POSTS)),
    # An order is given back after its day.
    "fct_order": ("ordered_on", (*OF_THE_RUN, *ATTRIBUTES, "refunded_amount_reporting")),
    "fct_refund": ("refunded_on", OF_THE_RUN),
    "fct_post_snapshot": (READ_ON, OF_THE_RUN),
    "fct_account_snapshot": (READ_ON, OF_THE_RUN),
    "dim_post": ("posted_on", (*OF_THE_RUN, *ATTRIBUTES)),
}
"""Table to the day of its rows, and the columns that may differ."""


@pytest.mark.parametrize("table", AGREE)
def test_a_row_of_the_closed_month_stays_as_it_was(los_angeles: dict[str, Stage], table: str) -> None:
    day, left_out = AGREE[table]
    rows = (
        f"select columns(name -> not list_contains({list(left_out)}, name)) from {table}"
        f" where {day} <= date '{CLOSED}' order by all"
    )
    closed, later = (los_angeles[name].rows(rows) for name in ("closed", "Los Angeles"))
    assert len(closed) > 100
    assert closed == later


def test_a_day_of_which_as_many_posts_were_measured_has_the_same_gains(los_angeles: dict[str, Stage]) -> None:
    gains = f"select account_key, activity_on, posts_measured_count, {', '.join(MEASURED)} from mart_engagement_daily"
    closed, later = ({row[:3]: row[3:] for row in los_angeles[name].rows(gains)} for name in ("closed", "Los Angeles"))
    measured = closed.keys() & later.keys()
    assert len(measured) > 1000
    assert {day: closed[day] for day in measured} == {day: later[day] for day in measured}


@pytest.mark.parametrize("mart", ["mart_attrition_monthly", "mart_lifetime_value_monthly", "mart_retention_cohort"])
def test_the_closed_month_is_the_last_and_complete(los_angeles: dict[str, Stage], mart: str) -> None:
    newest = f"select max(month)::text, (max(month) filter (is_complete))::text from {mart}"
    assert los_angeles["closed"].one(newest) == ("2026-05-01", "2026-05-01")
    assert los_angeles["Los Angeles"].one(newest)[1] == "2026-05-01"


def test_the_last_evening_is_in_the_closed_month(los_angeles: dict[str, Stage]) -> None:
    sold, read, last = los_angeles["closed"].one(
        "select (select count(*) from fct_order where ordered_at >= timestamp '2026-06-01'),"
        " (select count(*) from fct_post_snapshot where observed_at >= timestamp '2026-06-01'),"
        " (select max(activity_on)::text from mart_engagement_daily where is_day_over)"
    )
    assert sold > 0
    assert read > 0
    assert last == CLOSED
