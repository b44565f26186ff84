"""What the Graph API in particular can get wrong, and records that are odd."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from tests.hostile.changes import MISSING, after, all_together, answer, body, first, one_each, put, raw
from tests.hostile.general import SCREEN, WELL
from tests.hostile.instagram_vendor import ACCOUNT, METRICS, RIVAL, TOKEN, Instagram, comment, error, media
from tests.hostile.oddities import Odd, member
from tests.hostile.trial import Case, Exact, Refused
from tests.hostile.vendor import Change, once_given

WORDS = "the vendor's words"
MOMENT = datetime(2026, 6, 24, 18, 30, 12, tzinfo=UTC)
TIMES = {
    "2026-06-24T18:30:12+0000": MOMENT,
    "2026-06-24T20:30:12+0200": MOMENT,
    "2026-06-24T14:00:12-04:30": MOMENT,
    "2026-06-24T18:30:12Z": MOMENT,
    "2026-06-24T18:30:12.123456789+0000": MOMENT.replace(microsecond=123_456),
    "2026-06-24T18:30+0000": MOMENT.replace(second=0),
    "2026-06-24T18:30:12": MOMENT,
}
COUNTS = {
    "no text": "many",
    "no number": "1,2",
    "beyond": 1 << 63,
    "a part": 1.5,
    "below": -1,
    "far below": -9 * 10**18,
}


def cases() -> list[Case]:
    """All of them."""
    parts = (_errors, _profiles, _competitors, _batches, _comments, _usage, _moves)
    return [case for part in parts for case in part()]


def _errors() -> Iterator[Case]:
    passing = {
        code: answer(error(400, code, WORDS).content, 400) for code in (1, 2, 4, 17, 32, 613, 80001, 80002, 80006)
    }
    yield Case("codes that pass", one_each(*passing.values()), WELL)
    for code in (1, 4):
        yield Case(f"code {code} for ever", passing[code], Refused("(429|503) .*run again later"))
    for code in (102, 190, 467):
        ended = answer(error(400, code, WORDS).content, 400)
        yield Case(f"code {code}", ended, Refused(f"401 .*{WORDS}.*set a new VOXHOUSE_AURORA_INSTAGRAM_ACCESS_TOKEN"))
    for code in (3, 200, 294):
        yield Case(f"code {code}", answer(error(400, code, WORDS).content, 400), Refused("403 .*grant the scopes"))
    yield Case("200 with an error in it", answer(error(200, 100, WORDS).content), Refused(f"400 .*{WORDS}"))
    mixed = body(lambda page: {**page, **error(200, 2, WORDS).content})
    yield Case("a page and an error for ever", mixed, Refused(f"503 .*{WORDS}.*run again later"))
    yield Case("a page and an error, once", first(1, mixed), WELL)
    less = answer(error(500, 1, "Please reduce the amount of data you're asking for, then retry").content, 500)
    yield Case("too much data, four times", first(4, less), WELL)
    yield Case("always too much data", less, Refused("Please reduce the amount of data"))
    for kind, value in {"a text": "100", "a list": [100], "null": None, "an object": {}, "true": True}.items():
        told = answer({"error": {"message": WORDS, "code": value, "error_subcode": value}}, 400)
        yield Case(f"{kind} for a code", told, Refused(WORDS))
    for kind, value in {"a text": WORDS, "a list": [WORDS], "a whole number": 5}.items():
        yield Case(f"{kind} for an error with 200", answer({"error": value}), Refused("400 "))
    shown = answer(
        {"error": {"message": "m", "error_user_msg": f"{SCREEN} zaunkoenig@kanari.example {TOKEN}", "code": 9}}, 400
    )
    yield Case("words for a user", shown, Refused("400 "))


def _profiles() -> Iterator[Case]:
    spot = "profile"
    for name in ("id", "username", "followers_count", "media_count", "follows_count"):
        yield Case(f"no {name} of the account", put(name, MISSING), Refused(f"{name} is missing"), spot)
    for kind, value in {"null": None, "a whole number": 7, "a list": []}.items():
        yield Case(f"{kind} for a username", put("username", value), Refused(f"username is {kind}, not a text"), spot)
    yield Case("no name", put("name", MISSING), Exact({"accounts": {(ACCOUNT,): {"account_name": None}}}), spot)
    as_text = Exact({"accounts": {(ACCOUNT,): {"followers_count": 5120}}})
    yield Case("a text for a count", put("followers_count", "5120"), as_text, spot)


def _competitors() -> Iterator[Case]:
    spot, found = "discovery", "business_discovery"
    rows = frozenset((str(17900000000000100 + number),) for number in range(1, 8))
    lost = Exact(
        {"competitor_status": {("rival.brand",): NOT_FOUND}},
        absent={"accounts": frozenset({(RIVAL,)}), "media": rows},
    )
    renamed: Callable[[Instagram], object] = lambda vendor: vendor.world["rival"].update(username="rival.new")  # noqa: E731
    yield Case("a competitor that was renamed", None, lost, world=renamed)
    for kind, value in {"null": None, "a list": [], "a text": "x"}.items():
        yield Case(f"{kind} for a competitor", put(found, value), Refused(f"{found} is {kind}, not an object"), spot)
        wrong = put(f"{found}.media", value)
        yield Case(f"{kind} for a competitor's media", wrong, Refused(f"media is {kind}, not an object"), spot)
    yield Case("no competitor", put(found, MISSING), Refused(f"{found} is missing"), spot)
    yield Case("no media of a competitor", put(f"{found}.media", MISSING), Refused("media is missing"), spot)
    nulls = put(f"{found}.media.data", None)
    yield Case("null for a competitor's list", nulls, Refused("media.data is null, not a list"), spot)
    unended = put(f"{found}.media.paging", {"cursors": {"after": "QVFI0"}})
    yield Case("a competitor's media without an end", unended, Refused("the same cursor came twice"), spot)
    hidden = put(f"{found}.media.data.0.like_count", MISSING)
    cells = {"media": {("17900000000000107",): {"like_count": None}}}
    yield Case("hidden likes", first(1, hidden), Exact(cells), spot)
    gone = answer(error(400, 100, "Unsupported get request.", error_subcode=33).content, 400)
    yield Case("a competitor that must not be seen", gone, lost, spot)


NOT_FOUND = {"status": "not_found", "reason": "the network finds no professional account of this handle"}


def _inner(edit: Callable[[Any], Any], of: str = "insights") -> Change:
    """The body of the first item of a batch of that kind, which is JSON within JSON."""

    def change(ask: Any, reply: Any) -> Any:
        asked = json.loads(ask.request.form["batch"])
        if not asked[0]["relative_url"].partition("?")[0].endswith(of) or ACCOUNT in asked[0]["relative_url"]:
            return reply
        items = json.loads(reply.body)
        items[0] = edit(items[0])
        return replace(reply, content=items)

    return change


def _with(path: str, value: Any) -> Callable[[Any], Any]:
    def edit(item: Mapping[str, Any]) -> Mapping[str, Any]:
        content = json.loads(item["body"])
        target = content
        *parents, name = path.split(".")
        for part in parents:
            target = target[int(part)] if isinstance(target, list) else target[part]
        if value is MISSING:
            del target[name]
        else:
            target[name] = value
        return {**item, "body": json.dumps(content)}

    return edit


def _batches() -> Iterator[Case]:
    spot = "batch"
    for kind, value in {"an object": {}, "null": None, "a text": "x"}.items():
        yield Case(f"{kind} for a batch", answer(value), Refused(f"the answer is {kind}, not a list"), spot)
    yield Case("a batch one short", body(lambda items: items[1:]), Refused(r"\d+ answers to \d+ requests"), spot)
    yield Case("a batch one longer", body(lambda items: [*items, items[0]]), Refused(r"\d+ answers to \d+ requ"), spot)
    yield Case("an empty batch", answer([]), Refused(r"0 answers to \d+ requests"), spot)
    yield Case("null in a batch, once", first(1, body(lambda items: [None, *items[1:]])), WELL, spot)
    nulls = body(lambda items: [None] * len(items))
    yield Case("null in a batch for ever", nulls, Refused("503 .*a request of the batch timed out.*run again"), spot)
    for kind, value in {"a text": "200", "null": None, "an object": {}}.items():
        told = Refused(rf"\[0\]\.code is {kind}, not a whole number")
        yield Case(f"{kind} for a status in a batch", _inner(lambda item, v=value: {**item, "code": v}), told, spot)
    for kind, value in {"an object": {"data": []}, "null": None, "a list": []}.items():
        told = Refused(rf"\[0\]\.body is {kind}, not a text")
        yield Case(f"{kind} for a body in a batch", _inner(lambda item, v=value: {**item, "body": v}), told, spot)
    half = _inner(lambda item: {**item, "body": item["body"][:-9]})
    yield Case("half a body in a batch", half, Refused("the answer is not JSON.*run again later"), spot)
    yield Case("half a body in a batch, once", first(2, half), WELL, spot)
    for kind, text in {"null": "null", "a list": "[]", "a text": '"x"'}.items():
        wrong = _inner(lambda item, v=text: {**item, "body": v})
        yield Case(f"{kind} within a batch", wrong, Refused(f"insights: the answer is {kind}, not an object"), spot)
    deep = _inner(lambda item: {**item, "body": "[" * 100_000})
    yield Case("100,000 brackets within a batch", deep, Refused("the answer is not JSON"), spot)
    for kind, value in {"null": None, "an object": {}, "a text": "x"}.items():
        wrong = _inner(_with("data", value))
        yield Case(f"{kind} for insights", wrong, Refused(f"insights: data is {kind}, not a list"), spot)
        wrong = _inner(_with("data.0.values", value))
        yield Case(f"{kind} for the values of a metric", wrong, Refused(r"data\[0\]"), spot)
    yield Case(
        "no name of a metric", _inner(_with("data.0.name", MISSING)), Refused(r"data\[0\]\.name is missing"), spot
    )
    ended = _inner(lambda item: {**item, "code": 400, "body": json.dumps(error(400, 190, WORDS).content)})
    yield Case("a token that ends within a batch", ended, Refused(f"401 .*{WORDS}.*set a new VOXHOUSE"), spot)
    failed = _inner(lambda item: {**item, "code": 500, "body": "<html>"})
    yield Case("HTML in a batch, twice", first(2, failed), WELL, spot)
    yield Case("HTML in a batch for ever", failed, Refused("run again later"), spot)
    yield Case(
        "a batch in another order", body(lambda items: items[::-1]), Refused("order|another|not those|insights"), spot
    )
    unknown: Callable[[Instagram], object] = lambda vendor: vendor.unknown_metrics.add("shares")  # noqa: E731
    yield Case("a metric that is retired", None, RETIRED, world=unknown)


RETIRED = Exact(
    {
        "media_insights": {(str(17900000000000000 + number),): {"shares": None} for number in range(1, 13)},
        "metric_status": {
            (kind, "shares"): {
                "status": "retired",
                "reason": f"(#100) metric[0] must be one of the following values: {', '.join(sorted(known))}",
            }
            for kind, known in METRICS.items()
        },
    }
)


def _comments() -> Iterator[Case]:
    spot = "comments"
    for kind, value in {"null": None, "an object": {}, "a text": "none"}.items():
        later = put("data", value)
        yield Case(
            f"{kind} for later comments", later, Refused(f"data is {kind}, not a list"), spot, is_loaded_again=True
        )
    yield Case("no later comments", put("data", MISSING), Refused("data is missing"), spot)
    for kind, value in {"a whole number": 5, "a list": []}.items():
        yield Case(
            f"{kind} for an author", put("data.0.username", value), Refused(f"username is {kind}, not a text"), spot
        )
    nobody = Exact({"comments": {("18000000000000002",): {"author_handle_token": None}}})
    yield Case("null for an author", put("data.0.username", None), nobody, spot)
    yield Case("no author", put("data.0.username", MISSING), nobody, spot)
    hidden = Exact({"comments": {("18000000000000002",): {"is_hidden": True}}})
    yield Case("a hidden comment", put("data.0.hidden", True), hidden, spot)
    yield Case("a text for hidden", put("data.0.hidden", "true"), hidden, spot)
    yield Case("null for replies", put("data.-1.replies", None), Refused("replies is null, not an object"), spot)
    wrong = put("data.-1.replies", {"data": None})
    yield Case("null for the list of replies", wrong, Refused("replies.data is null, not a list"), spot)
    paging = {"cursors": {"after": "QVFI5"}, "next": "https://graph.facebook.example/next"}
    yield Case("comments without an end", put("paging", paging), Refused("the same cursor came twice"), spot)
    unled = put("paging", {"next": "https://graph.facebook.example/next"})
    yield Case("comments that go on, and no cursor", unled, Refused("paging.cursors.after is missing"), spot)
    for kind, value in {"null": None, "a list": [], "a text": "x"}.items():
        yield Case(f"{kind} for the paging", put("paging", value), Refused(f"paging is {kind}, not an object"), spot)


def _usage() -> Iterator[Case]:
    rows = (
        [{"call_count": 99, "total_cputime": 3, "total_time": 5}],
        [{"call_count": 100, "estimated_time_to_regain_access": 1}],
        [{"call_count": 100, "estimated_time_to_regain_access": 43_200}],
        [{"call_count": "99", "estimated_time_to_regain_access": "soon"}],
        [{"call_count": None, "estimated_time_to_regain_access": None}],
        [{"call_count": -1, "estimated_time_to_regain_access": -60}],
        [["call_count", 5]],
    )
    texts = [json.dumps({ACCOUNT: row}) for row in rows] + ["[]", "{", "null", '"x"', '{"1": null}', "[" * 5_000]
    usages = [raw(bytes, X_Business_Use_Case_Usage=text) for text in texts]
    for name, part in {"in numbers": usages[:7], "in no form": usages[7:]}.items():
        yield Case(f"usage {name}", one_each(*part, apart=9), WELL, "media batch comments discovery profile")
    month = [{"type": "instagram", "call_count": 100, "estimated_time_to_regain_access": 43_200}]
    spent = answer(error(400, 80002, WORDS).content, 400, X_Business_Use_Case_Usage=json.dumps({ACCOUNT: month}))
    yield Case("throttled for a month", spent, Refused("429 .*(2592000|2,592,000|run again)"))


def _moves() -> Iterator[Case]:
    def added(vendor: Instagram) -> None:
        vendor.world["own"]["media"].insert(0, media(90, "2026-06-30T21:30:00+0000"))

    yield Case("one is posted while they are read", None, WELL, world=once_given("media", 1, added))

    def deleted(vendor: Instagram) -> None:
        own = vendor.world["own"]
        own["media"] = [post for post in own["media"] if post["id"] != "17900000000000008"]

    yield Case("one is deleted while they are read", None, GONE, world=once_given("media", 3, deleted))
    shifted = Exact()
    yield Case("a page again", after(1, put("data", lambda rows: [rows[0], *rows])), shifted)
    both = all_together(put("data.0.like_count", MISSING), put("data.0.caption", MISSING))
    bare = {"like_count": None, "caption": None}
    yield Case("no likes and no caption", first(1, both), Exact({"media": {("17900000000000012",): bare}}))
    written = comment(99, "2026-06-30T21:00:00+0000", "zaubernuss neu", "zaunkoenig.99")

    def commented(vendor: Instagram) -> None:
        vendor.world["own"]["media"][2]["comments"].append(written)

    yield Case("one is written while they are read", None, WELL, world=once_given("comments", 1, commented))


GONE = Exact(absent={"media_insights": frozenset({("17900000000000008",)})})
"""It was listed, and has no insights any more."""


def odds() -> list[Odd]:
    """Records that are odd."""
    return [odd for part in (_odd_media, _odd_comments) for odd in part()]


def _odd_media() -> Iterator[Odd]:
    for text, moment in TIMES.items():
        yield Odd(f"posted at {text}", "media", member("timestamp", text), {"posted_at": moment})
    for value in ("2026-02-30T10:00:00+0000", "yesterday", 1782325812, "0001-01-01T00:00:00+0000", "", {"at": 1}, []):
        yield Odd(f"posted at {value!r}", "media", member("timestamp", value), None)
    future = {"posted_at": datetime(2099, 1, 1, tzinfo=UTC)}
    yield Odd("posted in 2099", "media", member("timestamp", "2099-01-01T00:00:00+0000"), future)
    for name, value in COUNTS.items():
        yield Odd(f"likes: {name}", "media", member("like_count", value), None)
    for value in ("12", 12.0, "12.0", " 12 "):
        yield Odd(f"likes: {value!r}", "media", member("like_count", value), {"like_count": 12})
    for value in ([1], {"count": 1}, True):
        yield Odd(f"likes: {value!r}", "media", member("like_count", value), None)
    texts = {"an empty": "", "a long": "ß" * 100_000, "a wild": "a\u0001\u001b[2J\u2028'\"\\;{}\U0001f600"}
    for name, text in texts.items():
        yield Odd(f"{name} caption", "media", member("caption", text), {"caption": text or None})
    yield Odd("a caption of parts", "media", member("caption", {"text": "x"}), None)
    kind = {"media_product_type": "THREADS"}
    yield Odd("a kind that nobody knows", "media", member("media_product_type", "THREADS"), kind)


def _odd_comments() -> Iterator[Odd]:
    for text, moment in TIMES.items():
        yield Odd(f"written at {text}", "comments", member("timestamp", text), {"posted_at": moment})
    for value in ("soon", 1782325812, ""):
        yield Odd(f"written at {value!r}", "comments", member("timestamp", value), None)
    for name, value in COUNTS.items():
        yield Odd(f"likes of a comment: {name}", "comments", member("like_count", value), None)
    text = "zaubernuss \u0001\u001b[2J" + "ñ" * 50_000
    said = {"text_token": f"«{text}»", "text_length": len(text)}
    yield Odd("a comment without an end", "comments", member("text", text), said)
    nothing = {"text_token": None, "text_length": None}
    yield Odd("a comment of nothing", "comments", member("text", None), nothing)
    for handle in ("@Zaunkoenig.X", " zaunkoenig.x "):
        same = {"author_handle_token": "«zaunkoenig.x»"}
        yield Odd(f"a handle of {handle!r}", "comments", member("username", handle), same)
    own = {"author_handle_token": None, "is_from_brand": True}
    yield Odd("the brand in capitals", "comments", member("username", "AURORA.Brand"), own)
