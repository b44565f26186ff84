"""A vendor is a folder: nothing else names it, and another folder is another vendor."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
import yaml

import sandbox as package
from sandbox import api
from tests.sandbox.conftest import Client, served

ROOT = Path(package.__file__).parent
PIGEON = '''
"""Letters by pigeon."""

from sandbox.api.answer import json_answer
from sandbox.api.kind import Kind
from sandbox.changes import Change


class Pigeon:
    def __init__(self, given):
        self.given = given

    def answer(self, request):
        sent = request.headers.get("x-feather", "")
        state = self.given.tokens.state(sent, self.given.scene.clock)
        return json_answer({"state": state, "path": request.path})


KIND = Kind(
    make=Pigeon,
    refusals={"hawk": lambda: json_answer({"error": "a hawk"}, 503)},
    pages=lambda content: (),
    spoil=lambda record: None,
    move=lambda scene, rng: Change("customer", scene.clock),
    secrets=("access_token",),
    settings={"loft": "north"},
)
'''


@pytest.fixture
def pigeons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    folder = tmp_path / "folders" / "pigeon"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(PIGEON)
    monkeypatch.setattr(api, "__path__", [*api.__path__, str(folder.parent)])
    api.kinds.cache_clear()
    yield from served(tmp_path / "home")
    monkeypatch.undo()
    api.kinds.cache_clear()


def test_another_folder_is_another_vendor(pigeons: Client) -> None:
    answer = requests.get(pigeons.url("/pigeon/letters"), headers={"X-Feather": pigeons.token("pigeon")})
    assert answer.json() == {"state": "good", "path": "/letters"}
    source = yaml.safe_load((pigeons.home / "brands.yml").read_text())["sources"]["aurora_pigeon"]
    assert source == {
        "kind": "pigeon",
        "brand": "aurora",
        "base_url": f"http://127.0.0.1:{pigeons.port}/pigeon",
        "loft": "north",
    }
    written = (pigeons.home / "secrets.env").read_text().splitlines()
    assert f"VOXHOUSE_AURORA_PIGEON_ACCESS_TOKEN={pigeons.token('pigeon')}" in written
    pigeons.control("trouble", api="pigeon", kind="hawk", times=1)
    assert requests.get(pigeons.url("/pigeon/letters")).json() == {"error": "a hawk"}


def test_nothing_beside_its_folder_names_a_vendor() -> None:
    names = ("live", "server", "prepare", "trouble", "actions", "client", "store", "options", "__main__")
    for path in (*(ROOT / f"{name}.py" for name in names), *(ROOT / "api").glob("*.py")):
        text = path.read_text(encoding="utf-8").lower()
        assert [kind for kind in api.kinds() if kind in text] == [], path


def test_the_command_line_names_none(capsys: pytest.CaptureFixture[str]) -> None:
    from typer.testing import CliRunner

    from orchestration.commands import app

    for command in (["sandbox", "--help"], ["sandbox", "start", "--help"], ["sandbox", "trouble", "--help"]):
        told = CliRunner().invoke(app, command).output.lower()
        assert "usage" in told
        assert [kind for kind in api.kinds() if kind in told] == []


def test_it_imports_no_other_package_of_the_project() -> None:
    others = {"orchestration", "pipelines", "expectations", "tests", "benchmarks"}
    for path in ROOT.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not others & {name.partition(".")[0] for name in names}, path
