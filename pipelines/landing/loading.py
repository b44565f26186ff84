"""Loads one source instance: read its streams to their end, type, quarantine, land. Knows nothing of any source."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from pipelines.brands import Brands
from pipelines.casts import Times, quoted
from pipelines.credentials import credentials
from pipelines.errors import ConfigError
from pipelines.extract import LoadContext, Stream
from pipelines.home import Home
from pipelines.landing import Instance, register_views
from pipelines.ledger import Ledger, Load
from pipelines.packages import Packages, plain_error
from pipelines.records import (
    DOCUMENT_EXTRA,
    STREAMS,
    Judged,
    Origin,
    Read,
    connect,
    counts,
    document_values,
    documents,
    encode,
    judge,
    landed,
    nullable,
    quarantined,
)
from pipelines.schema import Table
from pipelines.sources.file_drop import DropReader, read_drop
from pipelines.vault import Vault

Progress = Callable[[str, int], None]
"""Called with the stream's name and the records read so far."""
_BUFFERED_RECORDS = 5_000
_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load brought. `load_id` is None when there was nothing new. The load is not accepted yet."""

    instance: str
    kind: str
    load_id: str | None
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Table name to rows landed and rows quarantined."""


def instances(home: Home, brands: Brands) -> dict[str, Instance]:
    """Every configured source, by name: the API sources of `brands.yml` and the drops in the inbox.

    Raises ConfigError for a drop that cannot be used.
    """
    found = {name: Instance(source.kind, source.brand) for name, source in brands.sources.items()}
    folders = sorted(path for path in home.inbox.glob("[!.]*") if path.is_dir() and any(path.iterdir()))
    return found | {folder.name: _drop(folder, brands) for folder in folders}


def _drop(folder: Path, brands: Brands) -> Instance:
    """The drop of an inbox folder; raises ConfigError when it cannot be used."""
    if folder.name in brands.sources:
        raise ConfigError(f"{folder.name} is a source of brands.yml too", str(folder), "rename the folder")
    if not _NAME.fullmatch(folder.name):
        raise ConfigError("no name for a source", str(folder), "rename it: small letters, digits and _")
    drop = read_drop(folder)
    if drop.brand not in brands.brands:
        raise ConfigError(f"unknown brand {drop.brand}", str(folder / "drop.yml"), f"use {', '.join(brands.brands)}")
    return Instance("file_drop", drop.brand)


def load_instance(
    home: Home,
    instance: str,
    brands: Brands,
    now: datetime,
    progress: Progress | None = None,
    environment: Mapping[str, str] = os.environ,
) -> LoadReport:
    """Land what is new at a source; raises PipelineError, and then nothing counts. Threads may load side by side.

    `now` is the business clock, UTC; `environment` may hold credentials.
    """
    if instance in brands.sources:
        known = Instance(brands.sources[instance].kind, brands.sources[instance].brand)
    elif (home.inbox / instance).is_dir():
        known = _drop(home.inbox / instance, brands)
    else:
        raise ConfigError("there is no such source", instance, "see `voxhouse doctor` for those that are configured")
    job = _Load(home, instance, known, brands, now, progress or _silent)
    try:
        with _scratch(home, instance) as work_dir, Vault(home.pii) as vault, closing(connect(str(work_dir))) as con:
            return job.run(con, vault, work_dir, environment)
    except (duckdb.Error, sqlite3.Error, OSError) as error:
        raise plain_error(error, instance) from error


def _silent(_stream: str, _records: int) -> None:
    """Progress that nobody watches."""


