"""Squares on a slide: where they can lie, how much tissue they hold, which are kept."""

import hashlib

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage


def grid(dimensions: tuple[int, int], extent_px: int) -> NDArray[np.int64]:
    """Lay squares side by side on a slide, row by row.

    Parameters
    ----------
    dimensions
        Width and height of the slide in level-0 px.
    extent_px
        Side of a square in level-0 px.

    Returns
    -------
    numpy.ndarray
        (n, 2) left and top in level-0 px; no square reaches over the edge.
    """
    x, y = (np.arange(0, side - extent_px + 1, extent_px) for side in dimensions)
    return np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)


def tissue_fraction(
    mask: NDArray[np.bool_], dimensions: tuple[int, int], corners: NDArray[np.int64], extent_px: int
) -> NDArray[np.float64]:
    """Measure the share of tissue in squares, exactly also where they cut mask pixels.

    Parameters
    ----------
    mask
        (height, width) tissue over the whole slide.
    dimensions
        Width and height of the slide in level-0 px.
    corners
        (n, 2) left and top of the squares in level-0 px.
    extent_px
        Their side in level-0 px.

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


def sample(
    candidates: NDArray[np.intp], most: int | None, seed: int, slide_id: str
) -> NDArray[np.intp]:
    """Draw at most ``most`` candidates, in their order; the draw is the slide's own.

    It depends on ``seed`` and ``slide_id`` only, so adding slides to a cohort changes no other's.
    """
    if most is None or len(candidates) <= most:
        return candidates
    digest = hashlib.sha256(slide_id.encode()).digest()
    generator = np.random.default_rng([seed, int.from_bytes(digest[:8], "little")])
    return np.sort(generator.choice(candidates, most, replace=False))
