"""Keeps a home from growing: removes old runs and what killed ones left, rotates logs, shrinks Dagster's databases.

Only what lies in the home is touched: symlinks are left as they are, and nothing behind one is removed.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunRecord
from dagster._core.storage.tags import PARTITION_NAME_TAG

from orchestration.config import Settings

RUNS_KEPT = timedelta(days=14)
SUCCESSES_KEPT = timedelta(days=7)
ROUTINE_KEPT = {"land": timedelta(days=2)}
"""Of jobs that run each hour: their successes say nothing any more, and are most of what Dagster keeps."""
NEWEST_RUNS_KEPT = 50
LOGS_KEPT = timedelta(days=30)
LOG_BYTES = 20_000_000
PAST_DAYS_KEPT = timedelta(days=7)
TARGETS_KEPT = timedelta(days=1)
"""How long a folder of dbt's is left alone that does not say which run it is of."""
FREE_SHARE = 0.25
"""Share of a database's pages from which on it is worth writing it anew."""
BUSY_SECONDS = 2.0
_INDEX = "dagster/history/runs/index.db"
_DATABASES = {"dagster/history/runs.db": 2.0, "dagster/schedules/schedules.db": 2.0, _INDEX: 15.0}
"""Seconds that a vacuum may take, well below those that Dagster's writers wait for their turn (5, 5 and 30)."""
_ALERTS_LOG = "alerts.log"
_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SHARD = re.compile(_RUN_ID.pattern + r"\.db")
_DBT_TARGET = re.compile(r"(?:.+-(?P<run>[0-9a-f]{7})-)?[0-9a-f]{7}")
"""What dagster-dbt calls the folder of one call of dbt; without a run where no asset asked for it."""
_PAST_DAY = re.compile(r"as_of_\d{4}-\d{2}-\d{2}")
_ROTATED = re.compile(r".*\.\d+")


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was removed, by number; and a line each for what was left because it is busy, a link or not ours."""

    runs: int
    compute_logs: int
    logs: int
    past_days: int
    dbt_targets: int
    databases: int
    left: tuple[str, ...]

    @property
    def one_line(self) -> str:
        """What was done."""
        counts = {
            "runs": self.runs,
            "compute logs": self.compute_logs,
            "logs": self.logs,
            "past days": self.past_days,
            "dbt targets": self.dbt_targets,
        }
        removed = ", ".join(f"{count} {what}" for what, count in counts.items() if count) or "nothing"
        return "; ".join([f"removed {removed}", f"{self.databases} databases written anew", *self.left])


def tidy(settings: Settings, instance: DagsterInstance, now: datetime) -> Tidied:
    """Remove what is too old at `now` (aware, wall clock). What cannot be removed is told in `left`, never raised.

    Runs: finished, older than 14 days (7 for a success, 2 for one of hourly landing), and neither among the newest 50
    nor their job's newest success or failure.
    """
    home = _Home(settings.home.resolve(), now)
    # Folders are listed before the runs are read, so that whoever made one is among these.
    targets = home.entries(home.root / "dbt" / "target", _DBT_TARGET)
    past_days = home.entries(home.root / "warehouse", _PAST_DAY)
    records = instance.get_run_records()
    at_work = [record.dagster_run for record in records if not record.dagster_run.is_finished]
    past_day_count = sum(_tidy_past_day(home, path, at_work) for path in past_days)
    target_count = sum(_tidy_dbt_target(home, path, at_work) for path in targets)
    runs = _tidy_runs(home, instance, records)
    stray_logs = _tidy_strays(home, instance)
    _tidy_check_results(home, instance.get_run_ids())
    return Tidied(
        runs=len(runs),
        compute_logs=sum(runs.values()) + stray_logs,
        logs=sum(_rotate(home, path) for path in home.files(home.root / "logs")),
        past_days=past_day_count,
        dbt_targets=target_count,
        databases=sum(_vacuum(home, home.root / name, seconds) for name, seconds in _DATABASES.items()),
        left=tuple(dict.fromkeys(home.left)),
    )


@dataclass(frozen=True, slots=True)
class _Home:
    """The home during one tidying, with the only ways to look into it and to remove from it."""

    root: Path
    now: datetime
    left: list[str] = field(default_factory=list)

    def leave(self, path: Path, why: str) -> None:
        self.left.append(f"{path.relative_to(self.root)}: {why}")

    def holds(self, path: Path) -> bool:
        """Whether a path is there, no symlink, and behind none."""
        if path.is_symlink() or path.parent.resolve() != path.parent:
            self.leave(path, "a symlink, or behind one")
            return False
        return path.exists()

    def entries(self, folder: Path, name: re.Pattern[str]) -> list[Path]:
        """What lies in a folder under such a name; nothing where the folder is a link or behind one."""
        if not folder.is_dir() or not self.holds(folder):
            return []
        return [path for path in sorted(folder.iterdir()) if name.fullmatch(path.name)]

    def files(self, folder: Path) -> Iterator[Path]:
        """Regular files in a folder and those below it."""
        if folder.is_dir() and self.holds(folder):
            for place, _, names in os.walk(folder):
                paths = (Path(place, name) for name in sorted(names))
                yield from (path for path in paths if stat.S_ISREG(path.lstat().st_mode))

    def is_older(self, path: Path, age: timedelta) -> bool:
        """Whether nothing in a file or folder was written for that long; what changes just now is not."""
        try:
            newest = max(each.lstat().st_mtime for each in [path, *path.rglob("*")])
        except OSError:
            return False
        return datetime.fromtimestamp(newest, UTC) < self.now - age

    def remove(self, path: Path) -> bool:
        """Remove a file, or a folder with what is in it; returns whether it was there and is gone."""
        if not self.holds(path):
            return False
        try:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        except OSError as error:
            self.leave(path, error.strerror or type(error).__name__)
            return False
        return True


def _tidy_runs(home: _Home, instance: DagsterInstance, records: Sequence[RunRecord]) -> dict[str, bool]:
    """Remove runs; returns for each whether it had compute logs."""
    from sqlalchemy.exc import OperationalError  # 0.25 s that definitions do without

    newest_first = sorted(records, key=lambda record: (record.create_timestamp, record.storage_id), reverse=True)
    kept = {record.dagster_run.run_id for record in newest_first[:NEWEST_RUNS_KEPT]}
    seen: set[tuple[str, DagsterRunStatus]] = set()
    removed: dict[str, bool] = {}
    for record in newest_first:
        run = record.dagster_run
        outcome = (run.job_name, run.status)
        is_last = outcome not in seen and run.status is not DagsterRunStatus.CANCELED
        seen.add(outcome)
        is_young = (record.end_time or record.create_timestamp.timestamp()) >= (home.now - _kept_for(run)).timestamp()
        if run.is_finished and not is_last and not is_young and run.run_id not in kept:
            try:
                instance.delete_run(run.run_id)
            except OperationalError:
                home.leave(home.root / "dagster" / "history", "busy: the other old runs stay for now")
                break
            removed[run.run_id] = _remove_files(home, run.run_id)
    return removed


def _kept_for(run: DagsterRun) -> timedelta:
    return ROUTINE_KEPT.get(run.job_name, SUCCESSES_KEPT) if run.status is DagsterRunStatus.SUCCESS else RUNS_KEPT


def _remove_files(home: _Home, run_id: str) -> bool:
    """Remove a run's event log, of which Dagster only empties the tables, and its compute logs, if it has some."""
    for ending in ("db", "db-wal", "db-shm"):
        home.remove(home.root / "dagster" / "history" / "runs" / f"{run_id}.{ending}")
    return home.remove(home.root / "dagster" / "storage" / run_id)


