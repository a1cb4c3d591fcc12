"""Maps by blocks: the grain at which tissue is taken out and maps are compared."""

import numpy as np
from scipy import ndimage
from scipy.stats import spearmanr

BLOCKS = 12
"""Blocks along each side of a tile: 8 px of 96. Single pixels would make noise, not tissue."""


def block_numbers(shape: tuple[int, ...]) -> np.ndarray:
    """Return the number of the block of each pixel, ``shape`` (h, w) of int."""
    height, width = shape
    rows, columns = min(BLOCKS, height), min(BLOCKS, width)
    row, column = np.arange(height) * rows // height, np.arange(width) * columns // width
    return row[:, None] * columns + column


def block_means(heat: np.ndarray) -> np.ndarray:
    """Return the mean of a map ``(h, w)`` over each of its blocks, ``(n_blocks,)``."""
    numbers = block_numbers(heat.shape)
    return ndimage.mean(heat, numbers, np.arange(numbers.max() + 1))


def similarity(heat: np.ndarray, other: np.ndarray) -> float:
    """Return Spearman's r between two maps by blocks; 0 where one of them says nothing."""
    means = block_means(heat), block_means(other)
    if min(np.ptp(one) for one in means) == 0:
        return 0.0
    return float(spearmanr(*means).statistic)
