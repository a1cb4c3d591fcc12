"""Random streams: one for each thing that is drawn, so that none disturbs another."""

import zlib
from collections.abc import Sequence

import numpy as np

Seed = int | Sequence[int]
Rng = np.random.Generator


def stream(seed: Seed, name: str) -> Rng:
    """Return the random generator of one structure or column, by its name."""
    return np.random.default_rng([*np.atleast_1d(seed).tolist(), zlib.crc32(name.encode())])
