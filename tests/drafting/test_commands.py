"""`voxhouse drop` and `voxhouse clock` as a person types them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.drafting import people

ROOT = Path(__file__).resolve().parents[2]


def voxhouse(home: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("VOXHOUSE_")}
    environment |= {"VOXHOUSE_HOME": str(home), "PYTHONPATH": str(ROOT), "HOME": str(home.parent)}
    command = [sys.executable, "-m", "orchestration.commands", *map(str, arguments)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd=home.parent)


def test_the_first_minutes_with_files_of_ones_own(tmp_path: Path) -> None:
    home, path = tmp_path / "home", people.customers(tmp_path)
    refused = voxhouse(home, "drop", "crm", path)
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
    assert "add --brand NAME --timezone" in refused.stderr
    put = voxhouse(home, "drop", "crm", path, "--brand", "Aurora")
    assert (put.returncode, put.stderr) == (0, "")
    assert "kunden.tsv: customers" in put.stdout
    well = voxhouse(home, "drop", "check", "crm")
    assert (well.returncode, well.stderr) == (0, "")
    assert "customers: 9 records would land" in well.stdout
    assert "example" not in well.stdout

    landed = home / "inbox" / "crm" / "kunden.tsv"
    landed.write_bytes(landed.read_bytes() + b"K0\t\t\tFR\t2024-01-01\tx\n")
    bad = voxhouse(home, "drop", "check", "crm")
    assert bad.returncode == 1
    assert "1 records would be quarantined:" in bad.stdout
    assert "duplicate key" in bad.stdout
    assert "then check again" in bad.stderr
    assert not (home / "landing").exists()
    assert [path for path in (home / "pii").rglob("*") if path.is_file()] == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "kunden.tsv"]


def test_the_clock(tmp_path: Path) -> None:
    home = tmp_path / "home"
    assert "the home has no clock of its own" in voxhouse(home, "clock").stdout
    assert voxhouse(home, "clock", "1998-07-01").stdout.startswith("1998-07-01 00:00 UTC, set by voxhouse clock in ")
    assert "give one of them" in voxhouse(home, "clock", "1998-07-01", "--today").stderr
    assert "the home has no clock of its own" in voxhouse(home, "clock", "--today").stdout
