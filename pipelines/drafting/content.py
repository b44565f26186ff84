"""What the values of a column are: times, numbers and how they are written, and what identifies persons."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from pipelines.landing import columns as rules
from pipelines.landing.currencies import CURRENCIES
from pipelines.landing.vault import normalise_email
from pipelines.sources.file_drop.networks import network_of
from pipelines.sources.file_drop.values import OF_X

_MOST = 0.95
"""Share of the values that must be of a kind: a few bad ones are for the quarantine."""
_ISO = re.compile(
    r"\s*\d{4}-\d{1,2}-\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?\s*(?P<zone>Z|z|UTC|[+-]\d{2}(:?\d{2})?)?)?\s*"
)
_OF_X = re.compile(OF_X)
_PHONE, _PLAIN, _WHOLE = (re.compile(shape) for shape in (rules.PHONE, rules.NUMBER, rules.WHOLE))
_COMMA = re.compile(r"[-+]?(\d{1,3}([. ' \u00a0\u202f]\d{3})+|\d+)(,\d+)?")
_POINT = re.compile(r"[-+]?(\d{1,3}([, '\u00a0\u202f]\d{3})+|\d+)(\.\d+)?")
_GROUPED = re.compile(r"[-+]?\d{1,3}(,\d{3})+")
"""Thousands rather than decimals, where no value says otherwise."""
_MONEY_SIGNS = ("€", "$", "£", "EUR", "USD", "GBP", "CHF")
_DAYS = (
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d.%m.%Y",
    "%d-%m-%Y",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d.%m.%y",
)
_TIMES = ("", " %H:%M", " %H:%M:%S", " %I:%M %p", " %I:%M:%S %p")
_FLAGS = {"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"}
MONTH_FIRST = "%m/%d"


@dataclass(frozen=True, slots=True)
class Times:
    """How a column of times is written."""

    formats: tuple[str, ...] = ()
    """strptime formats; none: ISO 8601."""
    has_offset: bool = False
    """Every one carries its offset."""
    days_only: bool = False
    is_ambiguous: bool = False
    """Day and month could be the other way round."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """How a column of numbers is written."""

    removed: tuple[str, ...] = ()
    """Signs to take out: between thousands, and of money."""
    comma: bool = False
    """The decimals stand behind a comma."""
    whole: bool = False

    @property
    def is_plain(self) -> bool:
        """As the reader takes them."""
        return not (self.removed or self.comma)


def _most(values: Sequence[str], holds: Iterable[bool]) -> bool:
    return bool(values) and sum(holds) >= _MOST * len(values)


def are_emails(values: Sequence[str]) -> bool:
    """E-mail addresses."""
    return _most(values, (normalise_email(value) is not None for value in values))


def are_phones(values: Sequence[str]) -> bool:
    """Phone numbers with their country."""
    return _most(values, (_PHONE.fullmatch(value) is not None for value in values))


def are_currencies(values: Sequence[str]) -> bool:
    """Currency codes."""
    return _most(values, (value in CURRENCIES for value in values))


def are_networks(values: Sequence[str]) -> bool:
    """Names of networks."""
    return bool(values) and all(network_of(value) is not None for value in values)


def are_flags(values: Sequence[str]) -> bool:
    """True or false."""
    return _most(values, (value.strip().lower() in _FLAGS for value in values))


def times_of(values: Sequence[str], month_first: bool) -> Times | None:
    """How they are written; None where they are no times. `month_first` settles what the values leave open."""
    found = [_ISO.fullmatch(value) for value in values]
    if _most(
        values, (match is not None or _OF_X.fullmatch(v) is not None for match, v in zip(found, values, strict=True))
    ):
        iso = [match for match in found if match]
        return Times(
            has_offset=all(match["zone"] for match in iso), days_only=bool(iso) and not any(":" in m[0] for m in iso)
        )
    formats = [day + time for day in _DAYS for time in _TIMES if _are_in(values, day + time)]
    if not formats:
        return None
    other = [form for form in formats if form.startswith(MONTH_FIRST) == month_first]
    is_ambiguous = len(formats) > 1 and len({form.startswith(MONTH_FIRST) for form in formats}) > 1
    chosen = (other or formats)[0]
    return Times((chosen,), days_only="%H" not in chosen and "%I" not in chosen, is_ambiguous=is_ambiguous)


def _are_in(values: Sequence[str], form: str) -> bool:
    """Most are; the first few tell most formats off."""
    return all(_is_in(value, form) for value in values[:1]) and _most(values, (_is_in(v, form) for v in values))


def _is_in(value: str, form: str) -> bool:
    try:
        return 1900 <= datetime.strptime(value.strip(), form).year <= 2200  # noqa: DTZ007 - only its form
    except ValueError:
        return False


def numbers_of(values: Sequence[str]) -> Numbers | None:
    """How they are written; None where they are no numbers."""
    if _most(values, (_PLAIN.fullmatch(value) is not None for value in values)):
        return Numbers(whole=_most(values, (_WHOLE.fullmatch(value) is not None for value in values)))
    signs = tuple(sign for sign in _MONEY_SIGNS if any(sign in value for value in values))
    bare = [_without(value, signs) for value in values]
    for pattern, between, comma in ((_COMMA, ". '\u00a0\u202f", True), (_POINT, ", '\u00a0\u202f", False)):
        if comma and all(_GROUPED.fullmatch(value) for value in bare if "," in value):
            continue
        if _most(bare, (pattern.fullmatch(value) is not None for value in bare)):
            removed = [sign for sign in between if any(sign in value for value in values)]
            has_comma = comma and any("," in value for value in values)
            return Numbers((*signs, *removed), has_comma, whole=not any("," in v or "." in v for v in bare))
    return None


def _without(value: str, signs: Sequence[str]) -> str:
    for sign in signs:
        value = value.replace(sign, "")
    return value.strip(" \u00a0\u202f")
