"""Alerts, against real receivers: every line arrives once, whatever one of the channels does, and no secret is told."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orchestration.alerting.notifier import Notifier
from orchestration.config import Settings
from pipelines.errors import TransientError
from tests.orchestration.alert_servers import (
    Hook,
    Post,
    certificate,
    dripping_server,
    smtp_server,
    unused_port,
    webhook,
)

SINCE = datetime(2026, 3, 1, 2, 10, tzinfo=UTC)
LINE = "nightly failed; since 2026-03-01 02:10 UTC; look at the run"
USER, PASSWORD = "voxhouse-user", "pass-secret"
ELSEWHERE = "mail.example.test"


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 3, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def post() -> Iterator[Post]:
    with smtp_server(Post(user=USER, password=PASSWORD)) as post:
        yield post


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook(Hook()) as hook:
        yield hook


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host name that is not loopback's, and leads here all the same."""
    resolve = socket.getaddrinfo

    def lead_here(host: Any, *arguments: Any, **options: Any) -> Any:
        return resolve("127.0.0.1" if host == ELSEWHERE else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", lead_here)


def mail_variables(port: int, address: str = "smtp://127.0.0.1") -> dict[str, str]:
    return {
        "VOXHOUSE_ALERT_SMTP": f"{address}:{port}",
        "VOXHOUSE_ALERT_SMTP_USER": USER,
        "VOXHOUSE_ALERT_SMTP_PASSWORD": PASSWORD,
        "VOXHOUSE_ALERT_FROM": "voxhouse@example.com",
        "VOXHOUSE_ALERT_TO": "ana@example.com, bo@example.com",
    }


def variables(post: Post, hook: Hook) -> dict[str, str]:
    return mail_variables(post.port) | {"VOXHOUSE_ALERT_WEBHOOK": hook.url}


def fail(notifier: Notifier, what: str = "nightly failed", key: str = "nightly") -> None:
    notifier.failed(key, what, SINCE, "look at the run")


def log_lines(settings: Settings) -> list[str]:
    """Messages of the log, without their moments."""
    path = settings.home / "logs" / "alerts.log"
    return [line.partition(" ")[2] for line in path.read_text(encoding="utf-8").splitlines()]


def faults(call: Callable[[], None]) -> str:
    with pytest.raises(TransientError) as raised:
        call()
    told = "".join(repr(each) for each in (raised.value, raised.value.__context__, raised.value.__cause__))
    assert not re.search("hook-secret|pass-secret", told)
    return str(raised.value)


def test_all_three_get_exactly_the_line(settings: Settings, clock: Clock, post: Post, hook: Hook) -> None:
    fail(Notifier.of(settings, variables(post, hook), clock))
    log = settings.home / "logs" / "alerts.log"
    assert log.read_text(encoding="utf-8") == f"2026-03-01T03:00:00+00:00 {LINE}\n"
    assert log.stat().st_mode & 0o777 == 0o600
    (message,) = post.messages
    assert message.get_content() == f"{LINE}\n"
    assert message["Subject"] == f"Voxhouse: {LINE}"
    assert post.envelopes == [("voxhouse@example.com", ["ana@example.com", "bo@example.com"])]
    assert hook.bodies == [{"text": LINE}]


def test_without_variables_there_is_the_log(settings: Settings, clock: Clock) -> None:
    fail(Notifier.of(settings, {}, clock))
    assert log_lines(settings) == [LINE]


def test_variables_may_stand_in_the_homes_secrets_and_the_environment_wins(
    settings: Settings, clock: Clock, hook: Hook
) -> None:
    secrets = settings.layout.secrets_file
    secrets.write_text(f"VOXHOUSE_ALERT_WEBHOOK='{hook.url}'\n", encoding="utf-8")
    secrets.chmod(0o600)
    fail(Notifier.of(settings, {}, clock))
    assert hook.bodies == [{"text": LINE}]
    assert Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": ""}, clock).others == []


def test_secrets_that_others_may_read_are_a_fault_and_stop_nothing(
    settings: Settings, clock: Clock, hook: Hook
) -> None:
    settings.layout.secrets_file.write_text("A=1\n", encoding="utf-8")
    settings.layout.secrets_file.chmod(0o644)
    notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
    assert "others than its owner may read it" in faults(lambda: fail(notifier))
    assert hook.bodies == [{"text": LINE}]


def test_one_channel_that_fails_stops_no_other_and_gets_its_line_later(
    settings: Settings, clock: Clock, hook: Hook
) -> None:
    port = unused_port()
    notifier = Notifier.of(settings, mail_variables(port) | {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
    assert "trouble with e-mail (Connection refused)" in faults(lambda: fail(notifier))
    assert hook.bodies == [{"text": LINE}]
    remedy = "look at VOXHOUSE_ALERT_SMTP* and at that server"
    told = f"alerts by e-mail fail: Connection refused; since 2026-03-01 03:00 UTC; {remedy}"
    assert log_lines(settings) == [LINE, told]
    clock.now += timedelta(minutes=5)
    with smtp_server(Post(user=USER, password=PASSWORD), port=port) as post:
        fail(notifier)
    assert [message.get_content() for message in post.messages] == [f"{LINE}\n"]
    assert len(hook.bodies) == 1
    assert log_lines(settings)[2:] == [
        "over since 2026-03-01 03:05 UTC: alerts by e-mail fail: Connection refused; it began 2026-03-01 03:00 UTC"
    ]


def test_a_password_that_is_refused_is_not_told(settings: Settings, clock: Clock, hook: Hook) -> None:
    with smtp_server(Post(user=USER, password="another")) as post:
        notifier = Notifier.of(settings, variables(post, hook), clock)
        assert "e-mail (it refuses user and password)" in faults(lambda: fail(notifier))
    assert hook.bodies


def test_a_recipient_that_is_refused_is_told_and_the_others_get_it_once(settings: Settings, clock: Clock) -> None:
    with smtp_server(Post(user=USER, password=PASSWORD, refused=frozenset({"bo@example.com"}))) as post:
        notifier = Notifier.of(settings, mail_variables(post.port), clock)
        assert "e-mail (it refuses 1 of 2 recipients)" in faults(lambda: fail(notifier))
        fail(notifier)
    assert post.envelopes == [("voxhouse@example.com", ["ana@example.com"])]


def test_servers_that_drip_are_left_after_their_time(settings: Settings, clock: Clock) -> None:
    with dripping_server() as port:
        known = mail_variables(port) | {"VOXHOUSE_ALERT_WEBHOOK": f"http://127.0.0.1:{port}/hook-secret"}
        notifier = Notifier.of(settings, known, clock)
        assert [channel.seconds for channel in notifier.others] == [30, 10]
        hasty = replace(notifier, others=[replace(channel, seconds=0.6) for channel in notifier.others])
        began = time.monotonic()
        told = faults(lambda: fail(hasty))
        assert time.monotonic() - began < 5
    assert "e-mail (it does not answer in time), webhook (it does not answer in time)" in told


@pytest.mark.parametrize("status", [500, 404, 204])
def test_a_webhook_counts_by_its_answer(settings: Settings, clock: Clock, status: int) -> None:
    with webhook(Hook(status=status)) as hook:
        notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
        if status == 204:
            fail(notifier)
        else:
            assert f"webhook (it answers {status})" in faults(lambda: fail(notifier))


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_a_redirect_is_not_followed(settings: Settings, clock: Clock, hook: Hook, status: int) -> None:
    with webhook(Hook(status=status, location=hook.url)) as first:
        notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": first.url}, clock)
        assert f"webhook (it answers {status})" in faults(lambda: fail(notifier))
    assert hook.bodies == []


def test_a_webhook_on_this_machine_is_reached_past_proxies_and_netrc(
    settings: Settings, clock: Clock, hook: Hook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(netrc))
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port()}")
    fail(Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock))
    assert "Authorization" not in hook.headers[0]


@pytest.mark.usefixtures("elsewhere")
def test_starttls_comes_before_anything_else(
    settings: Settings, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tls, trusted = certificate(tmp_path, ELSEWHERE)
    with smtp_server(Post(tls, USER, PASSWORD)) as post:
        notifier = Notifier.of(settings, mail_variables(post.port, f"smtp://{ELSEWHERE}"), clock)
        assert "e-mail (no trusted TLS connection)" in faults(lambda: fail(notifier))
        assert post.commands == ["EHLO", "STARTTLS"]
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        fail(notifier)
    assert post.commands[2:6] == ["EHLO", "STARTTLS", "EHLO", "AUTH"]
    assert [message.get_content() for message in post.messages] == [f"{LINE}\n"]


@pytest.mark.usefixtures("elsewhere")
def test_a_server_without_starttls_gets_nothing_unless_it_is_this_machine(settings: Settings, clock: Clock) -> None:
    with smtp_server(Post(user=USER, password=PASSWORD)) as post:
        notifier = Notifier.of(settings, mail_variables(post.port, f"smtp://{ELSEWHERE}"), clock)
        assert "e-mail (it offers no STARTTLS or no sign-in)" in faults(lambda: fail(notifier))
    assert set(post.commands) <= {"EHLO", "QUIT"}


@pytest.mark.usefixtures("elsewhere")
def test_tls_from_the_start(settings: Settings, clock: Clock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tls, trusted = certificate(tmp_path, ELSEWHERE)
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
    with smtp_server(Post(tls, USER, PASSWORD), tls_from_the_start=True) as post:
        fail(Notifier.of(settings, mail_variables(post.port, f"smtps://{ELSEWHERE}"), clock))
    assert [message.get_content() for message in post.messages] == [f"{LINE}\n"]


@pytest.mark.parametrize(
    "change",
    [
        {"VOXHOUSE_ALERT_SMTP": "http://127.0.0.1"},
        {"VOXHOUSE_ALERT_SMTP": "smtp://user:pass-secret@127.0.0.1"},
        {"VOXHOUSE_ALERT_SMTP": "smtp://127.0.0.1:pass-secret"},
        {"VOXHOUSE_ALERT_SMTP_USER": ""},
        {"VOXHOUSE_ALERT_SMTP_PASSWORD": "pass-secret\r\nRCPT TO:<eve@example.com>"},
        {"VOXHOUSE_ALERT_FROM": "voxhouse@example.com\r\nBcc: eve@example.com"},
        {"VOXHOUSE_ALERT_FROM": "a@example.com> SIZE=1"},
        {"VOXHOUSE_ALERT_TO": "ana@example.com,\nBcc: eve@example.com"},
        {"VOXHOUSE_ALERT_TO": " , "},
        {"VOXHOUSE_ALERT_WEBHOOK": "http://hooks.example.com/hook-secret"},
        {"VOXHOUSE_ALERT_WEBHOOK": "http://127.0.0.1.example.com/hook-secret"},
        {"VOXHOUSE_ALERT_WEBHOOK": "http://127.0.0.1@hooks.example.com/hook-secret"},
        {"VOXHOUSE_ALERT_WEBHOOK": "https://hooks.example.com/hook-secret\n"},
        {"VOXHOUSE_ALERT_WEBHOOK": "file:///hook-secret"},
    ],
)
def test_what_is_set_in_a_wrong_way_is_named_and_used_for_nothing(
    settings: Settings, clock: Clock, post: Post, hook: Hook, change: Mapping[str, str]
) -> None:
    notifier = Notifier.of(settings, variables(post, hook) | change, clock)
    (name,) = change
    assert name.removesuffix("_USER") in faults(lambda: fail(notifier))
    assert len(post.messages) + len(hook.bodies) == 1
    assert not re.search("hook-secret|pass-secret", "\n".join(log_lines(settings)))


def test_no_secret_in_any_log_or_text(
    settings: Settings, clock: Clock, caplog: pytest.LogCaptureFixture, hook: Hook
) -> None:
    caplog.set_level(logging.DEBUG)
    hook.status = 500
    with smtp_server(Post(user=USER, password="another")) as post:
        notifier = Notifier.of(settings, variables(post, hook), clock)
        faults(lambda: fail(notifier))
    hook.status = 200
    fail(replace(notifier, others=notifier.others[1:]), key="another")
    files = "".join(path.read_text() for name in ("logs", "run") for path in (settings.home / name).rglob("*.*"))
    assert LINE in files
    assert not re.search("hook-secret|pass-secret|voxhouse-user", files + caplog.text + repr(notifier))


@pytest.mark.parametrize(
    "what",
    [
        "nightly\r\nBcc: eve@example.com\r\n\r\nhello",
        "nightly\n.\r\nMAIL FROM:<eve@example.com>",
        "2026-03-01T03:00:00+00:00 nightly\x0b\x0c\x1c\x85\u2028\u2029 all is well",
        "nightly\x1b[2J\x1b]0;title\x07\x00\u202eback",
        "nightly =?utf-8?q?=0d=0aBcc=3a_eve?= @example.com",
        "nightly \ud800 é 日本",
    ],
)
def test_a_message_stays_one_line_and_no_header(
    settings: Settings, clock: Clock, post: Post, hook: Hook, what: str
) -> None:
    fail(Notifier.of(settings, variables(post, hook), clock), what)
    (line,) = log_lines(settings)
    assert line.isprintable()
    assert line.startswith(("nightly", "2026-03-01T03:00:00+00:00 nightly"))
    (message,) = post.messages
    assert message.get_content() == f"{line}\n"
    assert message["Bcc"] is None
    assert "".join(str(message["Subject"]).split()) == "".join(f"Voxhouse: {line}".split())
    assert len(post.envelopes) == 1
    assert post.envelopes[0][1] == ["ana@example.com", "bo@example.com"]
    assert hook.bodies == [{"text": line}]


def test_a_long_message_keeps_its_moment_and_its_remedy(settings: Settings, clock: Clock) -> None:
    Notifier.of(settings, {}, clock).failed("k", "x" * 5000, SINCE, "do it" * 1000)
    (line,) = log_lines(settings)
    assert len(line) < 1000
    assert "…; since 2026-03-01 02:10 UTC; do it" in line


def test_what_goes_on_is_told_once_a_day_with_its_beginning(settings: Settings, clock: Clock, hook: Hook) -> None:
    known = {"VOXHOUSE_ALERT_WEBHOOK": hook.url}
    for _ in range(50):
        later = clock.now - timedelta(minutes=1)
        Notifier.of(settings, known, clock).failed("nightly", "nightly failed", min(SINCE, later), "look at the run")
        clock.now += timedelta(hours=1)
    assert log_lines(settings) == [LINE] * 3
    assert hook.bodies == [{"text": LINE}] * 3
    Notifier.of(settings, known, clock).failed("nightly", "worse", clock.now, "look at the run")
    assert len(log_lines(settings)) == 3, "the same trouble, in other words"


def test_the_end_is_told_once(settings: Settings, clock: Clock, hook: Hook) -> None:
    notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
    notifier.over("nightly")
    fail(notifier)
    fail(notifier, "land failed", "land")
    clock.now += timedelta(hours=2)
    notifier.over("nightly")
    notifier.over("nightly")
    end = "over since 2026-03-01 05:00 UTC: nightly failed; it began 2026-03-01 02:10 UTC"
    assert log_lines(settings)[2:] == [end]
    assert hook.bodies[2:] == [{"text": end}]
    fail(notifier)
    assert log_lines(settings)[3:] == [LINE], "a new trouble"
    assert json.loads((settings.home / "run" / "alerts.json").read_text())["land"]["what"] == "land failed"


def test_an_end_that_did_not_arrive_is_told_later_with_its_moment(settings: Settings, clock: Clock, hook: Hook) -> None:
    notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
    fail(notifier)
    hook.status = 503
    assert "webhook (it answers 503)" in faults(lambda: notifier.over("nightly"))
    hook.status = 200
    clock.now += timedelta(hours=2)
    notifier.over("nightly")
    end = {"text": "over since 2026-03-01 03:00 UTC: nightly failed; it began 2026-03-01 02:10 UTC"}
    assert hook.bodies == [{"text": LINE}, end, end]
    assert json.loads((settings.home / "run" / "alerts.json").read_text()) == {}


@pytest.mark.parametrize("content", ["", "{", "[]", '{"nightly": 1}', '{"nightly": {"what": "x", "since": "soon"}}'])
def test_a_broken_memory_silences_nobody(settings: Settings, clock: Clock, content: str) -> None:
    (settings.home / "run" / "alerts.json").write_text(content, encoding="utf-8")
    fail(Notifier.of(settings, {}, clock))
    assert log_lines(settings) == [LINE]


def test_a_log_that_cannot_be_written_stops_no_other(settings: Settings, clock: Clock, hook: Hook) -> None:
    (settings.home / "logs" / "alerts.log").symlink_to(settings.home / "elsewhere")
    notifier = Notifier.of(settings, {"VOXHOUSE_ALERT_WEBHOOK": hook.url}, clock)
    assert "log (Too many levels of symbolic links)" in faults(lambda: fail(notifier))
    assert hook.bodies == [{"text": LINE}]
    assert not (settings.home / "elsewhere").exists()


_MANY = """
from datetime import UTC, datetime
from orchestration.config import Settings
from orchestration.alerting.notifier import Notifier
import sys
notifier = Notifier.of(Settings.from_environment())
for number in range(60):
    notifier.failed(f"{sys.argv[1]}-{number}", f"{sys.argv[1]} {number} " + "x" * 400, datetime.now(UTC), "look")
    notifier.failed("both", "told once", datetime.now(UTC), "look")
"""


def test_two_processes_leave_whole_lines_and_forget_nothing(settings: Settings) -> None:
    root = Path(__file__).resolve().parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    both = [subprocess.Popen([sys.executable, "-c", _MANY, name], env=environment) for name in ("one", "two")]
    assert [process.wait(60) for process in both] == [0, 0]
    lines = log_lines(settings)
    whole = re.compile(r"((one|two) \d+ x{400}|told once); since [\d: -]+ UTC; look")
    assert all(whole.fullmatch(line) for line in lines)
    assert len(lines) == 121
    assert len(json.loads((settings.home / "run" / "alerts.json").read_text())) == 121
