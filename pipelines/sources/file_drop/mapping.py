"""`drop.yml`: how the files of one inbox folder become entities. Validation only; reading is in `reading`."""

from __future__ import annotations

import codecs
import hashlib
import re
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated
from zoneinfo import available_timezones

import duckdb
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from pipelines.errors import fault, shown
from pipelines.sources import Name
from pipelines.sources.file_drop.expressions import MAX_CHARACTERS, names_in
from pipelines.sources.file_drop.faults import leads_out, listed
from pipelines.sources.file_drop.settings import ENTITIES, targets
from pipelines.yaml_file import read_yaml

IDENTIFIERS = ("email", "phone", "handle")
"""Columns whose values become tokens of the vault."""
_TELLING_NAME = re.compile(r"(e?mail(address)?|(tele)?phone(number)?|mobile(number)?|msisdn)")
_ZONES = available_timezones() - {"localtime"}
_SHOWN_FAULTS = 5


def _known_timezone(name: str) -> str:
    if name not in _ZONES:
        raise ValueError(f"unknown time zone '{shown(name)}'")
    return name


Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
Timezone = Annotated[str, AfterValidator(_known_timezone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Mapped(_Strict):
    """Where a column's value comes from: a column of the file, a constant or an expression. Exactly one of them."""

    column: str | None = None
    constant: str | None = Field(default=None, max_length=200)
    expression: str | None = Field(default=None, max_length=MAX_CHARACTERS)

    @model_validator(mode="after")
    def _exactly_one(self) -> Mapped:
        if sum(part is not None for part in (self.column, self.constant, self.expression)) != 1:
            raise ValueError("give exactly one of column, constant and expression")
        return self

    @property
    def names(self) -> set[str]:
        """Columns of the file that the value is made of."""
        if self.column is not None:
            return {self.column}
        return names_in(self.expression) if self.expression is not None else set()


def _rename(value: object) -> object:
    return {"column": value} if isinstance(value, str) else value


class EntityMapping(_Strict):
    """One entity made of a file's records."""

    entity: str
    columns: dict[str, Annotated[Mapped, BeforeValidator(_rename)]]
    """Entity column to its value; a plain text is the name of a column of the file."""
    distinct: bool = False
    """Take records that are equal in all mapped columns once: orders out of a file of order lines."""
    where: str | None = Field(default=None, max_length=MAX_CHARACTERS)
    """Expression; records for which it is not true are no records of this entity."""

    @property
    def names(self) -> set[str]:
        """Columns of the file that the entity is made of."""
        where = names_in(self.where) if self.where else set()
        return where.union(*(mapped.names for mapped in self.columns.values()))

    @field_validator("entity")
    @classmethod
    def _known(cls, entity: str) -> str:
        if entity not in ENTITIES:
            raise ValueError(f"there is no entity '{shown(entity)}', only {', '.join(ENTITIES)}")
        return entity

    @model_validator(mode="after")
    def _columns_fit(self) -> EntityMapping:
        known = targets(self.entity)
        if unknown := sorted(set(self.columns) - set(known)):
            raise ValueError(f"{self.entity} has no column {listed(unknown)}, only {', '.join(known)}")
        required = [name for name, column in known.items() if column.get("nullable") is False and name != "currency"]
        if missing := [name for name in required if name not in self.columns]:
            raise ValueError(f"{self.entity} needs a mapping of {', '.join(missing)}")
        return self


class FileMapping(_Strict):
    """Files with the same columns."""

    match: str = Field(min_length=1, max_length=200)
    """Glob relative to the drop's folder, such as `sales*.csv.gz`; `**` as a part of it stands for any folders."""
    entities: tuple[EntityMapping, ...] = Field(min_length=1)
    encoding: str = "utf-8"
    """Of CSV and JSON lines: any encoding of text that Python knows."""
    delimiter: str = Field(default=",", pattern=r"^[\t !#$%&'()*+,./:;<=>?@\[\\\]^_`{|}~-]$")
    """Of CSV."""

    @property
    def names(self) -> set[str]:
        """Columns of the file that its mapping uses, whether the file has them or not."""
        return set[str]().union(*(entity.names for entity in self.entities))

    def matches(self, name: str) -> bool:
        """Whether this is the mapping of a file, by its path in the folder."""
        return _matches(name.split("/"), self.match.split("/"))

    @field_validator("match")
    @classmethod
    def _within_the_folder(cls, match: str) -> str:
        parts = match.split("/")
        if any(part in ("", ".", "..") or ("**" in part and part != "**") for part in parts):
            raise ValueError("is no path within the folder: give names with *, ? and [...], and ** as a whole part")
        if parts.count("**") > 1:
            raise ValueError("has ** more than once")
        return match

    @field_validator("encoding")
    @classmethod
    def _of_text(cls, encoding: str) -> str:
        try:
            "a".encode(encoding)
            codecs.getincrementaldecoder(encoding)
        except (LookupError, ValueError, TypeError):
            raise ValueError(f"'{shown(encoding)}' is no encoding of text, such as utf-8, latin-1 or cp1252") from None
        return encoding

    @model_validator(mode="after")
    def _identifiers_are_no_ids(self) -> FileMapping:
        personal = {name for entity in self.entities for column in IDENTIFIERS for name in _names(entity, column)}
        for entity in self.entities:
            for name, mapped in entity.columns.items():
                if name not in IDENTIFIERS and _gives_away(mapped, personal, is_id=_is_id(entity.entity, name)):
                    what = f"{entity.entity}.{name} takes a column that identifies persons"
                    raise ValueError(f"{what}: map that as {', '.join(IDENTIFIERS)} only, and another as the id")
        return self


def _names(entity: EntityMapping, column: str) -> set[str]:
    mapped = entity.columns.get(column)
    return mapped.names if mapped is not None else set()


def _is_id(entity: str, column: str) -> bool:
    return column.endswith("_id") or bool(ENTITIES[entity]["columns"][column].get("primary_key"))


def _gives_away(mapped: Mapped, personal: set[str], *, is_id: bool) -> bool:
    """The value is that of a person's identifier; as an id, also when it is made of one, or is called like one."""
    if mapped.column is not None and mapped.column in personal:
        return True
    return is_id and any(name in personal or _is_telling(name) for name in mapped.names)


def _is_telling(name: str) -> bool:
    return _TELLING_NAME.fullmatch(re.sub(r"[\W_]", "", name.casefold())) is not None


def _matches(name: Sequence[str], pattern: Sequence[str]) -> bool:
    if not name or not pattern:
        return not name and not pattern
    if pattern[0] == "**":
        return _matches(name, pattern[1:]) or _matches(name[1:], pattern)
    return fnmatchcase(name[0], pattern[0]) and _matches(name[1:], pattern[1:])


class Drop(_Strict):
    """The whole file."""

    brand: Name
    timezone: Timezone = "UTC"
    """Time zone of times that carry no offset."""
    currency: Currency | None = None
    """Where an entity's currency is not mapped."""
    date_formats: tuple[Annotated[str, Field(max_length=60)], ...] = Field(default=(), max_length=20)
    """strptime formats tried where a value is not ISO 8601, such as `%d/%m/%Y %H:%M`."""
    null_values: tuple[Annotated[str, Field(max_length=100)], ...] = Field(default=(), max_length=100)
    """Texts that mean empty, such as `N/A`."""
    files: tuple[FileMapping, ...] = Field(min_length=1)

    @field_validator("date_formats")
    @classmethod
    def _are_formats(cls, formats: tuple[str, ...]) -> tuple[str, ...]:
        if bad := [f for f in formats if "%z" in f or "%Z" in f or "%" not in f]:
            raise ValueError(f"{listed(bad)}: a format has % fields, and no time zone (write such times as ISO 8601)")
        if bad := [f for f in formats if not _is_format(f)]:
            raise ValueError(f"{listed(bad)}: has a % field that strptime does not know")
        return formats

    @model_validator(mode="after")
    def _currency_is_known(self) -> Drop:
        for mapping in (entity for file in self.files for entity in file.entities):
            needs = "currency" in ENTITIES[mapping.entity]["columns"]
            if needs and "currency" not in mapping.columns and self.currency is None:
                raise ValueError(f"{mapping.entity} needs a currency: map it or give the drop one")
        return self

    def digest(self, file: FileMapping) -> str:
        """Changes when the same bytes would give other rows."""
        settings = self.model_dump_json(exclude={"files"}) + file.model_dump_json(exclude={"match"})
        return hashlib.sha256(settings.encode()).hexdigest()[:16]


def _is_format(text: str) -> bool:
    with duckdb.connect() as con:
        try:
            con.execute("select try_strptime('2026', $1)", [text])
        except duckdb.Error:
            return False
    return True


def read_drop(folder: Path) -> Drop:
    """Read and validate a folder's `drop.yml`; raises ConfigError with its faults in one line."""
    path = folder / "drop.yml"
    if path.is_symlink() and leads_out(path, folder):
        raise fault(path, "is a link that leads out of the drop's folder", "put there what it leads to")
    if not path.exists():
        raise fault(folder, "the folder has no drop.yml", "copy a template and adapt it")
    if not path.is_file():
        raise fault(path, "is no regular file", "copy a template and adapt it")
    try:
        return Drop.model_validate(read_yaml(path))
    except PermissionError:
        raise fault(path, "must not be read", "let the user that runs Voxhouse read it") from None
    except ValidationError as error:
        raise fault(path, "; ".join(_faults(error)), "correct these entries") from None


def _faults(error: ValidationError) -> Iterator[str]:
    """Faults with their places; a list is called too short only where its entries have no fault of their own."""
    every = error.errors(include_url=False, include_input=False)
    errors = [e for e in every if e["type"] != "too_short"] or every
    for e in errors[:_SHOWN_FAULTS]:
        place = shown(".".join(map(str, e["loc"]))) or "file"
        yield f"{place}: {e['msg'].removeprefix('Value error, ')}"
    if len(errors) > _SHOWN_FAULTS:
        yield f"and {len(errors) - _SHOWN_FAULTS} more"
