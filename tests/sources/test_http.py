"""The client: retries, waiting as told, and one clear line for each thing that can be wrong with an answer."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from pipelines.errors import PipelineError, TerminalError, TransientError
from pipelines.http import ATTEMPTS, Answer, Fault, HttpClient, RefusedError, one_line, retry_after_seconds
from tests.sources.far_side import FarSide, Reply
from tests.sources.memory_landing import SECRET

HTML = "<!doctype html><title>Sign in</title>"


class Plain:
    """A vendor with no errors of its own."""

    def fault(self, answer: Answer) -> Fault | None:
        return Fault(answer.body["refusal"], "do this", code="no") if "refusal" in answer.body else None

    def pause_seconds(self, answer: Answer) -> float:
        return float(answer.headers.get("X-Pause", 0))


@pytest.fixture
def client(far_side: FarSide, slept: list[float]) -> HttpClient:
    headers = {"Authorization": f"Bearer {SECRET}"}
    return HttpClient("shop", far_side.url + "/api/", Plain(), headers, (SECRET,), slept.append)


def test_sends_the_credential_as_a_header_and_never_in_the_address(client: HttpClient, far_side: FarSide) -> None:
    far_side.script = [Reply({"ok": 1})]
    assert client.get("/things", {"limit": "2"}) == {"ok": 1}
    (request,) = far_side.requests
    assert (request.path, request.query) == ("/api/things", "limit=2")
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_netrc_does_not_replace_the_credential(
    client: HttpClient, far_side: FarSide, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    far_side.script = [Reply({})]
    client.get("/things")
    assert far_side.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503])
def test_what_may_pass_is_asked_again_with_growing_waits(
    client: HttpClient, far_side: FarSide, slept: list[float], status: int
) -> None:
    far_side.script = [Reply({}, status), Reply({}, status), Reply({"ok": 1})]
    assert client.get("/things") == {"ok": 1}
    assert slept == [1, 2]


def test_gives_up_after_so_many_attempts(client: HttpClient, far_side: FarSide, slept: list[float]) -> None:
    far_side.script = [Reply({}, 503)] * ATTEMPTS
    with pytest.raises(TransientError) as caught:
        client.get("/things")
    assert str(caught.value) == f"shop GET /things: HTTP 503 ({ATTEMPTS} attempts); run again later"
    assert len(slept) == ATTEMPTS - 1


def test_waits_as_long_as_retry_after_says(client: HttpClient, far_side: FarSide, slept: list[float]) -> None:
    far_side.script = [Reply({}, 429, {"Retry-After": "7.5"}), Reply({})]
    client.get("/things")
    assert slept == [7.5]


def test_retry_after_as_a_date_counts_from_the_answers_own_date() -> None:
    headers = {"Date": "Tue, 30 Jun 2026 22:00:00 GMT", "Retry-After": "Tue, 30 Jun 2026 22:00:42 GMT"}
    assert retry_after_seconds(headers) == 42
    assert retry_after_seconds({"Retry-After": "soon"}) is None


def test_a_wait_that_would_hold_up_the_run_is_left_to_the_next_one(client: HttpClient, far_side: FarSide) -> None:
    far_side.script = [Reply({}, 429, {"Retry-After": "3600"})]
    with pytest.raises(TransientError, match="too many requests, to be asked again in 3600 s; run again after"):
        client.get("/things")
    assert len(far_side.requests) == 1


def test_pauses_after_a_good_answer_when_the_vendor_asks(
    client: HttpClient, far_side: FarSide, slept: list[float]
) -> None:
    far_side.script = [Reply({}, headers={"X-Pause": "3"})]
    client.get("/things")
    assert slept == [3]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply({}, 401), "shop GET /things: HTTP 401; check the credential and its permissions"),
        (Reply(HTML, 403), "shop GET /things: HTTP 403 with an HTML page; check the credential and its permissions"),
        (Reply({}, 404), "shop GET /things: HTTP 404; check base_url, api_version and account_id in brands.yml"),
        (
            Reply(HTML),
            "shop GET /things: an HTML page instead of JSON; check base_url in brands.yml, and proxies in between",
        ),
        (Reply({}, 302, {"Location": "/x"}), "shop GET /things: HTTP 302, a redirect; correct base_url in brands.yml"),
        (Reply({"refusal": f"bad\ntoken {SECRET} of a@b.example"}), "shop GET /things: bad token *** of ***; do this"),
    ],
)
def test_what_will_not_pass_is_one_line_and_never_asked_again(
    client: HttpClient, far_side: FarSide, reply: Reply, line: str
) -> None:
    far_side.script = [reply]
    with pytest.raises(TerminalError) as caught:
        client.get("/things", {"q": "x"})
    assert str(caught.value) == line
    assert len(far_side.requests) == 1


def test_a_refusal_carries_the_vendors_code(client: HttpClient, far_side: FarSide) -> None:
    far_side.script = [Reply({"refusal": "no"}, 400)]
    with pytest.raises(RefusedError) as caught:
        client.get("/things")
    assert caught.value.code == "no"


@pytest.mark.parametrize(
    "reply", [Reply('{"data": [1, 2', missing=20), Reply('{"data": [1, 2')], ids=["short body", "short JSON"]
)
def test_a_truncated_body_is_read_again(client: HttpClient, far_side: FarSide, reply: Reply) -> None:
    far_side.script = [reply, Reply({"ok": 1})]
    assert client.get("/things") == {"ok": 1}


def test_a_body_that_stays_truncated_is_named(client: HttpClient, far_side: FarSide) -> None:
    far_side.script = [Reply('{"data": [1, 2', missing=20)] * ATTEMPTS
    with pytest.raises(TransientError, match=r"^shop GET /things: the answer was cut off \(6 attempts\); run again"):
        client.get("/things")


def test_nobody_there(slept: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    client = HttpClient("shop", f"http://127.0.0.1:{port}", Plain(), {}, (), slept.append)
    with pytest.raises(TransientError, match=r"^shop GET /things: cannot connect \(6 attempts\); check base_url"):
        client.get("/things")


def test_an_address_that_is_none() -> None:
    client = HttpClient("shop", "shop.example", Plain(), {}, ())
    with pytest.raises(
        PipelineError, match=r"^shop GET /things: shop.example is not an http address; correct base_url"
    ):
        client.get("/things")


def test_messages_are_cut_to_a_line() -> None:
    assert len(one_line("word " * 200)) <= 240
