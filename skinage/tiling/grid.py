"""Squares on a slide: where they can lie, how much tissue they hold, in which order."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def grid(dimensions: tuple[int, int], extent_px: int, step_px: float) -> NDArray[np.int64]:
    """Return the corners of squares at even steps over a slide, row by row.

    Parameters
    ----------
    dimensions
        Width and height of the slide in level-0 px.
    extent_px
        Side of a square in level-0 px.
    step_px
        Distance from one square to the next in level-0 px; less than the side makes them overlap.
        A step may be a fraction: each corner is rounded down by itself.

    Returns
    -------
    numpy.ndarray
        (n, 2) left and top in level-0 px; no square reaches over the edge.
    """
    x, y = (_steps(side - extent_px, step_px) for side in dimensions)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def _steps(room_px: int, step_px: float) -> NDArray[np.int64]:
    if room_px < 0:
        return np.empty(0, np.int64)
    corners = np.floor(np.arange(int(room_px / step_px) + 2) * step_px).astype(np.int64)
    return corners[corners <= room_px]


def around(centres: NDArray[np.float64], extent_px: int) -> NDArray[np.int64]:
    """Return left and top of squares around centres (n, 2), in level-0 px."""
    return np.floor(centres - extent_px / 2).astype(np.int64)


def share(
    mask: NDArray[np.bool_], dimensions: tuple[int, int], corners: NDArray[np.int64], extent_px: int
) -> NDArray[np.float64]:
    """Compute the share of a mask in squares, exactly also where they cut mask pixels.

    Parameters
    ----------
    mask
        (height, width) bool over the whole slide, such as tissue.
    dimensions
        Width and height of the slide in level-0 px.
    corners
        (n, 2) left and top of the squares in level-0 px.
    extent_px
        Side of the squares in level-0 px.

    Returns
    -------
    numpy.ndarray
        (n,) between 0 and 1.
    """
    # The integral of a mask is linear between its pixel corners, so interpolation is exact.
    integral = np.pad(mask, ((1, 0), (1, 0))).astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    scale = np.array(mask.shape[::-1]) / dimensions
    (left, top), (right, bottom) = (corners * scale).T, ((corners + extent_px) * scale).T

    def up_to(y: NDArray[np.float64], x: NDArray[np.float64]) -> NDArray[np.float64]:
        return ndimage.map_coordinates(integral, [y, x], order=1, mode="nearest")

    total = up_to(bottom, right) - up_to(top, right) - up_to(bottom, left) + up_to(top, left)
    return np.clip(total / (extent_px**2 * scale.prod()), 0, 1)


def most_common(
    numbers: NDArray[np.int32],
    dimensions: tuple[int, int],
    corners: NDArray[np.int64],
    extent_px: int,
) -> NDArray[np.int64]:
    """Return the number above 0 that covers most of each square; 0 where there is none.

    Parameters
    ----------
    numbers
        (height, width) over the whole slide, such as the numbers of the pieces of tissue.
    dimensions, corners, extent_px
        As in :func:`share`.
    """
    scale = np.array(numbers.shape[::-1]) / dimensions
    first = np.clip(np.floor(corners * scale), 0, None).astype(int)
    last = np.ceil((corners + extent_px) * scale).astype(int)
    found = np.zeros(len(corners), np.int64)
    for index, ((left, top), (right, bottom)) in enumerate(zip(first, last, strict=True)):
        counts = np.bincount(numbers[top:bottom, left:right].ravel())[1:]
        found[index] = counts.argmax() + 1 if counts.any() else 0
    return found


def random_order(n: int, seed: int, slide_id: str) -> NDArray[np.intp]:
    """Return a random order of ``n`` candidates.

    It depends on ``seed`` and ``slide_id`` only, so other slides of the cohort do not change it.
    """
    digest = hashlib.sha256(slide_id.encode()).digest()
    generator = np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])
    return generator.permutation(n)
