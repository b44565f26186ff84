"""ATTACKS: who asks for what is not theirs, and the exact answer."""

from __future__ import annotations

from access_rows import CACHED, REACH, Row, chart, get, samples, saved, send, sql, step
from chart_rows import (
    ADDED_AGAIN,
    ADHOC_CHARTS,
    ADHOC_METRIC,
    ADHOC_SQL,
    FIGURES_ADDED_AGAIN,
    FORMS,
    SETTING,
    SUBQUERY,
    WHERE,
    WRITTEN,
)
from statement_rows import CALL, CATALOGUE, FINANCE, HIDDEN_READS, MARTS, OPERATIONS, OTHER_FILES, TABLE

NO_DATABASE = "The database referenced in this query was not found"
NOT_YOURS = "A query and its results are for the person who ran it."
NO_QUERY = "Cannot access the query"
NOT_YOUR_DATA = "This shows data that no role of yours may read."
LEGACY_CHART = "Charts of this kind cannot be shown here"
NO_OTHER_DATABASE = "Only the published files can be databases."
NO_SUBQUERY = "ADHOC_SUBQUERY_NOT_ALLOWED_ERROR"
ADMINISTRATORS = "This is for administrators."
FORBIDDEN, DENIED, NOT_FOUND = "Forbidden", "Access is Denied", "Not found"
DATASOURCE = "requires the datasource"

EVERYBODY = ("viewer", "author", "finance", "operator")
WITHOUT_FINANCE = ("viewer", "author", "operator")
WITHOUT_SQL = ("viewer", "finance")
WITH_SQL = ("author", "operator")


def _statement(template: str, table: str, column: str) -> str:
    return template.format(table=table, column=column, folder="{folder}")


def _statements() -> list[Row]:
    aims = [("author", OPERATIONS), ("author", FINANCE), ("operator", MARTS)]
    rows = [
        sql(who, _statement(template, table, "source_instance"), says)
        for who, table in aims
        for template, says in HIDDEN_READS.items()
    ]
    rows += [
        sql("author", _statement(template, table, "source_instance"), says)
        for table in (f"ledger.{FINANCE}", f"published.{OPERATIONS}")
        for template, says in HIDDEN_READS.items()
        if says == TABLE
    ]
    rows += [
        sql(who, _statement(template, FINANCE, "country_code"), NO_DATABASE, "ledger", 500)
        for who in WITH_SQL
        for template in HIDDEN_READS
    ]
    rows += [
        sql(who, template.format(folder="/tmp"), says)
        for who in ("admin", *WITH_SQL)
        for template, says in OTHER_FILES.items()
    ]
    catalogue = [(template, says) for template, says in HIDDEN_READS.items() if says == CATALOGUE]
    rows += [sql("admin", template, says) for template, says in catalogue]
    return rows + [sql(who, "select 1", FORBIDDEN, status=403) for who in WITHOUT_SQL]


def _queries_of_others() -> list[Row]:
    """Results of what somebody else ran, through everything that takes the id or the key of a query."""
    rows = []
    for who in EVERYBODY:
        for query in ("masked_query", "plain_query"):
            rows.append(chart(who, "rows", NOT_YOURS, on=query, kind="query", columns=["customer_key"]))
            rows.append(samples(who, "query", query, 403, NOT_YOURS))
            rows.append(get(who, f"api/v1/datasource/query/{{{query}}}/column/customer_key/values/", 403, NOT_YOURS))
        rows.append(get(who, "api/v1/explore/?datasource_type=query&datasource_id={masked_query}", 403, NOT_YOURS))
        rows.append(
            get(who, "api/v1/query/{masked_query}", *((404, NOT_FOUND) if who in WITH_SQL else (403, FORBIDDEN)))
        )
        export = (403, NO_QUERY) if who in WITH_SQL else (403, FORBIDDEN)
        rows.append(get(who, "api/v1/sqllab/export/{masked_key}/", *export))
        rows.append(
            get(who, "api/v1/saved_query/{saved_query}", *((404, NOT_FOUND) if who in WITH_SQL else (403, FORBIDDEN)))
        )
        rows.append(get(who, "tabstateview/{tab}", 403, DENIED))
        rows.append(samples(who, "saved_query", "saved_query", 500, "'SavedQuery' object has no attribute"))
        rows.append(chart(who, "rows", "<!doctype html>", on="saved_query", kind="saved_query", status=500))
        rows.append(get(who, "api/v1/datasource/saved_query/{saved_query}/column/as_of/values/", 500, "Fatal error"))
    for who in WITH_SQL:
        rows.append(
            get(who, "api/v1/sqllab/results/?q=(key:'{masked_key}')", 500, "Results backend is not configured.")
        )
        rows.append(get(who, "api/v1/saved_query/export/?q=!({saved_query})", 403, FORBIDDEN))
    return rows


