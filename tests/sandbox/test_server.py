"""The server itself: fast enough that it is never what a load waits for."""

from __future__ import annotations

import http.client
import time

from tests.sandbox.conftest import Client


def test_a_simple_call_takes_less_than_four_milliseconds(sandbox: Client) -> None:
    """Three hundred microseconds on an idle machine; the bound leaves room for a busy one."""
    connection = http.client.HTTPConnection("127.0.0.1", sandbox.port)
    path = f"/instagram/v24.0/17841400000000001?fields=id,followers_count&access_token={sandbox.token('instagram')}"
    start = time.monotonic()
    for _ in range(500):
        connection.request("GET", path)
        assert connection.getresponse().read()
    assert time.monotonic() - start < 2


def test_what_is_nobody_s_path_is_not_found(sandbox: Client) -> None:
    assert sandbox.session.get(sandbox.url("/tiktok/v2/video/list/")).status_code == 404
    assert sandbox.session.get(sandbox.url("/health")).json()["status"] == "ok"
