"""The ways by which a line of an alert reaches people, and the variables `VOXHOUSE_ALERT_*` that set them."""

from __future__ import annotations

import ipaddress
import logging
import os
import re
import smtplib
import ssl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import requests

from pipelines.credentials import read_secrets
from pipelines.errors import ConfigError, PipelineError
from pipelines.home import private_folder

_PREFIX = "VOXHOUSE_ALERT_"
_PORTS = {"smtps": 465, "smtp": 587}
_ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", re.ASCII)
_FAULTS: Sequence[tuple[type[Exception], str]] = (
    (smtplib.SMTPAuthenticationError, "it refuses user and password"),
    (smtplib.SMTPRecipientsRefused, "it refuses every recipient"),
    (smtplib.SMTPSenderRefused, "it refuses the sender"),
    (smtplib.SMTPNotSupportedError, "it offers no STARTTLS or no sign-in"),
    (smtplib.SMTPServerDisconnected, "it ended the connection"),
    (requests.Timeout, "it does not answer in time"),
    (TimeoutError, "it does not answer in time"),
    (requests.exceptions.SSLError, "no trusted TLS connection"),
    (ssl.SSLError, "no trusted TLS connection"),
    (requests.ConnectionError, "it cannot be reached"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Whether a line arrived, and what is wrong with the channel: never with a secret in it."""

    arrived: bool
    fault: str = ""


class Channel(Protocol):
    """A way to people: its name, what to do when it fails, and how many seconds it may take in all."""

    @property
    def name(self) -> str: ...  # noqa: D102

    @property
    def remedy(self) -> str: ...  # noqa: D102

    @property
    def seconds(self) -> float: ...  # noqa: D102

    def send(self, line: str, now: datetime) -> Outcome:
        """Deliver one flat line; raises whatever its libraries raise."""


@dataclass(frozen=True, slots=True)
class Log:
    """A file for its owner only, a line a message, each after its moment (ISO 8601, UTC)."""

    path: Path
    name: str = "log"
    remedy: str = "make room, or correct the folder's owner"
    seconds: float = 10.0

    def send(self, line: str, now: datetime) -> Outcome:
        """Append in one write, so that lines of several processes stay whole."""
        private_folder(self.path.parent)
        descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        try:
            os.fchmod(descriptor, 0o600)
            content = f"{now.astimezone(UTC).isoformat(timespec='seconds')} {line}\n".encode()
            is_whole = os.write(descriptor, content) == len(content)
        finally:
            os.close(descriptor)
        return Outcome(is_whole, "" if is_whole else "no space left")


@dataclass(frozen=True, slots=True)
class Mail:
    """A message by SMTP: TLS from the start (`smtps`), else STARTTLS, without which only loopback gets anything."""

    host: str
    port: int
    is_tls: bool
    sender: str
    recipients: Sequence[str]
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    name: str = "e-mail"
    remedy: str = f"look at {_PREFIX}SMTP* and at that server"
    seconds: float = 30.0

    def send(self, line: str, now: datetime) -> Outcome:
        """Sign in where there is a user, and send; certificates are checked against the system's authorities."""
        message = EmailMessage()
        message["From"], message["To"] = self.sender, ", ".join(self.recipients)
        # The library would decode an encoded word, line breaks in it included, and write them into the header.
        message["Subject"] = f"Voxhouse: {line}".replace("=?", "= ?")
        message["Date"] = format_datetime(now)
        message["Message-ID"] = make_msgid(domain=self.sender.rpartition("@")[2])
        message.set_content(line)
        tls = ssl.create_default_context()
        with self._server(tls) as server:
            if not self.is_tls and not _is_loopback(self.host):
                server.starttls(context=tls)
            if self.user:
                server.login(self.user, self.password)
            refused = server.send_message(message)
        fault = f"it refuses {len(refused)} of {len(self.recipients)} recipients" if refused else ""
        return Outcome(arrived=True, fault=fault)

    def _server(self, tls: ssl.SSLContext) -> smtplib.SMTP:
        if self.is_tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=self.seconds, context=tls)
        return smtplib.SMTP(self.host, self.port, timeout=self.seconds)


@dataclass(frozen=True, slots=True)
class Webhook:
    """POST of `{"text": line}`, as Slack, Mattermost and what speaks like them take it; its address is a secret."""

    url: str = field(repr=False)
    name: str = "webhook"
    remedy: str = f"look at {_PREFIX}WEBHOOK and at its receiver"
    seconds: float = 10.0

    def send(self, line: str, now: datetime) -> Outcome:  # noqa: ARG002 - receivers stamp messages themselves
        """Follow no redirect, add nothing of ~/.netrc, and use no proxy to reach this machine."""
        with requests.Session() as session, _unlogged("urllib3.connectionpool"):
            session.trust_env = not _is_loopback(urlsplit(self.url).hostname)
            session.auth = _as_it_is
            answer = session.post(
                self.url, json={"text": line}, timeout=self.seconds, allow_redirects=False, stream=True
            )
            is_taken = 200 <= answer.status_code < 300
            return Outcome(is_taken, "" if is_taken else f"it answers {answer.status_code}")


@dataclass(frozen=True, slots=True)
class Misconfigured:
    """A channel that is set, but not in a way that can be used."""

    name: str
    error: ConfigError
    remedy: str = "correct it"
    seconds: float = 10.0

    def send(self, line: str, now: datetime) -> Outcome:  # noqa: ARG002 - it never gets that far
        """Fail with what is wrong."""
        raise self.error


def fault_of(error: Exception) -> str:
    """What went wrong, without the words of a library or a server: those quote addresses and passwords."""
    if isinstance(error, PipelineError):
        return str(error)
    for kind, words in _FAULTS:
        if isinstance(error, kind):
            return words
    if isinstance(error, smtplib.SMTPResponseException):
        return f"it answers {error.smtp_code}"
    if isinstance(error, OSError) and error.errno and error.errno > 0:
        return os.strerror(error.errno)
    return type(error).__name__


def configured_channels(secrets_file: Path, environment: Mapping[str, str]) -> list[Channel]:
    """The channels that `VOXHOUSE_ALERT_*` set; the environment wins over `secrets.env`, as for credentials."""
    found: list[Channel] = []
    secrets: Mapping[str, str] = {}
    try:
        secrets = read_secrets(secrets_file)
    except ConfigError as error:
        found.append(Misconfigured("secrets.env", error))
    except (OSError, ValueError):
        found.append(Misconfigured("secrets.env", ConfigError("cannot be read", str(secrets_file), "mend it")))
    known = {key.removeprefix(_PREFIX): v for key, v in {**secrets, **environment}.items() if key.startswith(_PREFIX)}
    for name, variable, read in (("e-mail", "SMTP", _mail), ("webhook", "WEBHOOK", _webhook)):
        if known.get(variable):
            try:
                found.append(read(known))
            except ConfigError as error:
                found.append(Misconfigured(name, error))
    return found


def _mail(known: Mapping[str, str]) -> Mail:
    """The e-mail channel; raises ConfigError, which names variables and never quotes them."""
    scheme, host, port = _address(known["SMTP"], _PORTS, "SMTP")
    recipients = [each.strip() for each in known.get("TO", "").split(",") if each.strip()]
    if not recipients or not all(map(_ADDRESS.fullmatch, recipients)):
        raise _wrong("TO", "holds no list of addresses", "write a@example.com,b@example.com")
    if not _ADDRESS.fullmatch(known.get("FROM", "")):
        raise _wrong("FROM", "holds no address", "write voxhouse@example.com")
    user, password = known.get("SMTP_USER", ""), known.get("SMTP_PASSWORD", "")
    if bool(user) != bool(password) or not re.fullmatch(r"[ -~]*", user + password):
        raise _wrong("SMTP_PASSWORD", "user and password are not both there in printable ASCII", "set both, or neither")
    return Mail(host, port, scheme == "smtps", known["FROM"], recipients, user, password)


def _webhook(known: Mapping[str, str]) -> Webhook:
    """The webhook channel; raises ConfigError, which names the variable and never quotes it."""
    scheme, host, _ = _address(known["WEBHOOK"], {"https": 443, "http": 80}, "WEBHOOK")
    if scheme == "http" and not _is_loopback(host):
        raise _wrong("WEBHOOK", "would send over http in clear", "use its https:// address")
    return Webhook(known["WEBHOOK"])


def _address(url: str, ports: Mapping[str, int], variable: str) -> tuple[str, str, int]:
    """Scheme, host and port of an address without a user in it."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not re.fullmatch(r"[!-~]+", url) or not host or parts.scheme not in ports or "@" in parts.netloc:
        raise _wrong(variable, "is no address that can be used", f"write {' or '.join(f'{s}://host' for s in ports)}")
    return parts.scheme, host, port or ports[parts.scheme]


def _wrong(variable: str, what: str, remedy: str) -> ConfigError:
    return ConfigError(what, _PREFIX + variable, remedy)


def _is_loopback(host: str | None) -> bool:
    """By what is written, never by what a name server says."""
    try:
        return host == "localhost" or ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


@contextmanager
def _unlogged(name: str) -> Iterator[None]:
    """Keep what this thread does out of a library's log, which shows paths of addresses."""
    thread = threading.get_ident()

    def is_of_others(record: logging.LogRecord) -> bool:
        return record.thread != thread

    logger = logging.getLogger(name)
    logger.addFilter(is_of_others)
    try:
        yield
    finally:
        logger.removeFilter(is_of_others)
