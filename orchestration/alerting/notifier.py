"""Tells people of troubles: one line each, always in `logs/alerts.log`, and by e-mail and webhook where they are set.

A trouble has a key. It is told once, then once a day while it goes on, and once when it is over. A channel that did
not take a line gets it at the next call with that key; that a channel fails is a trouble of its own, in the log only.
"""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter

from orchestration.alerting.channels import Channel, Log, Outcome, configured_channels, fault_of
from orchestration.config import Settings, utc_now
from pipelines.errors import TerminalError, TransientError
from pipelines.home import private_folder, read_object, write_privately

AGAIN_AFTER = timedelta(days=1)
FORGOTTEN_AFTER = timedelta(days=30)
"""How long a trouble is remembered that nobody was told of again."""
PATIENCE_SECONDS = 120.0
_WHAT_CHARACTERS = 600
_REMEDY_CHARACTERS = 300


@dataclass(frozen=True, slots=True)
class _Trouble:
    """What goes on since when, who was told when, and when it was over, if it is."""

    what: str
    since: datetime
    told: Mapping[str, datetime] = field(default_factory=dict)
    over_at: datetime | None = None

    def is_due(self, channel: str, now: datetime) -> bool:
        """Whether a channel is to be told; also when the clock was set back behind the last time."""
        told_at = self.told.get(channel)
        return told_at is None or not timedelta(0) <= now - told_at < AGAIN_AFTER

    def is_remembered(self, now: datetime) -> bool:
        """Whether anybody was told of it not too long ago, or has still to be told."""
        return not self.told or now - max(self.told.values()) < FORGOTTEN_AFTER


_TROUBLES = TypeAdapter(dict[str, _Trouble])