def _tidy_strays(home: _Home, instance: DagsterInstance) -> int:
    """Remove what is left of runs that Dagster does not know, as when a tidying was killed; counts compute logs."""
    folder = home.root / "dagster"
    found = [*home.entries(folder / "history" / "runs", _SHARD), *home.entries(folder / "storage", _RUN_ID)]
    run_ids = dict.fromkeys(path.name.removesuffix(".db") for path in found if home.is_older(path, RUNS_KEPT))
    return sum(_remove_files(home, run_id) for run_id in run_ids if not instance.has_run(run_id))


def _tidy_check_results(home: _Home, run_ids: Sequence[str]) -> None:
    """Remove old results of checks but each check's newest: Dagster keeps them when their run is removed."""
    with _opened(home, home.root / _INDEX) as index:
        if index:
            index.execute(
                "delete from asset_check_executions"
                " where create_timestamp < ? and run_id not in (select value from json_each(?))"
                " and id not in (select max(id) from asset_check_executions group by asset_key, check_name, partition)",
                [f"{(home.now - RUNS_KEPT).astimezone(UTC):%Y-%m-%d %H:%M:%S}", json.dumps(run_ids)],
            )


def _tidy_past_day(home: _Home, folder: Path, at_work: Sequence[DagsterRun]) -> bool:
    """Remove the build of a past day that is old, or whose process died: DuckDB's write-ahead log is then left over."""
    day = folder.name.removeprefix("as_of_")
    if not home.holds(folder) or any(run.tags.get(PARTITION_NAME_TAG) == day for run in at_work):
        return False
    is_of_killed_run = any(folder.glob("*.wal"))
    return (is_of_killed_run or home.is_older(folder, PAST_DAYS_KEPT)) and home.remove(folder)


