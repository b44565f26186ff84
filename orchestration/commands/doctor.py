"""One look at a home: configured, reachable, fresh, quarantined, published, and what to do next."""

from __future__ import annotations

import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

from orchestration.clock import far_behind, home_now, told_clock
from orchestration.commands.console import print_table
from orchestration.config import Settings
from orchestration.publication.hold import held
from orchestration.publication.query import run_query
from orchestration.publication.versions import current_version
from orchestration.servers.processes import is_running, names
from pipelines.brands import Brands, load_brands
from pipelines.credentials import WARNED_BEFORE, KeptTokens, credentials
from pipelines.errors import PipelineError
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import instances
from pipelines.sources import SourceConfiguration


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the examination; `remedy` says what to do when it is not well."""

    subject: str
    is_well: bool
    state: str
    remedy: str = ""


def examine(settings: Settings) -> bool:
    """Print the findings; returns whether all is well."""
    findings = list(_findings(settings))
    print_table(
        ["", "what", "state", "what to do"],
        [("ok", f.subject, f.state, "") if f.is_well else ("!!", f.subject, f.state, f.remedy) for f in findings],
    )
    return all(finding.is_well for finding in findings)


def _findings(settings: Settings) -> Iterator[Finding]:
    layout = settings.layout
    yield Finding(
        "home", settings.home.is_dir(), str(settings.home), "" if settings.home.is_dir() else "run `make demo`"
    )
    try:
        brands = load_brands(layout.brands_file)
    except PipelineError as error:
        yield Finding("brands.yml", False, error.what, "write it as docs/data-engineers.md shows")
        return
    yield Finding("brands.yml", True, f"{len(brands.brands)} brands, {len(brands.sources)} API sources")
    behind = far_behind(settings, has_apis=bool(brands.sources))
    yield Finding("clock", behind is None, *(behind or (told_clock(settings),)))
    yield from _sources(settings, brands)
    yield from _loads(settings)
    yield from _publication(settings)
    yield from _dagster(settings)


def _sources(settings: Settings, brands: Brands) -> Iterator[Finding]:
    for name, known in brands.sources.items():
        yield from _source(settings, name, known)
    drops = {name: k for name, k in instances(settings.layout, brands).items() if name not in brands.sources}
    for name, known in drops.items():
        if known.fault:
            yield Finding(name, False, known.fault.what, known.fault.remedy)
    yield Finding("inbox", True, ", ".join(sorted(drops)) or "empty")


def _source(settings: Settings, name: str, known: SourceConfiguration) -> Iterator[Finding]:
    layout = settings.layout
    try:
        credentials(name, known.credentials, layout.secrets_file, os.environ)
    except PipelineError as error:
        yield Finding(name, False, error.what, error.remedy)
        return
    yield _reached(name, known)
    now = home_now(layout.clock_file)
    for what, ends_at, remedy in known.ends(KeptTokens.of(layout.pii, name).ends_at):
        state = f"{what} ends on {ends_at:%Y-%m-%d}"
        yield Finding(f"{name} {what}", ends_at - now > WARNED_BEFORE, state, remedy)


def _reached(name: str, known: SourceConfiguration) -> Finding:
    if known.address is None:
        return Finding(name, True, known.kind)
    try:
        with urllib.request.urlopen(known.address, timeout=5):
            pass
    except urllib.error.HTTPError:
        return Finding(name, True, f"{known.kind}, reachable")
    except OSError as error:
        return Finding(name, False, f"{known.address}: {error}", "check base_url and the network")
    return Finding(name, True, f"{known.kind}, reachable")


def _loads(settings: Settings) -> Iterator[Finding]:
    held = Ledger(settings.layout.landing).held()
    for load in held:
        yield Finding(
            f"load {load.load_id}",
            False,
            f"{load.source_instance} is held back",
            f"`voxhouse loads accept|reject {load.load_id}`",
        )
    if not held:
        yield Finding("loads", True, "none is held back")


def _publication(settings: Settings) -> Iterator[Finding]:
    version = current_version(settings.serving)
    if version is None:
        yield Finding("published", False, "nothing yet", "`voxhouse run`")
        return
    hold = held(settings.serving)
    until = f"held by {hold.by} since {hold.at:%Y-%m-%d %H:%M} UTC: {hold.reason}" if hold else ""
    yield Finding("published", hold is None, f"{version} {until}".strip(), "`voxhouse release`" if hold else "")
    _, rows = run_query(
        settings.serving,
        "select source_instance, max(read_at), bool_and(is_fresh), max(fault) from operations.freshness group by 1",
    )
    for instance, read_at, is_fresh, fault in rows:
        shown = f"shown as of {read_at:%Y-%m-%d %H:%M} UTC" if read_at else "never read"
        yield Finding(f"{instance} fresh", is_fresh, shown, fault or "`voxhouse run`")
    _, rows = run_query(settings.serving, "select coalesce(sum(records_count), 0) from operations.quarantine")
    yield Finding("quarantine", True, f"{rows[0][0]:,} records; `voxhouse query 'from operations.quarantine'` says why")


def _dagster(settings: Settings) -> Iterator[Finding]:
    if "daemon" not in names(settings):
        yield Finding("daemon", True, "not started: nothing runs by itself")
        return
    if not is_running(settings, "daemon"):
        yield Finding("daemon", False, "ended: nothing runs by itself, and nobody is told", "`voxhouse serve`")
        return
    import dagster as dg

    with dg.DagsterInstance.from_config(str(settings.home / "dagster")) as instance:
        silent = sorted(name for name, status in instance.get_daemon_statuses().items() if status.healthy is False)
        on = sorted(state.name for state in instance.all_instigator_state() if state.is_running)
    state = f"silent: {', '.join(silent)}" if silent else "at work"
    yield Finding("daemon", not silent, state, "`voxhouse stop`, then `voxhouse serve`")
    yield Finding("schedules", True, f"on: {', '.join(on) or 'none'}")
