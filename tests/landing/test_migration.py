"""A landing zone as format 1 left it becomes one of format 2, once, whatever stops it in between."""

from __future__ import annotations

import hmac
import json
import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.errors import TerminalError
from pipelines.home import Home
from pipelines.landing import migration
from pipelines.landing.ledger import Ledger
from pipelines.landing.migration import migrate
from pipelines.landing.vault import Vault
from pipelines.landing.views import query

DAY = datetime(2026, 6, 1, 10, tzinfo=UTC)
LATER = datetime(2026, 6, 2, 10, tzinfo=UTC)
HANDLE_TOKEN = "0123456789abcdef0123456789abcdef"
SYSTEM = {"brand_id": "aurora", "_observed_at": LATER}


def _load(home: Home, instance: str, kind: str, load_id: str, tables: dict[str, list[dict[str, Any]]]) -> None:
    folder = home.landing / instance
    files = {}
    for table, rows in tables.items():
        path = folder / table / "day=2026-06-02" / f"{load_id}.abc.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist([{**row, "_dlt_load_id": load_id} for row in rows]), path)
        files[table] = [str(path.relative_to(folder))]
    for name in ("_dlt_loads", "_manifest", "_acceptance"):
        (folder / name).mkdir(exist_ok=True)
    at = LATER.isoformat()
    (folder / "_dlt_loads" / f"{kind}__{load_id}.jsonl").write_text(json.dumps({"inserted_at": at}))
    manifest = {"completed_at": at, "files": files, "rows": {t: len(r) for t, r in tables.items()}, "cursors": {}}
    (folder / "_manifest" / f"{load_id}.json").write_text(json.dumps(manifest))
    decision = {"status": "accepted", "by": "test", "reason": "as it is", "at": at}
    (folder / "_acceptance" / f"{load_id}.json").write_text(json.dumps(decision))


def _old_vault(pii: Path) -> None:
    key = b"k" * 32
    pii.mkdir(parents=True)
    (pii / "vault.key").write_bytes(key)
    with sqlite3.connect(pii / "vault.db") as con:
        con.execute(
            "create table identifiers (kind text not null, digest text not null, token text not null unique,"
            " identifier text not null, primary key (kind, digest)) without rowid"
        )
        digest = hmac.digest(key, b"handle:anna", "sha256").hex()
        con.execute("insert into identifiers values ('handle', ?, ?, 'anna')", (digest, HANDLE_TOKEN))


@pytest.fixture
def old(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    _old_vault(home.pii)
    home.landing.mkdir()
    (home.landing / "format.json").write_text('{"format": 1}')
    comment = {"media_id": "m", "account_id": "a", "parent_comment_id": None, "is_from_brand": False, "like_count": 1}
    ig = {**SYSTEM, "source_instance": "ig"}
    said = [
        {"comment_id": "1", "text": "call me: +33 6 12", "author_handle_token": HANDLE_TOKEN, "posted_at": DAY},
        {"comment_id": "2", "text": None, "author_handle_token": None, "posted_at": DAY},
    ]
    stream = {**ig, "stream": "comments", "table_name": "comments", "records_read": 2, "cursor": None}
    bad = {**ig, "table_name": "comments", "record_number": 3, "record_key": "anna@mail.example", "reason": "r"}
    tables = {"comments": [{**comment, **row, **ig} for row in said], "_quarantine": [bad], "_streams": [stream]}
    _load(home, "ig", "instagram", "1.1", tables)
    crm = {**SYSTEM, "source_instance": "crm", "email_token": "t"}
    contacts = [
        {"contact_id": "1", "created_at": DAY, "updated_at": LATER, "is_archived": False, **crm},
        {"contact_id": "2", "created_at": DAY, "updated_at": LATER, "is_archived": True, **crm},
    ]
    _load(home, "crm", "hubspot", "2.1", {"contacts": contacts})
    shop = {**SYSTEM, "source_instance": "shop"}
    file = {**shop, "stream": "p.csv", "table_name": "products", "records_read": 1, "cursor": "abc:def"}
    product = {"product_id": "1", "_source_file": "p.csv", "_file_version": "abc", "_record_number": 1, **shop}
    _load(home, "shop", "file_drop", "3.1", {"products": [product], "_streams": [file]})
    return home


def _rows(home: Home, view: str, columns: str) -> list[tuple[Any, ...]]:
    found = query(Ledger(home.landing), f"select {columns} from landing.{view} order by all", [view])
    return [tuple(row.values()) for row in found.to_pylist()]


def test_an_older_zone_is_refused_until_it_is_migrated(old: Home) -> None:
    with pytest.raises(TerminalError, match=r"an older format \(1, this version reads 2\); .*`voxhouse run` migrates"):
        Ledger(old.landing)
    migrate(old)
    Ledger(old.landing)


def _check(home: Home) -> None:
    ((_, token, length), (_, no_token, no_length)) = _rows(
        home, "instagram__comments", "comment_id, text_token, text_length"
    )
    assert (length, no_token, no_length) == (17, None, None)
    with sqlite3.connect(home.pii / "vault.db") as con:
        kept = con.execute("select kind, token, identifier from identifiers order by kind").fetchall()
    assert kept == [("handle@instagram", HANDLE_TOKEN, "anna"), ("text", token, "ig|comments|1\ncall me: +33 6 12")]
    with Vault(home.pii) as vault:
        assert vault.tokens("handle", ["@Anna"], "instagram") == [HANDLE_TOKEN]
        assert vault.tokens("handle", ["@Anna"], "mastodon") != [HANDLE_TOKEN]
    ((key, digest),) = _rows(home, "quarantine", "record_key, record_digest")
    assert (len(key), digest) == (64, None)
    assert _rows(home, "hubspot__contacts", "contact_id, updated_at, archived_at") == [
        ("1", LATER, None),
        ("2", DAY, LATER),
    ]
    assert _rows(home, "file_drop__files", "_source_file, _file_version, table_name, records_read, _dlt_load_id") == [
        ("p.csv", "abc", "products", 1, "3.1")
    ]
    for path in (p for p in home.root.rglob("*") if p.is_file() and "pii" not in p.parts):
        text = str(duckdb.sql(f"from '{path}'").fetchall()) if path.suffix == ".parquet" else path.read_text()
        assert not [word for word in ("call me", "anna@mail.example") if word in text], path


def test_identifiers_and_texts_move_into_the_vaults_half_and_tokens_stay(old: Home) -> None:
    migrate(old)
    _check(old)
    assert [p for p in [old.root, *old.root.rglob("*")] if p.stat().st_mode & 0o077] == []
    before = {p: p.stat().st_mtime_ns for p in old.root.rglob("*.parquet")}
    migrate(old)
    assert {p: p.stat().st_mtime_ns for p in old.root.rglob("*.parquet")} == before


@pytest.mark.parametrize("step", range(1, 5))
def test_what_is_stopped_half_way_is_done_again(old: Home, monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    calls, rewrite = [0], migration._rewrite

    def dies(*arguments: Any) -> None:
        calls[0] += 1
        if calls[0] == step:
            raise KeyboardInterrupt
        rewrite(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(migration, "_rewrite", dies)
        with pytest.raises(KeyboardInterrupt):
            migrate(old)
    migrate(old)
    _check(old)


def test_a_new_home_has_nothing_to_migrate(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    migrate(home)
    assert not home.root.exists()
