"""Where the state of one home lives; paths only, nothing is read or created here."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Home:
    """The one folder of state (`VOXHOUSE_HOME`); two homes never meet."""

    root: Path

    @property
    def brands_file(self) -> Path:
        """Brands, sources and settings of the measures."""
        return self.root / "brands.yml"

    @property
    def secrets_file(self) -> Path:
        """Credentials as KEY=VALUE lines, readable by the owner only."""
        return self.root / "secrets.env"

    @property
    def clock_file(self) -> Path:
        """Business clock; absent: system time."""
        return self.root / "clock.json"

    @property
    def inbox(self) -> Path:
        """One folder per file drop."""
        return self.root / "inbox"

    @property
    def landing(self) -> Path:
        """Append-only Parquet and the ledger of loads."""
        return self.root / "landing"

    @property
    def pii(self) -> Path:
        """The only folder that holds identifiers of persons."""
        return self.root / "pii"

    @property
    def dlt(self) -> Path:
        """Working folders of dlt's pipelines."""
        return self.root / "dlt"
