"""Real receivers of alerts on loopback: a small SMTP server, a webhook, and one that never says anything."""

from __future__ import annotations

import base64
import json
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class Post:
    """What an SMTP server does, and what it was given."""

    tls: ssl.SSLContext | None = None
    user: str = ""
    password: str = ""
    refused: frozenset[str] = frozenset()
    port: int = 0
    messages: list[EmailMessage] = field(default_factory=list)
    envelopes: list[tuple[str, list[str]]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)


class _Session(socketserver.StreamRequestHandler):
    server: _PostServer

    def handle(self) -> None:
        post = self.server.post
        self.is_secret = self.is_known = False
        self.sender, self.recipients = "", []
        self._say("220 here")
        while line := self.rfile.readline():
            verb, _, rest = line.decode().rstrip("\r\n").partition(" ")
            post.commands.append(verb.upper())
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            getattr(self, f"_{verb.lower()}", self._unknown)(rest)

    def _say(self, *lines: str) -> None:
        self.wfile.write("".join(f"{line}\r\n" for line in lines).encode())

    def _unknown(self, rest: str) -> None:
        self._say("502 no such command")

    def _ehlo(self, rest: str) -> None:
        offers = ["AUTH PLAIN"] if self.server.post.user else []
        offers += ["STARTTLS"] if self.server.post.tls and not self.is_secret else []
        lines = ["here", "SIZE 100000", *offers]
        self._say(*(f"250-{line}" for line in lines[:-1]), f"250 {lines[-1]}")

    def _starttls(self, rest: str) -> None:
        assert self.server.post.tls
        self._say("220 go on")
        self.request = self.server.post.tls.wrap_socket(self.request, server_side=True)
        self.is_secret = True
        self.rfile, self.wfile = self.request.makefile("rb"), self.request.makefile("wb", buffering=0)

    def _auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
        self.is_known = (user, password) == (self.server.post.user, self.server.post.password)
        self._say("235 welcome" if self.is_known else f"535 not {user} with {password}")

    def _mail(self, rest: str) -> None:
        if self.server.post.user and not self.is_known:
            self._say("530 sign in")
            return
        self.sender, self.recipients = rest.partition("<")[2].partition(">")[0], []
        self._say("250 ok")

    def _rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if address in self.server.post.refused:
            self._say("550 nobody here")
            return
        self.recipients.append(address)
        self._say("250 ok")

    def _rset(self, rest: str) -> None:
        self._say("250 ok")

    def _data(self, rest: str) -> None:
        self._say("354 end with .")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line.removeprefix(b".").replace(b"\r\n", b"\n"))
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        self.server.post.messages.append(message)
        self.server.post.envelopes.append((self.sender, self.recipients))
        self._say("250 ok")


class _PostServer(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    post: Post

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that goes is not this server's trouble."""


@contextmanager
def smtp_server(post: Post, *, tls_from_the_start: bool = False, port: int = 0) -> Iterator[Post]:
    """An SMTP server on loopback."""
    with _PostServer(("127.0.0.1", port), _Session) as server:
        server.post = post
        post.port = server.server_address[1]
        if tls_from_the_start:
            assert post.tls
            server.socket = post.tls.wrap_socket(server.socket, server_side=True)
            post.tls = None
        with _served(server):
            yield post


@dataclass
class Hook:
    """What a webhook answers, and what it was given."""

    status: int = 200
    location: str = ""
    port: int = 0
    bodies: list[object] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/T000/hook-secret"


@contextmanager
def webhook(hook: Hook) -> Iterator[Hook]:
    """A webhook on loopback."""

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.bodies.append(json.loads(body))
            hook.headers.append(dict(self.headers))
            self.send_response(hook.status)
            if hook.location:
                self.send_header("Location", hook.location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Nothing on standard error."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        hook.port = server.server_address[1]
        with _served(server):
            yield hook


@contextmanager
def dripping_server() -> Iterator[int]:
    """A server that sends a byte now and then and no answer; its port. No timeout of a read ever ends that."""

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            while not ended.is_set():
                self.request.sendall(b"2")
                time.sleep(0.1)

    ended = threading.Event()
    with _PostServer(("127.0.0.1", 0), Drip) as server, _served(server):
        yield server.server_address[1]
        ended.set()


@contextmanager
def _served(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


def certificate(folder: Path, host: str) -> tuple[ssl.SSLContext, Path]:
    """A server's side of TLS for a host, and the file by which a client trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    trusted, both = folder / "trusted.pem", folder / "server.pem"
    trusted.write_bytes(signed.public_bytes(pem))
    both.write_bytes(private + signed.public_bytes(pem))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return context, trusted


def unused_port() -> int:
    """A port on which nothing listens just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
