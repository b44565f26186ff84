"""Superset's datasets out of dbt's manifest: columns, metrics, formats and warnings. Runs in the warehouse environment.

    python superset/generate_datasets.py dbt_project/target/manifest.json

dbt's semantic models and metrics are the registry; nothing about a measure is decided here but its number format. A
metric shows nothing, rather than something wrong, where rows are mixed that do not add up: values of the columns that
`meta.never_mixed` of the model or the metric names, and values of a measure's `non_additive_dimension`.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import yaml

Asset = dict[str, Any]

DATASETS = Path(__file__).parent / "assets" / "datasets"
DATABASE_OF_SCHEMA = {
    "marts": "0a8f6a10-0001-4000-8000-000000000001",
    "finance": "0a8f6a10-0001-4000-8000-000000000002",
}
FACING_PREFIXES = ("dim_", "fct_", "mart_")
TIME_TYPES = ("date", "timestamp")
CURRENCY_COLUMN = "reporting_currency"
"""Also the name of the unit that it tells."""
FORMAT_OF_UNIT = {
    "ratio": ".1%",
    "rate": ".1%",
    "share": ".1%",
    "probability": ".1%",
    "percent": ".1%",
    "reporting_currency": ",.0f",
    "currency": ",.2f",
    "hours": ",.1f",
    "minutes": ",.0f",
    "days": ",.0f",
    "as_metric": ",.3f",
    "parameter": ",.4f",
    "nats": ",.1f",
    "effect": "+.2f",
    "multiple": ",.2f",
}
COUNT_FORMAT = ",.0f"
"""Of every other unit: posts, customers, followers and their like are counts."""

CALCULATED: dict[str, list[Asset]] = {
    "mart_best_time_to_post": [
        {
            "column_name": "weekday",
            "verbose_name": "Weekday",
            "expression": "weekday_number || ' ' || weekday_name",
            "type": "STRING",
            "is_dttm": False,
            "is_active": True,
            "groupby": True,
            "filterable": True,
            "description": "Weekday behind its number, which sorts it. Formula: weekday_number, weekday_name.",
        }
    ]
}
"""Columns that a chart needs and no table has, by table: charts themselves hold no SQL."""

AGGREGATES = {
    "sum": "cast(sum({0}) as double)",
    "sum_boolean": "cast(sum(cast({0} as integer)) as double)",
    "count": "count({0})",
    "count_distinct": "count(distinct {0})",
    "average": "cast(avg({0}) as double)",
    "median": "cast(median({0}) as double)",
    "min": "min({0})",
    "max": "max({0})",
}


class GenerationError(Exception):
    """The manifest says something that has no counterpart in Superset."""


class Registry:
    """The measures and metrics of one manifest, as SQL."""

    def __init__(self, manifest: Asset) -> None:
        self.metrics: dict[str, Asset] = {metric["name"]: metric for metric in manifest["metrics"].values()}
        self.measures: dict[str, Asset] = {}
        self.semantic_model_of: dict[str, Asset] = {}
        self._model_of_measure: dict[str, str] = {}
        for semantic_model in manifest["semantic_models"].values():
            model = semantic_model["node_relation"]["alias"]
            self.semantic_model_of[model] = semantic_model
            for measure in semantic_model["measures"]:
                self.measures[measure["name"]] = measure
                self._model_of_measure[measure["name"]] = model

    def metrics_of(self, model: str) -> list[Asset]:
        """The metrics all of whose measures belong to `model`, by name."""
        return [self.metrics[name] for name in sorted(self.metrics) if self._models_of(name) == {model}]

    def expression(self, name: str) -> str:
        """SQL of a metric, every aggregate of it cast."""
        metric = self.metrics[name]
        parameters = metric["type_params"]
        if metric["type"] == "simple":
            return self._simple(metric)
        if metric["type"] == "ratio":
            numerator, denominator = (self._input(parameters[side]) for side in ("numerator", "denominator"))
            return f"{numerator} / nullif({denominator}, 0)"
        if metric["type"] == "derived":
            expression: str = parameters["expr"]
            for part in parameters["metrics"]:
                word = rf"\b{re.escape(part.get('alias') or part['name'])}\b"
                expression = re.sub(word, f"({self._input(part)})", expression)
            return expression
        raise GenerationError(f"metric {name}: type {metric['type']} has no counterpart in Superset")

    def non_additive_column(self, name: str) -> list[str]:
        """Column over which a simple metric does not add up, if there is one; a ratio of sums may be taken over it."""
        metric = self.metrics[name]
        if metric["type"] != "simple":
            return []
        measure = metric["type_params"]["measure"]["name"]
        dimension = self.measures[measure].get("non_additive_dimension")
        return (
            [self._column(self.semantic_model_of[self._model_of_measure[measure]], dimension["name"])]
            if dimension
            else []
        )

    def time_column(self, model: str) -> str | None:
        """Column of the semantic model's default time dimension."""
        semantic_model = self.semantic_model_of.get(model)
        if semantic_model is None or not semantic_model["defaults"]:
            return None
        return self._column(semantic_model, semantic_model["defaults"]["agg_time_dimension"])

    def _models_of(self, name: str) -> set[str]:
        metric = self.metrics[name]
        parameters = metric["type_params"]
        if metric["type"] == "simple":
            return {self._model_of_measure[parameters["measure"]["name"]]}
        inputs = (
            [parameters["numerator"], parameters["denominator"]] if metric["type"] == "ratio" else parameters["metrics"]
        )
        return {model for part in inputs for model in self._models_of(part["name"])}

    def _input(self, part: Asset) -> str:
        return _filtered(self.expression(part["name"]), part.get("filter"))

    def _simple(self, metric: Asset) -> str:
        part = metric["type_params"]["measure"]
        measure = self.measures[part["name"]]
        if measure["agg"] not in AGGREGATES:
            raise GenerationError(f"measure {measure['name']}: aggregation {measure['agg']} has no counterpart here")
        expression = AGGREGATES[measure["agg"]].format(measure["expr"] or measure["name"])
        return _filtered(_filtered(expression, part.get("filter")), metric.get("filter"))

    @staticmethod
    def _column(semantic_model: Asset, dimension: str) -> str:
        for candidate in semantic_model["dimensions"]:
            if candidate["name"] == dimension:
                return str(candidate["expr"] or dimension)
        return dimension


