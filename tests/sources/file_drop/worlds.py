"""A home with drops, and short ways to load and read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from pipelines.brands import Brand, Brands
from pipelines.home import Home
from pipelines.landing.ledger import Ledger
from pipelines.landing.loading import LoadReport, load_instance
from pipelines.landing.views import query

NOW = datetime(2026, 6, 30, 22, tzinfo=UTC)


class World:
    """One home with drops."""

    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.brands = Brands(brands={"aurora": Brand(name="Aurora", ownership="own", timezone="Europe/Paris")})
        self.ledger = Ledger(self.home.landing)
        self.loads = 0

    def put(self, mapping: str, name: str = "shop", **files: str) -> None:
        """Write a mapping of brand aurora and files; a name is given with _ for its last dot(s), as sales_csv."""
        folder = self.home.inbox / name
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "drop.yml").write_text("brand: aurora\n" + mapping)
        for file, content in files.items():
            (folder / file.replace("_", ".")).write_text(content)

    def load(self, name: str = "shop", accept: bool = True) -> LoadReport:
        """Load an hour after the load before, and accept what came."""
        now = NOW + timedelta(hours=self.loads)
        report = load_instance(self.home, name, self.brands, now, environment={})
        self.loads += 1
        if accept and report.load_id:
            self.ledger.accept(report.load_id, "test", "as expected")
        return report

    def rows(self, table: str, columns: str, where: str = "true") -> list[tuple[Any, ...]]:
        """Rows of a landing view, in the order of the columns."""
        found = query(self.ledger, f"select {columns} from landing.{table} where {where} order by all", [table])
        return list(zip(*(found[name].to_pylist() for name in found.column_names), strict=True))
