"""Puts files of somebody's own into the inbox, with a first `drop.yml`; whole or not at all, and never a move."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import yaml
from pydantic import ValidationError

from pipelines.brands import Brand, Brands, load_brands
from pipelines.drafting.draft import Drafted, draft
from pipelines.drafting.guess import Brand as DropBrand
from pipelines.drafting.names import plain
from pipelines.drafting.tables import Look, look_at
from pipelines.errors import ConfigError, PipelineError, TerminalError, fault, shown
from pipelines.home import Home, passing_folder, private_folder
from pipelines.sources.file_drop.configuration import is_name
from pipelines.sources.file_drop.faults import leads_out
from pipelines.sources.file_drop.files import DropFile
from pipelines.sources.file_drop.mapping import Drop, read_drop
from pipelines.sources.file_drop.reading import stage
from pipelines.sources.file_drop.settings import ENDINGS

MAPPING = "drop.yml"
_LONGEST_NAME = 120
_COMMAND = "voxhouse drop"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a person asked for."""

    name: str
    files: Sequence[Path]
    brand: str = ""
    """Id of a brand of brands.yml, or the name of the first one."""
    timezone: str = ""
    currency: str = ""
    force: bool = False


@dataclass(frozen=True, slots=True)
class Put:
    """What was put where."""

    folder: Path
    entities: Mapping[str, Sequence[str]]
    """File to what was recognised in it."""
    brands_file: Path | None
    """Written, as there was none."""


def put_drop(home: Home, asked: Asked, default_timezone: str) -> Put:
    """Copy the files into the inbox and write their mapping; raises PipelineError, and then nothing is there."""
    folder = home.inbox / asked.name
    _check(home, folder, asked)
    brand_id, brand, brands_text = _brand(home, asked, default_timezone)
    replaced = {path.name for path in asked.files}
    kept = [path for path in _kept(folder) if path.name not in replaced]
    looks = [look_at(path) for path in (*asked.files, *kept)]
    private_folder(home.inbox)
    with _staging(home.inbox) as staging:
        for path in (*asked.files, *kept):
            _copy(path, staging / path.name)
        drafted = draft(looks, DropBrand(brand_id, brand.timezone, brand.currency), asked.name)
        _write(staging / MAPPING, drafted.text)
        _check_readable(staging, drafted, looks, brand_id)
        with _undone_on_failure() as undo:
            if brands_text:
                _write(home.brands_file, brands_text)
                undo.append(home.brands_file.unlink)
            _move_in(staging, folder, [path.name for path in asked.files], undo)
    return Put(folder, drafted.entities, home.brands_file if brands_text else None)


def _check(home: Home, folder: Path, asked: Asked) -> None:
    """Raise ConfigError for what can be told before a file is opened."""
    if not is_name(asked.name):
        what = f"'{shown(asked.name)}' is no name for a source"
        raise ConfigError(what, _COMMAND, "use small letters, digits and _, at most 40")
    if not asked.files:
        raise ConfigError("no file is named", _COMMAND, f"write `voxhouse drop {asked.name} FILE…`")
    if os.path.lexists(folder) and (leads_out(folder, home.inbox) or not folder.is_dir()):
        raise fault(folder, "is no folder of the inbox", "remove it, or use another name")
    if (folder / MAPPING).exists() and not asked.force:
        raise fault(folder / MAPPING, "is there already", "add --force to write it anew, or use another name")
    names = [path.name for path in asked.files]
    for path in asked.files:
        _check_file(path)
        if names.count(path.name) > 1:
            raise fault(path, "has the name of another of the files", "rename one of them")
        if (folder / path.name).exists() and not asked.force:
            raise fault(folder / path.name, "is there already", "add --force to replace it")


def _check_file(path: Path) -> None:
    if not os.path.lexists(path):
        raise fault(path, "there is no such file", "check the path")
    if path.is_symlink() and leads_out(path, path.parent):
        raise fault(path, "is a link that leads elsewhere", "name the file that it leads to")
    if path.is_dir():
        raise fault(path, "is a folder", "name the files in it, such as FOLDER/*.csv")
    if not path.is_file():
        raise fault(path, "is no regular file", "copy what it gives into a file")
    if path.name.startswith(".") or not path.name.isprintable() or len(path.name) > _LONGEST_NAME:
        raise fault(path, "has a name that no drop takes", "rename it: letters, digits, blanks, - and _ are safe")


def _kept(folder: Path) -> list[Path]:
    """Tables that lie in the folder already, which the new mapping is for, too."""
    if not folder.is_dir():
        return []
    found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_file())
    tables = [path for path in found if Path(path.name.lower().removesuffix(".gz")).suffix in ENDINGS]
    for path in tables:
        _check_file(path)
    return tables


