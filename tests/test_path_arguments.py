"""What a person types never becomes a path by itself: only ids and names that are listed are taken.

Each argument meets each hostile value: it is refused in one line that the value cannot break, and nothing on disk is
another afterwards.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from orchestration.clock import parse_day, set_clock
from orchestration.commands.loads import ledger_with
from orchestration.commands.runs import check_sources
from orchestration.config import Settings
from orchestration.publication.building import build_version
from orchestration.publication.service import publish, rollback
from orchestration.servers import processes
from orchestration.servers.stack import serve_all
from pipelines.brands import load_brands
from pipelines.drafting.put import Asked, put_drop
from pipelines.drafting.trial import try_drop
from pipelines.errors import PipelineError
from pipelines.samples import put_sample
from tests.publication.kit import id_of, lay

LOAD = "1751320800.123456"
VERSION = id_of(1)
LONGEST_LINE = 600
HOSTILE = {
    "nothing": "",
    "here": ".",
    "above": "..",
    "beside": "../x",
    "far": "../../../../etc/passwd",
    "absolute": "/etc/passwd",
    "home": "~",
    "within": "a/b",
    "backslash": "..\\x",
    "encoded": "%2e%2e%2fx",
    "star": "*",
    "glob": "[0-9]*",
    "any": "?" * 24,
    "option": "--help",
    "command": "$(touch x); touch x",
    "listed and more": f"{VERSION}/",
    "listed and back": f"{VERSION}/../{VERSION}",
    "listed load and more": f"{LOAD}/../{LOAD}",
    "listed and a line": f"{VERSION}\n",
    "listed of another kind": f"{VERSION}-as-of-../../x",
    "digits of others": VERSION.replace("2", "\u0662"),
    "line": "a\nvoxhouse: all is well",
    "return": "a\rvoxhouse: all is well",
    "escape": "\x1b[2J\x1b[31mred",
    "title": "\x1b]0;title\x07",
    "nul": "a\0b",
    "backwards": "a\u202egnp.exe",
    "separator": "a\u2028b\x85c",
    "no utf-8": "a\udc80b",
    "long": "x" * 5000,
    "long path": "../" * 2000,
}

BRANDS = """\
brands: {aurora: {name: Aurora, ownership: own, timezone: UTC}}
sources: {shop: {kind: hubspot, brand: aurora}}
"""

Act = Callable[[Settings, str], object]


def _read_brands(_: Settings, name: str) -> object:
    """The value as the name of a source instance in a brands.yml in which all else is well."""
    brand = {"name": "Aurora", "ownership": "own", "timezone": "UTC"}
    source = {"kind": "shopify", "brand": "aurora", "base_url": "https://shop.example"}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "brands.yml"
        path.write_text(json.dumps({"brands": {"aurora": brand}, "sources": {name: source}}), encoding="utf-8")
        return load_brands(path)


ARGUMENTS: dict[str, Act] = {
    "rollback": lambda settings, value: rollback(settings.serving, value, "anna", "why"),
    "publish": lambda settings, value: publish(settings.serving, value),
    "build": lambda settings, value: build_version(settings.serving, value, settings.home / "w.duckdb", {}),
    "loads accept|reject": lambda settings, value: ledger_with(settings.layout.landing, value),
    "sample": lambda settings, value: put_sample(value, settings.layout),
    "drop": lambda settings, value: put_drop(settings.layout, Asked(value, [settings.layout.brands_file]), "UTC"),
    "drop FILE": lambda settings, value: put_drop(settings.layout, Asked("till", [Path(value)]), "UTC"),
    "drop --brand": lambda settings, value: put_drop(
        settings.layout, Asked("till", [settings.layout.brands_file], brand=value or "-"), "UTC"
    ),
    "drop check": lambda settings, value: try_drop(settings.layout, value),
    "clock": set_clock,
    "stop": processes.stop,
    "server": processes.is_running,
    "source instance": _read_brands,
    "--as-of": lambda _, value: parse_day(value, "--as-of"),
    "run --source": lambda settings, value: check_sources(settings, [value]),
    "serve --only": lambda settings, value: serve_all(settings, [value]),
}
TABLE = [(argument, name) for argument in ARGUMENTS for name in HOSTILE]


@pytest.fixture
def settings(home: Path) -> Settings:
    """A home with versions, a complete load and the note of a server."""
    settings = Settings.from_environment()
    lay(settings.serving, 0)
    lay(settings.serving, 1)
    publish(settings.serving, VERSION)
    settings.layout.brands_file.write_text(BRANDS, encoding="utf-8")
    instance = settings.layout.landing / "shop"
    for name, content in (
        (f"_dlt_loads/shopify__{LOAD}.jsonl", {"inserted_at": "2026-06-30T22:00:00+00:00"}),
        (f"_manifest/{LOAD}.json", {"completed_at": "2026-06-30T22:00:00+00:00", "files": {}, "rows": {}}),
        ("../format.json", {"format": 2}),
        ("../../run/dagster.server", {"pid": 1, "start_time": 1}),
    ):
        path = instance / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content), encoding="utf-8")
    return settings


def _tree(folder: Path) -> dict[str, tuple[int, int, int]]:
    found = {str(path.relative_to(folder)): path.lstat() for path in (folder, *folder.rglob("*"))}
    return {name: (stat.st_mode, stat.st_size, stat.st_mtime_ns) for name, stat in found.items()}


@pytest.mark.parametrize(("argument", "value"), TABLE)
def test_what_is_not_listed_is_refused(settings: Settings, argument: str, value: str) -> None:
    before = _tree(settings.home.parent)
    with pytest.raises(PipelineError) as caught:
        ARGUMENTS[argument](settings, HOSTILE[value])
    line = str(caught.value)
    assert line.isprintable()
    assert len(line) <= LONGEST_LINE
    assert _tree(settings.home.parent) == before


def test_the_table_is_not_cut_short() -> None:
    assert len(TABLE) >= 40
    assert {argument for argument, _ in TABLE} == set(ARGUMENTS)


def test_what_is_listed_is_taken(settings: Settings) -> None:
    assert rollback(settings.serving, id_of(0), "anna", "why") == id_of(0)
    ledger_with(settings.layout.landing, LOAD).accept(LOAD, "anna", "why")
    assert [load.status for load in ledger_with(settings.layout.landing, LOAD).loads()] == ["accepted"]
    assert processes.names(settings) == ["dagster"]
    assert not processes.stop(settings, "dagster")
    assert _read_brands(settings, "shop")
    assert str(parse_day("2026-01-31", "--as-of")) == "2026-01-31"


def test_a_home_without_loads_is_not_given_a_landing_zone(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match=r"there is no complete load '17\.5'; see `voxhouse loads`"):
        ledger_with(tmp_path / "landing", "17.5")
    assert list(tmp_path.iterdir()) == []
