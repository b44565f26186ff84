"""Ways to spoil an answer: its JSON, its bytes, its status, and when."""

from __future__ import annotations

import copy
import gzip
import itertools
import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from tests.hostile.vendor import Ask, Change, Json
from tests.hostile.wire import Hangup, Pause, Reply, Reset, Script, Step

MISSING = object()


def first(times: int, change: Change) -> Change:
    """Only so many times; afterwards the vendor answers well."""
    return lambda ask, reply: change(ask, reply) if ask.number <= times else reply


def after(times: int, change: Change) -> Change:
    """Only once so many answers were good: from the second page on, for 1."""
    return lambda ask, reply: change(ask, reply) if ask.number > times else reply


def one_each(*changes: Change, apart: int = 3) -> Change:
    """One change an answer, and a good answer between every few: no vendor is asked for ever."""

    def change(ask: Ask, reply: Reply) -> Reply:
        turn, place = divmod(ask.number - 1, apart + 1)
        index = turn * apart + place
        return changes[index](ask, reply) if place < apart and index < len(changes) else reply

    return change


def body(edit: Callable[[Json], Json]) -> Change:
    """The JSON as `edit` gives it back; it may change what it is given."""

    def change(_: Ask, reply: Reply) -> Reply:
        return replace(reply, content=edit(copy.deepcopy(reply.content)))

    return change


def answer(content: Json, status: int = 200, **headers: str) -> Change:
    """Something else altogether. `_` in a header's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, __: Reply(content, status, named)


def found(content: Json, path: str) -> Json:
    """What is at a dotted path; numbers are places in a list."""
    for part in path.split("."):
        content = content[int(part) if part.lstrip("-").isdigit() else part]
    return content


def put(path: str, value: Any) -> Change:
    """Another value at a path; MISSING: no member at all, a callable: made of the one that was there."""

    def edit(content: Json) -> Json:
        *parents, name = path.split(".")
        parent = found(content, ".".join(parents)) if parents else content
        key = int(name) if isinstance(parent, list) else name
        if value is MISSING:
            del parent[key]
        else:
            parent[key] = value(parent[key]) if callable(value) else value
        return content

    return body(edit)


def raw(edit: Callable[[bytes], bytes], **headers: str) -> Change:
    """The body's bytes as `edit` gives them back."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, reply: replace(reply, content=edit(reply.body), headers={**reply.headers, **named})


def written(script: Script, **headers: str) -> Change:
    """Head and body written in another way."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda _, reply: replace(reply, script=script, headers={**reply.headers, **named})


def in_json(what: str) -> Change:
    """A member more, of which only the bytes are given: what no encoder would write."""
    return raw(lambda content: b'{"_more": ' + what.encode("utf-8", "surrogatepass") + b", " + content.lstrip()[1:])


def all_together(*changes: Change) -> Change:
    """One after the other."""

    def change(ask: Ask, reply: Reply) -> Reply:
        for one in changes:
            reply = one(ask, reply)
        return reply

    return change


def cut(head: bytes, content: bytes, end: Step) -> Iterable[Step]:
    """Half of the body, and then the end."""
    return [head + content[: len(content) // 2], end]


def drip(head: bytes, content: bytes) -> Iterable[Step]:
    """A byte now and then."""
    yield head
    for byte in itertools.cycle(content):
        yield bytes([byte])
        yield Pause(0.005)


def chunked(content: bytes, size: str | None = None, *, is_whole: bool = True) -> bytes:
    """A body in chunks; `size` is said of the first, whatever its size is."""
    half = len(content) // 2
    parts = f"{size or f'{half:x}'}\r\n".encode() + content[:half] + b"\r\n"
    if is_whole:
        parts += f"{len(content) - half:x}\r\n".encode() + content[half:] + b"\r\n0\r\n\r\n"
    return parts


def in_chunks(size: str | None = None, *, is_whole: bool = True) -> Change:
    """The body in chunks, right or wrong."""

    def script(_: bytes, content: bytes) -> Iterable[Step]:
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
        yield head + chunked(content, size, is_whole=is_whole)
        if size or not is_whole:
            yield Hangup()

    return written(script)


def zipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def bomb(_: bytes) -> bytes:
    """Some kilobytes that unpack to many megabytes."""
    return zipped(b'{"results": "' + b"0" * (48 << 20) + b'"}')


SILENT = written(lambda _, __: [Pause(20.0), Hangup()])
RESET = written(lambda _, __: [Reset()])
RESET_WITHIN = written(lambda head, content: cut(head, content, Reset()))
HUNG_UP_WITHIN = written(lambda head, content: cut(head, content, Hangup()))
NO_LENGTH = written(
    lambda _, content: [b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + content, Hangup()]
)


def utf16(content: bytes) -> bytes:
    return content.decode().encode("utf-16")


def latin1(content: bytes) -> bytes:
    """The signs beyond latin-1 as JSON escapes, the rest as single bytes."""
    kept = "".join(s if ord(s) < 256 else json.dumps(s)[1:-1] for s in content.decode())
    return kept.encode("latin-1")
