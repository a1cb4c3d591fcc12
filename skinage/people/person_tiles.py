"""The tiles of people, without a copy of their features."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Tiles:
    """Which tiles are whose.

    Attributes
    ----------
    features
        ``(n_tiles, dim)`` float32, of everybody.
    rows
        For each person, which rows are theirs.
    """

    features: np.ndarray
    rows: list[np.ndarray]
