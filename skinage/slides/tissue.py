"""Where there is tissue: stained, not glass, not the black of unscanned parts, not marker pen."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from skinage.slides.slide import Slide

Mask = NDArray[np.bool_]
GLASS_LEAST, GLASS_SPREAD = 200, 20
"""Glass is this bright (of 255) and this colourless; a picture without any is left as it is."""
COLOUR_THRESHOLDS = (0.02, 0.04)
"""Otsu's threshold is kept in this range, or dense epidermis would push pale collagen out."""
BLACK_DENSITY, BLACK_COLOUR = 0.3, 0.15
SMALLEST_UM2 = 20_000.0
"""Specks and holes smaller than this (about 140 by 140 um) are removed and filled."""
SMOOTHING_UM = 8.0


def find_tissue(slide: Slide, mpp: float = 8.0) -> Mask:
    """Find the tissue of a slide at low magnification.

    Parameters
    ----------
    slide
        An open slide.
    mpp
        um per px of the mask; the slide's own if that is coarser.

    Returns
    -------
    numpy.ndarray
        (height, width) bool over the whole slide.
    """
    return tissue_mask(slide.thumbnail(mpp), max(mpp, slide.mpp))


def tissue_mask(pixels: NDArray[np.uint8], mpp: float) -> Mask:
    """Find the tissue in an RGB picture of a slide.

    Haematoxylin and eosin absorb some colours more than others, glass, dust and black do not: the
    spread of optical density over the channels, thresholded by Otsu's method within a range that
    keeps pale collagen.

    Parameters
    ----------
    pixels
        (height, width, 3) uint8 RGB.
    mpp
        um per px.

    Returns
    -------
    numpy.ndarray
        (height, width) bool.

    References
    ----------
    Otsu, "A threshold selection method from gray-level histograms", 1979.
    """
    density = optical_density(_glass_to_white(pixels))
    density = ndimage.gaussian_filter(density, (SMOOTHING_UM / mpp / 2, SMOOTHING_UM / mpp / 2, 0))
    colour = density.max(axis=-1) - density.min(axis=-1)
    low, high = COLOUR_THRESHOLDS
    threshold = low if np.ptp(colour) < low else np.clip(threshold_otsu(colour), low, high)
    tissue = (colour > threshold) & ~_black(density, colour) & ~_pen(density)
    smallest_px = SMALLEST_UM2 / mpp**2
    return ~_without_small(~_without_small(tissue, smallest_px), smallest_px)


def optical_density(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn uint8 RGB (..., 3) into optical density, -log10 of the transmitted share of light."""
    table = -np.log10((np.arange(256, dtype=np.float32) + 1) / 256)
    return table[pixels]


def _glass_to_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    glass = np.percentile(pixels.reshape(-1, 3), 99, axis=0)
    if glass.min() < GLASS_LEAST or np.ptp(glass) > GLASS_SPREAD:
        return pixels
    return np.minimum(pixels * (255 / glass), 255).astype(np.uint8)


def _black(density: NDArray[np.float32], colour: NDArray[np.float32]) -> Mask:
    darkest = density.max(axis=-1)
    return (darkest > BLACK_DENSITY) & (colour < BLACK_COLOUR * darkest)


def _pen(density: NDArray[np.float32]) -> Mask:
    """Blue, green and red ink: each absorbs in a way that neither stain nor their mixture does."""
    red, green, blue = np.moveaxis(density, -1, 0)
    strong = density.max(axis=-1) > 0.15
    blue_ink = red > 1.25 * np.maximum(green, blue)
    green_ink = green < 0.8 * np.minimum(red, blue)
    red_ink = (blue > 0.9 * green) & (red < 0.25 * green)
    return strong & (blue_ink | green_ink | red_ink)


def _without_small(mask: Mask, smallest_px: float) -> Mask:
    labels = ndimage.label(mask)[0]
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= smallest_px)[labels] & mask
