"""The tiles of people, without a copy of their features."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Tiles:
    """The tiles of people.

    Attributes
    ----------
    features
        ``(n_tiles, dim)`` float32, the features of everybody's tiles.
    rows
        For each person, which rows of ``features`` are that person's.
    """

    features: np.ndarray
    rows: list[np.ndarray]
