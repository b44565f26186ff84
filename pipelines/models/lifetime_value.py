"""Lifetime value and attrition risk: which days are modelled, with what, and what lands.

Input are order days and what was taken back of them, output are the tables of `tables.py`. One unit of work is a
brand at an as_of: the forecast, or the backtest that goes with the newest as_of. Each has an id that is a digest of
everything it depends on, so that a unit whose result is known is not made again. Every fit starts afresh rather than
from the month before: results then do not depend on which units were skipped, and a fit takes a few hundredths of a
second. Month ends stop once a brand has been silent for the attrition horizon: what was asked of its last buyers is
answered by then.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, fields
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines.brands import Brands
from pipelines.landing.columns import arrow_schema, declared
from pipelines.models import bg_nbd, fits, gamma_gamma
from pipelines.models.backtest import Score, backtest
from pipelines.models.customers import EPOCH, OrderDays, Summary, day_number, summarise
from pipelines.models.fits import FittedBrand
from pipelines.models.prediction import MONTH_DAYS, Models, alive_probability, forecast_value, silence_probability
from pipelines.models.tables import CUSTOMER_VALUE, TABLES, VALUE_BACKTEST, VALUE_MODEL

MODEL_VERSION = "2"
"""To be raised with every change that moves a figure: results of an older version are then made again."""

Results = dict[str, list[pa.Table]]


@dataclass(frozen=True, slots=True)
class Settings:
    """What of the configuration the results depend on."""

    horizon_months: int
    discount_rate_year: float
    attrition_horizon_days: int

    @classmethod
    def of(cls, brands: Brands) -> Settings:
        """From the validated configuration."""
        value = brands.lifetime_value
        return cls(value.horizon_months, value.discount_rate_year, brands.attrition.horizon_days)

    @property
    def horizon_days(self) -> float:
        """Length of the value horizon."""
        return self.horizon_months * MONTH_DAYS


@dataclass(frozen=True, slots=True)
class Unit:
    """A brand at an as_of, with the id of what is made of it."""

    brand_id: str
    as_of: int
    model_id: str

    @property
    def seed(self) -> int:
        """Equal for equal input, so that simulated intervals repeat."""
        return int(self.model_id[:12], 16)


def run(
    order_days: pa.Table,
    refund_days: pa.Table,
    as_of: date,
    brands: Brands,
    known_model_ids: Set[str],
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, pa.Table]:
    """Forecasts at each past month end with enough history and at `as_of`, and the backtests of `as_of`.

    `order_days` has brand_id, customer_key, ordered_on and net_revenue, a row per customer x day with a revenue order;
    `refund_days` brand_id, customer_key, ordered_on, refunded_on and refunded_revenue, what was taken back of these.
    `known_model_ids` are the ids of the newest landed result of each brand and as_of: those units are skipped, and a
    table for which nothing is new is absent. The tables have their declared columns and brand_id. `tell` is called with
    a line before each unit that is made.
    """
    settings = Settings.of(brands)
    results: Results = {}
    for brand_id in sorted(pc.unique(order_days["brand_id"]).to_pylist()):
        is_own = pc.field("brand_id") == brand_id
        days = OrderDays.of(order_days.filter(is_own), refund_days.filter(is_own))
        brand = _Brand(brand_id, days.until(day_number(as_of)), settings, known_model_ids, tell)
        brand.run(as_of, results)
    return {table: pa.concat_tables(parts) for table, parts in results.items()}


@dataclass(frozen=True, slots=True)
class _Brand:
    """The work on one brand."""

    brand_id: str
    days: OrderDays
    settings: Settings
    known: Set[str]
    tell: Callable[[str], None]

    def run(self, as_of: date, results: Results) -> None:
        """Add what is not known yet."""
        if not len(self.days.day):
            return
        first, last = int(self.days.day.min()), int(self.days.day.max())
        ends = [*_month_ends(first, last + self.settings.attrition_horizon_days, as_of), as_of]
        for place, day in enumerate(ends, start=1):
            unit = _unit("forecast", self.brand_id, day, self.days, self.settings)
            if unit.model_id not in self.known:
                self.tell(f"{self.brand_id}: fitting {day}, {place} of {len(ends)} days")
                _forecast(unit, self.days, self.settings, results, is_required=day == as_of)
        unit = _unit("backtest", self.brand_id, as_of, self.days, self.settings)
        if unit.model_id not in self.known:
            self.tell(f"{self.brand_id}: backtests of {as_of}")
            _backtests(unit, self.days, self.settings, results)


def _month_ends(first_day: int, last_day: int, as_of: date) -> Iterator[date]:
    """Last days of the months from that of `first_day` to that of `last_day`, before `as_of`."""
    start = EPOCH + timedelta(days=first_day)
    year, month = start.year, start.month
    while True:
        year, month = (year, month + 1) if month < 12 else (year + 1, 1)
        month_end = date(year, month, 1) - timedelta(days=1)
        if month_end >= as_of:
            return
        yield month_end
        if day_number(month_end) >= last_day:
            return


def _unit(task: str, brand_id: str, as_of: date, days: OrderDays, settings: Settings) -> Unit:
    seen = days.until(day_number(as_of)).digest()
    asked = (settings.horizon_months, settings.discount_rate_year, settings.attrition_horizon_days)
    content = json.dumps([MODEL_VERSION, task, brand_id, as_of.isoformat(), asked, seen])
    return Unit(brand_id, day_number(as_of), hashlib.sha256(content.encode()).hexdigest()[:32])


def _forecast(unit: Unit, days: OrderDays, settings: Settings, results: Results, is_required: bool) -> None:
    """Add a unit's customers and fits; one that is not eligible only when it is required."""
    summary = summarise(days, unit.as_of)
    fitted = fits.fit_brand(summary)
    if fitted.models is None and not is_required:
        return
    _add(results, CUSTOMER_VALUE, unit, _customer_columns(unit, summary, fitted, settings))
    rows = list(_model_rows(fitted))
    names = {name for row in rows for name in row}
    _add(results, VALUE_MODEL, unit, {name: [row.get(name) for row in rows] for name in names})


