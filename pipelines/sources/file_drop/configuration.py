"""How Voxhouse finds file drops: each folder of the inbox is an instance, which its `drop.yml` configures."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import PrivateAttr, ValidationInfo, model_validator

from pipelines.errors import PipelineError, fault
from pipelines.sources import Given, SourceConfiguration
from pipelines.sources.file_drop import file_drop
from pipelines.sources.file_drop.faults import leads_out
from pipelines.sources.file_drop.mapping import read_drop

if TYPE_CHECKING:
    from dlt.extract import DltSource

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
_MAX_NAME = 40
_UNKNOWN_BRAND = "unknown"
_IN_INBOX = "in inbox"


class Configuration(SourceConfiguration):
    """A folder of the inbox. One that cannot be used is an instance, too, and its `source` says why."""

    folder: Path
    brand_timezone: str
    """Time zone whose days the control totals are of."""

    is_delivery: ClassVar[bool] = True
    _fault: PipelineError | None = PrivateAttr(default=None)
    _tables: frozenset[str] = PrivateAttr(default=frozenset())

    @model_validator(mode="before")
    @classmethod
    def _is_found(cls, content: object, info: ValidationInfo) -> object:
        if info.context != _IN_INBOX:
            raise ValueError("a file drop is configured by the drop.yml of its folder in the inbox, not here")
        return content

    @property
    def tables(self) -> Collection[str]:
        """Those that the drop's files are mapped to, and the files themselves."""
        return self._tables

    @property
    def fault(self) -> PipelineError | None:
        """Why the folder cannot be used; None: it can."""
        return self._fault

    def source(self, given: Given) -> DltSource:  # noqa: ARG002 - a drop needs nothing but its folder
        """The dlt source of this folder; raises ConfigError for one that cannot be used."""
        if self._fault is not None:
            raise type(self._fault)(self._fault.what, self._fault.where, self._fault.remedy)
        return file_drop(folder=self.folder, brand_timezone=self.brand_timezone)

    @classmethod
    def found(cls, inbox: Path, brands: Mapping[str, Any], taken: Collection[str]) -> Mapping[str, Configuration]:
        """Folders of the inbox by name; those that cannot be used have a `fault`, and stop no other."""
        folders = sorted(path for path in inbox.glob("*") if not path.name.startswith(".") and path.is_dir())
        used = (folder for folder in folders if _is_used(folder, inbox))
        return {_instance(folder.name, taken): cls._of(folder, inbox, brands, taken) for folder in used}

    @classmethod
    def _of(cls, folder: Path, inbox: Path, brands: Mapping[str, Any], taken: Collection[str]) -> Configuration:
        brand, why, tables = _UNKNOWN_BRAND, None, frozenset[str]()
        try:
            _check(folder, inbox, taken)
            drop = read_drop(folder)
            brand = drop.brand
            tables = frozenset(mapped.entity for file in drop.files for mapped in file.entities) | {"files"}
            if brand not in brands:
                raise fault(folder / "drop.yml", f"unknown brand {brand}", f"use {', '.join(brands)}")
        except PipelineError as error:
            why = error
        timezone = brands[brand].timezone if why is None else "UTC"
        content = {"kind": "file_drop", "brand": brand, "folder": folder, "brand_timezone": timezone}
        instance = cls.model_validate(content, context=_IN_INBOX)
        instance._fault, instance._tables = why, tables  # noqa: SLF001 - its own
        return instance


def _is_used(folder: Path, inbox: Path) -> bool:
    """An empty folder is no drop yet; into one that leads out of the inbox nobody looks."""
    return leads_out(folder, inbox) or any(folder.iterdir())


def _check(folder: Path, inbox: Path, taken: Collection[str]) -> None:
    """Raise ConfigError for a folder that can be no drop, whatever is in it."""
    if leads_out(folder, inbox):
        raise fault(folder, "is a link that leads out of the inbox", "put there what it leads to")
    if not is_name(folder.name):
        raise fault(folder, "no name for a source", f"rename it: small letters, digits and _, at most {_MAX_NAME}")

    if folder.name in taken:
        raise fault(folder, "has the name of a source of brands.yml", "rename the folder")


def is_name(name: str) -> bool:
    """Whether a folder of that name can be a source."""
    return len(name) <= _MAX_NAME and _NAME.fullmatch(name) is not None


def _instance(name: str, taken: Collection[str]) -> str:
    """The folder's name, or, where that can name no source, one that comes near it."""
    if is_name(name) and name not in taken:
        return name
    near = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:20]
    return f"folder_{near}_{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()[:6]}"
