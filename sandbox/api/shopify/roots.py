"""Root fields of the shop over one scene: connections that are searched, and records that are asked for by id."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

import numpy as np

from sandbox.api.answer import number_of
from sandbox.api.shopify.objects import ShopifyScene, visible
from sandbox.api.shopify.projection import Record
from sandbox.api.shopify.search import Root
from sandbox.sales import DailySales, daily_sales
from sandbox.scene import Scene
from sandbox.world.columns import Integers

Render = Callable[[int], Record]


class Shop:
    """What the shop shows of a scene."""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene
        self.objects = ShopifyScene(scene)

    @cached_property
    def sales(self) -> DailySales:
        """The shop's own report."""
        return daily_sales(self.scene)

    @cached_property
    def roots(self) -> dict[str, Root]:
        """Connections by the name of their field."""
        w, clock, shown = self.scene.world, self.scene.clock, self.objects
        orders, customers, checkouts = w.orders, w.customers, w.checkouts
        order_columns = {
            "id": orders.order_id,
            "created_at": orders.created_at,
            "processed_at": orders.created_at,
            "updated_at": shown.order_updated_at,
            "test": orders.is_test.astype(np.int64),
        }
        customer_columns = {
            "id": customers.customer_id,
            "created_at": customers.created_at,
            "updated_at": shown.customer_updated_at,
        }
        checkout_columns = {
            "id": checkouts.checkout_id,
            "created_at": checkouts.created_at,
            "updated_at": np.where(checkouts.completed_at <= clock, checkouts.completed_at, checkouts.created_at),
        }
        return {
            "orders": Root(visible(orders.created_at, clock), order_columns),
            "customers": Root(visible(customers.created_at, clock), customer_columns),
            "abandonedCheckouts": Root(visible(checkouts.created_at, clock), checkout_columns),
        }

    @property
    def renders(self) -> dict[str, Render]:
        """How a record of a connection, or one that is asked for by id, is shown."""
        shown = self.objects
        return {
            "orders": shown.order,
            "customers": shown.customer,
            "abandonedCheckouts": shown.checkout,
            "order": shown.order,
            "customer": shown.customer,
            "refund": shown.refund,
        }

    @cached_property
    def _rows(self) -> dict[str, dict[int, int]]:
        w, clock = self.scene.world, self.scene.clock
        refunds = w.books.refunds

        def rows(ids: Integers, moments: Integers) -> dict[int, int]:
            return {int(ids[row]): int(row) for row in visible(moments, clock)}

        return {
            "order": rows(w.orders.order_id, w.orders.created_at),
            "customer": rows(w.customers.customer_id, w.customers.created_at),
            "refund": rows(refunds.refund_id, refunds.created_at),
        }

    def is_by_id(self, name: str) -> bool:
        """Whether a root field asks for one record by its id."""
        return name in self._rows

    def one(self, name: str, gid: Any) -> Record | None:
        """The record with a global id."""
        row = self._rows[name].get(number_of(str(gid).rpartition("/")[2]) or -1)
        return None if row is None else self.renders[name](row)


@lru_cache(maxsize=3)
def shop(scene: Scene) -> Shop:
    """What the shop shows of a scene; kept while it is asked for."""
    return Shop(scene)
