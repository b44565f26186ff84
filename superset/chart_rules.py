"""What a chart may ask of a dataset: its columns, its metrics, and nothing added up that does not add up.

Plain data in, one line or None out, so that the rules hold for a request and for a chart that is saved alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Json = Mapping[str, Any]

HARMLESS_AGGREGATES = frozenset({"MIN", "MAX"})
"""Right for every measure, additive or not; Superset's own range filter asks for them."""
COUNT_OF_ROWS = {"expressionType": "SQL", "sqlExpression": "COUNT(*)", "label": "COUNT(*)"}
"""As Superset itself asks for it, beside samples and drills."""
TIME_AXIS = "__timestamp"

ADHOC_METRIC = "Charts use the dataset's own metrics: an ad-hoc aggregate may add what cannot be added."
ADHOC_SQL = "SQL is written in SQL Lab only: charts use the columns, metrics and filters of their dataset."
ANNOTATED = "Charts take no annotations from other charts."
ADDED_AGAIN = "This would add up figures that do not add up."

KEEPS_FIGURES = frozenset(
    {
        "compare", "diff", "escape_separator", "flatten", "geodetic_parse", "geohash_decode", "geohash_encode",
        "histogram", "prophet", "rank", "rename", "select", "sort", "unescape_separator",
    }
)  # fmt: skip
"""Post-processing that orders, names, compares or counts figures without adding them up."""
FILLING = frozenset({"asfreq", "bfill", "ffill", "linear"})
CHOOSING = frozenset({"min", "max"})
"""One of several figures is a figure still."""
PIVOT_TOTALS = ("rowTotals", "colTotals", "rowSubTotals", "colSubTotals")
CHOOSING_TOTALS = frozenset({"Maximum", "Minimum"})
ADDING_BIG_NUMBERS = frozenset({"sum", "mean", "median"})


@dataclass(frozen=True)
class Dataset:
    """Names of a dataset's columns, and of those of its metrics that add up over anything."""

    columns: frozenset[str]
    additive: frozenset[str]


def fault_of_query(query: Json, dataset: Dataset) -> str | None:
    """Why a query may not be asked, None if it may."""
    if not all(_is_metric(metric, dataset) for metric in _metrics(query)):
        return ADHOC_METRIC
    filtered = [clause.get("col") for clause in query.get("filter") or () if isinstance(clause.get("col"), Mapping)]
    columns = [*(query.get("columns") or ()), *(query.get("series_columns") or ()), *filtered]
    extras = query.get("extras") or {}
    if extras.get("where") or extras.get("having") or not all(_is_column(column, dataset) for column in columns):
        return ADHOC_SQL
    if query.get("annotation_layers"):
        return ANNOTATED
    return _fault_of_steps(query, dataset)


def fault_of_form(form: Json, dataset: Dataset) -> str | None:
    """Why a chart may not be shown as its form says, None if it may: totals are made in the browser or on export."""
    metrics = [*(form.get("metrics") or ()), *([form["metric"]] if form.get("metric") else ())]
    return ADDED_AGAIN if _form_adds(form) and not _all_add_up(metrics, dataset) else None


def fault_of_pivot(form: Json, queries: Iterable[Json], dataset: Dataset) -> str | None:
    """Why a pivot may not be made of these queries: where it leaves out some of their columns, its cells are sums."""
    if form.get("viz_type") != "pivot_table_v2":
        return None
    shown = {label(column) for key in ("groupbyRows", "groupbyColumns") for column in form.get(key) or ()}
    for query in queries:
        left_out = {label(column) for column in query.get("columns") or ()} - shown
        if left_out and not _all_add_up(query.get("metrics") or (), dataset):
            return ADDED_AGAIN
    return None


def is_written(form: Any, dataset: Dataset) -> bool:
    """Whether SQL of somebody's own stands anywhere in a chart's form: in a metric, a column or a filter."""
    if isinstance(form, Mapping):
        if form.get("expressionType") == "SQL" and form.get("sqlExpression"):
            return not (_is_column(form, dataset) or _is_metric(form, dataset))
        return any(is_written(entry, dataset) for entry in form.values())
    return isinstance(form, list) and any(is_written(entry, dataset) for entry in form)


