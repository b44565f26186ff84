"""Makes a home in which the whole job can run without a credential: world, settings, secrets, clock and drops."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from sandbox.api import kinds
from sandbox.drops import HISTORY, write_history, write_rates
from sandbox.files import private_folder, write_text
from sandbox.options import ACCOUNTS, BRAND, WorldOptions
from sandbox.store import Store
from sandbox.truth import write_truth

HOST = "127.0.0.1"


def prepare(home: Path, options: WorldOptions, port: int) -> None:
    """Write what is absent; a home that has a world keeps it, and keeps its settings, secrets and drops."""
    store = Store(home)
    private_folder(store.folder).chmod(0o700)
    if not store.is_prepared():
        store.write_options(options)
    if not store.control_token.exists():
        write_text(store.control_token, secrets.token_urlsafe(32))
    if not (home / "brands.yml").exists():
        write_text(home / "brands.yml", yaml.safe_dump(_brands(port, store.options().timezone), sort_keys=False))
    _prepare_tokens(store)
    if not (home / "clock.json").exists():
        store.write_clock(store.options().start_clock)
    if not (home / "inbox" / HISTORY / "drop.yml").exists():
        scene = store.scene()
        write_history(scene, home / "inbox")
        write_rates(scene, home / "inbox")
        write_truth(scene, store.truth)


def _prepare_tokens(store: Store) -> None:
    """Random credentials of each vendor, and those of them in `secrets.env` that the home uses."""
    path, known = store.home / "secrets.env", store.tokens()
    written = _read_secrets(path)
    missing = {name: kind for name, kind in kinds().items() if name not in known}
    for name, kind in missing.items():
        made = {c: written.get(_variable(name, c)) or secrets.token_urlsafe(32) for c in kind.credentials}
        known[name] = {"credentials": made, "since": int(store.clock().timestamp()), "given": {}}
    if missing:
        store.write_tokens(known)
    if not path.exists():
        lines = [
            f"{_variable(name, c)}={known[name]['credentials'][c]}\n"
            for name, kind in kinds().items()
            for c in kind.secrets
        ]
        write_text(path, "".join(lines))


def _variable(kind: str, credential: str) -> str:
    return f"VOXHOUSE_{BRAND}_{kind}_{credential}".upper()


def _read_secrets(path: Path) -> Mapping[str, str]:
    """The pairs of a `secrets.env`; none where there is no file."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = (line.partition("=") for line in lines if line.strip() and not line.lstrip().startswith("#"))
    return {name.strip(): value.strip().strip("\"'") for name, _, value in pairs}


def _brands(port: int, timezone: str) -> dict[str, Any]:
    rivals = [account.brand_id for account in ACCOUNTS if not account.is_own]
    brands = {
        account.brand_id: {
            "name": account.name,
            "ownership": "own" if account.is_own else "competitor",
            "timezone": timezone,
            "currency": "EUR",
            **({"competitors": rivals} if account.is_own else {}),
            "accounts": {
                name: list(kind.accounts[account.brand_id])
                for name, kind in kinds().items()
                if account.brand_id in kind.accounts
            },
        }
        for account in ACCOUNTS
    }
    sources = {
        f"{BRAND}_{name}": {"kind": name, "brand": BRAND, "base_url": f"http://{HOST}:{port}/{name}", **kind.settings}
        for name, kind in kinds().items()
    }
    return {"reporting_currency": "EUR", "brands": brands, "sources": sources}
