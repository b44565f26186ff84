"""A vendor that never stops: a run is bounded in bytes and in seconds, whatever is new in each answer."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.hostile.changes import found
from tests.hostile.hubspot_vendor import HubSpot
from tests.hostile.instagram_vendor import Instagram
from tests.hostile.judging import differences
from tests.hostile.shopify_vendor import Shopify
from tests.hostile.trial import Rows, Trial
from tests.hostile.vendor import Change, Vendor


def _ever_new(vendor: type[Vendor]) -> Change:
    """Each page has records that were never seen, and leads on."""

    def change(ask: Any, reply: Any) -> Any:
        content = vendor.lead_on(json.loads(reply.body), f"{vendor.cursor}{'0' * 9}{ask.number}")
        rows = found(content, vendor.paged_records)
        rows[:] = [{**row, "id": f"{row['id']}{ask.number:06}"} for row in (rows or _kept)]
        _kept[:] = [{**row, "id": row["id"][:-6]} for row in rows]
        return replace(reply, content=content)

    _kept: list[Any] = []
    return change


@pytest.mark.parametrize(
    ("make", "bound"),
    [(HubSpot, "seconds"), (HubSpot, "bytes"), (Shopify, "bytes"), (Instagram, "bytes")],
    ids=lambda value: getattr(value, "kind", value),
)
def test_new_records_for_ever_end_at_the_bound_of_a_run(
    make: type[Vendor],
    bound: str,
    open_trial: Callable[..., Trial],
    well_of: Callable[[type[Vendor]], Rows],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    client = importlib.import_module(f"pipelines.sources.{make.kind}.json_client")
    vendor = make()
    trial = open_trial(vendor)
    vendor.spoils, vendor.change = vendor.paged, _ever_new(make)
    with monkeypatch.context() as lowered:
        if bound == "bytes":
            lowered.setattr(client, "RUN_BYTES", 1 << 17)
        else:
            lowered.setattr(vendor, "configuration", lambda: {**make.configuration(vendor), "run_seconds": 0.3})
        line = trial.refusal()
    trial.check_line(line)
    assert "its bound; " in line
    assert vendor.failures == []
    vendor.change = None
    trial.load()
    different = differences(trial.rows(), well_of(make))
    assert different == {}, different
