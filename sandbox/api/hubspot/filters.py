"""HubSpot's search filters: groups are alternatives, the filters of a group must all hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np

from sandbox.api.answer import number_of
from sandbox.api.hubspot.objects import ObjectType
from sandbox.world.columns import Flags, Integers

_MOST_GROUPS, _MOST_FILTERS = 5, 6


class FilterError(ValueError):
    """The filters cannot be used; the text says why."""


def select(of: ObjectType, groups: Sequence[Mapping[str, Any]]) -> Integers:
    """Live rows that fit one of the groups; all of them without groups."""
    if not _are_objects(groups):
        raise FilterError("filterGroups must be a list of objects")
    if len(groups) > _MOST_GROUPS:
        raise FilterError(f"Too many filterGroups, the limit is {_MOST_GROUPS}")
    if not groups:
        return of.live
    chosen = np.zeros(len(of.live), dtype=bool)
    for group in groups:
        filters = group.get("filters") or []
        if not _are_objects(filters):
            raise FilterError("filters must be a list of objects")
        if len(filters) > _MOST_FILTERS:
            raise FilterError(f"Too many filters in a group, the limit is {_MOST_FILTERS}")
        fits = np.ones(len(of.live), dtype=bool)
        for condition in filters:
            fits &= _fits(of, condition)
        chosen |= fits
    return of.live[chosen]


def sort_rows(of: ObjectType, rows: Integers, sorts: Sequence[Any]) -> Integers:
    """Rows by the one allowed sort, then by id; by id without one."""
    if not sorts:
        return rows
    if not isinstance(sorts, list) or len(sorts) > 1:
        raise FilterError("Only one sort is allowed")
    by = sorts[0] if isinstance(sorts[0], dict) else {"propertyName": sorts[0]}
    name, descending = str(by.get("propertyName")), by.get("direction") == "DESCENDING"
    if name in of.numbers:
        keys = of.numbers[name][rows]
    else:
        keys = np.array([of.properties(int(row)).get(name) or "" for row in rows])
        keys = np.unique(keys, return_inverse=True)[1]
    return rows[np.lexsort((of.ids[rows], -keys if descending else keys))]


def _fits(of: ObjectType, condition: Mapping[str, Any]) -> Flags:
    name, operator = str(condition.get("propertyName")), str(condition.get("operator"))
    if name in of.numbers:
        return _fits_number(of.numbers[name][of.live], operator, condition)
    values = [of.properties(int(row)).get(name) for row in of.live]
    wanted = str(condition.get("value", "")).lower()
    options = {str(value).lower() for value in _values(condition)}
    match operator:
        case "EQ":
            return np.array([value is not None and value.lower() == wanted for value in values], dtype=bool)
        case "NEQ":
            return np.array([value is None or value.lower() != wanted for value in values], dtype=bool)
        case "IN":
            return np.array([value is not None and value.lower() in options for value in values], dtype=bool)
        case "HAS_PROPERTY":
            return np.array([bool(value) for value in values], dtype=bool)
        case "NOT_HAS_PROPERTY":
            return np.array([not value for value in values], dtype=bool)
    raise FilterError(f"operator {operator} is not supported for property {name}")


def _fits_number(values: Integers, operator: str, condition: Mapping[str, Any]) -> Flags:
    match operator:
        case "HAS_PROPERTY":
            return np.ones(len(values), dtype=bool)
        case "NOT_HAS_PROPERTY":
            return np.zeros(len(values), dtype=bool)
        case "IN":
            return np.isin(values, [_number(value) for value in _values(condition)])
        case "BETWEEN":
            return np.asarray(
                (values >= _number(condition.get("value"))) & (values <= _number(condition.get("highValue")))
            )
    compare = {
        "EQ": np.equal,
        "NEQ": np.not_equal,
        "GT": np.greater,
        "GTE": np.greater_equal,
        "LT": np.less,
        "LTE": np.less_equal,
    }.get(operator)
    if compare is None:
        raise FilterError(f"operator {operator} is not supported")
    return np.asarray(compare(values, _number(condition.get("value"))))


def _number(value: Any) -> int:
    """An id, epoch milliseconds, or an ISO 8601 time as epoch milliseconds."""
    text = str(value)
    number = number_of(text.removeprefix("-"))
    if number is not None:
        return -number if text.startswith("-") else number
    try:
        return round(datetime.fromisoformat(text).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise FilterError(f"{text[:40]} is not a valid number or time") from error


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _values(condition: Mapping[str, Any]) -> list[Any]:
    values = condition.get("values") or []
    if not isinstance(values, list):
        raise FilterError("values must be a list")
    return values
