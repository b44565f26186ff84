"""Landing 200,000 JSON records over HTTP, against a plain client that writes them to Parquet in the same run."""

from __future__ import annotations

import json
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from statistics import median
from typing import Any
from unittest.mock import patch

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import requests

from pipelines.brands import Brands
from pipelines.extract import LoadContext, Page, Stream
from pipelines.home import Home
from pipelines.loading import load_instance
from pipelines.sources.hubspot.tables import CONTACTS

RECORDS, PAGE, RUNS = 200_000, 1_000, 3
NOW = datetime(2026, 6, 30, tzinfo=UTC)
BRANDS = Brands.model_validate(
    {
        "brands": {"bench": {"name": "Bench", "ownership": "own", "timezone": "UTC"}},
        "sources": {"bench_crm": {"kind": "hubspot", "brand": "bench", "base_url": "http://127.0.0.1"}},
    }
)
CREDENTIALS = {"VOXHOUSE_BENCH_CRM_ACCESS_TOKEN": "none"}


def _record(number: int) -> dict[str, Any]:
    at = (NOW - timedelta(seconds=number)).isoformat()
    return {
        "contact_id": str(number),
        "lifecycle_stage": "customer",
        "country_code": "FR",
        "acquisition_channel": "organic_search",
        "marketing_consent": "subscribed",
        "created_at": at,
        "updated_at": at,
        "is_archived": False,
    }


class _Pages(BaseHTTPRequestHandler):
    pages = tuple(
        json.dumps({"results": [_record(n) for n in range(start, start + PAGE)]}).encode()
        for start in range(0, RECORDS, PAGE)
    )

    def do_GET(self) -> None:
        body = self.pages[int(self.path.rpartition("/")[2])]
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        return


def _read(address: str) -> Iterator[list[dict[str, Any]]]:
    with requests.Session() as session:
        for number in range(RECORDS // PAGE):
            yield orjson.loads(session.get(f"{address}/{number}", timeout=30).content)["results"]


def _floor(address: str, folder: Path) -> None:
    with pq.ParquetWriter(folder / "floor.parquet", pa.Table.from_pylist([_record(0)]).schema) as writer:
        for records in _read(address):
            writer.write_table(pa.Table.from_pylist(records))


def _ours(address: str, folder: Path) -> None:
    def streams(instance: str, config: object, context: LoadContext) -> list[Stream]:
        return [Stream("contacts", lambda: (Page(CONTACTS, records) for records in _read(address)), (CONTACTS,))]

    with patch("pipelines.sources.hubspot.streams", streams):
        report = load_instance(Home(folder), "bench_crm", BRANDS, NOW, environment=CREDENTIALS)
    if report.tables["contacts"] != (RECORDS, 0):
        raise RuntimeError(f"landed {report.tables}")


def _seconds(work: Callable[[str, Path], None], address: str) -> float:
    with tempfile.TemporaryDirectory(prefix="voxhouse-bench-") as folder:
        started = time.monotonic()
        work(address, Path(folder))
        return time.monotonic() - started


def measure() -> None:
    """Print both medians and the median of the pairs' ratios."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        pairs = [(_seconds(_floor, address), _seconds(_ours, address)) for _ in range(RUNS)]
    finally:
        server.shutdown()
    floor, ours = median(pair[0] for pair in pairs), median(pair[1] for pair in pairs)
    ratio = median(ours_seconds / floor_seconds for floor_seconds, ours_seconds in pairs)
    print(f"landing {RECORDS:,} records over HTTP: floor {floor:.1f} s, ours {ours:.1f} s, ratio {ratio:.2f}")
