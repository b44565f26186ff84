"""Where everything of a home lives, and the only reader of profile and environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from orchestration.instance.files import ENVIRONMENT as INSTANCE_ENVIRONMENT
from orchestration.instance.files import write_instance
from pipelines.errors import ConfigError
from pipelines.home import Home, private_folder

CHECKOUT = Path(__file__).resolve().parent.parent
DBT_PROJECT = CHECKOUT / "dbt_project"
SUPERSET_PROJECT = CHECKOUT / "superset"

TELEMETRY_OFF = {
    "DAGSTER_DISABLE_TELEMETRY": "yes",
    "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
    "DO_NOT_TRACK": "1",
    "GX_ANALYTICS_ENABLED": "false",
    "RUNTIME__DLTHUB_TELEMETRY": "false",
}


@dataclass(frozen=True, slots=True)
class Settings:
    """One home: the folder of all state, and the ports of what is served from it."""

    home: Path
    superset_python: Path
    superset_port: int
    dagster_port: int
    code_server_port: int
    sandbox_port: int
    timezone: str

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] = os.environ) -> Settings:
        """Read `VOXHOUSE_*`; raises ConfigError on a profile or a port that cannot be used."""
        profile = environ.get("VOXHOUSE_PROFILE", "local")
        if profile != "local":
            raise ConfigError(f"unknown profile {profile!r}", "VOXHOUSE_PROFILE", "use `local`")
        home = Path(environ.get("VOXHOUSE_HOME") or CHECKOUT / ".voxhouse").expanduser().absolute()
        python = environ.get("VOXHOUSE_SUPERSET_PYTHON") or CHECKOUT / ".venv-superset" / "bin" / "python"
        return cls(
            home=home,
            superset_python=Path(python),
            superset_port=_port(environ, "VOXHOUSE_SUPERSET_PORT", 8088),
            dagster_port=_port(environ, "VOXHOUSE_DAGSTER_PORT", 3000),
            code_server_port=_port(environ, "VOXHOUSE_CODE_SERVER_PORT", 3001),
            sandbox_port=_port(environ, "VOXHOUSE_SANDBOX_PORT", 8710),
            timezone=_timezone(environ.get("VOXHOUSE_TIMEZONE", "Europe/Paris")),
        )

    @property
    def layout(self) -> Home:
        """The folders that the pipelines know."""
        return Home(self.home)

    @property
    def warehouse_folder(self) -> Path:
        """Where the warehouse is built; nobody reads it but the run that builds."""
        return self.home / "warehouse"

    def past_folder(self, as_of: date) -> Path:
        """The folder of its own in which a past day is built."""
        return self.warehouse_folder / f"as_of_{as_of}"

    @property
    def serving(self) -> Path:
        """Published versions and the symlink to the one in service."""
        return self.home / "serving"

    @property
    def data_docs(self) -> Path:
        """Great Expectations' pages."""
        return self.home / "data_docs"

    @property
    def dbt_target(self) -> Path:
        """dbt's artefacts."""
        return self.home / "dbt" / "target"

    def tool_environment(self) -> dict[str, str]:
        """Variables that keep every tool's state in the home, its telemetry off and its clock in UTC."""
        home = self.home
        return (
            TELEMETRY_OFF
            | INSTANCE_ENVIRONMENT
            | {
                "VOXHOUSE_HOME": str(home),
                "VOXHOUSE_WAREHOUSE": str(self.warehouse_folder / "warehouse.duckdb"),
                "DAGSTER_HOME": str(home / "dagster"),
                "DBT_TARGET_PATH": str(self.dbt_target),
                "DBT_LOG_PATH": str(home / "logs" / "dbt"),
                "DBT_PROFILES_DIR": str(DBT_PROJECT),
                "DLT_DATA_DIR": str(home / "dlt"),
                "XDG_CACHE_HOME": str(home / "cache"),
                "MPLCONFIGDIR": str(home / "cache" / "matplotlib"),
                "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
            }
        )

    def prepare(self) -> None:
        """Make the folders and point this process's tools at them; harmless when repeated.

        The home is its owner's only, as is whatever this process and those that it starts write from now on.
        """
        os.umask(0o077)
        private_folder(self.home).chmod(0o700)
        for name in ("dagster", "dbt", "logs", "run", "warehouse", "serving", "inbox"):
            private_folder(self.home / name)
        os.environ.update(self.tool_environment())
        write_instance(self.home / "dagster", self.code_server_port)


def _port(environ: Mapping[str, str], name: str, default: int) -> int:
    text = environ.get(name, str(default))
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise ConfigError(f"{text!r} is not a port", name, "use a number from 1 to 65535")
    return int(text)


def _timezone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, KeyError):
        raise ConfigError(f"unknown time zone {name!r}", "VOXHOUSE_TIMEZONE", "use a name like Europe/Paris") from None


def utc_now() -> datetime:
    """The wall clock; only where the home has no clock of its own."""
    return datetime.now(UTC)
