"""Credentials of source instances: the environment's value wins over `secrets.env`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from pipelines.errors import ConfigError


def variable(instance: str, credential: str) -> str:
    """Name of the variable of one credential: VOXHOUSE_<INSTANCE>_<CREDENTIAL>."""
    return f"VOXHOUSE_{instance}_{credential}".upper()


def read_secrets(path: Path) -> dict[str, str]:
    """KEY=VALUE lines of `secrets.env`; none when the file is absent. Raises ConfigError when others may read it."""
    if not path.exists():
        return {}
    if path.stat().st_mode & 0o077:
        raise ConfigError("others than its owner may read it", str(path), f"run `chmod 600 {path}`")
    lines = (line.strip() for line in path.read_text(encoding="utf-8").splitlines())
    pairs = (line.partition("=") for line in lines if line and not line.startswith("#"))
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}


def credentials(
    instance: str, names: Sequence[str], secrets_file: Path, environment: Mapping[str, str]
) -> dict[str, str]:
    """The named credentials of an instance; one ConfigError names all that are missing."""
    known = {**read_secrets(secrets_file), **environment}
    missing = [variable(instance, name) for name in names if not known.get(variable(instance, name))]
    if missing:
        raise ConfigError(
            f"missing credentials {', '.join(missing)}", instance, f"set them in the environment or in {secrets_file}"
        )
    return {name: known[variable(instance, name)] for name in names}
