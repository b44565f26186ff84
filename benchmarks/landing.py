"""Landing 200,000 JSON records over HTTP, client, source, judge, vault and all, against a plain client and Parquet."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import requests

from benchmarks.vendor import NOW, RECORDS, record, serving
from orchestration.commands.console import print_table
from pipelines.brands import Brand, Brands
from pipelines.home import Home
from pipelines.landing.loading import load_instance
from pipelines.sources import Address, Given, SourceConfiguration
from pipelines.sources.hints import flag, moment, personal, resource_of, table, text

RUNS = 3
BAR = 2.5
COLUMNS = {
    "contact_id": text("Id.", required=True),
    "lifecycle_stage": text("Stage."),
    "country_code": text("Country."),
    "acquisition_channel": text("Channel."),
    "marketing_consent": text("Consent."),
    "created_at": moment("Created.", required=True),
    "updated_at": moment("Changed.", required=True, version=True),
    "is_archived": flag("Deleted.", required=True),
}
EMAIL = {"email": personal("email", "Address.")}


class Vendor(SourceConfiguration):
    """The benchmark's own kind, with dlt's client and ours of it."""

    base_url: Address
    with_emails: bool

    def source(self, given: Given) -> Any:
        """Contacts by cursor pages."""
        import dlt
        from dlt.sources.helpers.rest_client.client import RESTClient

        from pipelines.sources.json_client import CursorPaginator, VendorAuth, expect, pinned_session

        session = pinned_session(self.base_url)
        auth = VendorAuth(access_token="none", client_id="", client_secret="", session=session)
        client = RESTClient(self.base_url, auth=auth, session=session)
        columns = COLUMNS | EMAIL if self.with_emails else COLUMNS

        @dlt.resource(**resource_of(table("Contacts.", ("contact_id",), columns, "merge")))
        def contacts() -> Iterator[Any]:
            paginator = CursorPaginator("after", "after")
            form = {"results": [{"contact_id": str}], "after": (int, None)}
            yield from client.paginate("contacts", paginator=paginator, data_selector="results", hooks=expect(form))

        return dlt.source(lambda: contacts, name="vendor", max_table_nesting=0)()


def _floor(address: str, folder: Path) -> None:
    with (
        requests.Session() as session,
        pq.ParquetWriter(folder / "floor.parquet", pa.Table.from_pylist([record(0)]).schema) as writer,
    ):
        after: int | None = 0
        while after is not None:
            page = orjson.loads(session.get(f"{address}/contacts?after={after}", timeout=30).content)
            writer.write_table(pa.Table.from_pylist(page["results"]))
            after = page["after"]


def _ours(with_emails: bool) -> Callable[[str, Path], None]:
    def load(address: str, folder: Path) -> None:
        brand = Brand(name="Bench", ownership="own", timezone="UTC")
        vendor = Vendor(kind="vendor", brand="bench", base_url=address, with_emails=with_emails)
        brands = Brands(brands={"bench": brand}, sources={"bench_crm": vendor})
        report = load_instance(Home(folder), "bench_crm", brands, NOW, environment={})
        if report.tables["contacts"] != (RECORDS, 0):
            raise RuntimeError(f"landed {report.tables}")

    return load


def _seconds(work: Callable[[str, Path], None], address: str) -> float:
    with tempfile.TemporaryDirectory(prefix="voxhouse-bench-") as folder:
        started = time.monotonic()
        work(address, Path(folder) / "home") if work is not _floor else work(address, Path(folder))
        return time.monotonic() - started


def measure() -> None:
    """Print the medians and the medians of the ratios, floor and ours in turn."""
    works = {"plain client, Parquet": _floor, "landed": _ours(False), "landed, every e-mail new": _ours(True)}
    with serving() as address:
        _seconds(_floor, address)
        runs = [{name: _seconds(work, address) for name, work in works.items()} for _ in range(RUNS)]
    first = next(iter(works))
    print(f"landing {RECORDS:,} JSON records over HTTP (bar of the landing without e-mails: {BAR} of the floor)")
    print_table(
        ["way", "median s", "of the floor"],
        [
            (
                name,
                round(median(run[name] for run in runs), 2),
                round(median(run[name] / run[first] for run in runs), 2),
            )
            for name in works
        ],
    )
