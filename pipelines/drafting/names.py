"""How people's files call the columns of each entity: `names.yml`, and how names are compared."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from typing import Any

from pipelines.yaml_file import read_yaml

GENERAL, TELLING = 1, 2
"""What a name is worth that other things have, too, and one that says by itself what it is."""


def plain(name: str) -> str:
    """A name in small letters, without accents, its words parted by blanks; `orderId` is `order id`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", parted.casefold()) if not unicodedata.combining(sign))
    return re.sub(r"[\W_]+", " ", bare).strip()


@cache
def _content() -> Mapping[str, Any]:
    with as_file(files(__package__) / "names.yml") as path:
        content: Mapping[str, Any] = read_yaml(path)
    return content


@cache
def worth(entity: str) -> Mapping[str, Mapping[str, int]]:
    """Column of an entity, and how people's files call it, to what the name is worth."""
    return {
        column: dict.fromkeys(names.get("general", ()), GENERAL) | dict.fromkeys(names["telling"], TELLING)
        for column, names in _content()[entity].items()
    }


@cache
def unit_prices() -> frozenset[str]:
    """How people's files call the price of one unit."""
    return frozenset(_content()["unit_prices"]["prices"])
