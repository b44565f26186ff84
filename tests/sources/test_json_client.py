"""What all sources share of their vendors: retries, waiting as told, bounds, tokens, and answers read by their form."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from dlt.sources.helpers.rest_client.client import RESTClient

from pipelines.sources import json_client
from pipelines.sources.json_client import (
    AnswerError,
    CursorPaginator,
    VendorAuth,
    clean,
    expect,
    mismatch,
    pinned_session,
    refuse,
    throttle,
)
from tests.sources.far_side import FarSide, Reply

SECRET = "s3cr3t-token-0123456789"
HTML = "<!doctype html><title>Sign in</title>"


class Vendor(VendorAuth):
    """A vendor that says `refusal` in a good answer, and how long to wait in `wait`."""

    def check(self, response: Any, body: Any) -> None:
        if "wait" in body:
            throttle(response, "too many requests", body["wait"])
        if "refusal" in body:
            response.status_code = 400
            refuse(response, clean(body["refusal"], self.secrets))
        super().check(response, body)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    waits: list[float] = []
    monkeypatch.setattr("tenacity.nap.time.sleep", waits.append)
    return waits


@pytest.fixture
def client(far_side: FarSide) -> RESTClient:
    session = pinned_session(far_side.url)
    auth = Vendor(access_token=SECRET, client_id=None, client_secret=None, session=session)
    return RESTClient(f"{far_side.url}/api", auth=auth, session=session)


def test_sends_the_credential_as_a_header_and_never_in_the_address(client: RESTClient, far_side: FarSide) -> None:
    far_side.script = [Reply({"ok": 1})]
    assert client.get("things", {"limit": "2"}).json() == {"ok": 1}
    (request,) = far_side.requests
    assert (request.path, request.query) == ("/api/things", "limit=2")
    assert request.headers["authorization"] == f"Bearer {SECRET}"


def test_netrc_does_not_replace_the_credential(
    client: RESTClient, far_side: FarSide, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    far_side.script = [Reply({})]
    client.get("things")
    assert far_side.requests[0].headers["authorization"] == f"Bearer {SECRET}"


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_what_may_pass_is_asked_again_with_growing_waits(
    client: RESTClient, far_side: FarSide, slept: list[float], status: int
) -> None:
    far_side.script = [Reply({}, status), Reply({}, status), Reply({"ok": 1})]
    assert client.get("things").json() == {"ok": 1}
    assert len(slept) == 2
    assert slept[0] < slept[1]


def test_waits_as_long_as_the_vendor_says(client: RESTClient, far_side: FarSide, slept: list[float]) -> None:
    far_side.script = [Reply({"wait": 7.2}), Reply({"wait": 0}), Reply({})]
    client.get("things")
    assert slept == [8, 1]


def test_a_wait_that_would_hold_up_the_run_is_left_to_the_next_one(client: RESTClient, far_side: FarSide) -> None:
    far_side.script = [Reply({"wait": 3600})]
    with pytest.raises(AnswerError, match="too many requests, to be asked again in 3600 s") as caught:
        client.get("things")
    assert caught.value.is_transient
    assert len(far_side.requests) == 1


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply({}, 401), "401 GET /api/things: Unauthorized"),
        (Reply(HTML, 403), "403 GET /api/things: an HTML page instead of JSON"),
        (Reply("", 404), "404 GET /api/things: Not Found"),
        (Reply(HTML), "200 GET /api/things: an HTML page instead of JSON"),
        (Reply({}, 302, {"Location": "/x"}), "302 GET /api/things: a redirect, which is not followed"),
        (
            Reply({"refusal": f"bad\n\x1b[31mtoken {SECRET} of a@b.example"}),
            "400 GET /api/things: bad [31mtoken *** of ***",
        ),
    ],
)
def test_what_will_not_pass_is_one_line_and_never_asked_again(
    client: RESTClient, far_side: FarSide, reply: Reply, line: str
) -> None:
    far_side.script = [reply]
    with pytest.raises(AnswerError) as caught:
        client.get("things", {"q": "x"})
    assert str(caught.value) == line
    assert len(far_side.requests) == 1


@pytest.mark.parametrize(
    "reply", [Reply('{"data": [1, 2', missing=20), Reply('{"data": [1, 2'), Reply("[" * 100_000)],
    ids=["short body", "short JSON", "deep"],
)  # fmt: skip
def test_a_broken_body_is_read_again_and_named_when_it_stays(
    client: RESTClient, far_side: FarSide, slept: list[float], reply: Reply
) -> None:
    far_side.script = [reply, Reply({"ok": 1})]
    assert client.get("things").json() == {"ok": 1}
    far_side.script = [reply] * 5
    with pytest.raises(requests.exceptions.ChunkedEncodingError, match=r"^GET /api/things: the answer (was|is)"):
        client.get("things")
    assert len(slept) == 5


def test_a_charset_that_the_header_makes_up_garbles_nothing(client: RESTClient, far_side: FarSide) -> None:
    far_side.script = [Reply({"name": "Zoë"}, headers={"content-type": "application/json; charset=latin-1"})]
    assert client.get("things").json() == {"name": "Zoë"}


def test_nobody_there(slept: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    session = pinned_session(f"http://127.0.0.1:{port}")
    with pytest.raises(requests.ConnectionError) as caught:
        RESTClient(f"http://127.0.0.1:{port}", session=session).get("things", {"access_token": SECRET})
    assert str(caught.value) == f"GET /things: cannot connect to 127.0.0.1:{port}"
    assert len(slept) == 4


def test_no_other_host_is_reached(client: RESTClient) -> None:
    with pytest.raises(requests.exceptions.InvalidSchema):
        client.get("http://127.0.0.2:9/things")


@pytest.fixture
def dripping() -> Iterator[str]:
    """A server that announces a long body and sends it byte by byte."""
    listener = socket.create_server(("127.0.0.1", 0))
    done = threading.Event()

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n")
            while not done.wait(0.02):
                try:
                    connection.sendall(b" ")
                except OSError:
                    return

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    done.set()
    thread.join(5)
    listener.close()


def test_a_body_that_comes_byte_by_byte_is_given_up(dripping: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_client, "ANSWER_SECONDS", 0.3)
    started = time.monotonic()
    with pytest.raises(AnswerError, match="the answer was not whole after 0 s") as caught:
        RESTClient(dripping, session=pinned_session(dripping)).get("things")
    assert caught.value.is_transient
    assert time.monotonic() - started < 5


def test_answers_and_runs_have_bounds(far_side: FarSide, monkeypatch: pytest.MonkeyPatch) -> None:
    far_side.answer = lambda _: Reply({"data": "x" * 2000})
    monkeypatch.setattr(json_client, "ANSWER_BYTES", 1000)
    with pytest.raises(AnswerError, match=r"^GET /things: the answer is larger than"):
        RESTClient(far_side.url, session=pinned_session(far_side.url)).get("things")
    monkeypatch.undo()
    client = RESTClient(far_side.url, session=pinned_session(far_side.url, run_bytes=5000))
    for _ in range(2):
        client.get("things")
    with pytest.raises(AnswerError, match=r"^GET /things: the run has read"):
        client.get("things")
    client = RESTClient(far_side.url, session=pinned_session(far_side.url, run_seconds=-1))
    with pytest.raises(AnswerError, match=r"^GET /things: the run has read for -1 s, its bound"):
        client.get("things")


def _pages(client: RESTClient) -> list[Any]:
    paginator = CursorPaginator("next", "after")
    return list(client.paginate("things", data_selector="data", paginator=paginator, hooks=expect({"data": [object]})))


@pytest.mark.parametrize(
    ("answers", "line"),
    [
        (lambda n: {"data": [n], "next": "a"}, "the same cursor came twice"),
        (lambda n: {"data": [n], "next": "ab"[n % 2]}, "the same cursor came twice"),
        (lambda n: {"data": [], "next": str(n)}, "20 pages in a row brought nothing new"),
        (lambda n: {"data": None, "next": str(n)}, "data is null, not a list"),
    ],
)
def test_no_progress_is_an_error(client: RESTClient, far_side: FarSide, answers: Any, line: str) -> None:
    far_side.answer = lambda _: Reply(answers(len(far_side.requests)))
    with pytest.raises(AnswerError, match=line):
        _pages(client)
    assert len(far_side.requests) <= 22


def test_the_same_page_again_and_again_is_no_progress(client: RESTClient, far_side: FarSide) -> None:
    far_side.answer = lambda _: Reply({"data": [1], "next": str(len(far_side.requests))})
    with pytest.raises(AnswerError, match="20 pages in a row brought nothing new"):
        _pages(client)


FORM = {"results": [{"id": str, "text?": (str, None), "n?": int}], "paging?": {"next?": {"after": (str, int)}}}


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"results": []}, None),
        ({"results": [{"id": "1", "text": None, "more": 1}], "paging": {"next": {"after": 7}}}, None),
        ([], "the answer is a list, not an object"),
        ({}, "results is missing"),
        ({"results": None}, "results is null, not a list"),
        ({"results": {"id": "1"}}, "results is an object, not a list"),
        ({"results": [{"id": "1"}, {"id": 2}]}, "results[1].id is a whole number, not a text"),
        ({"results": [{"id": "1", "n": True}]}, "results[0].n is true or false, not a whole number"),
        ({"results": ["1"]}, "results[0] is a text, not an object"),
        ({"results": [], "paging": {"next": {"after": [1]}}}, "paging.next.after is a list, not a text"),
    ],
)
def test_an_answer_is_read_by_its_declared_form(answer: Any, fault: str | None) -> None:
    assert mismatch(answer, FORM) == fault


def _renewing(far_side: FarSide, kept: list[Any], **more: Any) -> RESTClient:
    session = pinned_session(far_side.url)
    auth = Vendor(
        access_token=None,
        access_token_url=f"{far_side.url}/token",
        client_id="id",
        client_secret="hush-hush",
        session=session,
        keep=kept.append,
        **more,
    )
    return RESTClient(far_side.url, auth=auth, session=session)


def test_a_token_that_ends_in_mid_run_is_renewed_in_mid_run(far_side: FarSide) -> None:
    valid = ["t0"]

    def answer(request: Any) -> Reply:
        if request.path == "/token":
            valid[0] = f"t{len(far_side.requests)}"
            return Reply({"access_token": valid[0], "expires_in": 86_400})
        is_valid = request.headers["authorization"] == f"Bearer {valid[0]}"
        return Reply({"ok": 1}) if is_valid else Reply({"error": "expired"}, 401)

    far_side.answer = answer
    client = _renewing(far_side, [])
    assert client.get("things").json() == {"ok": 1}
    valid[0] = "revoked"
    assert client.get("things").json() == {"ok": 1}
    assert [r.path for r in far_side.requests] == ["/token", "/things", "/things", "/token", "/things"]


def test_a_refresh_token_that_rotates_is_kept_before_the_new_one_is_used(far_side: FarSide) -> None:
    kept: list[Any] = []

    def answer(request: Any) -> Reply:
        if request.path == "/token":
            form = request.body.decode()
            assert f"refresh_token=r{len(kept)}" in form
            assert "grant_type=refresh_token" in form
            return Reply({"access_token": "t", "refresh_token": f"r{len(kept) + 1}", "expires_in": 0})
        return Reply({"kept": len(kept)})

    far_side.answer = answer
    client = _renewing(far_side, kept, refresh_token="r0")
    assert [client.get("things").json()["kept"] for _ in range(2)] == [1, 2]
    assert [told["refresh_token"] for told in kept] == ["r1", "r2"]


def test_a_refused_client_is_told_without_its_secret(far_side: FarSide) -> None:
    far_side.answer = lambda _: Reply({"error": "invalid_client", "error_description": "hush-hush is wrong"}, 400)
    with pytest.raises(AnswerError) as caught:
        _renewing(far_side, []).get("things")
    assert str(caught.value) == "400 POST /token: no access token was given (*** is wrong)"
