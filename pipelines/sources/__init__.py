"""One folder per kind of source: a dlt source that stands alone, and how Voxhouse configures an instance of it.

`pipelines/sources/<kind>/` is laid out as dlt lays out its verified sources. Only `configuration.py` is Voxhouse's: its
`Configuration` is what `brands.yml` may say of an instance. A new folder is a new kind; nothing else lists them.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, ClassVar
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from pipelines.errors import PipelineError

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa
    from dlt.extract import DltSource

KINDS: tuple[str, ...] = tuple(sorted(module.name for module in pkgutil.iter_modules(__path__) if module.ispkg))
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Address = Annotated[str, Field(pattern=r"^https?://[^\s?#@]+$")]
"""Where an API is, without credentials, query or fragment."""
_ZONES = available_timezones()


def _known_zone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError(f"unknown time zone {name!r}")
    return name


Timezone = Annotated[str, AfterValidator(_known_zone)]
"""IANA name."""
Token = Mapping[str, Any]
"""What a vendor answered when it gave a token."""


@dataclass(frozen=True, slots=True)
class Given:
    """What an instance is given beside its configuration, each time that it is read."""

    instance: str
    credentials: Mapping[str, str]
    now: datetime
    """The business clock, UTC."""
    since: date | None
    """Read again what changed from this day on; None: go on from the cursors."""
    query: Callable[..., pa.Table]
    """`query(sql, *tables)`: SQL over accepted landing views `<kind>__<table>` of all instances, of those named."""
    keep_token: Callable[[Token], None]
    """Store a renewed token, before it is used."""


class SourceConfiguration(BaseModel):
    """One configured instance of a kind; a kind's `Configuration` adds its own settings."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Name
    brand: Name
    run_seconds: Annotated[float, Field(gt=0)] = 6 * 3600
    """For so long a run may read the source; what is left then is told, and read by the next one."""

    credentials: ClassVar[tuple[tuple[str, ...], ...]] = ()
    """Sets of credentials, one of which is needed; the first is the usual one."""
    versions: ClassVar[Mapping[str, date | None]] = {}
    """Versions of the API that this source reads, with the day on which the vendor ends each (None: not announced)."""
    is_delivery: ClassVar[bool] = False
    """Records come as whole files: nothing new can be expected, and a part of one is a fault."""

    @field_validator("api_version", check_fields=False)
    @classmethod
    def _is_read(cls, version: str) -> str:
        if version not in cls.versions:
            raise ValueError(f"unknown version {version!r}, use one of {', '.join(cls.versions)}")
        return version

    @property
    def brands(self) -> tuple[str, ...]:
        """Every brand that the instance names."""
        return (self.brand,)

    @property
    def handles(self) -> Mapping[str, str]:
        """Brand to its public handle on this network, where accounts are known by handle only."""
        return {}

    @property
    def address(self) -> str | None:
        """What must be reachable; None: nothing."""
        return getattr(self, "base_url", None)

    @property
    def tables(self) -> Collection[str] | None:
        """Of its kind's tables those that it can have rows for; None: all."""
        return None

    @property
    def report_timezone(self) -> str | None:
        """IANA zone in which the source cuts the days of its own reports; None: the brand's."""
        return getattr(self, "timezone", None)

    @property
    def fault(self) -> PipelineError | None:
        """Why the instance cannot be used, which `source` then raises; None: it can."""
        return None

    def source(self, given: Given) -> DltSource:
        """The dlt source of this instance."""
        raise NotImplementedError

    def expires_at(self, given: Given) -> datetime | None:  # noqa: ARG002 - for the kinds whose vendors tell
        """When the credential ends; None: not known, or never."""
        return None

    def ends(self, credential_ends_at: datetime | None) -> Iterator[tuple[str, datetime, str]]:
        """What of this instance ends, when, and what to do: its credential, and its version of the API."""
        if credential_ends_at:
            yield "credential", credential_ends_at, "renew it"
        version = getattr(self, "api_version", None)
        sunset = self.versions.get(version) if version else None
        if sunset:
            newer = ", ".join(name for name in self.versions if name != version) or "a newer Voxhouse"
            yield f"API version {version}", datetime(sunset.year, sunset.month, sunset.day, tzinfo=UTC), f"use {newer}"

    @classmethod
    def found(
        cls,
        inbox: Path,  # noqa: ARG003 - for the kinds whose instances lie there
        brands: Mapping[str, Any],  # noqa: ARG003
        taken: Collection[str],  # noqa: ARG003
    ) -> Mapping[str, SourceConfiguration]:
        """Instances that are not in `brands.yml` but configure themselves, under names that are not taken there."""
        return {}


def configuration(kind: str) -> type[SourceConfiguration]:
    """The `Configuration` of a kind; raises KeyError for a kind that there is not."""
    if kind not in KINDS:
        raise KeyError(kind)
    model: type[SourceConfiguration] = importlib.import_module(f"{__name__}.{kind}.configuration").Configuration
    return model
