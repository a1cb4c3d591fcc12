"""Batches of pairs."""

from typing import NamedTuple

from torch import Tensor


class TileBatch(NamedTuple):
    """A batch of pairs: ``(n, 3, h, w)`` uint8; ``second`` is None where a tile is its own pair.

    ``ages_years`` ``(n,)`` float32, NaN where unknown.
    """

    first: Tensor
    second: Tensor | None
    ages_years: Tensor
