"""A real data set is put into a home of its own, never among somebody's own figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.errors import ConfigError
from pipelines.home import Home
from pipelines.samples import complete_journey, put_sample

NAME = "complete-journey"
BRAND = "brands:\n  aurora: {name: Aurora, ownership: own, timezone: UTC}\n"
SOURCE = "sources:\n  shop: {kind: shopify, brand: aurora, api_version: '2026-04', base_url: 'https://shop.example'}\n"


@pytest.fixture
def own(tmp_path: Path) -> Home:
    root = tmp_path / "home"
    root.mkdir()
    return Home(root)


def _land(home: Home, instance: str, kind: str) -> None:
    loads = home.landing / instance / "_dlt_loads"
    loads.mkdir(parents=True)
    at = "2026-06-30T22:00:00+00:00"
    (loads / f"{kind}__17.5.jsonl").write_text(json.dumps({"inserted_at": at}))
    (home.landing / "format.json").write_text('{"format": 2}')


def _content(root: Path) -> dict[Path, tuple[bytes, int]]:
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in root.rglob("*") if path.is_file()}


def test_a_home_with_api_sources_is_left_alone(own: Home) -> None:
    own.brands_file.write_text(BRAND + SOURCE)
    before = _content(own.root)
    with pytest.raises(ConfigError, match=r"brands\.yml: has API sources \(shop\).*; name a home of its own in") as e:
        put_sample(NAME, own)
    assert "\n" not in str(e.value)
    assert _content(own.root) == before


@pytest.mark.parametrize("kind", ["shopify", "a_kind_of_old"])
def test_a_home_with_loads_of_apis_is_left_alone(own: Home, kind: str) -> None:
    own.brands_file.write_text(BRAND)
    _land(own, "shop", kind)
    with pytest.raises(ConfigError, match=r"landing: has loads of API sources \(shop\).*; name a home of its own in"):
        put_sample(NAME, own)
    assert not own.inbox.exists()
    assert own.brands_file.read_text() == BRAND


def test_a_brands_file_that_cannot_be_used_is_told_before_anything_is_put(own: Home) -> None:
    own.brands_file.write_text("brands: 1\n")
    with pytest.raises(ConfigError, match=r"brands\.yml"):
        put_sample(NAME, own)
    assert not own.inbox.exists()


def test_a_home_with_drops_only_is_served_and_a_second_time_changes_nothing(own: Home) -> None:
    own.brands_file.write_text(BRAND)
    _land(own, "till", "file_drop")
    said = put_sample(NAME, own)
    assert "complete_journey" in own.brands_file.read_text()
    before = {path: found for path, found in _content(own.root).items() if path != own.clock_file}
    clock = own.clock_file.read_bytes()
    assert put_sample(NAME, own) == said
    assert {path: found for path, found in _content(own.root).items() if path != own.clock_file} == before
    assert own.clock_file.read_bytes() == clock


def test_the_files_of_the_package_are_never_written_through_a_link(own: Home, tmp_path: Path) -> None:
    packaged = tmp_path / "packaged.parquet"
    packaged.write_bytes(b"theirs")
    folder = own.inbox / complete_journey.BRAND
    folder.mkdir(parents=True)
    (folder / "transactions.parquet").symlink_to(packaged)
    (folder / "products.parquet").hardlink_to(packaged)
    put_sample(NAME, own)
    assert packaged.read_bytes() == b"theirs"
    assert not (folder / "transactions.parquet").is_symlink()
