"""Dagster's SQLite event log, with its connections kept open and its writes gathered in few transactions.

The stock class makes an engine, a connection and a full sync for each of the 3,300 statements of a run, commits an
asset's event four times, and writes a batch event by event. Here a file keeps one connection in a process, and
everything that one call writes to it is one transaction. The rows come from the stock class's own code.

Batches exist only where `DAGSTER_EVENT_BATCH_SIZE` is set in the process that creates the run.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import Any, Self

import sqlalchemy
from dagster._core.events import ASSET_CHECK_EVENTS, ASSET_EVENTS, EVENT_TYPE_TO_PIPELINE_RUN_STATUS
from dagster._core.events.log import EventLogEntry
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool

KEPT_OPEN = 4
"""Files: the index, and the runs that are written or looked at."""

_MIRRORED = ASSET_EVENTS | ASSET_CHECK_EVENTS | EVENT_TYPE_TO_PIPELINE_RUN_STATUS.keys()

_Identity = tuple[int, int]


class KeptSqliteEventLogStorage(SqliteEventLogStorage):
    """One connection a file and process. A power cut can lose the last events, never the file's integrity."""

    def __init__(self, base_dir: str, inst_data: ConfigurableClassData | None = None) -> None:
        self._engines: OrderedDict[str, sqlalchemy.Engine] = OrderedDict()
        self._files: dict[str, _Identity | None] = {}
        self._under_way: dict[str, sqlalchemy.Connection] = {}
        self._seen_tables: set[str] = set()
        self._seen_columns: set[str] = set()
        self._watcher = SqlPollingEventWatcher(self)
        # As in the stock class one thread is let in at a time; reentrant, as that thread joins its own transaction.
        self._lock = threading.RLock()
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]) -> Self:
        """As dagster.yaml has it."""
        return cls(inst_data=inst_data, **config_value)

    def store_event(self, event: EventLogEntry) -> None:
        """Write an event with one commit a file."""
        with self._one_transaction_a_file([event]):
            super().store_event(event)

    def store_event_batch(self, events: Sequence[EventLogEntry]) -> None:
        """Write events with one commit a file: all of them or, when this raises, none."""
        with self._one_transaction_a_file(events):
            for event in events:
                super().store_event(event)

    def delete_events(self, run_id: str) -> None:
        """Remove a run's events and the file that held them; other processes notice when they next look."""
        super().delete_events(run_id)
        with self._lock:
            self._close(run_id)
            for ending in ("", "-wal", "-shm"):
                with suppress(FileNotFoundError):
                    os.unlink(self.path_for_shard(run_id) + ending)

    def wipe(self) -> None:
        """Remove everything."""
        with self._lock:
            self._close_all()
        super().wipe()

    def has_table(self, table_name: str) -> bool:
        """Whether the index has a table; one that was seen stays, and the stock class connects for each look."""
        if table_name not in self._seen_tables and super().has_table(table_name):
            self._seen_tables.add(table_name)
        return table_name in self._seen_tables

    def watch(self, run_id: str, cursor: str | None, callback: Any) -> None:
        """Tell a listener of new events. The stock watcher waits for the file to change: here only its WAL does."""
        self._watcher.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Any) -> None:
        """Stop telling a listener."""
        self._watcher.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close the connections; SQLite then folds the write-ahead logs in."""
        self._watcher.close()
        with self._lock:
            self._close_all()
        super().dispose()

    @contextmanager
    def _one_transaction_a_file(self, events: Iterable[EventLogEntry]) -> Iterator[None]:
        """The runs commit before the index, as in the stock class: whoever finds an event there finds its run's."""
        events = list(events)
        with self._lock, ExitStack() as files:
            if any(event.is_dagster_event and event.dagster_event_type in _MIRRORED for event in events):
                files.enter_context(self.index_connection())
            for run_id in dict.fromkeys(event.run_id for event in events):
                files.enter_context(self.run_connection(run_id))
            yield

    @contextmanager
    def _connect(self, shard: str) -> Iterator[sqlalchemy.Connection]:
        with self._lock:
            joined = self._under_way.get(shard)
            if joined is not None:
                yield joined
                return
            with self._engine(shard).connect() as connection, connection.begin():
                self._under_way[shard] = connection
                try:
                    yield connection
                finally:
                    del self._under_way[shard]

    def _engine(self, shard: str) -> sqlalchemy.Engine:
        identity = _identity(self.path_for_shard(shard))
        if identity is None or identity != self._files.get(shard):
            self._close(shard)
        if shard not in self._engines:
            self._engines[shard] = self._open(shard, with_tables=identity is not None and shard in self._files)
        self._engines.move_to_end(shard)
        return self._engines[shard]

    def _open(self, shard: str, *, with_tables: bool) -> sqlalchemy.Engine:
        idle = [name for name in self._engines if name not in self._under_way]
        for name in idle[: max(0, len(self._engines) - KEPT_OPEN + 1)]:
            self._engines.pop(name).dispose()
        engine = create_engine(
            self.conn_string_for_shard(shard),
            poolclass=StaticPool,
            connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
        )
        sqlalchemy.event.listen(engine, "connect", lambda raw, _record: raw.execute("pragma synchronous = normal"))
        if not with_tables:
            self._initdb(engine)
            self._files[shard] = _identity(self.path_for_shard(shard))
        return engine

    def _close(self, shard: str) -> None:
        """End the connection to a file that is gone; the one that comes under its name is given its tables."""
        self._files.pop(shard, None)
        if shard in self._engines:
            self._engines.pop(shard).dispose()

    def _close_all(self) -> None:
        for shard in list(self._engines):
            self._close(shard)

    def _has_asset_key_col_on_connection(self, conn: sqlalchemy.Connection, column_name: str) -> bool:
        """Columns are added, never dropped; the stock class reads the table's form for each asset event."""
        if column_name not in self._seen_columns and super()._has_asset_key_col_on_connection(conn, column_name):
            self._seen_columns.add(column_name)
        return column_name in self._seen_columns


def _identity(path: str) -> _Identity | None:
    """Device and inode of a file: another file under the same name is not the one that was opened."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