@dataclass(frozen=True, slots=True)
class Notifier:
    """The one way by which a failure reaches a person. Safe to use from several processes of one home."""

    home: Path
    log: Log
    others: Sequence[Channel] = ()
    clock: Callable[[], datetime] = utc_now

    @classmethod
    def of(
        cls, settings: Settings, environment: Mapping[str, str] = os.environ, clock: Callable[[], datetime] = utc_now
    ) -> Notifier:
        """That of a home. A channel whose configuration cannot be used is one that fails; nothing is raised."""
        others = configured_channels(settings.layout.secrets_file, environment)
        return cls(settings.home, Log(settings.home / "logs" / "alerts.log"), others, clock)

    def failed(self, key: str, what: str, since: datetime, remedy: str) -> None:
        """Tell of a trouble that began at `since` (aware), unless it was told within a day.

        All channels are tried; then TransientError names those that failed. A further call tells only these.
        """
        with self._troubles() as troubles:
            faults = self._fail(troubles, key, what, since, remedy, [self.log, *self.others])
        self._raise(faults)

    def over(self, key: str) -> None:
        """Tell once that a trouble is over, to the channels that knew of it; of no other key anything happens.

        All channels are tried; then TransientError names those that failed. A further call tells only these.
        """
        with self._troubles() as troubles:
            faults = self._end(troubles, key, [self.log, *self.others])
        self._raise(faults)

    def _fail(
        self,
        troubles: dict[str, _Trouble],
        key: str,
        what: str,
        since: datetime,
        remedy: str,
        listeners: Sequence[Channel],
    ) -> dict[str, str]:
        what, now = _flat(what, _WHAT_CHARACTERS), self.clock()
        known = troubles.get(key)
        trouble = _Trouble(what, since.astimezone(UTC)) if known is None or known.over_at else replace(known, what=what)
        line = f"{what}; since {_moment(trouble.since)}; {_flat(remedy, _REMEDY_CHARACTERS)}"
        due = [channel for channel in listeners if trouble.is_due(channel.name, now)]
        arrived, faults = self._tell(troubles, due, line, now)
        troubles[key] = replace(trouble, told={**trouble.told, **dict.fromkeys(arrived, now)})
        return faults

    def _end(self, troubles: dict[str, _Trouble], key: str, listeners: Sequence[Channel]) -> dict[str, str]:
        trouble = troubles.get(key)
        if trouble is None:
            return {}
        now = self.clock()
        over_at = trouble.over_at or now
        knowing = [channel for channel in listeners if channel.name in trouble.told]
        line = f"over since {_moment(over_at)}: {trouble.what}; it began {_moment(trouble.since)}"
        arrived, faults = self._tell(troubles, knowing, line, now)
        left = {channel.name: trouble.told[channel.name] for channel in knowing if channel.name not in arrived}
        if left:
            troubles[key] = replace(trouble, told=left, over_at=over_at)
        else:
            del troubles[key]
        return faults

    def _tell(
        self, troubles: dict[str, _Trouble], due: Sequence[Channel], line: str, now: datetime
    ) -> tuple[list[str], dict[str, str]]:
        """Try every channel; returns who got the line, and by name what is wrong with a channel."""
        outcomes = [(channel, _attempt(channel, line, now)) for channel in due]
        for channel, outcome in outcomes:
            key = f"alerts by {channel.name}"
            if channel is self.log:
                continue
            if outcome.fault:
                self._fail(troubles, key, f"{key} fail: {outcome.fault}", now, channel.remedy, [self.log])
            else:
                self._end(troubles, key, [self.log])
        arrived = [channel.name for channel, outcome in outcomes if outcome.arrived]
        return arrived, {channel.name: outcome.fault for channel, outcome in outcomes if outcome.fault}

    def _raise(self, faults: Mapping[str, str]) -> None:
        if faults:
            told = ", ".join(f"{name} ({fault})" for name, fault in faults.items())
            raise TransientError(f"trouble with {told}", "alerts", f"see {self.log.path}")

    @contextmanager
    def _troubles(self) -> Iterator[dict[str, _Trouble]]:
        """What goes on, for one process at a time, stored at the end; where that fails, people are told first."""
        path = self.home / "run" / "alerts.json"
        lock = FileLock(path.with_suffix(".lock"), mode=0o600)
        try:
            private_folder(path.parent)
            lock.acquire(timeout=PATIENCE_SECONDS)
        except Timeout:
            raise TransientError("another process is still telling", str(path), "it is told at the next call") from None
        except OSError:
            logging.getLogger(__name__).warning("%s cannot be locked", path)
        try:
            troubles = _read(path)
            yield troubles
            kept = {key: trouble for key, trouble in troubles.items() if trouble.is_remembered(self.clock())}
            write_privately(path, _TROUBLES.dump_python(kept, mode="json"))
        except OSError as error:
            raise TransientError(fault_of(error), str(path), "make room, or correct its owner") from None
        finally:
            lock.release()


def _read(path: Path) -> dict[str, _Trouble]:
    """What is stored; a file that holds anything else counts as none: told twice is better than not at all."""
    try:
        return _TROUBLES.validate_python(read_object(path, "remove it") or {})
    except (TerminalError, OSError, ValueError):
        return {}


def _attempt(channel: Channel, line: str, now: datetime) -> Outcome:
    """Send within the channel's time, however slowly the other side drips; what goes wrong is an outcome, too."""
    outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()

    def send() -> None:
        try:
            outcomes.put(channel.send(line, now))
        except Exception as error:  # noqa: BLE001 - whatever one channel does, the others are told
            outcomes.put(Outcome(arrived=False, fault=fault_of(error)))

    threading.Thread(target=send, name=f"alerts by {channel.name}", daemon=True).start()
    try:
        return outcomes.get(timeout=channel.seconds)
    except queue.Empty:
        return Outcome(arrived=False, fault=fault_of(TimeoutError()))


def _flat(text: str, limit: int) -> str:
    """One line of printable signs, cut to a number of characters."""
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in text).split())
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
