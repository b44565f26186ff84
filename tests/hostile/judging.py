"""What a case must come to."""

from __future__ import annotations

import copy
import re
from typing import Any

from tests.hostile.trial import Case, Exact, Quarantined, Refused, Rows, Trial


def judge(trial: Trial, case: Case, well: Rows) -> None:
    """Load from a vendor that answers as the case has it; `well` is what lands from one that does nothing wrong."""
    vendor = trial.vendor
    vendor.change, vendor.spoils = case.change, case.spoils or vendor.main
    if case.world:
        case.world(vendor)
    if isinstance(case.expected, Refused):
        _refused(trial, case.expected)
        if case.is_loaded_again:
            vendor.change = None
            trial.load()
            lost = differences(trial.rows(), well)
            assert lost == {}, lost
    else:
        tables = trial.load()
        for hours in range(1, case.loads):
            trial.load(hours)
        assert vendor.failures == [], vendor.failures
        set_aside = case.expected.keys if isinstance(case.expected, Quarantined) else {}
        assert {t: bad for t, (_, bad) in tables.items() if bad} == {t: len(k) for t, k in set_aside.items()}, tables
        different = differences(trial.rows(), expected_rows(case.expected, well))
        assert different == {}, different
    assert trial.leaks() == []


def _refused(trial: Trial, expected: Refused) -> None:
    line = trial.refusal()
    assert trial.vendor.failures == []
    trial.check_line(line)
    assert re.search(expected.line, line), line
    assert not any(trial.rows().values())


def expected_rows(expected: Exact | Quarantined, well: Rows) -> Rows:
    """Rows of a world in which only this differs."""
    rows: dict[str, dict[tuple[Any, ...], Any]] = copy.deepcopy({table: dict(found) for table, found in well.items()})
    gone = [*expected.absent.items(), *(expected.keys.items() if isinstance(expected, Quarantined) else ())]
    if isinstance(expected, Exact):
        for (table, key), known in expected.like.items():
            rows[table][key] = dict(rows[table][known])
        for table, key, values in (
            (t, k, values) for t, cells in expected.cells.items() for k, values in cells.items()
        ):
            rows[table][key].update(values)
    for table, key in ((table, key) for table, keys in gone for key in keys):
        del rows[table][key]
    return rows


def differences(found: Rows, expected: Rows) -> dict[Any, Any]:
    """What differs, as (found, expected) by table, key and column; nothing where all is equal."""
    different: dict[Any, Any] = {}
    for table in expected:
        for key in found[table].keys() | expected[table].keys():
            mine, theirs = found[table].get(key), expected[table].get(key)
            if mine is None or theirs is None:
                different[table, key] = (mine, theirs)
                continue
            for name in mine.keys() | theirs.keys():
                if mine.get(name) != theirs.get(name):
                    different[table, key, name] = (mine.get(name), theirs.get(name))
    return different
