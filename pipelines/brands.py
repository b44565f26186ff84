"""`brands.yml`: brands, competitors, sources and the settings of the measures, as one validated file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ConfigError, shown
from pipelines.sources import KINDS, Name, SourceConfiguration, Timezone, configuration
from pipelines.yaml_file import read_yaml

MOST_FAULTS = 20
"""Told in one line."""


def _of_its_kind(entry: Any) -> Any:
    """A source's entry as the model of its kind."""
    if isinstance(entry, SourceConfiguration):
        return entry
    name = entry.get("kind") if isinstance(entry, Mapping) else None
    kinds = [kind for kind in KINDS if not configuration(kind).is_delivery]
    if name not in kinds:
        raise ValueError(f"unknown kind, use one of {', '.join(kinds)}")
    return configuration(name).model_validate(entry)


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Source = Annotated[SourceConfiguration, BeforeValidator(_of_its_kind)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Brand(_Strict):
    """An own brand or a competitor."""

    name: str
    ownership: Literal["own", "competitor"]
    timezone: Timezone
    currency: Currency = "EUR"
    week_start: Literal["monday", "sunday"] = "monday"
    competitors: tuple[Name, ...] = ()
    accounts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    """Account ids by network, for posts and readings that arrive as files."""
    revenue_ledger: tuple[str, ...] = ()
    """Sources, of the inbox too, whose orders are the brand's revenue; empty: all. What a shop sold and the payment
    system behind it books too is the same money."""


class LifetimeValue(_Strict):
    """Settings of the lifetime-value models."""

    horizon_months: int = Field(default=12, ge=1, le=60)
    discount_rate_year: float = Field(default=0.10, ge=0, lt=1)


class Attrition(_Strict):
    """Settings of the three attrition definitions, each labelled and never mixed."""

    silence_days: int = Field(default=365, ge=1)
    gap_multiple: float = Field(default=3.0, gt=1)
    horizon_days: int = Field(default=90, ge=1)
    probability_threshold: float = Field(default=0.5, gt=0, lt=1)


class Quality(_Strict):
    """Limits beyond which a load is held back."""

    quarantine_max_share: float = Field(default=0.02, ge=0, le=1)
    """Of a table's new records, over as many loads as hold `quarantine_window_records` of them."""
    quarantine_window_records: int = Field(default=500, ge=0)
    quarantine_min_records: int = Field(default=10, ge=0)
    """So many bad records among them are too few to hold a load back."""
    volume_min_share_of_median: float = Field(default=0.2, ge=0, le=1)
    freshness_hours: float = Field(default=48, gt=0)


class Brands(_Strict):
    """The whole file."""

    reporting_currency: Currency = "EUR"
    lifetime_value: LifetimeValue = LifetimeValue()
    attrition: Attrition = Attrition()
    quality: Quality = Quality()
    value_bands: dict[str, float] = Field(default_factory=lambda: {"low": 0.0, "medium": 100.0, "high": 400.0})
    """Band to its least historic net revenue in the reporting currency."""
    brands: dict[Name, Brand]
    sources: dict[Name, Source] = Field(default_factory=dict)
    required_sources: tuple[str, ...] = ()
    """Sources, of the inbox too, whose failure holds publication."""

    @model_validator(mode="after")
    def _names_resolve(self) -> Brands:
        for brand_id, brand in self.brands.items():
            for name in brand.competitors:
                if name not in self.brands:
                    raise ValueError(f"brand {brand_id} names the competitor {name}, which is not under brands")
        for instance, source in self.sources.items():
            for name in source.brands:
                if name not in self.brands:
                    raise ValueError(f"source {instance} names the brand {name}, which is not under brands")
        return self


def load_brands(path: Path) -> Brands:
    """Read and validate `brands.yml`; raises ConfigError with every fault in one line."""
    try:
        return Brands.model_validate(read_yaml(path))
    except FileNotFoundError:
        raise ConfigError("no such file", str(path), "run `voxhouse doctor` for how to start") from None
    except ValidationError as error:
        raise ConfigError(_faults(error), str(path), "correct these entries") from None


def _faults(error: ValidationError) -> str:
    """The faults with their places, in one line; no value of the file is in it."""
    errors = error.errors()
    told = [f"{_place(e['loc'])}: {shown(e['msg'].removeprefix('Value error, '), 200)}" for e in errors[:MOST_FAULTS]]
    more = f" and {len(errors) - MOST_FAULTS} more" if len(errors) > MOST_FAULTS else ""
    return " ".join("; ".join(told).split()) + more


def _place(names: tuple[int | str, ...]) -> str:
    return ".".join(shown(str(name)) for name in names) or "file"