def _old_rights() -> list[Row]:
    """What is left from rights that were taken away: a query of one's own on what one may no longer read."""
    rows = []
    for who in WITH_SQL:
        mine = f"moved_to_{who}"
        rows.append(chart(who, "rows", TABLE, on=mine, kind="query", columns=["customer_key"]))
        rows.append(samples(who, "query", mine, 403, TABLE))
        rows.append(get(who, f"api/v1/datasource/query/{{{mine}}}/column/customer_key/values/", 403, TABLE))
        rows.append(get(who, f"api/v1/sqllab/export/{{{mine}_key}}/", 403, NO_QUERY))
        rows.append(get(who, f"api/v1/explore/?datasource_type=query&datasource_id={{{mine}}}", 403, TABLE))
    for who in WITHOUT_SQL:
        mine = f"moved_to_{who}"
        rows.append(chart(who, "rows", NOT_YOURS, on=mine, kind="query", columns=["customer_key"]))
        rows.append(samples(who, "query", mine, 403, NOT_YOURS))
    return rows


LEDGER_DOORS = {
    "tables/?q=(schema_name:finance)": "Database not found.",
    "schemas/": NOT_FOUND,
    "table_metadata/?name=mart_revenue_reconciliation&schema=finance": "No such database",
    "select_star/mart_customer_lifetime_value/finance/": NOT_FOUND,
}


def _finance() -> list[Row]:
    rows = []
    table = "mart_customer_lifetime_value"
    for who in WITHOUT_FINANCE:
        rows += [
            chart(who, "rows", DATASOURCE, on=table, columns=["customer_key"]),
            chart(who, "samples", DATASOURCE, on=table, columns=[], result_type="samples"),
            chart(who, "drill", DATASOURCE, on=table, columns=[], result_type="drill_detail"),
            chart(who, "statement", DATASOURCE, on=table, columns=["customer_key"], result_type="query"),
            chart(who, "figures that finance has just had from the cache", DATASOURCE, on=table, **CACHED),
            samples(who, "table", table, 403, DATASOURCE),
            get(who, f"api/v1/datasource/table/{{{table}}}/column/customer_key/values/", 403, DATASOURCE),
            get(who, f"api/v1/dataset/{{{table}}}", 404, NOT_FOUND),
            get(who, f"api/v1/dataset/{{{table}}}/drill_info/?q=(dashboard_id:{{finance_dashboard}})", 403, FORBIDDEN),
            get(who, "api/v1/chart/{finance_chart}", 404, NOT_FOUND),
            get(who, "api/v1/chart/{finance_chart}/data/", 404, NOT_FOUND),
            get(who, "api/v1/dashboard/{finance_dashboard}", 404, NOT_FOUND),
            get(who, "api/v1/dashboard/lifetime-value/charts", 404, NOT_FOUND),
            get(who, "api/v1/dashboard/lifetime-value/datasets", 404, "Dashboard not found."),
            get(who, "api/v1/dashboard/permalink/{dashboard_link}", 403, "You don't have access to this dashboard."),
            get(who, "api/v1/explore/permalink/{explore_link}", 403, "You don't have access to this dataset."),
            get(who, "api/v1/explore/form_data/{form_key}", 403, "You don't have permission"),
            get(who, f"api/v1/explore/?datasource_type=table&datasource_id={{{table}}}", 403, DATASOURCE),
        ]
    for door, says in LEDGER_DOORS.items():
        rows.append(get("viewer", f"api/v1/database/{{ledger}}/{door}", 403, FORBIDDEN))
        rows += [get(who, f"api/v1/database/{{ledger}}/{door}", 404, says) for who in WITH_SQL]
    return rows


