"""ERRANDS: what each role is there for, answered with rows."""

from __future__ import annotations

from access_rows import CACHED, OF_ONE, PIVOT, REACH, SUM_REACH, Body, Row, chart, get, samples, saved, send, sql, step
from statement_rows import FINANCE

STATEMENTS = {
    "marts": (
        "author",
        "select brand_id, count(*) as n from marts.mart_reach group by all order by n desc",
        "with dim_brand as (select * from marts.mart_reach) select count(*) from dim_brand",
        "with a as (from marts.dim_brand), b as (from a) select * from b join marts.mart_reach using (brand_id)",
        "with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r",
        "select (select count(*) from marts.dim_account a where a.brand_id = b.brand_id) as n from marts.dim_brand b",
        "select * from marts.dim_brand b where exists (select 1 from marts.mart_reach m where m.brand_id = b.brand_id)",
        "select row_number() over (partition by brand_id order by window_end) as n from marts.mart_reach qualify n = 1",
        "select unnest([1, 2, 3]) as n",
        "select unnest((select list(brand_id) from marts.dim_brand)) as b",
        "select * from range(3) r, lateral (select count(*) as n from marts.dim_brand) l",
        "select brand_id from marts.dim_brand union select brand_id from marts.mart_reach order by 1",
        "select * from (values (1, 'a'), (2, 'b')) t(n, name)",
        "from published.marts.dim_brand",
        "select BRAND_ID from MARTS.Dim_Brand",
        "select * exclude (brand_name) from marts.dim_brand limit 2",
        "select date_trunc('month', window_end) as m, max(reach) filter (reach > 1) from marts.mart_reach group by 1",
        "select 1 as one",
    ),
    "operations": (
        "operator",
        "select version_id from operations.version",
        "with load as (select * from operations.load) select status, count(*) from load group by status",
        "select l.load_id, c.check_name from operations.load l left join operations.check_result c on true limit 5",
        "select * from (select rank() over (order by age_hours) as r from operations.freshness) where r <= 3",
    ),
}
GAINED = "reactions_gained"
TREND: Body = {"columns": ["activity_on"], "metrics": [GAINED]}
AXIS = {"timeGrain": "P1W", "columnType": "BASE_AXIS", "sqlExpression": "activity_on", "label": "activity_on"}
AXIS["expressionType"] = "SQL"
PIVOTED = step(
    "pivot", index=["activity_on"], columns=["brand_id"], aggregates={GAINED: {"operator": "mean"}},
    drop_missing_columns=False,
)  # fmt: skip
SUMMED = {GAINED: {"operator": "sum"}}


