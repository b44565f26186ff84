"""Superset's tests: the assets on disk, and a live Superset over a published version.

`VOXHOUSE_TEST_HOME` names a home whose published version is served instead of the small one that is made here.
`VOXHOUSE_SCREENSHOTS` names a folder for pictures of the dashboards.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
CHECKOUT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(CHECKOUT / "superset")]

from superset_home import build, read_datasets  # noqa: E402
from superset_server import Client, Superset  # noqa: E402

SUPERSET_PYTHON = Path(os.environ.get("VOXHOUSE_SUPERSET_PYTHON") or CHECKOUT / ".venv-superset" / "bin" / "python")
TEST_HOME = os.environ.get("VOXHOUSE_TEST_HOME")
SCREENSHOTS = os.environ.get("VOXHOUSE_SCREENSHOTS")
CHROMIUM = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)


def missing(what: str, remedy: str) -> None:
    """Skip and say why; under CI, where everything has to be there, fail."""
    message = f"{what}; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(message)
    pytest.skip(message)


@pytest.fixture(scope="session")
def served_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with one published version, `first`, in service."""
    home = tmp_path_factory.mktemp("superset_home")
    first = home / "serving" / "versions" / "first"
    if TEST_HOME:
        shutil.copytree(Path(TEST_HOME, "serving", "current").resolve(), first)
    else:
        build(first, read_datasets(CHECKOUT / "superset" / "assets" / "datasets"))
    (home / "serving" / "current").symlink_to(first)
    return home


@pytest.fixture(scope="session")
def superset(served_home: Path) -> Iterator[Superset]:
    """A deployed Superset, serving."""
    if not SUPERSET_PYTHON.exists():
        missing(f"no Superset environment at {SUPERSET_PYTHON}", "run `make setup` or set VOXHOUSE_SUPERSET_PYTHON")
    server = Superset(served_home, SUPERSET_PYTHON, query_seconds=6)
    deployed = server.deploy()
    assert deployed.returncode == 0, deployed.stderr[-3000:]
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def admin(superset: Superset) -> Client:
    return superset.login("admin")


@pytest.fixture(scope="session")
def viewer(superset: Superset) -> Client:
    return superset.login("viewer")


@pytest.fixture(scope="session")
def author(superset: Superset) -> Client:
    return superset.login("author")


@pytest.fixture(scope="session")
def finance(superset: Superset) -> Client:
    return superset.login("finance")


@pytest.fixture(scope="session")
def operator(superset: Superset) -> Client:
    return superset.login("operator")


@pytest.fixture(scope="session")
def clients(admin: Client, viewer: Client, author: Client, finance: Client, operator: Client) -> dict[str, Client]:
    return {"admin": admin, "viewer": viewer, "author": author, "finance": finance, "operator": operator}
