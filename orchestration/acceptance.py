"""What a source's step does: read it, judge what landed, accept or hold it, and note how that went."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from statistics import median

from expectations import CheckResult, RawLoad
from orchestration.config import Settings
from orchestration.instance.threads import raise_if_stopping
from orchestration.quality import blocking, failed_by_table, store
from pipelines.brands import Brands
from pipelines.credentials import KeptTokens
from pipelines.errors import PipelineError
from pipelines.landing import columns as rules
from pipelines.landing.ledger import Ledger, Load
from pipelines.landing.loading import Again, LoadReport, instances, load_instance
from pipelines.landing.readings import note_failure, note_success
from pipelines.landing.views import query, tables_of
from pipelines.sources import configuration

TRAILING_LOADS = 14
"""Loads of an instance by whose volumes a new one is judged."""
_ONE_AT_A_TIME = threading.Lock()
"""Great Expectations keeps its context in the module, and takes seconds to import: threads take turns."""


@dataclass(frozen=True, slots=True)
class Landed:
    """What came of reading a source. `load_id` is None when it had nothing new."""

    instance: str
    load_id: str | None
    tables: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Table name to rows landed and rows quarantined, of those that had any."""
    failed: Mapping[str, tuple[CheckResult, ...]] = field(default_factory=dict)
    """Table name to its checks that failed; the load is accepted unless one of them is critical."""

    @property
    def held(self) -> str | None:
        """Why the load is held, and what to do; None: it is not."""
        faults = blocking(self.failed)
        if not faults:
            return None
        return f"load {self.load_id} is held: {'; '.join(faults)}; `voxhouse loads accept|reject {self.load_id}`"


def read_and_judge(
    settings: Settings, brands: Brands, instance: str, now: datetime, again: Again | None = None
) -> Landed:
    """Land what is new and accept it, or hold it; raises PipelineError, and then nothing of it counts."""
    ledger = Ledger(settings.layout.landing)
    try:
        report = load_instance(settings.layout, instance, brands, now, again=again, between_pages=raise_if_stopping)
        landed = _judge(settings, brands, ledger, report, now)
    except PipelineError as error:
        note_failure(ledger, instance, now, str(error))
        raise
    if landed.held:
        note_failure(ledger, instance, now, landed.held, held=landed.load_id)
    else:
        note_success(ledger, instance, now)
    return landed


def _judge(settings: Settings, brands: Brands, ledger: Ledger, report: LoadReport, now: datetime) -> Landed:
    """Check the newest undecided load, which has read all that older ones did: its acceptance supersedes them."""
    held = [load for load in ledger.loads(report.instance) if load.status == "held"]
    if not held:
        return Landed(report.instance, report.load_id, report.tables)
    load = held[-1]
    with _ONE_AT_A_TIME:
        from expectations.validation import validate_raw

        docs = settings.data_docs / "raw" / load.source_instance
        checked = validate_raw([_raw_load(settings, brands, ledger, load, now)], docs)
    store(settings.warehouse_folder / "check_results", f"raw.{load.source_instance}", checked)
    if checked.success:
        ledger.accept(load.load_id, "raw checks", "all raw checks passed")
    return Landed(load.source_instance, load.load_id, report.tables, failed_by_table(checked))


def _raw_load(settings: Settings, brands: Brands, ledger: Ledger, load: Load, now: datetime) -> RawLoad:
    rows: dict[str, list[int]] = defaultdict(list)
    for other in ledger.accepted(load.source_instance)[-TRAILING_LOADS:]:
        for table, count in other.rows.items():
            rows[table].append(count)
    tables, quality = tables_of(load.kind), brands.quality
    return RawLoad(
        instance=load.source_instance,
        kind=load.kind,
        load_id=load.load_id,
        files=load.files,
        median_rows={table: median(counts) for table, counts in rows.items() if len(counts) >= 3},
        # Two files of one drop may hold the same record, the newer one's counts.
        keys={name: (*rules.key(table), *_file(table)) for name, table in tables.items()},
        versions={name: rules.version(table) for name, table in tables.items()},
        past_records=_past_records(ledger, load, quality.quarantine_window_records),
        is_delivery=configuration(load.kind).is_delivery,
        ends=_ends(settings, brands, load.source_instance),
        now=now,
        max_quarantined_share=quality.quarantine_max_share,
        min_quarantined=quality.quarantine_min_records,
        min_volume_share=quality.volume_min_share_of_median,
    )


def _ends(settings: Settings, brands: Brands, instance: str) -> list[tuple[str, datetime]]:
    """What of a configured source ends, and when."""
    known = instances(settings.layout, brands).get(instance)
    if known is None:
        return []
    return [(what, at) for what, at, _ in known.ends(KeptTokens.of(settings.layout.pii, instance).ends_at)]


def _past_records(ledger: Ledger, load: Load, window: int) -> dict[str, tuple[int, int]]:
    """Table to records landed and quarantined of the newest accepted loads that hold `window` of them together."""
    sql = f"""
        select table_name, sum(records_landed)::bigint, sum(records_quarantined)::bigint
        from (
            select *, sum(records_landed + records_quarantined) over (
                partition by table_name order by _dlt_load_id desc rows between unbounded preceding and 1 preceding
            ) as newer
            from landing.streams where source_instance = '{load.source_instance}' and _dlt_load_id < '{load.load_id}'
        )
        where coalesce(newer, 0) < {window} group by table_name
    """
    rows = query(ledger, sql, ["streams"]).to_pylist()
    return {table: (landed, bad) for table, landed, bad in (row.values() for row in rows)}


def _file(table: rules.Table) -> tuple[str, ...]:
    return ("_source_file",) if "_source_file" in table["columns"] else ()
