"""Wrong answers that any vendor, proxy or network can give. Each is told as it is, or does no harm."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from tests.hostile import changes as spoil
from tests.hostile.changes import MISSING, after, answer, body, first, found, in_json, one_each, put, raw, written
from tests.hostile.trial import Case, Exact, Refused
from tests.hostile.vendor import Ask, Change, Vendor
from tests.hostile.wire import Hangup, Pause, Reply

WELL = Exact()
HTML = b"<html><head><title>Sign in</title></head><body>Hotel Wi-Fi</body></html>"
BRACKETS = "[" * 100_000 + "]" * 100_000
SCREEN = "\x1b[2J\x1b]0;owned\x07\u202eevil\u2066 \u200b\x9b31m"


def general(vendor: type[Vendor]) -> list[Case]:
    """All of them."""
    parts = (_forms, _texts, _bytes, _statuses, _waits, _messages, _pages)
    return [case for part in parts for case in part(vendor)]


def shared(vendor: type[Vendor]) -> list[Case]:
    """Those that a vendor's own code can spoil; the rest is said of one vendor, as all read by the same client."""
    of_the_client = {case.name for case in (*_bytes(vendor), *_texts(vendor))} - _OF_EACH
    return [case for case in general(vendor) if case.name not in of_the_client]


_OF_EACH = {
    "a charset that it is not in",
    "half a body, once",
    "HTML with 200",
    "100,000 brackets",
    "a number of 5,000 digits",
    "zipped, it says",
    "a body beyond the bound",
    "torn within the body",
    "torn before the answer, once",
    "byte by byte",
}


def _forms(vendor: type[Vendor]) -> Iterator[Case]:
    """JSON of another form than the documents have."""
    records, name = vendor.records, re.escape(vendor.records)
    one = f"{records}.0"
    element = rf"{name}\[0\]"
    whole: dict[str, Any] = {"a list": [], "a text": "ok", "a whole number": 12, "null": None, "true or false": True}
    for kind, value in whole.items():
        yield Case(f"{kind} for the answer", answer(value), Refused(rf"the answer is {kind}, not an object"))
    yield Case("the records for the answer", body(lambda b: found(b, records)), Refused("is a list, not an object"))
    yield Case("a level more", body(lambda b: {"response": b}), Refused(r"\w+ is missing"))
    wrong: dict[str, Any] = {"null": None, "a text": "none", "an object": {"0": {}}, "true or false": False}
    for kind, value in wrong.items():
        yield Case(f"{kind} for the records", put(records, value), Refused(rf"{name} is {kind}, not a list"))
    later = after(1, put(records, None))
    yield Case("null for later records", later, Refused(f"{name} is null, not a list"), is_loaded_again=True)
    yield Case("no records", put(records, MISSING), Refused(f"{name} is missing"))
    yield Case("no records on a later page", after(1, put(records, MISSING)), Refused(f"{name} is missing"))
    yield Case(
        "records in a list more", put(records, lambda rows: [rows]), Refused(rf"{element} is a list, not an obj")
    )
    for kind, value in {"null": None, "a text": "1", "a whole number": 7, "a list": []}.items():
        yield Case(f"{kind} for a record", put(one, value), Refused(rf"{element} is {kind}, not an object"))
    yield Case("no id", put(f"{one}.id", MISSING), Refused(rf"{element}\.id is missing"))
    for kind, value in {"null": None, "an object": {"id": "1"}, "a list": ["1"], "true or false": True}.items():
        yield Case(f"{kind} for an id", put(f"{one}.id", value), Refused(rf"{element}\.id is {kind}, not a text"))
    yield Case("members that nobody asked for", put("_new", {"a": [1, 2]}), WELL)
    yield Case("members of a record that nobody asked for", put(f"{one}._new", [{"a": 1}]), WELL)


