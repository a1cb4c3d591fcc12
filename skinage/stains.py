"""Optical density and the stains of an H&E slide, in the only place where they are defined.

Stains add up in optical density (Beer and Lambert). Stain vectors and unmixing follow Ruifrok and
Johnston (2001), Anal Quant Cytol Histol 23:291.
"""

from functools import cache

import numpy as np
from numpy.typing import NDArray

Density = NDArray[np.float32]


STAIN_VECTORS = np.array([[0.650, 0.704, 0.286], [0.072, 0.990, 0.105], [0.268, 0.570, 0.776]])
"""Optical density of haematoxylin, eosin and a residual (rows) in red, green and blue."""
HAEMATOXYLIN, EOSIN, _ = STAIN_VECTORS / np.linalg.norm(STAIN_VECTORS, axis=1, keepdims=True)
"""The same of unit length."""


def optical_density(pixels: NDArray[np.uint8], *, offset: int = 0) -> Density:
    """Return the optical density of pixels.

    Parameters
    ----------
    pixels
        uint8 values of any shape; 255 is white.
    offset
        Number added to each value and to white; 1 keeps black apart from nearly black.

    Returns
    -------
    numpy.ndarray
        float32 of the same shape, ``-log10(max(value + offset, 1) / (255 + offset))``; 0 is white,
        2.4 is black.
    """
    return _densities(offset)[pixels]


def unmix(density: Density) -> Density:
    """Return how much haematoxylin and eosin explain optical densities.

    The third vector of the unmixing is perpendicular to both stains. It takes up what neither of
    them explains, such as pigment. Nothing is clipped, so noise around 0 stays around 0.

    Parameters
    ----------
    density
        ``(n, 3, h, w)`` optical densities in red, green and blue.

    Returns
    -------
    numpy.ndarray
        ``(n, 2, h, w)`` float32: haematoxylin and eosin, in units of optical density.
    """
    n, _, height, width = density.shape
    mixed = _unmixing() @ density.reshape(n, 3, height * width)
    return mixed.reshape(n, 2, height, width)


@cache
def _densities(offset: int) -> Density:
    levels = np.maximum(np.arange(256, dtype=np.float32) + offset, 1)
    return -np.log10(levels / (255 + offset))


@cache
def _unmixing() -> Density:
    neither = np.cross(HAEMATOXYLIN, EOSIN)
    stains = np.stack([HAEMATOXYLIN, EOSIN, neither / np.linalg.norm(neither)])
    return np.linalg.inv(stains).T[:2].astype(np.float32)
