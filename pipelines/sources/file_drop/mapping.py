"""`drop.yml`: how the files of one inbox folder become entities. Validation only; reading is in `reading`."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator, model_validator

from pipelines.brands import Currency, Name, Timezone
from pipelines.errors import ConfigError
from pipelines.schema import Column, Table
from pipelines.sources.file_drop.tables import ENTITIES

IDENTIFIERS = {"email": "email_token", "phone": "phone_token", "handle": "handle_token"}
"""Name in a mapping to the column that holds its vault token."""
_TABLES = {table.name: table for table in ENTITIES}


def targets(table: Table) -> dict[str, Column]:
    """What a mapping may fill of an entity, by the name used in `drop.yml`."""
    names = {token: name for name, token in IDENTIFIERS.items()}
    return {names.get(column.name, column.name): column for column in table.columns}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Value(_Strict):
    """Where a column's value comes from: a column of the file, a constant or an expression. Exactly one of them."""

    column: str | None = None
    constant: str | None = None
    expression: str | None = None

    @model_validator(mode="after")
    def _exactly_one(self) -> Value:
        if sum(part is not None for part in (self.column, self.constant, self.expression)) != 1:
            raise ValueError("give exactly one of column, constant and expression")
        return self


def _rename(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class EntityMapping(_Strict):
    """One entity made of a file's records."""

    entity: str
    columns: dict[str, Annotated[Value, BeforeValidator(_rename)]]
    """Entity column to its value; a plain text is the name of a column of the file."""
    distinct: bool = False
    """Take records that are equal in all mapped columns once: orders out of a file of order lines."""
    where: str | None = None
    """Expression; records for which it is not true are no records of this entity."""

    @property
    def table(self) -> Table:
        """The declared landing table."""
        return _TABLES[self.entity]

    @field_validator("entity")
    @classmethod
    def _known(cls, entity: str) -> str:
        if entity not in _TABLES:
            raise ValueError(f"there is no entity {entity!r}, only {', '.join(_TABLES)}")
        return entity

    @model_validator(mode="after")
    def _columns_fit(self) -> EntityMapping:
        known = targets(self.table)
        if unknown := sorted(set(self.columns) - set(known)):
            raise ValueError(f"{self.entity} has no column {', '.join(unknown)}, only {', '.join(known)}")
        missing = [n for n, c in known.items() if c.required and n not in self.columns and not c.is_currency]
        if missing:
            raise ValueError(f"{self.entity} needs a mapping of {', '.join(missing)}")
        return self


class FileMapping(_Strict):
    """Files with the same columns."""

    match: str
    """Glob relative to the drop's folder, such as `sales*.csv.gz`."""
    entities: tuple[EntityMapping, ...] = Field(min_length=1)
    encoding: str = "utf-8"
    """Of CSV and JSON lines: any name that Python knows."""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    """Of CSV."""


class Drop(_Strict):
    """The whole file."""

    brand: Name
    timezone: Timezone = "UTC"
    """Time zone of times that carry no offset."""
    currency: Currency | None = None
    """Where an entity's currency is not mapped."""
    date_formats: tuple[str, ...] = ()
    """strptime formats tried where a value is not ISO 8601, such as `%d/%m/%Y %H:%M`."""
    null_values: tuple[str, ...] = ()
    """Texts that mean empty, such as `N/A`."""
    files: tuple[FileMapping, ...] = Field(min_length=1)

    @field_validator("date_formats")
    @classmethod
    def _no_offset_in_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if bad := [f for f in formats if "%z" in f or "%Z" in f or "%" not in f]:
            raise ValueError(
                f"{', '.join(bad)}: a format has % fields, and no time zone (write such times as ISO 8601)"
            )
        return formats

    @model_validator(mode="after")
    def _currency_is_known(self) -> Drop:
        for mapping in (entity for file in self.files for entity in file.entities):
            needs = any(c.is_currency and c.required for c in mapping.table.columns)
            if needs and "currency" not in mapping.columns and self.currency is None:
                raise ValueError(f"{mapping.entity} needs a currency: map it or give the drop one")
        return self

    def digest(self, file: FileMapping) -> str:
        """Changes when the same bytes would give other rows."""
        settings = self.model_dump_json(exclude={"files"}) + file.model_dump_json(exclude={"match"})
        return hashlib.sha256(settings.encode()).hexdigest()[:16]


def read_drop(folder: Path) -> Drop:
    """Read and validate a folder's `drop.yml`; raises ConfigError with every fault in one line."""
    path = folder / "drop.yml"
    try:
        # Every scalar is text: YAML would read columns called `no`, `on` or `y` as true or false.
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 - makes no objects
        return Drop.model_validate(content)
    except FileNotFoundError as error:
        raise ConfigError("the folder has no drop.yml", str(folder), "copy a template and adapt it") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"not YAML ({' '.join(str(error).split())})", str(path), "correct the file") from error
    except ValidationError as error:
        faults = "; ".join(_faults(error))
        raise ConfigError(faults, str(path), "correct these entries") from error


def _faults(error: ValidationError) -> list[str]:
    """Each fault with its place; a list is called too short only where its entries have no fault of their own."""
    errors = [e for e in error.errors() if e["type"] != "too_short"] or error.errors()
    places = [".".join(map(str, e["loc"])) or "file" for e in errors]
    return [f"{place}: {e['msg'].removeprefix('Value error, ')}" for place, e in zip(places, errors, strict=True)]
