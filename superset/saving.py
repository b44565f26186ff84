"""What people may keep: charts that they can see and that ask what charts may ask, and dashboards of such charts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chart_rules import ADHOC_SQL, is_written
from flask import g
from guard import NOT_YOUR_DATA, dataset_of, faults_of_chart
from marshmallow import ValidationError
from sqlalchemy import inspect

DEFINES_A_CHART = ("datasource_id", "datasource_type", "params", "query_context", "viz_type")


def refuse_foreign_content(orm: Any, _context: Any, _instances: Any) -> None:
    """SQLAlchemy's `before_flush`: whatever the way, API or import, on which a chart or a dashboard is to be stored."""
    from superset.commands.chart.exceptions import ChartForbiddenError, ChartInvalidError
    from superset.commands.dashboard.exceptions import DashboardInvalidError
    from superset.models.dashboard import Dashboard
    from superset.models.slice import Slice

    from superset import security_manager

    if getattr(g, "user", None) is None:
        return
    with orm.no_autoflush:
        for entry in (*orm.new, *orm.dirty):
            if isinstance(entry, Slice) and any(_added(entry, name) for name in DEFINES_A_CHART):
                if inspect(entry).persistent and not security_manager.is_owner(entry):
                    raise ChartForbiddenError  # Superset lets everybody who may write charts change a `query_context`
                _refuse(ChartInvalidError, "datasource_id", next(_faults_of_saved_chart(orm, entry), None))
            if isinstance(entry, Dashboard) and any(not _is_seen(orm, chart) for chart in _added(entry, "slices")):
                _refuse(DashboardInvalidError, "slices", NOT_YOUR_DATA)


def _added(entry: Any, name: str) -> Any:
    return inspect(entry).attrs[name].history.added or ()


def _refuse(error: type[Exception], field: str, fault: str | None) -> None:
    if fault is not None:
        raise error(exceptions=[ValidationError(fault, field_name=field)])


def _is_seen(orm: Any, chart: Any) -> bool:
    from superset.connectors.sqla.models import SqlaTable

    from superset import security_manager

    dataset = orm.get(SqlaTable, chart.datasource_id) if chart.datasource_type == "table" else None
    return dataset is not None and security_manager.can_access_datasource(dataset)


def _faults_of_saved_chart(orm: Any, chart: Any) -> Iterator[str]:
    from superset.connectors.sqla.models import SqlaTable

    if not _is_seen(orm, chart):
        yield NOT_YOUR_DATA
        return
    datasource = orm.get(SqlaTable, chart.datasource_id)
    form = json.loads(chart.params or "{}") | {"viz_type": chart.viz_type}
    queries = json.loads(chart.query_context or "{}").get("queries") or []
    yield from faults_of_chart(datasource, form, [_as_asked(query) for query in queries])
    if is_written(form, dataset_of(datasource)):
        yield ADHOC_SQL


def _as_asked(query: dict[str, Any]) -> dict[str, Any]:
    """A stored query under the names that Superset gives it once it is asked."""
    layers = [layer for layer in query.get("annotation_layers") or () if layer.get("annotationType") != "FORMULA"]
    return query | {"filter": query.get("filters") or query.get("filter"), "annotation_layers": layers}
