"""Finds `{env: NAME}` in what is sent to GraphQL: Dagster puts a variable of the run's process in its place.

The variable would stand in the event log for all who read it, and a run's environment holds more than its options.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import graphql
import yaml
from dagster_shared.yaml_utils import load_run_config_yaml

MAX_CONFIG_CHARACTERS = 100_000
"""Of one string that may be YAML, which takes seconds to read beyond that."""

_KEY = "env"


def reads_environment(request: Mapping[str, Any]) -> bool:
    """Whether any value of a GraphQL request, in its text, its variables or YAML inside them, names a variable.

    Raises ValueError for a string too long to be looked through, RecursionError for one nested too deeply.
    """
    variables = request.get("variables")
    if isinstance(variables, str):
        variables = json.loads(variables)
    return _names_variable(variables) or any(map(_names_variable, _values_in(str(request.get("query", "")))))


def _values_in(query: str) -> Iterator[Any]:
    """Values written into the text itself: strings, and objects by their keys."""
    try:
        waiting: list[graphql.Node] = [graphql.parse(query)]
    except graphql.GraphQLError:
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, graphql.StringValueNode):
            yield node.value
        if isinstance(node, graphql.ObjectFieldNode):
            yield {node.name.value: None}
        for child in (getattr(node, key, None) for key in node.keys):
            parts = child if isinstance(child, tuple | list) else (child,)
            waiting += [part for part in parts if isinstance(part, graphql.Node)]


def _names_variable(value: object) -> bool:
    """Looks at each container once: YAML's aliases make few of them stand in very many places."""
    waiting = [value]
    seen: dict[int, object] = {}  # kept alive: another object would get the number of one that is gone
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            part = _read(part)
        if isinstance(part, Mapping | list) and id(part) not in seen:
            seen[id(part)] = part
            if isinstance(part, Mapping) and _KEY in part:
                return True
            waiting += part.values() if isinstance(part, Mapping) else part
    return False


def _read(text: str) -> object:
    """What a string holds if Dagster takes it for configuration; None when no key of it can be ours."""
    # A key is written out, or with escapes in double quotes, and a colon follows it.
    if ":" not in text or (_KEY not in text and "\\" not in text):
        return None
    if len(text) > MAX_CONFIG_CHARACTERS:
        raise ValueError("a string of the request is too long for a configuration")
    try:
        content: object = load_run_config_yaml(text)
    except yaml.YAMLError:
        return None
    return None if isinstance(content, str) else content
