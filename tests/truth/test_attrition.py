"""Attrition and retention are what the world's own orders give, counted anew in plain Python and SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from itertools import pairwise
from statistics import median

import pytest

from tests.stages import Stage

pytestmark = [pytest.mark.xdist_group("truth"), pytest.mark.slow]


@dataclass
class History:
    """What one person bought and gave back, in euros, by day."""

    country: str
    bought_on: set[date] = field(default_factory=set)
    euros: dict[date, float] = field(default_factory=lambda: defaultdict(float))

    def year_until(self, day: date) -> float:
        """Net revenue of the 365 days that end with a day."""
        return sum(value for at, value in self.euros.items() if day - timedelta(days=365) < at <= day)

    def has_bought_within_a_year(self, day: date) -> bool | None:
        """None before the first order."""
        before = [at for at in self.bought_on if at <= day]
        return (day - max(before)).days <= 365 if before else None

    def is_within_own_gap(self, day: date) -> bool | None:
        """Silent for at most three times the median gap; None with fewer than two gaps."""
        before = sorted(at for at in self.bought_on if at <= day)
        gaps = [(later - earlier).days for earlier, later in pairwise(before)]
        return (day - before[-1]).days <= 3 * median(gaps) if len(gaps) >= 2 else None


DEFINITIONS: dict[str, Callable[[History, date], bool | None]] = {
    "no_order_in_period": History.has_bought_within_a_year,
    "silence_over_own_gap": History.is_within_own_gap,
}


def _histories(stage: Stage) -> list[History]:
    people: dict[int, History] = {
        person: History(country)
        for person, country in stage.rows("select person, country_code from memory.truth.customers")
    }
    for person, day, euros in stage.rows(
        "select person, ordered_on, net_revenue_eur from memory.truth.orders where is_revenue_order"
    ):
        people[person].bought_on.add(day)
        people[person].euros[day] += euros
    for person, day, euros in stage.rows(
        "select person, taken_back_on, euros from memory.truth.taken_back"
        " inner join memory.truth.orders using (order_id)"
    ):
        people[person].euros[day] -= euros
    return list(people.values())


@pytest.mark.parametrize("definition", DEFINITIONS)
def test_who_was_lost_in_a_month_is_what_the_orders_say(stage: Stage, definition: str) -> None:
    is_active = DEFINITIONS[definition]
    histories = _histories(stage)
    (as_of,) = stage.one("select any_value(as_of) from mart_attrition_monthly")
    found = stage.rows(
        "select month, segment, segment_type, customers_at_start, customers_lost, revenue_at_start::double,"
        " revenue_lost::double from mart_attrition_monthly"
        f" where definition = '{definition}' and segment_type in ('all', 'country')"
    )
    assert len(found) > 50
    for month, segment, segment_type, *figures in found:
        start = month - timedelta(days=1)
        end = min((month + timedelta(days=31)).replace(day=1) - timedelta(days=1), as_of)
        members = [h for h in histories if segment_type == "all" or h.country == segment]
        at_start = [h for h in members if is_active(h, start)]
        lost = [h for h in at_start if is_active(h, end) is False]
        expected = [len(at_start), len(lost), *(sum(h.year_until(start) for h in some) for some in (at_start, lost))]
        assert figures == pytest.approx(expected, abs=0.01), (month, segment)
    assert sum(row[4] for row in found) > 0


def test_every_definition_is_there_and_keeps_to_itself(stage: Stage) -> None:
    definitions = {name for (name,) in stage.rows("select distinct definition from mart_attrition_monthly")}
    assert definitions == {*DEFINITIONS, "low_purchase_probability"}


def test_cohorts_come_back_as_the_orders_say_and_an_unfinished_month_is_null(stage: Stage) -> None:
    stage.assert_none(
        "with bought as (select person, date_trunc('month', ordered_on)::date as month, net_revenue_eur as euros,"
        " true as is_order from memory.truth.orders where is_revenue_order"
        " union all select person, date_trunc('month', taken_back_on)::date, -euros, false"
        " from memory.truth.taken_back inner join memory.truth.orders using (order_id)),"
        # Whoever gives a whole first order back was not acquired by it: the cohort is that of the first order kept.
        " given as (select order_id, sum(euros) as given from memory.truth.taken_back group by 1),"
        " firsts as (select person, date_trunc('month', min(ordered_on))::date as acquisition_month"
        " from memory.truth.orders left join given using (order_id)"
        " where is_revenue_order and net_revenue_eur - coalesce(given, 0) > 0.01 group by 1),"
        " sizes as (select acquisition_month, count(*) as people from firsts group by 1),"
        " truth as (select acquisition_month, greatest(month, acquisition_month) as month,"
        " count(distinct person) filter (is_order and month >= acquisition_month) as active,"
        " sum(euros) as euros from bought inner join firsts using (person) group by all)"
        " select acquisition_month, month, customers_count, people, active_customers_count, active, net_revenue, euros"
        " from mart_retention_cohort full join truth using (acquisition_month, month)"
        " left join sizes using (acquisition_month)"
        " where customers_count is distinct from people"
        " or active_customers_count is distinct from case when is_complete then coalesce(active, 0) end"
        " or abs(net_revenue - coalesce(euros, 0)) > 0.01 or (net_revenue is null) = is_complete"
    )
    (has_unfinished,) = stage.one("select bool_or(not is_complete) from mart_retention_cohort")
    is_between_months = (stage.clock.day, stage.clock.time()) == (1, time())
    assert has_unfinished == (not is_between_months)
