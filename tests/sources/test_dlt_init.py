"""A stranger takes a source out of this repository with `dlt init`, configures it as dlt does, and runs it alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from pipelines.credentials import read_secrets
from tests.sources.conftest import Vendors

ROOT = Path(__file__).resolve().parents[2]
CONFIGURED = {
    "instagram": ("comments", "comment_id", ("access_token",), {"account_id": "17841400000000001"}),
    "hubspot": ("contacts", "contact_id", ("access_token",), {}),
    "shopify": ("orders", "order_id", ("client_id", "client_secret"), {}),
}
"""Kind to a table of it and its key, its secrets, and its configuration."""
STRANGER = """
import runpy, sys
runpy.run_path(sys.argv[1], run_name="__main__")
print([name for name in sys.modules if name.split(".")[0] in ("pipelines", "orchestration", "expectations")])
"""


def _environment(folder: Path) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    home = folder / "nobody"
    home.mkdir(exist_ok=True)
    return kept | {"HOME": str(home), "DLT_DATA_DIR": str(folder / "dlt"), "RUNTIME__DLTHUB_TELEMETRY": "false"}


def _write_toml(path: Path, kind: str, values: dict[str, str]) -> None:
    lines = "".join(f'{name} = "{value}"\n' for name, value in values.items())
    path.write_text(f"[sources.{kind}]\n{lines}", encoding="utf-8")


@pytest.mark.parametrize("kind", CONFIGURED)
def test_a_source_taken_out_by_dlt_init_runs_alone(vendors: Vendors, tmp_path: Path, kind: str) -> None:
    project, environment = tmp_path / "project", _environment(tmp_path)
    project.mkdir()
    init = [str(Path(sys.executable).with_name("dlt")), "--non-interactive", "init", kind, "duckdb"]
    done = subprocess.run(
        [*init, "--location", str(ROOT)], cwd=project, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert f"Verified source {kind} was added to your project!" in done.stdout
    assert not [path for path in project.rglob("*") if path.is_symlink()]
    table, key, secrets, configuration = CONFIGURED[kind]
    known = read_secrets(vendors.home / "secrets.env")
    given = {name: known[f"VOXHOUSE_AURORA_{kind}_{name}".upper()] for name in secrets}
    _write_toml(project / ".dlt" / "secrets.toml", kind, given)
    _write_toml(project / ".dlt" / "config.toml", kind, configuration | {"base_url": f"{vendors.url}/{kind}"})
    for _ in range(2):
        done = subprocess.run(
            [sys.executable, "-c", STRANGER, f"{kind}_pipeline.py"],
            cwd=project, env=environment, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr[-2000:]
        assert done.stdout.endswith("[]\n"), "it stands alone"
    assert list(Path(environment["HOME"]).iterdir()) == []
    with duckdb.connect(str(project / f"{kind}.duckdb"), read_only=True) as con:
        sql = f"select count(*) > 0, count(*) = count(distinct {key}) from {kind}_data.{table}"
        assert con.execute(sql).fetchall() == [(True, True)], "a second run doubles nothing"
