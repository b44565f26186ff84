"""Independent random streams: one part of the world can change without moving the others."""

from zlib import crc32

import numpy as np


def stream(seed: int, name: str) -> np.random.Generator:
    """The random stream of a named part of the world."""
    return np.random.default_rng([seed, crc32(name.encode())])
