"""How the access tables are written: a row is a request of an account, and what is answered.

A word in braces in a path, or alone in a body, stands for what the fixture `world` knows under that name.
"""

from __future__ import annotations

from typing import Any, NamedTuple

Body = dict[str, Any]

CACHED: Body = {"columns": ["as_of"], "metrics": [], "row_limit": 7}
SUM_REACH = {"expressionType": "SIMPLE", "column": {"column_name": "reach"}, "aggregate": "SUM", "label": "sum"}
OF_ONE: Body = {"columns": ["account_key", "window_days", "window_end"], "metrics": ["reach"]}
REACH: Body = {"columns": ["window_end"], "metrics": ["reach"]}
PIVOT: Body = {"viz_type": "pivot_table_v2", "metrics": ["reach"], "groupbyRows": ["window_end"], "groupbyColumns": []}


class Row(NamedTuple):
    """A request of an account, and what is said to it; a body that is text is sent as a form."""

    who: str
    what: str
    method: str
    path: str
    body: Body | None
    status: int
    says: str


def sql(who: str, statement: str, says: str, database: str = "marts", status: int = 500) -> Row:
    body = {"database_id": f"{{{database}}}", "sql": statement, "schema": database, "runAsync": False}
    return Row(who, f"{database}: {statement}", "POST", "api/v1/sqllab/execute/", body, status, says)


def chart(who: str, what: str, says: str, *, on: str = "mart_reach", form: Body | None = None, **asked: Any) -> Row:
    status = asked.pop("status", 200 if says == "" else 403)
    kind = asked.pop("kind", "table")
    result_type = asked.pop("result_type", "full")
    query = {"columns": ["window_end"], "metrics": []} | asked
    body = {"datasource": {"id": f"{{{on}}}", "type": kind}, "queries": [query], "result_type": result_type}
    body |= {"result_format": "json", "force": False, "form_data": form or {}}
    return Row(who, f"chart on {on}: {what}", "POST", "api/v1/chart/data", body, status, says)


def get(who: str, path: str, status: int = 200, says: str = "") -> Row:
    return Row(who, f"GET {path}", "GET", path, None, status, says)


def send(who: str, method: str, path: str, body: Body, status: int = 200, says: str = "", what: str = "") -> Row:
    return Row(who, f"{method} {path} {what}".strip(), method, path, body, status, says)


def samples(who: str, kind: str, of: str, status: int = 200, says: str = "", **body: Any) -> Row:
    path = f"datasource/samples?datasource_type={kind}&datasource_id={{{of}}}&page=1&per_page=5"
    return send(who, "POST", path, body, status, says, what=str(body or ""))


def step(operation: str, **options: Any) -> list[Body]:
    return [{"operation": operation, "options": options}]


def saved(dataset: str, query: Body | None = None, kind: str = "table", **params: Any) -> Body:
    """The body that saves a chart."""
    viz_type = params.setdefault("viz_type", "table")
    body = {"slice_name": "mine", "viz_type": viz_type, "datasource_id": f"{{{dataset}}}", "datasource_type": kind}
    return body | {"params": params, "query_context": {"queries": [query]} if query else None}