def _charts() -> list[Row]:
    rows = [
        chart(who, what, says, **asked) for who in ("viewer", "author", "admin") for what, says, asked in ADHOC_CHARTS
    ]
    for who in ("viewer", "author"):
        rows += [
            chart(who, what, ADDED_AGAIN, post_processing=steps, **REACH) for what, steps in FIGURES_ADDED_AGAIN.items()
        ]
        rows += [chart(who, what, ADDED_AGAIN, form=form, **REACH) for what, form in FORMS]
        rows.append(
            chart(
                who, "exported pivot with totals", ADDED_AGAIN, form=FORMS[0][1], result_type="post_processed", **REACH
            )
        )
        finance = {"id": "{mart_customer_lifetime_value}", "type": "table"}
        rows.append(chart(who, "a query on another dataset", "<!doctype html>", datasource=finance, status=500))
        rows.append(chart(who, "a step nobody knows", "Must be one of", post_processing=step("sum_up"), status=400))
        rows.append(samples(who, "table", "mart_reach", 403, ADHOC_SQL, extras={"where": "1 = 1 or true"}))
        rows.append(
            samples(who, "table", "mart_reach", 403, ADHOC_SQL, filters=[{"col": SETTING, "op": "IS NOT NULL"}])
        )
    return rows


def _kept_charts() -> list[Row]:
    finance, charts, own = "mart_customer_lifetime_value", "api/v1/chart/", "api/v1/chart/{own_chart}"
    totals = saved("mart_reach", **FORMS[0][1])
    kept = [
        ("on operations", NOT_YOUR_DATA, saved("load")),
        ("on a query", NOT_YOUR_DATA, saved("masked_query", kind="query")),
        ("SQL in its form", ADHOC_SQL, saved("mart_reach", metric=WRITTEN)),
        ("filtered by SQL", ADHOC_SQL, saved("mart_reach", adhoc_filters=[WHERE])),
        ("a column of SQL", ADHOC_SQL, saved("mart_reach", {"columns": [SETTING]})),
        ("a metric of SQL", ADHOC_METRIC, saved("mart_reach", {"metrics": [WRITTEN]})),
    ]
    return [
        *(send("author", "POST", charts, body, 422, says, what) for what, says, body in kept),
        send("author", "POST", charts, saved(finance), 422, NOT_YOUR_DATA, "on finance"),
        send("author", "PUT", own, saved(finance), 422, NOT_YOUR_DATA, "moved to finance"),
        send("author", "POST", charts, totals, 422, ADDED_AGAIN, "with totals"),
        send("author", "PUT", own, totals, 422, ADDED_AGAIN, "with totals"),
    ]


def _administering() -> list[Row]:
    dataset = {"database": "{marts}", "schema": "marts", "table_name": "mine", "sql": "select * from marts.dim_brand"}
    memory = {"database_name": "mine", "sqlalchemy_uri": "duckdb:///:memory:"}
    rows = []
    for who in EVERYBODY:
        rows += [
            send(who, "POST", "api/v1/dataset/", dataset, 403, FORBIDDEN),
            send(who, "POST", "api/v1/dataset/duplicate", {"base_model_id": 1, "table_name": "x"}, 403, FORBIDDEN),
            send(who, "PUT", "api/v1/dataset/{dim_brand}", {"description": "mine"}, 403, FORBIDDEN),
            send(who, "POST", "api/v1/database/", memory, 403, NO_OTHER_DATABASE),
            send(who, "POST", "api/v1/database/test_connection/", memory, 403, NO_OTHER_DATABASE),
            send(who, "POST", "api/v1/assets/import/", {}, 403, FORBIDDEN),
            send(who, "POST", "api/v1/security/guest_token/", {"user": {}, "resources": [], "rls": []}, 403, FORBIDDEN),
            get(who, "api/v1/form_data/?slice_id={finance_chart}", 403, DENIED),
        ]
        rows += [get(who, f"api/v1/{list_}/", 403, FORBIDDEN) for list_ in ADMINISTERED]
    for who in ("viewer", "finance", "operator"):
        rows += [
            send(who, "POST", "api/v1/chart/", saved("dim_brand"), 403, FORBIDDEN),
            send(who, "PUT", "api/v1/chart/{own_chart}", {"slice_name": "mine"}, 403, FORBIDDEN),
            send(who, "DELETE", "api/v1/chart/{own_chart}", {}, 403, FORBIDDEN),
            send(who, "POST", "api/v1/dashboard/", {"dashboard_title": "mine"}, 403, FORBIDDEN),
            send(who, "PUT", "api/v1/dashboard/{finance_dashboard}", {"dashboard_title": "mine"}, 403, FORBIDDEN),
        ]
    return rows


