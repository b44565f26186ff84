"""A kind of source that nobody here knows goes through the whole job to the marts: two folders and a line of the map.

It is put into a copy of the project, so that nothing else can have been touched for it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.publication.query import run_query

ROOT = Path(__file__).resolve().parents[2]
PARTS = Path(__file__).resolve().parent / "village"
PACKAGES = ("orchestration", "pipelines", "expectations", "dbt_project")
MAP = "    village: [persons, orders, order_lines, posts, post_readings]\n"
ANSWERS: dict[str, list[dict[str, Any]]] = {
    "sales": [
        {"sale_id": "1", "buyer_id": "ann", "email": "ann@example.com", "thing": "bread", "price": "4.50",
         "sold_at": "2026-06-01T10:00:00+00:00", "currency": "EUR"},
        {"sale_id": "2", "buyer_id": "ann", "email": "ann@example.com", "thing": "cheese", "price": "8.00",
         "sold_at": "2026-06-20T23:30:00+00:00", "currency": "EUR"},
        {"sale_id": "3", "buyer_id": "bob", "email": "bob@example.com", "thing": "bread", "price": "4.50",
         "sold_at": "2026-06-21T10:00:00+00:00", "currency": "EUR"},
    ],
    "notes": [
        {"note_id": "111", "author_id": "baker", "written_at": "2026-06-20T08:00:00+00:00", "hearts": 7, "answers": 2},
        {"note_id": "112", "author_id": "baker", "written_at": "2026-06-22T08:00:00+00:00", "hearts": 0, "answers": 1},
    ],
}  # fmt: skip


class _Village(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        name = self.path.strip("/")
        content = json.dumps({name: ANSWERS[name]}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Village)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def serving(address: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is published of a home whose only source is a village."""
    copy, home = tmp_path_factory.mktemp("project"), tmp_path_factory.mktemp("home") / "home"
    unwanted = shutil.ignore_patterns("__pycache__", "target", "logs")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, copy / package, symlinks=True, ignore=unwanted)
    shutil.copy(ROOT / "pyproject.toml", copy)
    kind = copy / "pipelines" / "sources" / "village"
    shutil.copytree(PARTS / "source", kind, ignore=unwanted)
    for shared in ("hints.py", "json_client.py"):
        (kind / shared).symlink_to(f"../{shared}")
    shutil.copytree(PARTS / "staging", copy / "dbt_project" / "models" / "staging" / "village")
    project = copy / "dbt_project" / "dbt_project.yml"
    said = project.read_text(encoding="utf-8").replace("vars:\n  entities:\n", f"vars:\n  entities:\n{MAP}")
    project.write_text(said, encoding="utf-8")

    home.mkdir(mode=0o700)
    brands = {
        "brands": {"hill": {"name": "Hill", "ownership": "own", "timezone": "Europe/Paris"}},
        "sources": {"hill_village": {"kind": "village", "brand": "hill", "base_url": address}},
    }
    (home / "brands.yml").write_text(yaml.safe_dump(brands), encoding="utf-8")
    (home / "clock.json").write_text(json.dumps({"now": "2026-06-30T22:00:00+00:00"}), encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOXHOUSE_")}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration.commands", "run"],
        env={**kept, "HOME": str(copy), "VOXHOUSE_HOME": str(home), "PYTHONPATH": str(copy), "OMP_NUM_THREADS": "1"},
        cwd=copy, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return home / "serving"


pytestmark = [pytest.mark.xdist_group("third_party"), pytest.mark.slow]


def test_its_sales_are_orders_of_persons(serving: Path) -> None:
    _, rows = run_query(
        serving,
        "select order_id, cast(ordered_on as text), net_revenue, is_first_order, lines_count from marts.fct_order"
        " order by 1",
    )
    assert rows == [
        ("1", "2026-06-01", Decimal("4.5000"), True, 1),
        ("2", "2026-06-21", Decimal("8.0000"), False, 1),
        ("3", "2026-06-21", Decimal("4.5000"), True, 1),
    ]
    _, persons = run_query(serving, "select orders_count from marts.dim_customer order by 1")
    assert persons == [(1,), (2,)]


def test_its_notes_are_posts_with_their_engagement(serving: Path) -> None:
    _, rows = run_query(
        serving,
        "select posts.post_id, readings.reactions, readings.engagements_public, readings.engagements_full, posts.is_own"
        " from marts.dim_post as posts join marts.fct_post_snapshot as readings using (post_key) order by 1",
    )
    assert rows == [("111", 7, 9, None, True), ("112", 0, 1, None, True)]


def test_it_is_told_as_a_source_of_its_kind(serving: Path) -> None:
    _, rows = run_query(serving, "select source_instance, kind, is_stale from marts.dim_source")
    assert rows == [("hill_village", "village", False)]
