"""What Superset's own permissions do not see: charts made of ad-hoc aggregates, and SQL that hides its tables.

`schema_access` is checked against the tables that Superset finds in a statement, and it finds none in SUMMARIZE,
PIVOT, EXPLAIN or CALL. Finance is safe from those by being a file of its own; this guard keeps them out altogether.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetSecurityException
from superset.security import SupersetSecurityManager

ROW_GENERATORS = frozenset({"generate_series", "range", "unnest"})
HARMLESS_AGGREGATES = frozenset({"MIN", "MAX"})
"""Right for every measure, additive or not; Superset's own range filter asks for them."""
HIDES_TABLES = (exp.Command, exp.Describe, exp.Pivot, exp.Summarize)


class VoxhouseSecurityManager(SupersetSecurityManager):
    """Superset's security manager with two more refusals, for everybody."""

    def raise_for_access(self, *args: Any, **kwargs: Any) -> None:
        """SupersetSecurityException for what Superset refuses, for unreadable SQL and for ad-hoc aggregates."""
        query, sql = kwargs.get("query"), kwargs.get("sql")
        if statements := sql or getattr(query, "sql", None):
            _refuse_if(not is_plain_query(statements), "Only plain SELECT statements can be run here.")
        if query_context := kwargs.get("query_context"):
            adhoc = any(is_adhoc_aggregate(metric) for query in query_context.queries for metric in _metrics(query))
            _refuse_if(adhoc, "Charts use the dataset's own metrics: an ad-hoc aggregate may add what cannot be added.")
        super().raise_for_access(*args, **kwargs)


def is_plain_query(sql: str) -> bool:
    """Whether every statement is a SELECT (or a set operation over some) in which all tables stand in plain sight."""
    try:
        statements = [statement for statement in sqlglot.parse(sql, dialect="duckdb") if statement is not None]
    except sqlglot.errors.SqlglotError:
        return False
    return all(isinstance(s, exp.Query) and s.find(*HIDES_TABLES) is None for s in statements)


def is_adhoc_aggregate(metric: Any) -> bool:
    """Whether a metric of a chart query is made up on the spot, rather than named by its dataset."""
    return isinstance(metric, dict) and metric.get("aggregate") not in HARMLESS_AGGREGATES


def _metrics(query: Any) -> Iterator[Any]:
    yield from query.metrics or ()
    yield from (ordered for ordered, *_ in query.orderby or () if ordered not in query.columns)
    yield query.series_limit_metric


def _refuse_if(refused: bool, message: str) -> None:
    if refused:
        kind = SupersetErrorType.QUERY_SECURITY_ACCESS_ERROR
        raise SupersetSecurityException(SupersetError(message=message, error_type=kind, level=ErrorLevel.ERROR))


def table_functions() -> set[str]:
    """Every function of DuckDB that stands for a table (`query_table`, `read_csv` …), but for row generators."""
    kinds = "('table', 'table_macro', 'pragma')"
    return _names(f"select function_name from duckdb_functions() where function_type in {kinds}") - ROW_GENERATORS


def catalog_views() -> set[str]:
    """Names of DuckDB's built-in views, which answer to an unqualified name whatever schema was chosen."""
    return _names("select view_name from duckdb_views() where internal")


def _names(sql: str) -> set[str]:
    with duckdb.connect() as connection:
        return {name for (name,) in connection.execute(sql).fetchall()}
