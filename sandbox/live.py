"""A running sandbox: one scene at a time, the APIs over it, and what happens to it."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np

from sandbox.api import kinds
from sandbox.api.answer import Answer, Request
from sandbox.api.kind import Conditions, Given, Kind
from sandbox.api.tokens import Tokens
from sandbox.changes import Change, apply
from sandbox.drops import write_rates
from sandbox.edits import ChangeError
from sandbox.edits.social import OWN, is_online
from sandbox.options import WorldOptions
from sandbox.scene import Scene
from sandbox.store import Store
from sandbox.trouble import TOKEN_ENDS, Trouble, Troubles
from sandbox.truth import write_truth
from sandbox.world.calendar import DAY
from sandbox.world.columns import NEVER
from sandbox.world.rates import CURRENCIES
from sandbox.world.refunds import is_revenue
from sandbox.world.rng import stream


class Sandbox:
    """The state behind the server. Every change is kept in the home before it is shown."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self.base_url = base_url
        self.control_token = store.control_token.read_text(encoding="utf-8").strip()
        options = store.options()
        self._seed, self._moves = options.seed, options.moves
        self._conditions = dict.fromkeys(kinds(), _conditions(options))
        self._buckets = {name: kind.bucket(options.rate or None) for name, kind in kinds().items()}
        self._tokens = {name: self._read_tokens(name, kind) for name, kind in kinds().items()}
        self.troubles = Troubles()
        self._asked: Counter[str] = Counter()
        self._made = len(store.changes())
        self._scene = store.scene()
        self._past = deque([(0, self._scene)])
        self.is_truth_stale = False

    @property
    def scene(self) -> Scene:
        """What is shown now."""
        return self._scene

    def _read_tokens(self, name: str, kind: Kind) -> Tokens:
        stored = self._store.tokens()[name]
        lasts = None if kind.token_days is None else kind.token_days * DAY
        return Tokens(stored["credentials"], stored["since"], lasts, stored["given"], self._keep_tokens)

    def _keep_tokens(self) -> None:
        self._store.write_tokens({name: tokens.as_json() for name, tokens in self._tokens.items()})

    def answer(self, api: str, request: Request) -> Answer:
        """An API's answer to a request, with the troubles that are on; then something may happen to its records."""
        told = self.troubles.disturb(api, request, kinds()[api].make(self._given(api)).answer)
        self._asked[api] += 1
        if self._moves and self._asked[api] % self._moves == 0:
            rng = stream(self._seed, f"move {self._made}")
            self._change(kinds()[api].move(self._scene, rng))
            self.is_truth_stale = True
        return told

    def _given(self, api: str) -> Given:
        conditions = self._conditions[api]
        return Given(
            scene=self._scene,
            indexed=self._indexed(conditions.lag),
            tokens=self._tokens[api],
            bucket=self._buckets[api],
            conditions=conditions,
            retired=self.troubles.retired(api),
            base_url=f"{self.base_url}/{api}",
        )

    def _indexed(self, lag: int) -> Scene:
        """The newest scene that is at least so many requests old; the oldest one that is still known otherwise."""
        limit = self._asked.total() - lag
        return next((scene for at, scene in reversed(self._past) if at <= limit), self._past[0][1])

    def _show(self, scene: Scene) -> None:
        self._scene = scene
        self._past.append((self._asked.total(), scene))
        limit = self._asked.total() - max(conditions.lag for conditions in self._conditions.values())
        while len(self._past) > 1 and self._past[1][0] <= limit:
            self._past.popleft()

    def set_conditions(self, api: str | None, **changed: Any) -> dict[str, Any]:
        """Change how one API, or every one, treats its clients."""
        for name in kinds() if api is None else (api,):
            self._conditions[name] = replace(self._conditions[name], **changed)
            if "rate" in changed:
                self._buckets[name] = kinds()[name].bucket(changed["rate"])
        return {"api": api, **changed}

    def set_moves(self, requests: int) -> dict[str, Any]:
        """Let something happen after so many requests; 0: nothing."""
        self._moves = requests
        return {"moves": requests}

    def trouble(self, new: Trouble) -> dict[str, Any]:
        """Switch a trouble on; ending tokens is done once and for all."""
        if new.kind == TOKEN_ENDS:
            self._tokens[new.api].end(new.after)
        else:
            self.troubles.add(new)
        return {"api": new.api, "kind": new.kind, "times": new.times}

    def renew(self, api: str) -> dict[str, Any]:
        """Give an API's static token its whole time again."""
        tokens = self._tokens[api]
        tokens.renew(self._scene.clock)
        return {"api": api, "ends_at": tokens.ends_at(tokens.credentials["access_token"])}

    def advance(self, days: int, hours: int = 0) -> dict[str, Any]:
        """Move the clock forward; raises ChangeError at the end of the world. The indexes catch up meanwhile."""
        now = self._scene.now + timedelta(days=days, hours=hours)
        if now <= self._scene.now or now.timestamp() >= self._scene.world.calendar.midnight[-1]:
            raise ChangeError("the clock moves forward, and not beyond the end of the world")
        self._store.write_clock(now)
        self._scene = Scene(self._scene.world, int(now.timestamp()))
        self._past = deque([(0, self._scene)])
        write_rates(self._scene, self._store.home / "inbox")
        self.write_truth()
        return {"now": now.isoformat()}

    def write_truth(self) -> dict[str, Any]:
        """Write down what is true now."""
        write_truth(self._scene, self._store.truth)
        self.is_truth_stale = False
        return {"now": self._scene.now.isoformat()}

    def refund(self, order_id: int | None, share: float) -> dict[str, Any]:
        """Refund an order, by default the newest one that can be."""
        world = self._scene.world
        chosen = order_id or self._refundable()
        self._change(Change("refund", self._scene.clock, order_id=chosen, share=share))
        self.write_truth()
        books, sold = self._scene.world.books, self._scene.world.orders
        row = len(books.refunds) - 1
        order = int(books.refunds.order[row])
        return {
            "order_id": str(chosen),
            "refund_id": str(books.refunds.refund_id[row]),
            "currency": CURRENCIES[sold.currency[order]],
            "net_amount": f"{books.net(sold)[row] / 100:.2f}",
            "ordered_on": world.calendar.date_of(int(world.calendar.day_of(sold.created_at[order]))).isoformat(),
            "refunded_at": self._scene.now.isoformat(),
        }

    def _refundable(self) -> int:
        world = self._scene.world
        refunded = np.isin(np.arange(len(world.orders)), world.books.refunds.order)
        rows = np.flatnonzero(
            is_revenue(world.orders, self._scene.clock) & ~refunded & (world.orders.cancelled_at == NEVER)
        )
        if not len(rows):
            raise ChangeError("there is no order to refund")
        return int(world.orders.order_id[rows[np.argmax(world.orders.created_at[rows])]])

    def likes(self, media_id: int | None, count: int) -> dict[str, Any]:
        """Let a post gain likes, by default the newest own one."""
        w, clock = self._scene.world, self._scene.clock
        own = np.flatnonzero(is_online(w, clock) & (w.posts.account == OWN))
        chosen = media_id or int(w.posts.media_id[own[np.argmax(w.posts.posted_at[own])]])
        self._change(Change("likes", clock, media_id=chosen, count=count))
        self.write_truth()
        row = int(np.flatnonzero(w.posts.media_id == chosen)[0])
        return {"media_id": str(chosen), "like_count": int(self._scene.counts.likes[row])}

    def customer(self) -> dict[str, Any]:
        """A newcomer with a contact, an account and a first order."""
        self._change(Change("customer", self._scene.clock))
        self.write_truth()
        w = self._scene.world
        return {
            "contact_id": str(w.contacts.contact_id[-1]),
            "customer_id": str(w.customers.customer_id[-1]),
            "order_id": str(w.orders.order_id[-1]),
            "email": w.people.email[-1],
            "currency": CURRENCIES[w.orders.currency[-1]],
            "gross_amount": f"{w.orders.gross[-1] / 100:.2f}",
            "net_amount": f"{w.orders.net[-1] / 100:.2f}",
            "ordered_at": self._scene.now.isoformat(),
        }

    def change(self, kind: str, **values: int) -> dict[str, Any]:
        """Any single change of a record."""
        change = Change(kind, self._scene.clock, **values)
        self._change(change)
        self.write_truth()
        w = self._scene.world
        made = {"media_id": w.posts.media_id[-1]} if kind == "add_post" else {}
        made |= {"comment_id": w.comments.comment_id[-1]} if kind == "add_comment" else {}
        return {"kind": kind, **{name: str(value) for name, value in {**values, **made}.items()}}

    def _change(self, change: Change) -> None:
        world = apply(self._scene.world, change)
        self._store.append(change)
        self._made += 1
        self._show(Scene(world, self._scene.clock))


def _conditions(options: WorldOptions) -> Conditions:
    return Conditions(ceiling=options.ceiling or None, rate=options.rate or None, lag=options.lag)
