"""What Superset's own permissions do not see: tables behind other names, SQL in charts, figures added up twice.

Every door asks `raise_for_access`, and `refuse_foreign_sql` sees each statement once more before it runs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chart_rules import ADHOC_SQL, Dataset, Json, fault_of_form, fault_of_pivot, fault_of_query
from flask import current_app, g, session
from statements import StatementError, tables_read
from superset.errors import ErrorLevel, SupersetError, SupersetErrorType
from superset.exceptions import SupersetSecurityException
from superset.security import SupersetSecurityManager
from superset.sql.parse import Table

NOT_YOURS = "A query and its results are for the person who ran it."
NOT_YOUR_DATA = "This shows data that no role of yours may read."
LEGACY_CHART = "Charts of this kind cannot be shown here: choose another kind."


class VoxhouseSecurityManager(SupersetSecurityManager):
    """Superset's security manager with more refusals, most of them for everybody."""

    def raise_for_access(self, **asked: Any) -> None:
        """SupersetSecurityException for what Superset refuses and for what this module refuses."""
        asked = _queries_named(asked)
        refuse_if(asked.get("viz") is not None, LEGACY_CHART)
        if (query := asked.pop("query", None)) is not None:
            self._refuse_foreign_query(query)
        if sql := asked.pop("sql", None):
            self.refuse_sql(asked.pop("database", None), sql)
        super().raise_for_access(**asked)
        context = asked.get("query_context")
        datasource = asked.get("datasource") if context is None else context.datasource
        if virtual := getattr(datasource, "sql", None):
            self.refuse_sql(datasource.database, virtual)
        if context is not None:
            refuse_chart(context)
        if not self.is_admin():
            self._refuse_foreign_datasets(asked)

    def refuse_sql(self, database: Any, sql: str) -> None:
        """SupersetSecurityException unless all of `sql` is plain queries over tables that the person may read."""
        try:
            tables = sorted(tables_read(sql))
        except StatementError as error:
            refuse_if(True, str(error))
        refuse_if(database is None, NOT_YOUR_DATA)
        for table in tables:
            super().raise_for_access(database=database, table=Table(table.name, table.schema))

    def get_table_access_error_msg(self, tables: set[Table]) -> str:
        """One line, with the tables."""
        return f"No role of yours may read {', '.join(sorted(f'{table.schema}.{table.table}' for table in tables))}."

    def on_user_login(self, user: Any) -> None:
        """Give the session another name, so that nobody can have chosen it beforehand."""
        super().on_user_login(user)
        if hasattr(current_app.session_interface, "regenerate"):
            current_app.session_interface.regenerate(session)

    def _refuse_foreign_query(self, query: Any) -> None:
        """A query of SQL Lab is for its owner, while that person may use SQL Lab and read its tables."""
        own = query.user_id is not None and query.user_id == getattr(g.user, "id", None)
        refuse_if(not (own or self.can_access_all_queries()), NOT_YOURS)
        refuse_if(not self.can_access("can_execute_sql_query", "SQLLab"), NOT_YOURS)
        for sql in {query.sql, getattr(query, "executed_sql", None), getattr(query, "select_sql", None)} - {None, ""}:
            self.refuse_sql(query.database, sql)

    def _refuse_foreign_datasets(self, asked: Json) -> None:
        """Neither a dashboard nor a chart is shown in part; who owns one has no more right to its data."""
        datasets = list(asked["dashboard"].datasources) if asked.get("dashboard") is not None else []
        if asked.get("chart") is not None:
            datasets.append(asked["chart"].datasource)
        refuse_if(not all(map(self.can_access_datasource, filter(None, datasets))), NOT_YOUR_DATA)


def refuse_chart(context: Any) -> None:
    """SupersetSecurityException for a chart that asks more than its dataset defines, or adds up what does not."""
    from superset.connectors.sqla.models import SqlaTable

    refuse_if(not isinstance(context.datasource, SqlaTable), ADHOC_SQL)
    queries = [vars(query) for query in context.queries]
    for fault in faults_of_chart(context.datasource, context.form_data or {}, queries):
        refuse_if(True, fault)


def faults_of_chart(datasource: Any, form: Json, queries: list[Json]) -> Iterator[str]:
    """Why a chart may not be shown or saved."""
    dataset = dataset_of(datasource)
    faults = [*(fault_of_query(query, dataset) for query in queries), fault_of_form(form, dataset)]
    yield from filter(None, [*faults, fault_of_pivot(form, queries, dataset)])


def dataset_of(datasource: Any) -> Dataset:
    """What the rules need to know of a dataset of Superset."""
    return Dataset(
        columns=frozenset(column.column_name for column in datasource.columns),
        additive=frozenset(metric.metric_name for metric in datasource.metrics if _is_additive(metric)),
    )


def refuse_foreign_sql(sql: str, *, security_manager: Any, database: Any, **_: Any) -> str:
    """Superset's SQL_QUERY_MUTATOR: the statement as it is, if the person for whom it runs may run it."""
    if getattr(g, "user", None) is not None:
        security_manager.refuse_sql(database, sql)
    return sql


def refuse_if(refused: bool, message: str) -> None:
    """Raise Superset's own error, with the line that people see."""
    if refused:
        kind = SupersetErrorType.QUERY_SECURITY_ACCESS_ERROR
        raise SupersetSecurityException(SupersetError(message=message, error_type=kind, level=ErrorLevel.ERROR))


def _queries_named(asked: Json) -> dict[str, Any]:
    """The same, with a query that came as a datasource named as the query that it is."""
    from superset.models.sql_lab import Query, SavedQuery

    named = dict(asked)
    if isinstance(named.get("datasource"), (Query, SavedQuery)):
        named["query"] = named.pop("datasource")
    return named


def _is_additive(metric: Any) -> bool:
    return json.loads(metric.extra or "{}").get("additive") is True
