"""Hands the intermediate layer to the Python models and lands what they find."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import duckdb

from orchestration.progress import say
from orchestration.warehouse import Warehouse

MODELS_INSTANCE = "voxhouse_models"
_SECONDS_BETWEEN_LINES = 1.0
# The newest result of a brand and day: input that was restated and put back must be fitted again.
_KNOWN_SQL = """
    select max_by(model_id, (_observed_at, _dlt_load_id)) from landing.models__value_model group by brand_id, as_of
    union
    select max_by(model_id, (_observed_at, _dlt_load_id)) from landing.models__value_backtest group by brand_id, cut_off
"""


@dataclass(slots=True)
class _Paced:
    """Tells how far the models are, once they have been at work for a second, and at most once a second."""

    told_at: float = field(default_factory=time.monotonic)

    def tell(self, line: str) -> None:
        """A line of progress, if it is time for one."""
        if time.monotonic() - self.told_at >= _SECONDS_BETWEEN_LINES:
            self.told_at = time.monotonic()
            say(line)


def fit_and_land(warehouse: Warehouse) -> dict[str, int]:
    """Fit what is not known for this input yet; returns rows landed by table, nothing when all is known."""
    from pipelines.landing.results import land
    from pipelines.models.lifetime_value import run

    with duckdb.connect(str(warehouse.file), read_only=True) as connection:
        order_days, refund_days = (
            connection.execute(f"from intermediate.int_customer_{name}_days").to_arrow_table()
            for name in ("order", "refund")
        )
        known = {row[0] for row in connection.execute(_KNOWN_SQL).fetchall()}
    tables = run(order_days, refund_days, warehouse.clock.as_of, warehouse.brands, known, _Paced().tell)
    if tables:
        layout = warehouse.settings.layout
        land(layout.landing, layout.dlt, MODELS_INSTANCE, tables, warehouse.now)
    return {table: rows.num_rows for table, rows in tables.items()}