def _tidy_dbt_target(home: _Home, folder: Path, at_work: Sequence[DagsterRun]) -> bool:
    """Remove a folder of dbt's that its run did not remove at its end."""
    match = _DBT_TARGET.fullmatch(folder.name)
    run = match and match["run"]
    if run:
        return not any(each.run_id.startswith(run) for each in at_work) and home.remove(folder)
    return home.holds(folder) and home.is_older(folder, TARGETS_KEPT) and home.remove(folder)


def _rotate(home: _Home, path: Path) -> bool:
    """Move the newest 20 MB of a log that is old or large to `.1`; servers that have it open go on writing into it."""
    older, draft = path.with_name(f"{path.name}.1"), path.with_name(f".{path.name}.1")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
    try:
        size = path.stat().st_size
        if _ROTATED.fullmatch(path.name) or not size or (size <= LOG_BYTES and not home.is_older(path, LOGS_KEPT)):
            return False
        if path.name == _ALERTS_LOG:  # opened for each line: with a new name not one of them is lost
            path.replace(older)
            return True
        with path.open("r+b") as log, open(os.open(draft, flags, 0o600), "wb") as copy:
            log.seek(max(0, size - LOG_BYTES))
            shutil.copyfileobj(log, copy)
            copy.flush()
            draft.replace(older)
            log.truncate(0)
    except OSError as error:
        home.leave(path, error.strerror or type(error).__name__)
        return False
    return True


def _vacuum(home: _Home, path: Path, seconds: float) -> bool:
    """Write a database anew when a quarter of its pages is free; given up after so many seconds."""
    with _opened(home, path) as database:
        if database is None:
            return False
        pages, free = (database.execute(f"pragma {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
        if free < pages * FREE_SHARE:
            return False
        deadline = time.monotonic() + seconds
        database.set_progress_handler(lambda: time.monotonic() > deadline, 1000)
        database.execute("vacuum")
        database.set_progress_handler(None, 0)
        database.execute("pragma wal_checkpoint(truncate)")
        return True
    return False


@contextmanager
def _opened(home: _Home, path: Path) -> Iterator[sqlite3.Connection | None]:
    """A database of the home, None where there is none; when it is busy or takes too long, that is told instead."""
    if not home.holds(path):
        yield None
        return
    address = f"file:{quote(str(path))}?mode=rw"
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None)) as connection:
            yield connection
    except sqlite3.DatabaseError as error:
        home.leave(path, "takes too long" if str(error) == "interrupted" else str(error))