def label(entry: Any) -> str:
    """The name under which a column or a metric is answered."""
    return str(entry.get("label")) if isinstance(entry, Mapping) else str(entry)


def _metrics(query: Json) -> Iterator[Any]:
    yield from query.get("metrics") or ()
    columns = query.get("columns") or ()
    yield from (ordered for ordered, *_ in query.get("orderby") or () if ordered not in columns)
    if query.get("series_limit_metric"):
        yield query["series_limit_metric"]


def _is_metric(metric: Any, dataset: Dataset) -> bool:
    """Whether it is named (Superset refuses unknown names itself), a MIN or MAX of a column, or the count of rows."""
    if isinstance(metric, str) or metric == COUNT_OF_ROWS:
        return True
    if not isinstance(metric, Mapping) or metric.get("expressionType") != "SIMPLE" or metric.get("sqlExpression"):
        return False
    column = (metric.get("column") or {}).get("column_name")
    return metric.get("aggregate") in HARMLESS_AGGREGATES and column in dataset.columns


def _is_column(column: Any, dataset: Dataset) -> bool:
    """Whether it is a column of the dataset; the browser wraps the one on the time axis as if it were SQL."""
    if isinstance(column, Mapping):
        return column.get("sqlExpression") in dataset.columns
    return column == TIME_AXIS or column in dataset.columns


def _all_add_up(metrics: Iterable[Any], dataset: Dataset) -> bool:
    return all(isinstance(metric, str) and metric in dataset.additive for metric in metrics)


def _form_adds(form: Json) -> bool:
    if form.get("viz_type") == "pivot_table_v2":
        return any(form.get(key) for key in PIVOT_TOTALS) and form.get("aggregateFunction") not in CHOOSING_TOTALS
    return bool(form.get("show_total")) or form.get("aggregation") in ADDING_BIG_NUMBERS


def _fault_of_steps(query: Json, dataset: Dataset) -> str | None:
    """Adding again is for metrics that add up, under names that no dimension was given on the way."""
    metrics = query.get("metrics") or ()
    grouped = {label(column) for column in query.get("columns") or ()}
    named = {label(metric) for metric in metrics}
    pivoted = disguised = False
    for step in query.get("post_processing") or ():
        operation, options = str(step.get("operation")), step.get("options") or {}
        touched = _added(operation, options, set() if disguised else grouped)
        if touched is not None:
            known = touched <= named and (touched or pivoted or not grouped)
            if disguised or not known or not _all_add_up(metrics, dataset):
                return ADDED_AGAIN
        columns = options.get("columns")
        renamed = columns if isinstance(columns, Mapping) else {}
        disguised |= any(old not in named and new != old for old, new in renamed.items())
        named |= {str(new) for new in renamed.values()}
        pivoted |= operation == "pivot"
    return None


def _added(operation: str, options: Json, grouped: set[str]) -> set[str] | None:
    """Names of what a step of post-processing adds up again, an empty set for everything, None for nothing."""
    if operation in KEEPS_FIGURES or (operation == "resample" and options.get("method") in FILLING):
        return None
    if operation in {"rolling", "cum"}:
        how = options.get("rolling_type") or options.get("operator")
        return None if how in CHOOSING else _names(options.get("columns"))
    if operation in {"pivot", "aggregate"}:
        kept = {label(name) for key in ("index", "columns", "groupby") for name in options.get(key) or ()}
        aggregates = options.get("aggregates") or {}
        if grouped and grouped <= kept and not options.get("marginal_distributions"):
            return None
        return {
            str(how.get("column") or name) for name, how in aggregates.items() if how.get("operator") not in CHOOSING
        } or None
    return _names(options.get("columns") or options.get("metrics"))


def _names(columns: Any) -> set[str]:
    return {str(name) for name in columns or ()}
