"""HubSpot answers wrongly."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.hostile.general import general
from tests.hostile.hubspot_cases import cases, odds
from tests.hostile.hubspot_vendor import HubSpot
from tests.hostile.judging import differences, judge
from tests.hostile.oddities import Odd, OddLoad, expected_aside, load_odd
from tests.hostile.trial import Case, Rows, Trial
from tests.hostile.vendor import Vendor

OpenTrial = Callable[..., Trial]
WellOf = Callable[[type[Vendor]], Rows]
CASES, ODDS = [*general(HubSpot), *cases()], odds()


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_answer_is_told_or_does_no_harm(case: Case, open_trial: OpenTrial, well_of: WellOf) -> None:
    judge(open_trial(HubSpot(), case.bounds), case, well_of(HubSpot))


@pytest.fixture(scope="module")
def odd_load(open_module_trial: OpenTrial) -> OddLoad:
    return load_odd(HubSpot, ODDS, open_module_trial)


@pytest.mark.xdist_group("odd records of hubspot")
@pytest.mark.parametrize("odd", ODDS, ids=lambda odd: odd.name)
def test_an_odd_record_lands_as_it_is_meant_or_is_set_aside(odd: Odd, odd_load: OddLoad) -> None:
    odd_load.check(odd)


@pytest.mark.xdist_group("odd records of hubspot")
def test_odd_records_touch_no_others(odd_load: OddLoad, well_of: WellOf) -> None:
    assert odd_load.aside == expected_aside(ODDS)
    well = well_of(HubSpot)
    found, plain = (
        {table: {key: world[table].get(key) for key in keys} for table, keys in well.items()}
        for world in (odd_load.rows, odd_load.plain)
    )
    assert differences(found, plain) == {}
