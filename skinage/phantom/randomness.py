"""Random streams: one for each thing that is drawn, so that none disturbs another."""

import zlib
from collections.abc import Sequence

import numpy as np

Seed = int | Sequence[int]
Rng = np.random.Generator


def stream(seed: Seed, name: str) -> Rng:
    """Return the random generator of one structure or column, by its name."""
    return np.random.default_rng([*np.atleast_1d(seed).tolist(), zlib.crc32(name.encode())])


def in_round(name: str, number: int) -> str:
    """Return the name of a stream in a round of candidates; round 0 has the plain name."""
    return f"{name}, round {number}" if number else name
