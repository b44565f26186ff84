"""The dbt project as Dagster sees it, and how its two stages are built."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import yaml
from dagster_dbt import DbtCliResource, DbtProject

from orchestration.config import DBT_PROJECT, Settings
from pipelines.errors import TerminalError

AFTER_MODELS = "tag:after_models"
BEFORE_MODELS_SELECT = "path:models/staging path:models/intermediate resource_type:seed"
MARTS_SELECT = f"path:models/marts {AFTER_MODELS}"
# The one beside this interpreter, whatever PATH says.
EXECUTABLE = Path(sys.executable).with_name("dbt")
_SOURCE_ENDINGS = {".sql", ".yml", ".yaml", ".csv", ".md"}


def build_arguments(select: str = "", exclude: str = "") -> list[str]:
    """Build and test, without the unit tests: those prove the code, not the data. Dagster adds its own selection."""
    chosen = [*(["--select", select] if select else []), *(["--exclude", exclude] if exclude else [])]
    return ["build", *chosen, "--exclude-resource-type", "unit_test", "semantic_model", "metric", "saved_query"]


def project(settings: Settings) -> DbtProject:
    """The project with its artefacts in the home."""
    return DbtProject(project_dir=DBT_PROJECT, target_path=settings.dbt_target, profiles_dir=DBT_PROJECT)


def command_line(settings: Settings) -> DbtCliResource:
    """dbt as dagster-dbt calls it."""
    return DbtCliResource(project_dir=project(settings), dbt_executable=str(EXECUTABLE))


def build_stage(settings: Settings, select: str, exclude: str = "") -> None:
    """Build one stage without a word to Dagster's assets; raises TerminalError with dbt's first faults."""
    invocation = command_line(settings).cli(build_arguments(select, exclude), raise_on_error=False)
    faults = [
        str(event.raw_event["info"]["msg"]) for event in invocation.stream_raw_events()
        if event.raw_event["info"]["level"] == "error"
    ]  # fmt: skip
    succeeded = invocation.is_successful()
    shutil.rmtree(invocation.target_path, ignore_errors=True)
    if not succeeded:
        said = "; ".join(" ".join(fault.split()) for fault in faults if fault.strip())
        raise TerminalError(said[:600] or "dbt failed", f"dbt build --select {select}", f"see {settings.home}/logs/dbt")


def ensure_manifest(settings: Settings) -> Path:
    """Parse the project when one of its files changed since the last parse (5 s), else reuse the manifest."""
    path, stamp = settings.dbt_target / "manifest.json", settings.dbt_target / "project.sha256"
    digest = _project_digest()
    if path.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return path
    folder = str(DBT_PROJECT)
    command = [str(EXECUTABLE), "--quiet", "parse", "--project-dir", folder, "--profiles-dir", folder]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
        raise TerminalError(" ".join(lines[-3:]) or "dbt parse failed", folder, "run `dbt parse` there")
    stamp.write_text(digest, encoding="utf-8")
    return path


@cache
def manifest(settings: Settings) -> Mapping[str, Any]:
    """The content of dbt's manifest, read once a process: whoever reloads definitions starts another."""
    content: Mapping[str, Any] = orjson.loads(ensure_manifest(settings).read_bytes())
    return content


def source_descriptions(settings: Settings) -> dict[str, str]:
    """What dbt's sources are, by the name of their landing view."""
    return {source["identifier"]: source["description"] for source in manifest(settings)["sources"].values()}


def entities_of_kinds() -> Mapping[str, Sequence[str]]:
    """Kind of source to the entities that its staging gives: the map by which dbt unions them."""
    said = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    kinds: Mapping[str, Sequence[str]] = said["vars"]["entities"]
    return kinds


def mart_keys(settings: Settings) -> list[list[str]]:
    """Schema and name of every mart, as the manifest has them."""
    nodes = manifest(settings)["nodes"].values()
    return sorted(
        [node["schema"], node["name"]] for node in nodes if node["resource_type"] == "model" and "marts" in node["fqn"]
    )


def _project_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.suffix in _SOURCE_ENDINGS and path.is_file():
            digest.update(str(path.relative_to(DBT_PROJECT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
