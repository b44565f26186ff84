"""What people may tell the sandbox to do: each action checks what it is sent, down to the last number."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from sandbox.api import kinds
from sandbox.changes import KINDS
from sandbox.live import Sandbox
from sandbox.trouble import Trouble, known

_MOST_DAYS, _MOST_LIKES, _MOST_TIMES, _LARGEST_ID = 400, 1_000_000, 100_000, (1 << 63) - 1
_SHAPED = frozenset({"refund", "likes", "customer"})
"""Changes that have an action of their own."""


class ControlError(ValueError):
    """What was sent cannot be done; the text says why."""


class Content:
    """The body of a control request; reading a value checks it, and in the end nothing may be left."""

    def __init__(self, sent: Any) -> None:
        if not isinstance(sent, dict):
            raise ControlError("the body must be a JSON object")
        self._left = dict(sent)

    def number(self, name: str, least: float, most: float) -> float | None:
        """A number within bounds; None for one that was not sent."""
        value: object = self._left.pop(name, None)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
            raise ControlError(f"{name} must be a number from {least} to {most}")
        return value

    def whole(self, name: str, least: int, most: int) -> int | None:
        """A whole number within bounds, as a number or in a text; None for one that was not sent."""
        value = self._left.get(name)
        if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 20:
            self._left[name] = int(value)
        number = self.number(name, least, most)
        if number is not None and not isinstance(number, int):
            raise ControlError(f"{name} must be a whole number from {least} to {most}")
        return number

    def choice(self, name: str, choices: Collection[str], is_needed: bool = True) -> str | None:
        """One of several words."""
        value = self._left.pop(name, None)
        if value is None and not is_needed:
            return None
        if not isinstance(value, str) or value not in choices:
            raise ControlError(f"{name} must be one of {', '.join(sorted(choices))}")
        return value

    def flag(self, name: str) -> bool | None:
        """True or false; None for what was not sent."""
        value = self._left.pop(name, None)
        if value is not None and not isinstance(value, bool):
            raise ControlError(f"{name} must be true or false")
        return value

    def word(self, name: str, default: str) -> str:
        """A short name."""
        value = self._left.pop(name, default)
        if not isinstance(value, str) or not value.isidentifier() or len(value) > 60:
            raise ControlError(f"{name} must be a name")
        return value

    def end(self) -> None:
        """Refuse what nobody asked for."""
        if self._left:
            raise ControlError(f"unknown: {', '.join(sorted(name[:40] for name in self._left))}")


Action = Callable[[Sandbox, Content], Mapping[str, Any]]


def act(sandbox: Sandbox, name: str, sent: Any) -> Mapping[str, Any]:
    """Do what an action says; raises ControlError, or ChangeError when the world does not let it."""
    return ACTIONS[name](sandbox, Content(sent))


def _clock(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    days, hours = content.whole("advance_days", -_MOST_DAYS, _MOST_DAYS), content.whole("advance_hours", -9_600, 9_600)
    content.end()
    return sandbox.advance(days or 0, hours or 0)


def _refund(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    order_id, share = content.whole("order_id", 1, _LARGEST_ID), content.number("share", 0, 1)
    content.end()
    return sandbox.refund(order_id, 1.0 if share is None else float(share))


def _likes(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    media_id, count = content.whole("media_id", 1, _LARGEST_ID), content.whole("count", 1, _MOST_LIKES)
    content.end()
    return sandbox.likes(media_id, 100 if count is None else count)


def _customer(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    content.end()
    return sandbox.customer()


def _change(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    kind = content.choice("kind", set(KINDS) - _SHAPED)
    names = ("order_id", "media_id", "contact_id", "comment_id")
    values = {name: content.whole(name, 1, _LARGEST_ID) for name in names}
    content.end()
    return sandbox.change(str(kind), **{name: value for name, value in values.items() if value is not None})


def _trouble(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    api = str(content.choice("api", kinds()))
    kind = str(content.choice("kind", known(api)))
    share = content.number("share", 0, 1)
    trouble = Trouble(
        api,
        kind,
        times=content.whole("times", 1, _MOST_TIMES),
        share=0.3 if share is None else float(share),
        metric=content.word("metric", "profile_visits"),
        after=content.whole("after", 0, _MOST_TIMES) or 0,
    )
    content.end()
    return sandbox.trouble(trouble.once())


def _calm(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    content.end()
    sandbox.troubles.clear()
    return {"cleared": True}


def _conditions(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    """0 stands for the vendor's own ceiling, and for no limit of the rate."""
    api = content.choice("api", kinds(), is_needed=False)
    moves = content.whole("moves", 0, _MOST_TIMES)
    ceiling, rate = content.whole("ceiling", 0, 1_000_000), content.number("rate", 0, 1_000_000)
    changed = {
        "ceiling": None if ceiling is None else ceiling or None,
        "rate": None if rate is None else float(rate) or None,
        "lag": content.whole("lag", 0, _MOST_TIMES),
        "rotates": content.flag("rotates"),
    }
    content.end()
    sent = {name for name, value in (("ceiling", ceiling), ("rate", rate)) if value is not None}
    chosen = {name: value for name, value in changed.items() if value is not None or name in sent}
    told = dict(sandbox.set_conditions(api, **chosen))
    return told if moves is None else told | sandbox.set_moves(moves)


def _renew(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    api = str(content.choice("api", kinds()))
    content.end()
    return sandbox.renew(api)


def _truth(sandbox: Sandbox, content: Content) -> Mapping[str, Any]:
    content.end()
    return sandbox.write_truth()


ACTIONS: dict[str, Action] = {
    "clock": _clock,
    "refund": _refund,
    "likes": _likes,
    "customer": _customer,
    "change": _change,
    "trouble": _trouble,
    "calm": _calm,
    "conditions": _conditions,
    "renew": _renew,
    "truth": _truth,
}
