"""A running sandbox: one scene at a time, the APIs over it, and the changes that people make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from graphql import GraphQLSchema

from pipelines.credentials import read_secrets, variable
from pipelines.sandbox.api.answer import Answer, Request
from pipelines.sandbox.api.hubspot import HubspotApi
from pipelines.sandbox.api.hubspot_objects import HubspotScene
from pipelines.sandbox.api.instagram import InstagramApi
from pipelines.sandbox.api.instagram_objects import InstagramScene
from pipelines.sandbox.api.shopify import ShopifyApi, load_schema
from pipelines.sandbox.api.shopify_objects import ShopifyScene
from pipelines.sandbox.changes import Change, ChangeError, apply
from pipelines.sandbox.drops import write_rates
from pipelines.sandbox.options import BRAND
from pipelines.sandbox.scene import Scene
from pipelines.sandbox.store import Store
from pipelines.sandbox.trouble import Troubles
from pipelines.sandbox.truth import write_truth
from pipelines.sandbox.world.columns import NEVER
from pipelines.sandbox.world.rates import CURRENCIES
from pipelines.sandbox.world.refunds import is_revenue

SOURCES = ("instagram", "hubspot", "shopify")


class Sandbox:
    """The state behind the server. Every change is kept in the home before it is shown."""

    def __init__(self, store: Store, base_url: str) -> None:
        self._store = store
        self._base_url = base_url
        self._schema: GraphQLSchema = load_schema()
        secrets = read_secrets(store.home / "secrets.env")
        self._tokens = {name: secrets[variable(f"{BRAND}_{name}", "access_token")] for name in SOURCES}
        self.troubles = Troubles()
        self._show(store.scene())

    @property
    def scene(self) -> Scene:
        """What is shown now."""
        return self._scene

    def _show(self, scene: Scene) -> None:
        self._scene = scene
        self._instagram = InstagramScene(scene)
        self._hubspot = HubspotApi(HubspotScene(scene), self._tokens["hubspot"])
        self._shopify = ShopifyApi(ShopifyScene(scene), self._tokens["shopify"], self._schema)

    def answer(self, api: str, request: Request) -> Answer:
        """An API's answer to a request, with the troubles that are on."""
        return self.troubles.disturb(api, request, self._api(api))

    def _api(self, api: str) -> Callable[[Request], Answer]:
        if api == "instagram":
            base_url = f"{self._base_url}/instagram"
            return InstagramApi(self._instagram, self._tokens["instagram"], base_url, self.troubles.retired()).answer
        return self._hubspot.answer if api == "hubspot" else self._shopify.answer

    def advance(self, days: int, hours: int = 0) -> dict[str, Any]:
        """Move the clock forward; raises ChangeError at the end of the world."""
        now = self._scene.now + timedelta(days=days, hours=hours)
        if now <= self._scene.now or now.timestamp() >= self._scene.world.calendar.midnight[-1]:
            raise ChangeError("the clock moves forward, and not beyond the end of the world")
        self._store.write_clock(now)
        self._show(Scene(self._scene.world, int(now.timestamp())))
        write_rates(self._scene, self._store.home / "inbox")
        write_truth(self._scene, self._store.truth)
        return {"now": now.isoformat()}

    def refund(self, order_id: int | None, share: float) -> dict[str, Any]:
        """Refund an order, by default the newest one that can be."""
        world = self._scene.world
        chosen = order_id or self._refundable()
        self._change(Change("refund", self._scene.clock, order_id=chosen, share=share))
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
        chosen = media_id or int(self._scene.world.posts.media_id[self._instagram.media_of[0][0]])
        self._change(Change("likes", self._scene.clock, media_id=chosen, count=count))
        row = self._instagram.row_of[str(chosen)]
        return {"media_id": str(chosen), "like_count": int(self._scene.counts.likes[row])}

    def customer(self) -> dict[str, Any]:
        """A newcomer with a contact, an account and a first order."""
        self._change(Change("customer", self._scene.clock))
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

    def _change(self, change: Change) -> None:
        world = apply(self._scene.world, change)
        self._store.append(change)
        self._show(Scene(world, self._scene.clock))
        write_truth(self._scene, self._store.truth)