ADMINISTERED = ("security/roles", "security/users", "rowlevelsecurity", "log")
COPY = {"dashboard_title": "mine", "json_metadata": "{}"}


def _dashboards() -> list[Row]:
    """A chart of finance on a dashboard of one's own would show what it is made of."""
    placed = {
        "type": "CHART",
        "id": "CHART-1",
        "children": [],
        "meta": {"chartId": "{finance_chart}", "width": 4, "height": 50},
    }
    positions = {"positions": {"CHART-1": placed}}
    path = "api/v1/dashboard/{own_dashboard}"
    return [
        send("author", "PUT", path, {"json_metadata": positions}, 422, NOT_YOUR_DATA, "with finance"),
        send("author", "PUT", "api/v1/chart/{finance_chart}", {"dashboards": ["{own_dashboard}"]}, 404, NOT_FOUND),
        send("author", "PUT", "api/v1/chart/{marts_chart}", {"query_context": {"queries": [REACH]}}, 403, FORBIDDEN),
        send("author", "POST", "api/v1/dashboard/{finance_dashboard}/copy/", COPY, 404, NOT_FOUND),
        get("author", "api/v1/dashboard/{finance_dashboard}/tabs", 404, NOT_FOUND),
        get("author", "api/v1/dashboard/{finance_dashboard}/embedded", 404, NOT_FOUND),
        get("author", "api/v1/dashboard/{finance_dashboard}/filter_state/x", 404, "Resource was not found."),
        get("author", "api/v1/explore/?slice_id={finance_chart}", 403, DATASOURCE),
        get("author", "api/v1/dataset/{mart_customer_lifetime_value}/related_objects", 404, NOT_FOUND),
        get("author", "api/v1/dataset/export/?q=!({mart_customer_lifetime_value})", 403, FORBIDDEN),
        get("author", "api/v1/database/{marts}/related_objects/", 403, ADMINISTRATORS),
        get("viewer", "embedded/00000000-0000-4000-8000-000000000000", 404, "<!doctype html>"),
        get("author", "api/v1/chart/export/?q=!({finance_chart})", 404, NOT_FOUND),
        get("author", "api/v1/dashboard/export/?q=!({finance_dashboard})", 404, NOT_FOUND),
    ]


def _sql_over_ones_own_query() -> list[Row]:
    rows = []
    for who in WITH_SQL:
        own, column = f"own_of_{who}", {"author": "brand_id", "operator": "load_id"}[who]
        rows += [
            chart(who, "a setting", CALL, on=own, kind="query", columns=[column, SETTING]),
            chart(who, "a subquery", NO_SUBQUERY, on=own, kind="query", columns=[SUBQUERY]),
            chart(who, "the catalogue", NO_SUBQUERY, on=own, kind="query", columns=[column],
                  extras={"where": "1 = (select count(*) from duckdb_tables())"}),
        ]  # fmt: skip
    return rows