@contextmanager
def _scratch(home: Home, instance: str) -> Iterator[Path]:
    """A folder for raw data of one load; within `pii`, and emptied of what a killed run left."""
    path = home.pii / "scratch" / instance
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Load:
    """One load of one instance."""

    home: Home
    instance: str
    known: Instance
    brands: Brands
    now: datetime
    progress: Progress

    def run(
        self, con: duckdb.DuckDBPyConnection, vault: Vault, work_dir: Path, environment: Mapping[str, str]
    ) -> LoadReport:
        """Read, judge and land; a source that fails on the way has landed nothing."""
        ledger = Ledger(self.home.landing)
        packages = Packages(self.home.landing, self.home.dlt, self.instance)
        packages.finish_pending()
        if self.known.kind == "file_drop":
            judged, read = self._read_drop(con, vault, work_dir, ledger)
        else:
            judged, read = self._read_api(con, vault, ledger, environment)
        if not read:
            return LoadReport(self.instance, self.known.kind, None)
        return self._land(con, judged, read, packages)

    @property
    def _origin(self) -> Origin:
        return Origin(self.known.brand_id, self.instance, self.now)

    def _read_drop(
        self, con: duckdb.DuckDBPyConnection, vault: Vault, work_dir: Path, ledger: Ledger
    ) -> tuple[list[Judged], list[Read]]:
        timezone = self.brands.brands[self.known.brand_id].timezone
        folder = self.home.inbox / self.instance
        reader = DropReader(con, folder, self._origin, timezone, vault, work_dir)
        reader.read_new(_cursors(ledger, self.instance).get, self.progress)
        return reader.judged, reader.read

    def _read_api(
        self, con: duckdb.DuckDBPyConnection, vault: Vault, ledger: Ledger, environment: Mapping[str, str]
    ) -> tuple[list[Judged], list[Read]]:
        source = importlib.import_module(f"pipelines.sources.{self.known.kind}")
        secrets = credentials(self.instance, source.CREDENTIALS, self.home.secrets_file, environment)
        cursors = _cursors(ledger, self.instance)
        context = LoadContext(self.now, secrets, vault, cursors.get, partial(_query, ledger.accepted()))
        streams: list[Stream] = source.streams(self.instance, self.brands.sources[self.instance], context)
        intake = _Intake(con)
        read = [intake.read(stream, cursors.get(stream.name), self.progress) for stream in streams]
        if not any(sum(part.records.values()) for part in read):
            return [], []
        return intake.judged(), read

    def _land(
        self, con: duckdb.DuckDBPyConnection, judged: Sequence[Judged], read: Sequence[Read], packages: Packages
    ) -> LoadReport:
        found: dict[tuple[str, str], tuple[int, int]] = {}
        tables: dict[str, tuple[int, int]] = {}
        for part in judged:
            table = part.table.name
            for stream, count in counts(con, part.name).items():
                found[stream, table] = _sum(found.get((stream, table)), count)
                tables[table] = _sum(tables.get(table), count)
        of_table = {name: [part for part in judged if part.table.name == name] for name in tables}
        package: dict[str, Iterator[pa.Table]] = {}
        package |= {name: chain.from_iterable(map(self._landed(con), parts)) for name, parts in of_table.items()}
        package["_quarantine"] = chain.from_iterable(quarantined(con, part, self._origin) for part in judged)
        package["_streams"] = iter([self._streams(read, found)])
        load_id = packages.write(self.known.kind, package)
        return LoadReport(self.instance, self.known.kind, load_id, tables)

    def _landed(self, con: duckdb.DuckDBPyConnection) -> Callable[[Judged], Iterator[pa.Table]]:
        return lambda part: landed(con, part, self._origin)

    def _streams(self, read: Sequence[Read], found: Mapping[tuple[str, str], tuple[int, int]]) -> pa.Table:
        rows = [
            {
                "source_instance": self.instance,
                "stream": part.stream,
                "table_name": table,
                "records_read": records,
                "records_landed": found.get((part.stream, table), (0, 0))[0],
                "records_quarantined": found.get((part.stream, table), (0, 0))[1],
                "cursor": part.cursor,
                "is_complete": True,
                "_observed_at": self.now,
            }
            for part in read
            for table, records in part.records.items()
        ]
        return pa.Table.from_pylist(rows, schema=nullable(STREAMS))


def _sum(before: tuple[int, int] | None, count: tuple[int, int]) -> tuple[int, int]:
    return (before[0] + count[0], before[1] + count[1]) if before else count


def _cursors(ledger: Ledger, instance: str) -> dict[str, str]:
    """High-water mark of every stream, by its newest accepted load."""
    cursors: dict[str, str] = {}
    for load in ledger.accepted(instance):
        cursors.update(load.cursors)
    return cursors


def _query(loads: Sequence[Load], sql: str) -> pa.Table:
    """SQL over the landing views of these loads."""
    with duckdb.connect() as con:
        con.execute("set timezone = 'UTC'")
        register_views(con, loads)
        return con.execute(sql).to_arrow_table()


@dataclass(frozen=True, slots=True)
class _Intake:
    """Collects the pages of an API as JSON documents, a DuckDB table for each of its tables."""

    con: duckdb.DuckDBPyConnection
    tables: dict[str, Table] = field(default_factory=dict)

    def read(self, stream: Stream, cursor: str | None, progress: Progress) -> Read:
        """Read a stream to its end."""
        records = {table.name: 0 for table in stream.tables}
        buffered: dict[str, list[dict[str, Any]]] = {}
        for page in stream.read():
            name = page.table.name
            self.tables[name] = page.table
            records[name] = records.get(name, 0) + len(page.records)
            buffer = buffered.setdefault(name, [])
            buffer.extend(page.records)
            cursor = page.cursor or cursor
            if len(buffer) >= _BUFFERED_RECORDS:
                self._keep(stream.name, name, buffered.pop(name))
            progress(stream.name, sum(records.values()))
        for name, buffer in buffered.items():
            self._keep(stream.name, name, buffer)
        return Read(stream.name, records, cursor)

    def _keep(self, stream: str, table: str, records: Sequence[Mapping[str, Any]]) -> None:
        name = quoted("raw " + table)
        self.con.execute(f"create table if not exists {name} (_record_number bigint, _stream varchar, doc json)")
        self.con.execute(
            f"""insert into {name}
            select (select count(*) from {name}) + row_number() over (), $stream, doc
            from (select unnest(from_json($documents, '["JSON"]')) as doc)""",
            {"stream": stream, "documents": encode(records)},
        )

    def judged(self) -> list[Judged]:
        """Judged records of every table that had any."""
        parts = []
        for name, table in self.tables.items():
            relation, result = quoted("raw " + name), "judged " + name
            judge(self.con, result, documents(table, relation), table, document_values(table), Times(), DOCUMENT_EXTRA)
            self.con.execute(f"drop table {relation}")
            parts.append(Judged(result, table))
        return parts