DAY, REACHED, BRANDS = "mart_engagement_daily", "mart_reach", "dim_brand"
MAY = {"col": "activity_on", "op": "TEMPORAL_RANGE", "val": "2026-05-01 : 2026-06-01"}
OWN = {"col": "brand_id", "op": "==", "val": "aurora"}
GREATEST, LEAST = (SUM_REACH | {"aggregate": name, "label": name} for name in ("MAX", "MIN"))
TOTALLED = {"viz_type": "pivot_table_v2", "metrics": [GAINED], "groupbyRows": ["activity_on"], "rowTotals": True}
SERIES = {"series_columns": ["brand_id"], "series_limit": 1, "series_limit_metric": GAINED}
FILTERS = [
    MAY,
    {"col": "is_own", "op": "IS TRUE"},
    {"col": "brand_id", "op": "IN", "val": ["aurora", "borealis"]},
    {"col": "a filter of another chart", "op": "==", "val": "x"},
]
GAINS: Body = {"columns": [AXIS, "brand_id"], "metrics": [GAINED]}
ROLLED = step("rolling", rolling_type="sum", window=2, columns={GAINED: GAINED})
CALCULATED: Body = {"columns": ["weekday"], "metrics": ["best_time_posts"], "filters": [OWN]}
CHARTS: list[tuple[str, str, Body]] = [
    ("figures", REACHED, OF_ONE),
    ("greatest", REACHED, {"columns": [], "metrics": [GREATEST]}),
    ("range of a filter", REACHED, {"columns": [], "metrics": [LEAST, GREATEST]}),
    ("difference", REACHED, OF_ONE | {"post_processing": step("diff", columns={"reach": "change"}, periods=1)}),
    ("greatest so far", REACHED, REACH | {"post_processing": step("cum", operator="max", columns={"reach": "reach"})}),
    ("pivot without totals", REACHED, REACH | {"form": PIVOT}),
    ("time axis", DAY, {"columns": [AXIS], "metrics": [GAINED], "extras": {"where": ""}}),
    ("a pivot of the browser", DAY, GAINS | {"post_processing": [*PIVOTED, {"operation": "flatten"}]}),
    ("running sum", DAY, TREND | {"post_processing": step("cum", operator="sum", columns={GAINED: GAINED})}),
    ("rolling sum", DAY, TREND | {"post_processing": ROLLED}),
    ("sum", DAY, TREND | {"post_processing": step("aggregate", groupby=[], aggregates=SUMMED)}),
    ("share", DAY, TREND | {"post_processing": step("contribution", orientation="column", columns=[GAINED])}),
    ("pivot with totals", DAY, TREND | {"form": TOTALLED}),
    ("filters", DAY, TREND | {"filters": FILTERS}),
    ("the leading series", DAY, GAINS | SERIES),
    ("a week before", DAY, {"columns": [AXIS], "metrics": [GAINED], "time_offsets": ["1 week ago"], "filters": [MAY]}),
    ("order by a metric", DAY, TREND | {"orderby": [[GAINED, False]]}),
    ("order by a column", DAY, {"columns": ["brand_id"], "metrics": [], "orderby": [["brand_id", True]]}),
    ("values of a filter", BRANDS, {"columns": ["brand_id"], "form": {"viz_type": "filter_select"}}),
    ("samples", BRANDS, {"columns": [], "result_type": "samples"}),
    ("drill", BRANDS, {"columns": [], "result_type": "drill_detail"}),
    ("calculated column", "mart_best_time_to_post", CALCULATED),
]  # fmt: skip
PAGES = (
    "api/v1/datasource/table/{dim_brand}/column/brand_id/values/",
    "api/v1/dashboard/engagement/charts",
    "api/v1/dashboard/attrition/datasets",
    "api/v1/explore/?datasource_type=table&datasource_id={dim_brand}",
    "api/v1/dataset/distinct/schema",
    "api/v1/chart/",
)
PAGES_OF_FINANCE = (
    "api/v1/chart/{finance_chart}/data/",
    "api/v1/dashboard/lifetime-value/charts",
    "api/v1/dashboard/permalink/{dashboard_link}",
    "api/v1/explore/permalink/{explore_link}",
)


def _looks() -> list[Row]:
    """Everything that a reader does, in each schema."""
    rows = []
    for who in ("viewer", "author", "finance"):
        rows += [chart(who, what, "", on=dataset, **asked) for what, dataset, asked in CHARTS]
        rows += [samples(who, "table", BRANDS), samples(who, "table", DAY, filters=[OWN])]
        rows += [get(who, page) for page in PAGES]
    for who in ("finance", "admin"):
        table = "mart_customer_lifetime_value"
        rows += [
            chart(who, "rows", "", on=table, columns=["customer_key"]),
            chart(who, "figures of the cache", "", on=table, **CACHED),
            samples(who, "table", table),
            *(get(who, page) for page in PAGES_OF_FINANCE),
        ]
    rows += [
        chart("operator", "figures", "", on="load", columns=["status"], metrics=["loads_count", "rows_landed"]),
        samples("operator", "table", "load"),
        get("operator", "api/v1/dashboard/operations/charts"),
    ]
    return rows


def _queries_of_ones_own() -> list[Row]:
    rows = []
    for schema, (who, *statements) in STATEMENTS.items():
        rows += [sql(who, statement, "", status=200) for statement in statements]
        column = {"marts": "brand_id", "operations": "load_id"}[schema]
        own = f"own_of_{who}"
        rows += [
            get(who, f"api/v1/sqllab/export/{{{own}_key}}/"),
            chart(who, "rows", "", on=own, kind="query", columns=[column]),
            samples(who, "query", own),
            get(who, f"api/v1/query/{{{own}}}"),
            get(who, f"api/v1/datasource/query/{{{own}}}/column/{column}/values/"),
            send(who, "POST", "api/v1/saved_query/", {"db_id": "{marts}", "schema": schema, "sql": "select 1"}, 201),
        ]  # fmt: skip
    return [
        *rows,
        sql("admin", f"select count(*) from {FINANCE}", "", "ledger", 200),
        send("author", "POST", "api/v1/chart/", saved("mart_reach", REACH), 201, what="on the marts"),
        send("author", "PUT", "api/v1/chart/{own_chart}", {"slice_name": "renamed"}),
        send("admin", "PUT", "api/v1/database/{marts}", {"sqlalchemy_uri": "duckdb:///published.duckdb"}),
        get("admin", "api/v1/security/users/"),
        get("admin", "api/v1/chart/related/owners"),
    ]


ERRANDS = [*_looks(), *_queries_of_ones_own()]
