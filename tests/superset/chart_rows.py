"""Charts that ask for more than their dataset defines, or that add up what does not add up."""

from __future__ import annotations

from access_rows import PIVOT, SUM_REACH, Body, step

ADHOC_METRIC = "Charts use the dataset's own metrics"
ADHOC_SQL = "SQL is written in SQL Lab only"
ADDED_AGAIN = "This would add up figures that do not add up."

WRITTEN = {"expressionType": "SQL", "sqlExpression": "sum(reach)", "label": "sum"}
MAX_WRITTEN = WRITTEN | {"aggregate": "MAX"}
MAX_NOTHING = SUM_REACH | {"aggregate": "MAX", "column": {"column_name": "(select 1)"}}


def _column(sql: str) -> Body:
    return {"expressionType": "SQL", "sqlExpression": sql, "label": "mine"}


WHERE = {"expressionType": "SQL", "clause": "WHERE", "sqlExpression": "reach > (select 1)"}
SETTING = _column("current_setting('temp_directory')")
SUBQUERY = _column("(select max(load_id) from operations.load)")


SUMMED = {"reach": {"operator": "sum"}}
FIGURES_ADDED_AGAIN: dict[str, list[Body]] = {
    "aggregate": step("aggregate", groupby=[], aggregates=SUMMED),
    "mean of aggregate": step("aggregate", groupby=[], aggregates={"reach": {"operator": "mean"}}),
    "pivot that leaves out a column": step("pivot", index=["account_key"], columns=[], aggregates=SUMMED),
    "pivot with totals": step(
        "pivot", index=["window_end"], columns=[], aggregates=SUMMED, marginal_distributions=True
    ),
    "rolling sum": step("rolling", rolling_type="sum", window=7, columns={"reach": "reach"}),
    "rolling mean": step("rolling", rolling_type="mean", window=7, columns={"reach": "reach"}),
    "running sum": step("cum", operator="sum", columns={"reach": "reach"}),
    "running sum under another name": [
        *step("rename", columns={"reach": "posts"}),
        *step("cum", operator="sum", columns={"posts": "posts"}),
    ],
    "share of the total": step("contribution", orientation="column", columns=["reach"]),
    "share of everything": step("contribution", orientation="column"),
    "sum by month": step("resample", rule="1M", method="sum"),
    "box": step("boxplot", groupby=[], metrics=["reach"], whisker_type="tukey"),
}
ADHOC_CHARTS: list[tuple[str, str, Body]] = [
    ("sum of reach", ADHOC_METRIC, {"metrics": [SUM_REACH]}),
    ("written metric", ADHOC_METRIC, {"metrics": [WRITTEN]}),
    ("written metric that says it is a MAX", ADHOC_METRIC, {"metrics": [MAX_WRITTEN]}),
    ("MAX of no column", ADHOC_METRIC, {"metrics": [MAX_NOTHING]}),
    ("order by a sum", ADHOC_METRIC, {"orderby": [[SUM_REACH, False]]}),
    ("order by SQL", ADHOC_METRIC, {"orderby": [[WRITTEN, False]]}),
    ("series limit by SQL", ADHOC_METRIC, {"metrics": ["reach"], "series_limit": 1, "series_limit_metric": WRITTEN}),
    ("a setting as column", ADHOC_SQL, {"columns": [SETTING]}),
    ("a subquery as column", ADHOC_SQL, {"columns": [SUBQUERY]}),
    ("SQL as the name of a column", ADHOC_SQL, {"columns": ["1 + 1"], "metrics": ["reach"]}),
    ("SQL as time axis", ADHOC_SQL, {"columns": [SETTING | {"columnType": "BASE_AXIS", "timeGrain": "P1D"}]}),
    ("filter on SQL", ADHOC_SQL, {"filters": [{"col": SETTING, "op": "==", "val": "x"}]}),
    ("filter on a subquery", ADHOC_SQL, {"filters": [{"col": SUBQUERY, "op": "IS NOT NULL"}]}),
    ("where", ADHOC_SQL, {"extras": {"where": "1 = (select count(*) from operations.load)"}}),
    ("where with a setting", ADHOC_SQL, {"extras": {"where": "current_setting('temp_directory') like '/%'"}}),
    ("having", ADHOC_SQL, {"metrics": ["reach"], "extras": {"having": "sum(reach) > 1"}}),
]  # fmt: skip
FORMS: list[tuple[str, Body]] = [
    ("pivot with a total of rows", PIVOT | {"rowTotals": True}),
    ("pivot with a total of columns", PIVOT | {"colTotals": True, "aggregateFunction": "Average"}),
    ("pivot with subtotals", PIVOT | {"rowSubTotals": True}),
    ("pivot whose cells are sums", PIVOT | {"groupbyRows": ["account_key"]}),
    ("pie with its total", {"viz_type": "pie", "metric": "reach", "show_total": True}),
    ("sum over the trend", {"viz_type": "big_number", "metric": "reach", "aggregation": "sum"}),
]
