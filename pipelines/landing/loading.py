"""Loads one source instance: dlt reads it to its end, the judge sees to it, dlt writes it. Knows no kind of source."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa

from pipelines.brands import Brands
from pipelines.credentials import KeptTokens, credentials, variable
from pipelines.errors import ConfigError, PipelineError
from pipelines.home import Home, private_folder
from pipelines.landing import columns as rules
from pipelines.landing.compaction import compact
from pipelines.landing.faults import plain_error
from pipelines.landing.judge import Judge, Verdict
from pipelines.landing.ledger import Ledger
from pipelines.landing.readings import reading
from pipelines.landing.streams import STREAMS
from pipelines.landing.vault import Vault
from pipelines.landing.views import query
from pipelines.sources import KINDS, Given, SourceConfiguration, configuration

RAW_KEPT_SECONDS = 30 * 24 * 3600.0
"""How long the answers that bad records came in are kept, in the vault's half."""
INDEX_LAG = timedelta(days=1)
"""For so long a vendor's index may hide what has changed."""


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What one load brought. `load_id` is None when there was nothing new. The load is not accepted yet."""

    instance: str
    kind: str
    load_id: str | None
    tables: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Table name to rows landed and rows quarantined, of those that had any."""


@dataclass(frozen=True, slots=True)
class Again:
    """What to read again: all since a day, of some streams or of all."""

    since: date
    streams: Collection[str] = ()


def instances(home: Home, brands: Brands) -> dict[str, SourceConfiguration]:
    """Every configured source, by name: those of `brands.yml` and those that configure themselves in the inbox.

    One that cannot be used is among them: its `source` says why, and it stops no other.
    """
    found = dict(brands.sources)
    for kind in KINDS:
        found |= configuration(kind).found(home.inbox, brands.brands, frozenset(brands.sources))
    return found


def load_instance(
    home: Home,
    instance: str,
    brands: Brands,
    now: datetime,
    environment: Mapping[str, str] = os.environ,
    again: Again | None = None,
    between_pages: Callable[[], None] = lambda: None,
) -> LoadReport:
    """Land what is new at a source; raises PipelineError, and then nothing counts. Threads may load side by side.

    `now` is the business clock, UTC; `environment` may hold credentials; what `between_pages` raises ends the reading.
    """
    from dlt.common.exceptions import DltException

    known = brands.sources.get(instance) or instances(home, brands).get(instance)
    if known is None:
        raise ConfigError("there is no such source", instance, "see `voxhouse doctor` for those that are configured")
    configured = credentials(instance, known.credentials, home.secrets_file, environment)
    try:
        return _Load(home, instance, known, now, again, configured, between_pages).run()
    except PipelineError as error:
        fault = error
    except (DltException, duckdb.Error, sqlite3.Error, pa.ArrowException, OSError) as error:
        fault = plain_error(error, instance, [variable(instance, name) for name in configured])
    raise fault from None


@contextmanager
def _scratch(home: Home, instance: str) -> Iterator[Path]:
    """A folder for raw data of one load; within `pii`, and emptied of what a killed run left."""
    path = home.pii / "scratch" / instance
    shutil.rmtree(path, ignore_errors=True)
    private_folder(path)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def open_database(scratch: Path) -> duckdb.DuckDBPyConnection:
    """An in-memory database to judge in; what does not fit goes to a folder for raw data."""
    spill = str(scratch / "spill")
    con = duckdb.connect(config={"memory_limit": "1200MB", "threads": 2, "temp_directory": spill})
    con.execute("set timezone = 'UTC'; set enable_progress_bar = false")
    return con


