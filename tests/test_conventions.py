"""Conventions that a machine can hold: sizes, docstrings, names, and what must never be committed."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from orchestration.contracts import CONTRACTS, contracts
from orchestration.dbt import entities_of_kinds
from pipelines.entities import FED, PLANNED
from pipelines.sources import KINDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("orchestration", "pipelines", "expectations", "sandbox", "superset", "benchmarks")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MARTS = sorted((ROOT / "dbt_project" / "models" / "marts").rglob("*.sql"))


def _relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", MODULES, ids=_relative)
def test_a_module_is_one_room(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    assert len(text.splitlines()) <= 400
    assert not text.strip() or ast.get_docstring(tree), "a module says what belongs in it"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            assert node.end_lineno - first.lineno < 40, f"{node.name} is too long"


@pytest.mark.parametrize("path", MARTS, ids=lambda path: path.stem)
def test_a_mart_says_its_grain_and_has_its_own_contract(path: Path) -> None:
    assert path.read_text(encoding="utf-8").startswith("-- "), "line 1 says the grain"
    (model,) = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))["models"]
    assert model["name"] == path.stem
    assert model["description"]
    assert all(column.get("description") and column.get("data_type") for column in model["columns"])
    assert model.get("data_tests") or any(column.get("data_tests") for column in model["columns"]), "a key test"


def _after_staging() -> Iterator[Path]:
    dbt = ROOT / "dbt_project"
    yield from (path for folder in ("intermediate", "marts") for path in (dbt / "models" / folder).rglob("*.sql"))
    yield from (dbt / "tests").rglob("*.sql")
    yield from (path for path in (dbt / "macros").rglob("*.sql") if path.parent.name != "landing")
    yield from (ROOT / "expectations").rglob("*.py")
    yield from (ROOT / "superset" / "assets").rglob("*.yaml")


@pytest.mark.parametrize("path", sorted(_after_staging()), ids=_relative)
def test_nothing_after_staging_names_a_kind_of_source(path: Path) -> None:
    text = path.read_text(encoding="utf-8").casefold()
    assert [kind for kind in KINDS if kind in text] == []


def test_an_entity_is_read_from_its_union_alone() -> None:
    staged = {
        f"stg_{kind}__{entity}": f"int_{entity}" for kind, named in entities_of_kinds().items() for entity in named
    }
    models = ROOT / "dbt_project" / "models"
    readers = {path: re.findall(r"ref\('(\w+)'\)", path.read_text(encoding="utf-8")) for path in models.rglob("*.sql")}
    assert [(path.stem, name) for path, names in readers.items() for name in names if name in staged] == []
    unions = {f"int_{entity}" for named in entities_of_kinds().values() for entity in named}
    assert {path.stem for path in (models / "intermediate" / "entities").glob("*.sql")} == unions
    assert unions == {f"int_{entity}" for entity in FED}


def test_contracts_are_what_the_entities_declare() -> None:
    assert CONTRACTS.read_text(encoding="utf-8") == contracts()
    planned = yaml.safe_load(contracts(PLANNED))["models"]
    assert [model["name"] for model in planned] == [f"int_{name}" for name in PLANNED]


def test_nothing_that_must_not_be_committed() -> None:
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [name for name in listing.split("\0") if name]
    assert "uv.lock" not in paths
    forbidden = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "registry" + r"\.npmjs"]))
    for name in paths:
        path = ROOT / name
        if path.suffix in {".py", ".txt", ".toml", ".md", ".yml", ".yaml", ".sql", ".cfg", ""} and path.is_file():
            found = forbidden.search(path.read_text(encoding="utf-8", errors="ignore"))
            assert found is None, f"{name}: {found}"


def test_one_engine_in_both_environments() -> None:
    versions = set()
    for lock in ("warehouse", "superset"):
        text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
        versions.update(re.findall(r"^duckdb==(\S+)", text, flags=re.MULTILINE))
    assert len(versions) == 1


def test_every_dashboard_that_reads_a_mart_is_an_exposure_of_just_those_marts() -> None:
    assets = ROOT / "superset" / "assets"
    datasets = {
        content["uuid"]: (content["schema"], content["table_name"])
        for content in (yaml.safe_load(p.read_text(encoding="utf-8")) for p in assets.glob("datasets/**/*.yaml"))
    }
    read: dict[str, set[str]] = {}
    for path in assets.glob("charts/*/*.yaml"):
        schema, table = datasets[yaml.safe_load(path.read_text(encoding="utf-8"))["dataset_uuid"]]
        if schema != "operations":
            read.setdefault(path.parent.name.replace("-", "_"), set()).add(table)
    shown_on_each = read.pop("shared")
    read = {name: marts if name == "lifetime_value" else marts | shown_on_each for name, marts in read.items()}
    exposures = yaml.safe_load((ROOT / "dbt_project" / "models" / "exposures.yml").read_text(encoding="utf-8"))
    told = {
        e["name"]: {ref.removeprefix("ref('").removesuffix("')") for ref in e["depends_on"]}
        for e in exposures["exposures"]
    }
    assert {name: marts & told[name] for name, marts in read.items()} == read
    assert told.keys() == read.keys()
