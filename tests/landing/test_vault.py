"""The vault: tokens, keys and the few ways to write one identifier."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipelines.errors import TerminalError
from pipelines.landing.vault import Vault, normalise_email, normalise_handle, normalise_phone


def test_equal_identifiers_have_equal_tokens_and_the_order_is_kept(tmp_path):
    with Vault(tmp_path) as vault:
        first = vault.tokens("email", ["A@b.org", None, "", "c@d.org", " a@B.org "])
        assert first[0] == first[4] != first[3]
        assert first[1:3] == [None, None]
    with Vault(tmp_path) as vault:
        assert vault.tokens("email", ["c@d.org", "a@b.org"]) == [first[3], first[0]]


def test_kinds_do_not_share_tokens_and_tokens_say_nothing(tmp_path):
    with Vault(tmp_path) as vault:
        handle, other = vault.tokens("handle", ["anna"]), vault.tokens("handle", ["ann"])
    assert len({handle[0], other[0]}) == 2
    assert all(len(token) == 32 and "ann" not in token for token in (handle[0], other[0]))
    with Vault(tmp_path / "second") as vault:
        assert vault.tokens("handle", ["anna"]) != handle


def test_only_the_owner_can_read_it_and_it_holds_digest_token_and_value(tmp_path):
    with Vault(tmp_path / "pii") as vault:
        token = vault.tokens("phone", ["+33 6 12 34 56 78"])[0]
    assert (tmp_path / "pii").stat().st_mode & 0o777 == 0o700
    assert {path.stat().st_mode & 0o777 for path in (tmp_path / "pii").iterdir()} == {0o600}
    with sqlite3.connect(tmp_path / "pii" / "vault.db") as con:
        rows = con.execute("select kind, length(digest), token, identifier from identifiers").fetchall()
    assert rows == [("phone", 64, token, "+33612345678")]


def test_a_deleted_row_is_erasure(tmp_path):
    with Vault(tmp_path) as vault:
        before = vault.tokens("email", ["a@b.org"])
    with sqlite3.connect(tmp_path / "vault.db") as con:
        con.execute("delete from identifiers")
    with Vault(tmp_path) as vault:
        assert vault.tokens("email", ["a@b.org"]) != before


def test_threads_that_meet_the_same_persons_get_the_same_tokens(tmp_path):
    emails = [f"p{number}@example.org" for number in range(2000)]

    def tokens(_number: int) -> list[str | None]:
        with Vault(tmp_path) as vault:
            return vault.tokens("email", emails)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(tokens, range(8)))
    assert all(tokens == found[0] for tokens in found)
    assert len(set(found[0])) == 2000


def test_a_lost_key_stops_instead_of_splitting_every_person(tmp_path):
    Vault(tmp_path).close()
    (tmp_path / "vault.key").unlink()
    with pytest.raises(TerminalError, match="the key of the vault is gone"):
        Vault(tmp_path)


@pytest.mark.parametrize(
    ("text", "phone"),
    [
        ("+33 (0)6 12-34.56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("+1 (415) 555-0100", "+14155550100"),
        ("06 12 34 56 78", None),
        ("+33", None),
        ("+1234567890123456", None),
        ("call me", None),
    ],
)
def test_phones_are_e164_or_nothing(text, phone):
    assert normalise_phone(text) == phone


@pytest.mark.parametrize("text", ["", "anna", "@", "a@b", "a b@c.de", "n/a"])
def test_what_is_no_address_gets_no_token(text):
    assert normalise_email(text) is None


def test_handles_are_compared_without_case_and_at():
    assert normalise_handle(" @Anna.B ") == normalise_handle("anna.b")


def test_a_handle_is_somebodys_on_its_own_network_only(tmp_path):
    with Vault(tmp_path) as vault:
        tokens = [vault.tokens("handle", ["@anna"], network)[0] for network in ("instagram", "mastodon", "instagram")]
    assert tokens[0] == tokens[2] != tokens[1]


def test_what_is_erased_gets_another_token(tmp_path):
    with Vault(tmp_path) as vault:
        first, other = vault.tokens("text", ["hello", "bye"])
        vault.erase([first])
        assert vault.tokens("text", ["bye"]) == [other]
        assert vault.tokens("text", ["hello"]) != [first]