@dataclass(frozen=True, slots=True)
class _Load:
    """One load of one instance."""

    home: Home
    instance: str
    known: SourceConfiguration
    now: datetime
    again: Again | None
    configured: Mapping[str, str]
    """Credentials as the environment has them."""
    between_pages: Callable[[], None]

    def run(self) -> LoadReport:
        """Read, judge and land; a source that fails on the way has landed nothing."""
        from pipelines.landing.extraction import extract, forget
        from pipelines.landing.writer import Writer

        writer = Writer(self.home.landing, self.home.dlt, self.instance)
        writer.finish_pending()
        ledger = Ledger(self.home.landing)
        compact(ledger, self.instance)
        given = self._given(ledger)
        with _scratch(self.home, self.instance) as scratch, closing(open_database(scratch)) as con:
            source, before = self.known.source(given), ledger.state(self.instance)
            state = forget(source, before, self.again.streams) if self.again else before
            found = extract(source, scratch, state, self.between_pages)
            self._kept.note_end(self.known.expires_at(given))
            with Vault(self.home.pii) as vault:
                judged = self._judge(con, ledger, found.tables, found.files, vault)
            if not any(v.is_new for v in judged.values()) and found.state == (before or "{}"):
                return LoadReport(self.instance, self.known.kind, None)
            load_id = writer.write(self.known.kind, dict(self._package(judged, found.state)))
            self._keep_raw(judged, load_id)
        tables = {j.name: (v.landed, v.quarantined) for j, v in judged.items() if v.landed or v.quarantined}
        return LoadReport(self.instance, self.known.kind, load_id, tables)

    @property
    def _kept(self) -> KeptTokens:
        return KeptTokens.of(self.home.pii, self.instance)

    def _given(self, ledger: Ledger) -> Given:
        return Given(
            instance=self.instance,
            credentials=self._kept.over(self.configured),
            now=self.now,
            since=self._since(ledger),
            query=lambda sql, *tables: query(ledger, sql, tables),
            keep_token=lambda answer: self._kept.keep(self.configured, answer),
        )

    def _since(self, ledger: Ledger) -> date | None:
        """The day from which all is read again: the cursors start anew there, and what lies before it stays unread."""
        if self.again is None:
            return None
        read_at = reading(ledger, self.instance).read_at
        return min(self.again.since, (read_at - INDEX_LAG).date()) if read_at else self.again.since

    def _judge(
        self,
        con: duckdb.DuckDBPyConnection,
        ledger: Ledger,
        tables: Mapping[str, rules.Table],
        files: Mapping[str, list[Path]],
        vault: Vault,
    ) -> dict[Judge, Verdict]:
        landed = ledger.files([*tables, "_quarantine", "_mended"], self.instance)
        judges = [
            Judge(con, table, self.instance, landed[name], landed["_quarantine"], landed["_mended"])
            for name, table in tables.items()
        ]
        return {judge: judge.run(files.get(judge.name, []), vault) for judge in judges}

    @property
    def _constants(self) -> dict[str, str]:
        return rules.system_values(self.known.brand, self.instance, self.now)

    def _package(self, judged: Mapping[Judge, Verdict], state: str) -> Iterator[tuple[str, Iterator[pa.Table]]]:
        for judge, verdict in judged.items():
            if verdict.landed:
                yield judge.name, judge.good(self._constants)
        yield "_quarantine", (batch for j, v in judged.items() if v.quarantined for batch in j.bad(self._constants))
        yield "_mended", (batch for judge in judged for batch in judge.mended(self._constants))
        rows = [
            {
                "source_instance": self.instance,
                "table_name": judge.name,
                "records_read": verdict.read,
                "records_landed": verdict.landed,
                "records_quarantined": verdict.quarantined,
                "records_known": verdict.known,
                "_observed_at": self.now,
            }
            for judge, verdict in judged.items()
        ]
        yield "_streams", iter([pa.Table.from_pylist(rows, schema=rules.arrow_schema(STREAMS))])
        yield "_state", iter([pa.table({"state": pa.array([state], pa.string())})])

    def _keep_raw(self, judged: Mapping[Judge, Verdict], load_id: str) -> None:
        """Keep what bad records came in for a while, so that a mended rule can be tried on them."""
        folder = self.home.pii / "quarantined" / self.instance
        for path in folder.glob("*.jsonl"):
            if path.stat().st_mtime < time.time() - RAW_KEPT_SECONDS:
                path.unlink()
        for judge, verdict in judged.items():
            if verdict.quarantined:
                path = private_folder(folder) / f"{load_id}.{judge.name}.jsonl"
                path.touch(mode=0o600)
                judge.raw(path)
