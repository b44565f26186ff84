"""A landing zone in memory: what one load of a source gave, the next one can ask for."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from datetime import datetime
from types import ModuleType
from typing import Any

import duckdb

from pipelines.brands import SourceConfig
from pipelines.extract import LoadContext, Page, Stream
from pipelines.schema import Table
from pipelines.sources.file_drop.tables import POST_READINGS

SECRET = "s3cr3t-token-0123456789"


class Tokens:
    """Tokens that tests can foretell."""

    def tokens(self, kind: str, identifiers: Sequence[str | None]) -> list[str | None]:
        return [token(kind, identifier) if identifier else None for identifier in identifiers]


def token(kind: str, identifier: str) -> str:
    return "token-" + hashlib.sha256(f"{kind}:{identifier.strip().lower()}".encode()).hexdigest()[:16]


class MemoryLanding:
    """Loads a source again and again, as the loader would: what one load gave, the next one can ask for."""

    def __init__(self, source: ModuleType, instance: str, config: SourceConfig, sleep: Callable[[float], None]) -> None:
        self._source, self._instance, self._config, self._sleep = source, instance, config, sleep
        self.con = duckdb.connect()
        self.con.execute("set timezone = 'UTC'; create schema landing")
        self._cursors: dict[str, str] = {}
        self._loads = 0
        for table in source.TABLES:
            self._create(f"{config.kind}__{table.name}", table)
        self._create("file_drop__post_readings", POST_READINGS)

    def _create(self, view: str, table: Table) -> None:
        self.con.register("empty", table.arrow_schema.empty_table())
        self.con.execute(f"create table landing.{view} as select *, '' as _dlt_load_id from empty")

    def context(self, now: datetime) -> LoadContext:
        return LoadContext(
            now=now,
            credentials={"access_token": SECRET},
            vault=Tokens(),
            cursor=self._cursors.get,
            query=lambda sql: self.con.cursor().execute(sql).to_arrow_table(),
        )

    def streams(self, now: datetime) -> list[Stream]:
        streams: list[Stream] = self._source.streams(self._instance, self._config, self.context(now), sleep=self._sleep)
        return streams

    def read(self, now: datetime, *names: str) -> dict[str, list[dict[str, Any]]]:
        """Records by table of one load, landed afterwards."""
        pages = [
            (stream.name, page)
            for stream in self.streams(now)
            if not names or stream.name in names
            for page in stream.read()
        ]
        records: dict[str, list[dict[str, Any]]] = {}
        for stream, page in pages:
            declared = {column.name for column in page.table.columns} | {"_extra"}
            assert all(set(record) <= declared for record in page.records), "only declared columns leave a source"
            records.setdefault(page.table.name, []).extend(page.records)
            self._land(page, now)
            if page.cursor:
                self._cursors[stream] = page.cursor
        self._loads += 1
        return records

    def _land(self, page: Page, now: datetime) -> None:
        view = f"landing.{self._config.kind}__{page.table.name}"
        names = [column.name for column in page.table.columns]
        system = {
            "brand_id": self._config.brand,
            "source_instance": self._instance,
            "_observed_at": now.isoformat(),
            "_dlt_load_id": f"{self._loads:010d}",
        }
        columns = [*names, *system]
        rows = [[record.get(name) for name in names] + list(system.values()) for record in page.records]
        marks = ", ".join("?" for _ in columns)
        self.con.executemany(f"insert into {view} ({', '.join(columns)}) values ({marks})", rows)