def _customer_columns(unit: Unit, summary: Summary, fitted: FittedBrand, settings: Settings) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "customer_key": summary.keys.tolist(),
        "horizon_months": settings.horizon_months,
        "discount_rate_year": settings.discount_rate_year,
        "repeat_orders_count": summary.frequency.astype(np.int64),
        "recency_days": summary.recency.astype(np.int64),
        "age_days": summary.age.astype(np.int64),
        "mean_order_value": summary.mean_value,
        "attrition_horizon_days": settings.attrition_horizon_days,
        "reason": fitted.reason,
    }
    if fitted.models is None:
        return columns
    forecast = forecast_value(fitted.models, summary, settings.horizon_days, settings.discount_rate_year, unit.seed)
    return columns | {
        "probability_alive": alive_probability(fitted.models, summary),
        "expected_orders": forecast.orders,
        "predicted_revenue": forecast.revenue,
        "predicted_value": forecast.discounted,
        "predicted_value_low": forecast.low,
        "predicted_value_high": forecast.high,
        "probability_no_purchase": silence_probability(fitted.models, summary, settings.attrition_horizon_days),
    }


def _model_rows(fitted: FittedBrand) -> Iterator[dict[str, Any]]:
    for name, outcome in fitted.outcomes.items():
        told = {"model_name": name, "step": outcome.step, "is_eligible": outcome.is_eligible, "reason": outcome.reason}
        rows = _parameters(fitted.models, name) if fitted.models and outcome.is_eligible else [{"parameter": "none"}]
        yield from (told | row for row in rows)
    if not np.isnan(fitted.correlation):
        correlation = {"parameter": "correlation", "estimate": fitted.correlation}
        yield {"model_name": gamma_gamma.NAME, "is_eligible": True} | correlation


def _parameters(models: Models, name: str) -> Iterator[dict[str, Any]]:
    """Parameters of a model; those of the purchases with the pace of each month, where there is a season."""
    fit = {bg_nbd.NAME: models.purchases, gamma_gamma.NAME: models.value}.get(name)
    if fit is None:
        for parameter, estimate in (
            ("share", 1 - models.kept.share[-1]),
            ("longest_delay_days", models.kept.longest_delay),
        ):
            yield {"parameter": parameter, "estimate": float(estimate), "orders_count": models.kept.orders_count}
        return
    for parameter, estimate, error in zip(fit.parameters, fit.estimates, fit.standard_errors, strict=True):
        yield {
            "parameter": parameter,
            "estimate": estimate,
            "standard_error": error,
            "log_likelihood": fit.log_likelihood,
            "customers_count": fit.customers_count,
        }
    if name == bg_nbd.NAME and not models.clock.is_even:
        for month, pace in enumerate(models.clock.months, start=1):
            yield {"model_name": "season", "parameter": f"month_{month:02d}", "estimate": pace}


def _backtests(unit: Unit, days: OrderDays, settings: Settings, results: Results) -> None:
    """Backtests over the value horizon and over the attrition horizon, each where its cut-off leaves enough history."""
    for horizon_days in sorted({round(settings.horizon_days), settings.attrition_horizon_days}):
        scores = scores_at(days, unit.as_of - horizon_days, horizon_days, unit.seed)
        if scores:
            columns: dict[str, Any] = {
                field.name: [getattr(score, field.name) for score in scores] for field in fields(Score)
            }
            columns |= {"cut_off": EPOCH + timedelta(days=unit.as_of - horizon_days), "horizon_days": horizon_days}
            _add(results, VALUE_BACKTEST, unit, columns)


def scores_at(days: OrderDays, cut_off: int, horizon_days: int, seed: int = 0) -> Sequence[Score]:
    """Scores of the forecasters at a cut-off; none where the history before it does not allow a fit."""
    summary = summarise(days, cut_off)
    fitted = fits.fit_brand(summary)
    if fitted.models is None:
        return []
    candidates = [fitted.models, *fits.rivals(fitted.models, summary)]
    return backtest(days, cut_off, horizon_days, candidates, seed)


def _add(results: Results, table: str, unit: Unit, columns: Mapping[str, Any]) -> None:
    """Append rows of `table`: sequences are columns, everything else is repeated; NaN and what is missing are NULL."""
    schema = pa.schema([("brand_id", pa.string()), *arrow_schema(declared(TABLES[table]))])
    given = {
        "brand_id": unit.brand_id,
        "as_of": EPOCH + timedelta(days=unit.as_of),
        "model_id": unit.model_id,
        **columns,
    }
    count = next(len(value) for value in given.values() if isinstance(value, list | np.ndarray))
    arrays = [_array(given.get(field.name), field.type, count) for field in schema]
    results.setdefault(table, []).append(pa.Table.from_arrays(arrays, schema=schema))


def _array(value: Any, kind: pa.DataType, count: int) -> pa.Array:
    if isinstance(value, list | np.ndarray):
        return pa.array(value, kind, from_pandas=True)
    return pa.repeat(pa.scalar(value, kind), count)