def _smuggled() -> list[Row]:
    """A dataset in one's schema over what is not, and tables and ids under doors of their own."""
    rows = []
    for who in ("viewer", "author", "finance"):
        rows += [
            chart(who, "rows", TABLE, on="virtual", columns=["load_id"]),
            samples(who, "table", "virtual", 403, TABLE),
            get(who, "api/v1/datasource/table/{virtual}/column/load_id/values/", 403, TABLE),
        ]
    finance = "{mart_customer_lifetime_value}"
    stored = {"datasource_id": "{masked_query}", "datasource_type": "query", "form_data": "{}"}
    link = {"formData": {"datasource": "1__query"}}
    for who in WITH_SQL:
        rows += [
            send(who, "POST", "api/v1/explore/form_data", stored, 500, "Fatal error"),
            send(who, "POST", "api/v1/explore/permalink", link, 500, "Fatal error"),
            get(who, "datasource/external_metadata/query/{masked_query}/", 403, DENIED),
        ]
    rerun = sql("author", "select * from marts.dim_brand", "UNIQUE constraint failed: query.client_id")
    return [
        *rows,
        get("author", f"superset/fetch_datasource_metadata?datasourceKey={finance}__table", 403, DATASOURCE),
        get("author", "superset/fetch_datasource_metadata?datasourceKey={masked_query}__query", 403, NOT_YOURS),
        get("author", "datasource/get/query/{masked_query}/", 403, NOT_YOURS),
        get("author", f"datasource/get/table/{finance}/", 403, DATASOURCE),
        get("author", "api/v1/database/{marts}/table_metadata/?name=load&schema=operations", 404, "No such table"),
        get(
            "author", "api/v1/database/{marts}/table_metadata/extra/?name=load&schema=operations", 404, "No such table"
        ),
        get("operator", "api/v1/database/{marts}/table_metadata/?name=dim_brand&schema=marts", 404, "No such table"),
        get("author", "api/v1/database/{marts}/select_star/load/operations/", 404, NOT_FOUND),
        rerun._replace(body=rerun.body | {"client_id": "{masked_key}"}, what="marts: under the id of another's query"),
    ]


def _doors() -> list[Row]:
    expression = {"expression": "current_setting('temp_directory')", "expression_type": "column"}
    estimate = {"database_id": "{marts}", "sql": "select 1", "schema": "marts"}
    rows = []
    for who in EVERYBODY:
        rows += [
            send(who, "POST", "api/v1/datasource/table/{mart_reach}/validate_expression/", expression, 403, FORBIDDEN),
            send(who, "POST", "api/v1/sqllab/estimate/", estimate, 403, FORBIDDEN),
            send(who, "POST", "api/v1/query/", {}, 403, DENIED, "the old way"),
            send(who, "POST", "superset/explore_json/?form_data={}", {}, 403, DENIED),
            send(who, "POST", "tabstateview/", {}, 403, DENIED),
            send(who, "PUT", "api/v1/chart/warm_up_cache", {"chart_id": 1}, 403, FORBIDDEN),
        ]
    link = send(
        "author", "POST", "api/v1/sqllab/permalink", {"sql": "select 1", "dbId": 1, "name": "x"}, 403, FORBIDDEN
    )
    legacy = "superset/explore_json/table/{mart_reach}/?form_data=%7B%22viz_type%22:%22rose%22%7D"
    return [*rows, link, send("admin", "POST", legacy, {}, 403, LEGACY_CHART)]


def _other_databases() -> list[Row]:
    uris = (
        "duckdb:///:memory:",
        "duckdb:////etc/passwd",
        "duckdb:////tmp/published.duckdb",
        "duckdb:////tmp/serving/versions/first/ledger.duckdb",
        "duckdb:///md:mine?motherduck_token=x",
        "gsheets://",
        "postgresql://someone:else@127.0.0.1:1/db",
        "mysql://someone@127.0.0.1:1/db",
        "bigquery://project",
    )
    rows = []
    for uri in uris:
        body = {"database_name": "other", "sqlalchemy_uri": uri}
        rows.append(send("admin", "POST", "api/v1/database/test_connection/", body, 403, NO_OTHER_DATABASE, uri))
        rows.append(send("admin", "POST", "api/v1/database/", body, 403, NO_OTHER_DATABASE, uri))
        rows.append(
            send("admin", "PUT", "api/v1/database/{marts}", {"sqlalchemy_uri": uri}, 403, NO_OTHER_DATABASE, uri)
        )
    for engine in ("gsheets", "postgresql", "bigquery", "duckdb"):
        body = {"engine": engine, "configuration_method": "dynamic_form", "database_name": "x", "parameters": {}}
        path = "api/v1/database/validate_parameters/"
        rows.append(send("admin", "POST", path, body, 403, NO_OTHER_DATABASE, engine))
    return rows


ATTACKS = [
    *_statements(),
    *_queries_of_others(),
    *_old_rights(),
    *_finance(),
    *_charts(),
    *_kept_charts(),
    *_administering(),
    *_dashboards(),
    *_smuggled(),
    *_sql_over_ones_own_query(),
    *_doors(),
    *_other_databases(),
]
