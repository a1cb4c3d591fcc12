"""The quality of tiles: pen, folds, blood, focus. Rejected tiles get the reason and the limit."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from skimage.morphology import disk

from skinage.errors import SettingError
from skinage.stains import optical_density
from skinage.tiling.tissue import Mask, smooth_density, without_small

LIMITS: dict[str, float] = {
    "pen_fraction": 0.05,
    "fold_fraction": 0.4,
    "blood_fraction": 0.3,
    "sharpness": 0.28,
    "tissue_fraction": 0.5,
}
"""Limits for a tile to be kept: tissue and sharpness at least, the others at most."""
AT_LEAST = ("tissue_fraction", "sharpness")
FOCUS_MPP = 1.0
NOISE_VARIANCE = 5e-6
"""Variance of optical density above that of noise of the sensor and of JPEG on even glass."""
FOLD_EOSIN, FOLD_MIXTURE, FOLD_SMOOTHING_UM, LEAST_FOLD_UM2 = 1.4, 1.4, 12.0, 10_000.0
LEAST_RED = 0.01
"""Added to red density: that of pale tissue is small, and moves with a grey level of the glass."""
HAEMATOXYLIN_BLUE = 0.45
"""Haematoxylin absorbs this much blue light, as a share of the red light that it absorbs."""


def quality(pixels: NDArray[np.uint8], mpp: float) -> pd.DataFrame:
    """Measure the quality of tiles in their own pixels: ``sharpness`` and ``blood_fraction``.

    Parameters
    ----------
    pixels
        (n, height, width, 3) uint8 RGB.
    mpp
        um per px.

    Returns
    -------
    pandas.DataFrame
        A row per tile. ``sharpness`` is 0 for a tile without any structure; ``blood_fraction`` is
        the share of the tile that is packed red cells.
    """
    size = max(1, round(FOCUS_MPP / mpp))  # finer pixels are joined: their detail is no focus
    height, width = (side // size * size for side in pixels.shape[1:3])
    blocks = optical_density(pixels[:, :height, :width], offset=1).reshape(
        len(pixels), height // size, size, width // size, size, 3
    )
    density = blocks.mean(axis=(2, 4))
    return pd.DataFrame({"sharpness": sharpness(density), "blood_fraction": _blood(density)})


def sharpness(density: NDArray[np.float32]) -> NDArray[np.float64]:
    """Compare the finest detail of tiles with detail twice as coarse.

    Defocus takes the finest detail first, whatever the tissue: pale, smooth collagen in focus has
    little detail of either size, so that the ratio does not call it blurred, as the variance of the
    Laplacian does.

    Parameters
    ----------
    density
        (n, height, width, 3) optical density at about 1 um per px, or coarser.

    Returns
    -------
    numpy.ndarray
        (n,) ratio of the variances of two differences of Gaussians (.7 and 1.4 px; 1.4 and 2.8).
    """
    grey = density.mean(axis=-1)
    fine, middle, coarse = (
        ndimage.gaussian_filter(grey, (0, sigma, sigma)) for sigma in (0.7, 1.4, 2.8)
    )
    finest = ((fine - middle) ** 2).mean(axis=(1, 2), dtype=np.float64)
    return finest / (((middle - coarse) ** 2).mean(axis=(1, 2), dtype=np.float64) + NOISE_VARIANCE)


def fold_mask(pixels: NDArray[np.uint8], tissue: Mask, mpp: float) -> Mask:
    """Find folds on a slide: double tissue, which has at least 1.4 times the usual eosin.

    Epidermis is darker than dermis too, but because of its haematoxylin.

    Parameters
    ----------
    pixels
        (height, width, 3) uint8 RGB of a slide.
    tissue
        (height, width) bool.
    mpp
        um per px.

    Returns
    -------
    numpy.ndarray
        (height, width) bool.
    """
    if not tissue.any():
        return tissue
    red, _, blue = np.moveaxis(smooth_density(pixels, FOLD_SMOOTHING_UM / mpp), -1, 0)
    eosin = blue - HAEMATOXYLIN_BLUE * red
    mixture = (red + LEAST_RED) / np.maximum(eosin, 1e-3)
    usual_eosin, usual_mixture = np.median(eosin[tissue]), np.median(mixture[tissue])
    double = (eosin > FOLD_EOSIN * usual_eosin) & (mixture < FOLD_MIXTURE * usual_mixture)
    double = ndimage.binary_opening(double & tissue, disk(1))
    return without_small(double, LEAST_FOLD_UM2 / mpp**2)


def reasons(tiles: pd.DataFrame, limits: Mapping[str, float]) -> "pd.Series[str]":
    """Return why each tile is rejected, in words; empty where it is kept.

    Parameters
    ----------
    tiles
        A row per tile, with a column per limit.
    limits
        The least ``tissue_fraction`` and ``sharpness``, and the most ``pen_fraction``,
        ``fold_fraction`` and ``blood_fraction``.

    Returns
    -------
    pandas.Series
        Such as ``"pen_fraction 0.31 (at most 0.05)"``; several are joined by ``"; "``. A value that
        is missing is a reason as well.

    Raises
    ------
    SettingError
        If a limit has another name, or its column is missing.
    """
    unknown = [name for name in limits if name not in LIMITS or name not in tiles]
    if unknown:
        raise SettingError(f"limits: found {unknown}, expected some of {list(LIMITS)}")
    found = pd.Series("", index=tiles.index, dtype=object)
    for name, limit in limits.items():
        values, word = tiles[name], "least" if name in AT_LEAST else "most"
        is_good = values >= limit if name in AT_LEAST else values <= limit
        texts = [f"; {name} {value:.2f} (at {word} {limit:.2f})" for value in values]
        found = found.where(is_good, found + texts)
    return found.str.removeprefix("; ")


def _blood(density: NDArray[np.float32]) -> NDArray[np.float64]:
    """Packed red cells absorb green and blue alike and hardly any red; eosin little blue."""
    red, green, blue = np.moveaxis(ndimage.gaussian_filter(density, (0, 1, 1, 0)), -1, 0)
    is_blood = (green > 0.25) & (blue > 0.8 * green) & (red < 0.4 * blue)
    return is_blood.mean(axis=(1, 2), dtype=np.float64)
