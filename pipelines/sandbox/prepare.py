"""Makes a home in which the whole job can run without a credential: world, settings, secrets, clock and drops."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Any

import yaml

from pipelines.credentials import variable
from pipelines.sandbox.drops import HISTORY, write_history, write_rates
from pipelines.sandbox.live import SOURCES
from pipelines.sandbox.options import ACCOUNTS, BRAND, START_CLOCK, TIMEZONE, WorldOptions
from pipelines.sandbox.server import HOST
from pipelines.sandbox.store import Store
from pipelines.sandbox.truth import write_truth


def prepare(home: Path, options: WorldOptions, port: int) -> None:
    """Write what is absent; a home that has a world keeps it, and keeps its settings, secrets and drops."""
    home.mkdir(parents=True, exist_ok=True)
    store = Store(home)
    if not store.is_prepared():
        store.write_options(options)
    if not (home / "brands.yml").exists():
        (home / "brands.yml").write_text(yaml.safe_dump(_brands(port), sort_keys=False), encoding="utf-8")
    _write_secrets(home / "secrets.env")
    if not (home / "clock.json").exists():
        store.write_clock(START_CLOCK)
    if not (home / "inbox" / HISTORY / "drop.yml").exists():
        scene = store.scene()
        write_history(scene, home / "inbox")
        write_rates(scene, home / "inbox")
        write_truth(scene, store.truth)


def _write_secrets(path: Path) -> None:
    """Random tokens, readable by the owner only; the server accepts these and no others."""
    if path.exists():
        return
    lines = [f"{variable(f'{BRAND}_{name}', 'access_token')}={secrets.token_urlsafe(32)}\n" for name in SOURCES]
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.writelines(lines)


def _brands(port: int) -> dict[str, Any]:
    own = next(account for account in ACCOUNTS if account.is_own)
    rivals = [account for account in ACCOUNTS if not account.is_own]
    brands = {
        account.brand_id: {
            "name": account.name,
            "ownership": "own" if account.is_own else "competitor",
            "timezone": TIMEZONE.key,
            "currency": "EUR",
            **({"competitors": [rival.brand_id for rival in rivals]} if account.is_own else {}),
            "accounts": {"instagram": [account.account_id]},
        }
        for account in ACCOUNTS
    }
    sources: dict[str, dict[str, Any]] = {
        f"{BRAND}_{kind}": {"kind": kind, "brand": BRAND, "base_url": f"http://{HOST}:{port}/{kind}"}
        for kind in SOURCES
    }
    sources[f"{BRAND}_instagram"] |= {
        "account_id": own.account_id,
        "competitors": {rival.brand_id: rival.username for rival in rivals},
    }
    return {"reporting_currency": "EUR", "brands": brands, "sources": sources}