def _filtered(expression: str, filters: Asset | None) -> str:
    if not filters:
        return expression
    conditions = [entry["where_sql_template"] for entry in filters["where_filters"]]
    condition = " and ".join(conditions)
    condition = re.sub(r"\{\{\s*(?:Time)?Dimension\(\s*'(?:\w+__)?(\w+)'[^)]*\)\s*\}\}", r"\1", condition)
    if expression.startswith("cast("):
        return expression.replace(" as double)", f" filter (where {condition}) as double)")
    return f"{expression} filter (where {condition})"


def _unmixed(expression: str, columns: list[str]) -> str:
    if not columns:
        return expression
    condition = " and ".join(f"min({column}) = max({column})" for column in columns)
    return f"case when {condition} then {expression} end"


def datasets(manifest: Asset) -> dict[str, Asset]:
    """Path under `assets/datasets` to content, for every table that people may chart."""
    registry = Registry(manifest)
    assets = {
        f"{node['schema']}/{node['alias']}.yaml": _dataset(node, registry)
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] in DATABASE_OF_SCHEMA
        and node["alias"].startswith(FACING_PREFIXES)
    }
    return dict(sorted(assets.items()))


def _dataset(node: Asset, registry: Registry) -> Asset:
    schema, name = node["schema"], node["alias"]
    columns = [_column(column) for column in node["columns"].values()] + CALCULATED.get(name, [])
    times = [column["column_name"] for column in columns if column["is_dttm"]]
    events = [time for time in times if time != "as_of"]
    has_currency = CURRENCY_COLUMN in node["columns"]
    never_mixed = node["config"].get("meta", {}).get("never_mixed", [])
    return {
        "table_name": name,
        "main_dttm_col": registry.time_column(name) or next(iter([*events, *times]), None),
        "currency_code_column": CURRENCY_COLUMN if has_currency else None,
        "description": _prose(node["description"]),
        "schema": schema,
        "catalog": None,
        "sql": None,
        "offset": 0,
        "filter_select_enabled": True,
        "normalize_columns": False,
        "always_filter_main_dttm": False,
        "extra": _certified("Generated from the warehouse's contracts.") | {"disallow_adhoc_metrics": True},
        "uuid": str(uuid5(NAMESPACE_URL, f"voxhouse/{schema}/{name}")),
        "database_uuid": DATABASE_OF_SCHEMA[schema],
        "metrics": [_metric(metric, registry, never_mixed, has_currency) for metric in registry.metrics_of(name)],
        "columns": columns,
        "version": "1.0.0",
    }


