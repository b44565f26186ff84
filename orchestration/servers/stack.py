"""Superset, Dagster's web server and its daemon as processes of a home, on loopback."""

from __future__ import annotations

from collections.abc import Sequence

from orchestration.config import Settings
from orchestration.progress import say
from orchestration.servers.dagster import dagster_servers
from orchestration.servers.processes import Server, start
from orchestration.servers.sandbox import sandbox_server
from orchestration.servers.superset import deploy, passwords_file, superset_server
from pipelines.errors import ConfigError, shown

ALL = ("sandbox", "superset", "dagster", "daemon")


def serve_all(settings: Settings, only: Sequence[str]) -> None:
    """Start what is asked for (none named: everything that the home has) and say where to look."""
    unknown = sorted(set(only) - set(ALL))
    if unknown:
        raise ConfigError(
            f"unknown server {', '.join(map(shown, unknown))}", "--only", f"name some of {', '.join(ALL)}"
        )
    wanted = list(only) or [name for name in ALL if name != "sandbox" or (settings.home / "sandbox").exists()]
    if {"dagster", "daemon"} & set(wanted):
        wanted.append("code_server")
    if "superset" in wanted:
        say("Superset: roles, users and dashboards")
        deploy(settings)
    for server in _servers(settings):
        if server.name in wanted:
            start(settings, server)
            say(f"{server.name} is up")
    _say_where(settings, wanted)


def _servers(settings: Settings) -> list[Server]:
    return [sandbox_server(settings), superset_server(settings), *dagster_servers(settings)]


def _say_where(settings: Settings, wanted: Sequence[str]) -> None:
    if "superset" in wanted:
        say(f"dashboards  http://127.0.0.1:{settings.superset_port}/dashboard/list/")
        say(f"log in as   admin, viewer, author, finance or operator; passwords in {passwords_file(settings)}")
    if "dagster" in wanted:
        say(f"Dagster     http://127.0.0.1:{settings.dagster_port}  (schedules are there, switched off)")
    say("end it all  make stop")