def _brand(home: Home, asked: Asked, default_timezone: str) -> tuple[str, Brand, str]:
    """Id and settings of the brand, and the text of brands.yml where there is none."""
    if not home.brands_file.exists():
        return _first_brand(home, asked, default_timezone)
    brands = load_brands(home.brands_file)
    if asked.timezone or asked.currency:
        raise fault(
            home.brands_file, "is there already", "change time zone and currency there, not on the command line"
        )
    if asked.name in brands.sources:
        raise ConfigError(f"{asked.name} is a source of brands.yml", _COMMAND, "use another name")
    if not asked.brand and len(brands.brands) == 1:
        return (*next(iter(brands.brands.items())), "")
    if asked.brand not in brands.brands:
        what = f"there is no brand '{shown(asked.brand)}'" if asked.brand else "has several brands"
        raise fault(home.brands_file, what, f"add --brand with one of {shown(', '.join(brands.brands), 200)}")
    return asked.brand, brands.brands[asked.brand], ""


def _first_brand(home: Home, asked: Asked, default_timezone: str) -> tuple[str, Brand, str]:
    if not asked.brand:
        raise fault(home.brands_file, "there is none yet", "add --brand NAME --timezone Europe/Paris --currency EUR")
    brand_id = re.sub(r"^[^a-z]+", "", re.sub(r"[^a-z0-9]+", "_", plain(asked.brand)))[:40].strip("_") or "brand"
    brand = {
        "name": asked.brand,
        "ownership": "own",
        "timezone": asked.timezone or default_timezone,
        "currency": asked.currency or "EUR",
    }
    content = {"reporting_currency": brand["currency"], "brands": {brand_id: brand}}
    try:
        found = Brands.model_validate(content)
    except ValidationError as error:
        told = "; ".join(shown(e["msg"].removeprefix("Value error, "), 100) for e in error.errors())
        raise ConfigError(told, _COMMAND, "correct --brand, --timezone or --currency (such as EUR)") from None
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=1_000_000)
    note = "# Written by `voxhouse drop`; docs/data-engineers.md says what else may stand here.\n"
    return brand_id, found.brands[brand_id], note + text


@contextmanager
def _staging(inbox: Path) -> Iterator[Path]:
    """A hidden folder of the inbox, where no source looks; gone afterwards."""
    try:
        with passing_folder(inbox, ".drop-") as path:
            yield path
    except OSError as error:
        what = f"the files cannot be put there ({error.strerror})"
        raise TerminalError(
            what, shown(inbox, 200), "make room, or correct who may write there, and try again"
        ) from None


@contextmanager
def _undone_on_failure() -> Iterator[list[Callable[[], None]]]:
    """Steps to undo, the last one first, when something fails; also when a person ends the command."""
    undo: list[Callable[[], None]] = []
    try:
        yield undo
    except BaseException:
        for step in reversed(undo):
            step()
        raise


def _copy(source: Path, target: Path) -> None:
    """A copy for the owner only, with the time at which the file was written."""
    shutil.copyfile(source, target)
    target.chmod(0o600)
    found = source.stat()
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def _write(path: Path, text: str) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def _check_readable(staging: Path, drafted: Drafted, looks: Sequence[Look], brand_id: str) -> None:
    """Raise ConfigError, with the path that the person gave, for what the reader of drops cannot read."""
    found = read_drop(staging) if any(drafted.entities.values()) else None
    work_dir = staging / ".reading"
    work_dir.mkdir()
    with closing(duckdb.connect()) as con:
        for place, look in enumerate(looks):
            name = look.path.name
            drop = found if found and drafted.entities[name] else _of_nothing(look, brand_id)
            mapping = next(mapping for mapping in drop.files if mapping.matches(name))
            try:
                stage(con, f"file_{place}", DropFile(staging / name, name, mapping), "", drop, work_dir)
            except PipelineError as error:
                raise type(error)(error.what, shown(look.path, 200), error.remedy) from None
            con.execute(f"drop {'view' if look.format == 'parquet' else 'table'} file_{place}")
    shutil.rmtree(work_dir)


def _of_nothing(look: Look, brand_id: str) -> Drop:
    """A mapping by which a file that was not recognised can be opened: of a column that it does not have."""
    entity = {"entity": "products", "columns": {"product_id": "\n"}}
    file = {"match": "*", "delimiter": look.delimiter, "encoding": look.encoding, "entities": [entity]}
    return Drop.model_validate({"brand": brand_id, "files": [file]})


def _move_in(staging: Path, folder: Path, names: Sequence[str], undo: list[Callable[[], None]]) -> None:
    """The staged files into the folder, the mapping last: nothing is a drop without it."""
    if not folder.exists():
        staging.rename(folder)
        return
    before = staging / ".before"
    before.mkdir()
    for name in (*names, MAPPING):
        target = folder / name
        if target.exists():
            target.rename(before / name)
            undo.append(_Back(before / name, target))
        else:
            undo.append(_Gone(target))
        (staging / name).rename(target)


@dataclass(frozen=True, slots=True)
class _Back:
    """Puts what was replaced back."""

    kept: Path
    target: Path

    def __call__(self) -> None:
        self.kept.replace(self.target)


@dataclass(frozen=True, slots=True)
class _Gone:
    """Removes what was not there before."""

    target: Path

    def __call__(self) -> None:
        self.target.unlink(missing_ok=True)
