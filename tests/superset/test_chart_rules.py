"""What a chart may ask of its dataset, rule by rule and without a server."""

from __future__ import annotations

from typing import Any

import pytest
from chart_rows import ADHOC_CHARTS, FIGURES_ADDED_AGAIN, FORMS, WHERE, WRITTEN
from chart_rules import (
    ADDED_AGAIN,
    ANNOTATED,
    COUNT_OF_ROWS,
    Dataset,
    fault_of_form,
    fault_of_pivot,
    fault_of_query,
    is_written,
)

SUM_OF_REACH = {"column": "reach", "operator": "sum"}
DATASET = Dataset(columns=frozenset({"account_key", "window_end", "reach", "brand"}), additive=frozenset({"posts"}))


def _asked(asked: dict[str, Any]) -> dict[str, Any]:
    """A query as Superset names its parts."""
    return {"columns": ["window_end"], "metrics": []} | asked | {"filter": asked.get("filters", [])}


@pytest.mark.parametrize(("what", "says", "asked"), ADHOC_CHARTS, ids=[what for what, *_ in ADHOC_CHARTS])
def test_sql_enters_nowhere(what: str, says: str, asked: dict[str, Any]) -> None:
    fault = fault_of_query(_asked(asked), DATASET)
    assert fault is not None, what
    assert says in fault


@pytest.mark.parametrize("what", FIGURES_ADDED_AGAIN)
def test_what_does_not_add_up_is_not_added_up(what: str) -> None:
    query = _asked({"metrics": ["reach"], "post_processing": FIGURES_ADDED_AGAIN[what]})
    assert fault_of_query(query, DATASET) == ADDED_AGAIN


@pytest.mark.parametrize("what", FIGURES_ADDED_AGAIN)
def test_what_adds_up_may_be_added_up(what: str) -> None:
    steps = _of_posts(FIGURES_ADDED_AGAIN[what])
    query = _asked({"metrics": ["posts"], "columns": [], "post_processing": steps})
    assert fault_of_query(query, DATASET) is None


def _of_posts(value: Any) -> Any:
    if isinstance(value, dict):
        return {_of_posts(key): _of_posts(entry) for key, entry in value.items()}
    if isinstance(value, list):
        return [_of_posts(entry) for entry in value]
    return "posts" if value == "reach" else value


@pytest.mark.parametrize(
    "steps",
    [
        [{"operation": "rename", "options": {"columns": {"reach": "posts"}}}],
        [{"operation": "diff", "options": {"columns": {"reach": "posts"}}}],
    ],
    ids=["renamed", "written over"],
)
def test_a_dimension_is_not_added_up_under_the_name_of_a_metric(steps: list[dict[str, Any]]) -> None:
    running = {"operation": "cum", "options": {"operator": "sum", "columns": {"posts": "posts"}}}
    query = _asked({"columns": ["window_end", "reach"], "metrics": ["posts"], "post_processing": [*steps, running]})
    assert fault_of_query(query, DATASET) == ADDED_AGAIN


@pytest.mark.parametrize(
    "steps",
    [
        [{"operation": "cum", "options": {"operator": "sum", "columns": {"reach": "reach"}}}],
        [{"operation": "aggregate", "options": {"groupby": [], "aggregates": {"x": SUM_OF_REACH}}}],
        [{"operation": "contribution", "options": {"orientation": "column"}}],
    ],
    ids=["running", "aggregate", "share"],
)  # fmt: skip
def test_a_column_is_not_added_up(steps: list[dict[str, Any]]) -> None:
    for metrics in ([], ["posts"]):
        query = _asked({"columns": ["window_end", "reach"], "metrics": metrics, "post_processing": steps})
        assert fault_of_query(query, DATASET) == ADDED_AGAIN


@pytest.mark.parametrize(("what", "form"), FORMS, ids=[what for what, _ in FORMS])
def test_totals_are_for_what_adds_up(what: str, form: dict[str, Any]) -> None:
    query = _asked({"metrics": ["reach"]})
    assert ADDED_AGAIN in {fault_of_form(form, DATASET), fault_of_pivot(form, [query], DATASET)}
    adding = _of_posts(form)
    assert {fault_of_form(adding, DATASET), fault_of_pivot(adding, [_asked({"metrics": ["posts"]})], DATASET)} == {None}


def test_the_greatest_of_figures_may_be_a_total() -> None:
    assert fault_of_form(FORMS[0][1] | {"aggregateFunction": "Maximum"}, DATASET) is None


def test_annotations_of_other_charts_are_refused() -> None:
    assert fault_of_query(_asked({"annotation_layers": [{"value": 1}]}), DATASET) == ANNOTATED


def test_sql_is_kept_nowhere_in_a_form() -> None:
    axis = {"expressionType": "SQL", "sqlExpression": "window_end", "label": "window_end"}
    simple = {"expressionType": "SIMPLE", "clause": "WHERE", "subject": "reach", "operator": ">", "comparator": 1}
    assert not is_written({"x_axis": axis, "adhoc_filters": [simple], "metric": COUNT_OF_ROWS}, DATASET)
    for written in ({"groupby": [axis | {"sqlExpression": "now()"}]}, {"adhoc_filters": [WHERE]}, {"metric": WRITTEN}):
        assert is_written(written, DATASET)


def test_what_superset_asks_for_itself_is_allowed() -> None:
    axis = {"expressionType": "SQL", "sqlExpression": "window_end", "label": "window_end", "columnType": "BASE_AXIS"}
    pivot = {"index": ["window_end"], "columns": ["brand"], "aggregates": {"reach": {"operator": "mean"}}}
    query = {
        "columns": [axis, "brand"],
        "metrics": ["reach"],
        "post_processing": [{"operation": "pivot", "options": pivot}],
    }
    assert fault_of_query(_asked(query), DATASET) is None
    assert fault_of_query(_asked({"columns": [], "metrics": [COUNT_OF_ROWS]}), DATASET) is None
    assert fault_of_query(_asked({"orderby": [["reach", False], [axis, True]], "columns": [axis]}), DATASET) is None
