"""What Dagster reads in DAGSTER_HOME: its own configuration, and where the one code server answers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

LOCATION = "voxhouse"
"""The code location's name: in addresses of pages, and in what the code server is started with."""

ENVIRONMENT = {"DAGSTER_EVENT_BATCH_SIZE": "1000"}
"""For every process that creates or executes runs: without it planned events are committed one by one."""

_TEMPLATE = Path(__file__).with_name("dagster.yaml")


def write_instance(dagster_home: Path, code_server_port: int) -> None:
    """Write `dagster.yaml` and `workspace.yaml`, each in one go: servers that start meanwhile read old or new.

    Raises OSError where the folder cannot be written.
    """
    content: dict[str, Any] = yaml.safe_load(_TEMPLATE.read_text(encoding="utf-8"))
    events = content["event_log_storage"]["config"]
    events["base_dir"] = str(dagster_home.absolute() / events["base_dir"])
    server = {"host": "127.0.0.1", "port": code_server_port, "location_name": LOCATION}
    _replace(dagster_home / "dagster.yaml", content)
    _replace(dagster_home / "workspace.yaml", {"load_from": [{"grpc_server": server}]})


def _replace(path: Path, content: dict[str, Any]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    text = "# Written anew at each start: changes made here are lost.\n" + yaml.safe_dump(content, sort_keys=False)
    draft.write_text(text, encoding="utf-8")
    os.replace(draft, path)
