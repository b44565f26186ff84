"""The dbt project as Dagster sees it, and the arguments of dbt's calls as pure functions."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from dagster_dbt import DbtProject

from orchestration.config import DBT_PROJECT, Settings
from pipelines.errors import TerminalError

AFTER_MODELS = "tag:after_models"
BEFORE_MODELS_SELECT = "path:models/staging path:models/intermediate resource_type:seed"
MARTS_SELECT = f"path:models/marts {AFTER_MODELS}"
# The one beside this interpreter, whatever PATH says.
EXECUTABLE = Path(sys.executable).with_name("dbt")
_SOURCE_ENDINGS = {".sql", ".yml", ".yaml", ".csv", ".md"}


def build_arguments() -> list[str]:
    """Build and test, without the unit tests: those prove the code, not the data."""
    return ["build", "--exclude-resource-type", "unit_test", "semantic_model", "metric", "saved_query"]


def project(settings: Settings) -> DbtProject:
    """The project with its artefacts in the home."""
    return DbtProject(project_dir=DBT_PROJECT, target_path=settings.dbt_target, profiles_dir=DBT_PROJECT)


def ensure_manifest(settings: Settings) -> Path:
    """Parse the project when one of its files changed since the last parse (5 s), else reuse the manifest."""
    manifest, stamp = settings.dbt_target / "manifest.json", settings.dbt_target / "project.sha256"
    digest = _project_digest()
    if manifest.exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == digest:
        return manifest
    command = [
        str(EXECUTABLE),
        "--quiet",
        "parse",
        "--project-dir",
        str(DBT_PROJECT),
        "--profiles-dir",
        str(DBT_PROJECT),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        lines = [line for line in (result.stdout + result.stderr).splitlines() if line.strip()]
        raise TerminalError(" ".join(lines[-3:]) or "dbt parse failed", str(DBT_PROJECT), "run `dbt parse` there")
    stamp.write_text(digest, encoding="utf-8")
    return manifest


def _project_digest() -> str:
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        if path.suffix in _SOURCE_ENDINGS and path.is_file():
            digest.update(str(path.relative_to(DBT_PROJECT)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()
