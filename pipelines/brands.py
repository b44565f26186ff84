"""`brands.yml`: brands, competitors, sources and the settings of the measures, as one validated file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import available_timezones

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.errors import ConfigError
from pipelines.sources import API_KINDS


def _known_timezone(name: str) -> str:
    if name not in available_timezones():
        raise ValueError(f"unknown time zone {name!r}")
    return name


def _known_kind(name: str) -> str:
    if name not in API_KINDS:
        raise ValueError(f"unknown kind {name!r}, use one of {', '.join(API_KINDS)}")
    return name


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Timezone = Annotated[str, AfterValidator(_known_timezone)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]


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


class SourceConfig(_Strict):
    """One configured source instance: an API account. File drops configure themselves in the inbox."""

    kind: Annotated[str, AfterValidator(_known_kind)]
    brand: Name
    base_url: str
    api_version: str | None = None
    account_id: str | None = None
    competitors: dict[Name, str] = Field(default_factory=dict)
    """Instagram only: competitor brand to public handle."""


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
    sources: dict[Name, SourceConfig] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _names_resolve(self) -> Brands:
        for brand_id, brand in self.brands.items():
            for name in brand.competitors:
                if name not in self.brands:
                    raise ValueError(f"brand {brand_id} names the competitor {name}, which is not under brands")
        for instance, source in self.sources.items():
            for name in (source.brand, *source.competitors):
                if name not in self.brands:
                    raise ValueError(f"source {instance} names the brand {name}, which is not under brands")
        return self


def load_brands(path: Path) -> Brands:
    """Read and validate `brands.yml`; raises ConfigError with every fault in one line."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return Brands.model_validate(content)
    except FileNotFoundError as error:
        raise ConfigError("no such file", str(path), "run `voxhouse doctor` for how to start") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"not YAML ({' '.join(str(error).split())})", str(path), "correct the file") from error
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'file'}: {e['msg']}" for e in error.errors())
        raise ConfigError(faults, str(path), "correct these entries") from error
