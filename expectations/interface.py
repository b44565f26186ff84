"""What goes into a validation and what comes out of it; no library but the standard one may be imported here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

STAGING_TABLES: tuple[str, ...] = (
    "intermediate.int_account_readings_deduplicated",
    "intermediate.int_account_windows_deduplicated",
    "intermediate.int_customer_order_days",
    "intermediate.int_fx_rates",
    "intermediate.int_messages_threaded",
    "intermediate.int_orders_priced",
    "intermediate.int_person_identities",
    "intermediate.int_post_readings_totalled",
    "intermediate.int_posts_merged",
    "intermediate.int_refunds_priced",
)
"""Qualified tables that `validate_staging` has a suite for."""
MART_TABLES: tuple[str, ...] = (
    "finance.mart_customer_lifetime_value",
    "finance.mart_lifetime_value_backtest",
    "finance.mart_lifetime_value_model",
    "finance.mart_lifetime_value_monthly",
    "finance.mart_revenue_reconciliation",
    "marts.bridge_identity",
    "marts.dim_account",
    "marts.dim_customer",
    "marts.dim_post",
    "marts.fct_account_snapshot",
    "marts.fct_message",
    "marts.fct_order",
    "marts.fct_order_line",
    "marts.fct_post_snapshot",
    "marts.fct_refund",
    "marts.mart_attrition_monthly",
    "marts.mart_best_time_to_post",
    "marts.mart_competitor_benchmark_weekly",
    "marts.mart_customer_attrition_risk",
    "marts.mart_engagement_daily",
    "marts.mart_post_performance",
    "marts.mart_reach",
    "marts.mart_response_daily",
    "marts.mart_retention_cohort",
)
"""Qualified tables that `validate_marts` has a suite for."""


@dataclass(frozen=True)
class RawLoad:
    """One load that waits to be accepted, and by what it is judged."""

    instance: str
    kind: str
    load_id: str
    files: Mapping[str, Sequence[Path]]
    """Parquet files by table, `_streams` and `_quarantine` among them."""
    median_rows: Mapping[str, float]
    """Table to the median of its rows in past accepted loads; only tables with three of them or more."""
    keys: Mapping[str, Sequence[str]]
    """Table to the columns that name a record within an observation."""
    versions: Mapping[str, Sequence[str]]
    """Table to the columns by which its newest version is told."""
    past_records: Mapping[str, tuple[int, int]]
    """Table to records landed and in quarantine of the newest accepted loads that this one is judged together with."""
    is_delivery: bool
    """Records came as whole files."""
    ends: Sequence[tuple[str, datetime]]
    """What of the source ends, and when: its credential, its version of the API."""
    now: datetime
    """The business clock, UTC."""
    max_quarantined_share: float
    """0 to 1, of the new records per table, this load's and the past ones."""
    min_quarantined: int
    """So many bad records, this load's and the past ones, are too few to say anything."""
    min_volume_share: float
    """0 to 1, of the median."""


@dataclass(frozen=True)
class CheckResult:
    """What one check of one table said. `severity` is critical, warning or info; only critical ones block."""

    stage: str
    suite: str
    table_name: str
    check_name: str
    column_name: str | None
    success: bool
    severity: str
    observed: str | None
    expected: str | None

    @property
    def blocks(self) -> bool:
        """Nothing may go on."""
        return not self.success and self.severity == "critical"

    @property
    def one_line(self) -> str:
        """Where, what was seen, what may be."""
        said = [part for part in (self.observed, self.expected) if part]
        return f"{self.suite}: {', '.join(said) or self.check_name}"


@dataclass(frozen=True)
class ValidationReport:
    """All results of one stage: raw, staging or marts."""

    stage: str
    results: tuple[CheckResult, ...]

    @property
    def failures(self) -> tuple[CheckResult, ...]:
        """The critical ones: what blocks."""
        return tuple(result for result in self.results if result.blocks)

    @property
    def success(self) -> bool:
        """Nothing blocks."""
        return not self.failures