def _texts(_: type[Vendor]) -> Iterator[Case]:
    """What is no JSON, or JSON that asks too much."""
    no_json = Refused("the answer is not JSON, or was cut off")
    yield Case("no body", raw(lambda _: b""), no_json)
    yield Case("spaces only", raw(lambda _: b" \n\t "), no_json)
    yield Case("half a body", raw(lambda b: b[: len(b) // 2]), no_json)
    yield Case("half a body, once", first(1, raw(lambda b: b[: len(b) // 2])), WELL)
    yield Case("a body twice", raw(lambda b: b + b), no_json)
    yield Case("words", raw(lambda _: b"OK"), no_json)
    yield Case("HTML with 200", answer(HTML, Content_Type="text/html"), Refused("200 .*an HTML page instead of JSON"))
    yield Case("HTML that says to be JSON", answer(HTML), Refused("an HTML page instead of JSON"))
    yield Case("NaN", in_json("NaN"), no_json)
    yield Case("infinity", in_json("-Infinity"), no_json)
    yield Case("a number beyond all", in_json("1e999"), no_json)
    yield Case("a number of 5,000 digits", in_json("9" * 5_000), no_json)
    yield Case("half a sign", in_json('"\\ud800"'), no_json)
    yield Case("100,000 brackets", in_json(BRACKETS), no_json)
    yield Case("100,000 objects in each other", in_json('{"a":' * 100_000 + "1" + "}" * 100_000), no_json)
    yield Case("JavaScript", raw(lambda b: b"while(1);" + b), no_json)


def _bytes(_: type[Vendor]) -> Iterator[Case]:
    """Encodings, lengths and connections that are not what they say."""
    no_json = Refused("the answer is not JSON, or was cut off")
    cut_off = Refused("the answer was cut off|cannot connect to 127|the answer is not JSON, or was cut off")
    apart = Refused("cannot connect to 127|the answer was cut off")
    yield Case("a charset that it is not in", raw(bytes, Content_Type="application/json; charset=iso-8859-1"), WELL)
    yield Case("a charset that there is not", raw(bytes, Content_Type="application/json; charset=hex"), WELL)
    yield Case("UTF-16", raw(spoil.utf16, Content_Type="application/json; charset=utf-16"), no_json)
    yield Case("latin-1", raw(spoil.latin1, Content_Type="application/json; charset=iso-8859-1"), no_json)
    yield Case("a mark of byte order", raw(lambda b: b"\xef\xbb\xbf" + b), no_json)
    yield Case("another type of content", raw(bytes, Content_Type="text/html"), WELL)
    yield Case("zipped", raw(spoil.zipped, Content_Encoding="gzip"), WELL)
    yield Case("zipped, it says", raw(bytes, Content_Encoding="gzip"), cut_off)
    yield Case("deflated, it says", raw(bytes, Content_Encoding="deflate"), cut_off)
    yield Case("zipped, and half of it", raw(lambda b: spoil.zipped(b)[:-20], Content_Encoding="gzip"), cut_off)
    too_large = Refused(r"the answer is larger than \d+ MB")
    small = {"ANSWER_BYTES": 1 << 20}
    yield Case("kilobytes that unpack to megabytes", raw(spoil.bomb, Content_Encoding="gzip"), too_large, bounds=small)
    yield Case("a body beyond the bound", raw(lambda b: b + b" " * (2 << 20)), too_large, bounds=small)
    yield Case("in chunks", spoil.in_chunks(), WELL)
    yield Case("chunks of no size", spoil.in_chunks("zz"), cut_off)
    yield Case("chunks without an end", spoil.in_chunks(is_whole=False), cut_off)
    yield Case("no length", spoil.NO_LENGTH, WELL)
    yield Case("a length beyond the body", written(lambda h, b: [h + b, Hangup()], Content_Length="99999"), cut_off)
    yield Case("a length within the body", raw(bytes, Content_Length="40"), no_json)
    yield Case("torn within the body", spoil.RESET_WITHIN, cut_off)
    yield Case("torn within the body, once", first(1, spoil.RESET_WITHIN), WELL)
    yield Case("hung up within the body", spoil.HUNG_UP_WITHIN, cut_off)
    yield Case("torn before the answer", spoil.RESET, apart)
    yield Case("torn before the answer, once", first(1, spoil.RESET), WELL)
    yield Case("hung up before the answer", written(lambda _, __: [Hangup()]), apart)
    yield Case("no HTTP", written(lambda _, __: [b"SSH-2.0-OpenSSH_9.6\r\n", Hangup()]), apart)
    yield Case("300 headers", raw(bytes, **{f"X_{n}": "1" for n in range(300)}), apart)
    yield Case("a header of 100,000 signs", raw(bytes, X_Long="a" * 100_000), apart)
    yield Case("go on, and then the answer", written(lambda h, b: [b"HTTP/1.1 100 Continue\r\n\r\n", h + b]), WELL)
    slow = Refused("the answer was not whole after 0 s")
    yield Case("byte by byte", written(spoil.drip, Content_Length="99999999"), slow, bounds={"ANSWER_SECONDS": 0.3})
    yield Case("silence", spoil.SILENT, Refused("no answer within 0 s"), bounds={"READ_SECONDS": 0.2})
    late = written(lambda h, b: [h, Pause(20.0), b])
    yield Case("silence within the body", late, Refused("no answer within|was cut off"), bounds={"READ_SECONDS": 0.2})


def _statuses(vendor: type[Vendor]) -> Iterator[Case]:
    """What HTTP calls wrong, in the vendor's own form or in none."""
    for status in (400, 404, 410, 418):
        yield Case(f"{status}", _told(vendor, status), Refused(f"{status} .*the vendor's words.*brands.yml"))
    yield Case("401", _told(vendor, 401), Refused("401 .*set a new VOXHOUSE_AURORA_"))
    ended = after(1, _told(vendor, 401))
    yield Case("401 in the middle", ended, Refused("401 .*set a new VOXHOUSE_AURORA_"), is_loaded_again=True)
    yield Case("403", _told(vendor, 403), Refused("403 .*grant the scopes"))
    for status in (408, 423, 500, 502, 503, 504, 520):
        yield Case(f"{status} for ever", _told(vendor, status), Refused(r"\b(4\d\d|5\d\d) .*run again later"))
    yield Case("500 three times", first(3, _told(vendor, 500)), WELL)
    yield Case("a gateway's page, twice", first(2, answer(HTML, 502, Content_Type="text/html")), WELL)
    yield Case(
        "a gateway's page for ever", answer(HTML, 502, Content_Type="text/html"), Refused("502 .*run again later")
    )
    yield Case("an empty 503 for ever", answer(b"", 503), Refused("503 .*run again later"))
    yield Case("204", answer(b"", 204), Refused("not JSON, or was cut off"))
    yield Case("999", _told(vendor, 999), Refused("the vendor's words"))
    redirect = Refused(r"30\d .*a redirect, which is not followed")
    yield Case("a redirect to itself", _to_itself(302), redirect)
    yield Case("a redirect without an address", answer(b"", 307), redirect)
    yield Case("a redirect to a file", answer(b"", 301, Location="file:///etc/passwd"), redirect)


def _waits(vendor: type[Vendor]) -> Iterator[Case]:
    """Throttling, with whatever is said of how long."""
    waits = ("7", "0", "1.5", "Tue, 30 Jun 2026 22:00:09 GMT", "-5", "soon", "", "1e999", "٣")
    told = [_told(vendor, 429, {"Retry-After": wait}) for wait in waits]
    yield Case("429, to wait for any time", one_each(*told), WELL)
    yield Case("429, and no time to wait", first(1, _told(vendor, 429)), WELL)
    for status in (429, 503):
        long = Refused(f"{status} .*(run again later|36,?000 s)")
        yield Case(f"{status}, to wait ten hours", _told(vendor, status, {"Retry-After": "36000"}), long)
    yield Case("429 for ever", _told(vendor, 429), Refused("429 .*run again later"))


def _messages(vendor: type[Vendor]) -> Iterator[Case]:
    """Words of the vendor that a terminal, or a person, must not see as they are."""
    token = next(iter(vendor.variables.values()))
    words = {
        "orders to a terminal": f"no{SCREEN}thing",
        "several lines": "first\r\nsecond\n\n\tthird\x00\x85\u2028fourth",
        "the token": f"the token {token} may not",
        "an address": "piep101@kanari.example may not; nor <piep102@kanari.example>, mailto:piep103@kanari.example",
        "100,000 words": "word " * 100_000,
        "no words": "",
    }
    for name, message in words.items():
        yield Case(f"a message of {name}", _told(vendor, 400, message=message), Refused("400 "))
    for kind, message in {"a list": ["a"], "null": None, "an object": {"a": {}}, "a number": 5}.items():
        yield Case(f"{kind} for a message", _told(vendor, 400, message=message), Refused("400 "))
    for kind, content in {"a list": ["no"], "a text": "no", "null": None, "nothing": {}}.items():
        yield Case(f"{kind} for an error", answer(content, 400), Refused("400 "))


def _pages(vendor: type[Vendor]) -> Iterator[Case]:
    """Lists without an end."""
    spot, lead = vendor.paged, vendor.lead_on
    still = Refused("the same cursor came twice, so the list has no end")
    idle = Refused("pages in a row brought nothing new")

    def leading(cursor: Any, records: Any = None) -> Change:
        def change(ask: Ask, reply: Reply) -> Reply:
            content = json.loads(reply.body)
            given = cursor(ask.number) if callable(cursor) else cursor
            content = lead(content, given)
            if records is not None:
                content = put(vendor.paged_records, records)(ask, replace(reply, content=content)).content
            return replace(reply, content=content)

        return change

    start = vendor.cursor
    yield Case("a cursor that stands still", leading(start), still, spot, is_loaded_again=True)
    yield Case("cursors that go round", leading(lambda n: start if n % 2 else f"{start}0"), still, spot)
    yield Case("the same page for ever", leading(lambda n: f"{start}{'0' * n}", lambda rows: rows[:1]), idle, spot)
    yield Case("empty pages for ever", leading(lambda n: f"{start}{'9' * n}", []), idle, spot)
    yield Case("a cursor of null", leading(None), Refused(vendor.null_cursor), spot)
    for kind, cursor in {"a whole number": 5, "a list": ["5"], "an object": {"a": 1}, "true or false": True}.items():
        yield Case(f"{kind} for a cursor", leading(cursor), Refused(rf"is {kind}, not a text"), spot)
    yield Case("records again on the next page", _again(vendor), WELL, spot)


def _again(vendor: type[Vendor]) -> Change:
    """The last record of a page is the first one of the next, as when a record is added above."""
    last: list[Any] = []

    def change(ask: Ask, reply: Reply) -> Reply:
        content = json.loads(reply.body)
        rows = found(content, vendor.paged_records)
        last.append(rows[-1:])
        if ask.number > 1:
            rows[:0] = last[-2]
        return replace(reply, content=content)

    return change


def _told(
    vendor: type[Vendor], status: int, headers: dict[str, str] | None = None, message: Any = "the vendor's words"
) -> Change:
    content = vendor.error_of(status, message)
    return lambda _, __: Reply(content, status, headers or {})


def _to_itself(status: int) -> Change:
    return lambda ask, _: Reply(b"", status, {"Location": ask.request.path})