def _column(column: Asset) -> Asset:
    meta = column.get("config", {}).get("meta") or column.get("meta") or {}
    data_type = column["data_type"]
    return {
        "column_name": column["name"],
        "verbose_name": _label(column["name"]),
        "type": data_type.upper(),
        "is_dttm": data_type.lower().startswith(TIME_TYPES),
        "is_active": True,
        "groupby": "additivity" not in meta,
        "filterable": True,
        "description": _described(column["description"], meta),
    }


def _metric(metric: Asset, registry: Registry, never_mixed: list[str], has_currency: bool) -> Asset:
    meta = metric["config"]["meta"]
    names_currency = meta["unit"] == CURRENCY_COLUMN and has_currency
    never_mixed = sorted({*never_mixed, *meta.get("never_mixed", []), *registry.non_additive_column(metric["name"])})
    return {
        "metric_name": metric["name"],
        "verbose_name": metric["label"],
        "expression": _unmixed(registry.expression(metric["name"]), never_mixed),
        "d3format": FORMAT_OF_UNIT.get(meta["unit"], COUNT_FORMAT),
        "currency": {"symbol": "AUTO", "symbolPosition": "suffix"} if names_currency else None,
        "description": _described(metric["description"], meta),
        "warning_text": _warning(meta, never_mixed),
        "extra": _certified(meta["formula"]) | {"additive": meta["additivity"] == "additive" and not never_mixed},
    }


def _warning(meta: Asset, never_mixed: list[str]) -> str | None:
    parts: list[str] = []
    if meta["additivity"] != "additive":
        parts.append(f"{meta['additivity'].replace('_', '-').capitalize()}.")
    if meta.get("caveat"):
        parts.append(f"{meta['caveat'][0].upper()}{meta['caveat'][1:].rstrip('.')}.")
    if never_mixed:
        parts.append(f"Empty unless there is one value of {', '.join(never_mixed)}: filter or group by it.")
    return " ".join(parts) or None


def _described(description: str, meta: Asset) -> str:
    formula = f" Formula: {meta['formula']}." if meta.get("formula") else ""
    return f"{_prose(description)}{formula}"


def _certified(details: str) -> Asset:
    return {"certification": {"certified_by": "Voxhouse", "details": details}}


def _prose(text: str) -> str:
    return " ".join(text.split())


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize()


def write(assets: dict[str, Asset], folder: Path) -> None:
    """Make the folders of dbt's schemas hold exactly these files; `operations` is not dbt's and is written by hand."""
    for path in (path for schema in DATABASE_OF_SCHEMA for path in (folder / schema).glob("*.yaml")):
        if str(path.relative_to(folder)) not in assets:
            path.unlink()
    for name, content in assets.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=120), encoding="utf-8")


if __name__ == "__main__":
    write(datasets(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))), DATASETS)
