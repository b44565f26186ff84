"""What happens in the shop of itself: orders are edited, and now and then somebody new buys."""

from __future__ import annotations

import numpy as np

from sandbox.changes import Change
from sandbox.scene import Scene


def move(scene: Scene, rng: np.random.Generator) -> Change:
    """An edited order, or a newcomer."""
    orders, clock = scene.world.orders, scene.clock
    if rng.random() < 0.1:
        return Change("customer", clock)
    chosen = rng.choice(np.flatnonzero(orders.created_at <= clock))
    return Change("edit_order", clock, order_id=int(orders.order_id[chosen]))
