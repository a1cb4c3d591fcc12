"""The tissue of a slide: stained areas without glass, unscanned black parts and marker pen."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import apply_hysteresis_threshold, threshold_otsu
from skimage.morphology import disk

from skinage.slides.slide import Slide
from skinage.stains import Density, optical_density

Mask = NDArray[np.bool_]
GLASS_LEAST, GLASS_SPREAD, LEAST_GLASS = 200, 20, 0.005
"""Glass is this bright (of 255) and this colourless; a picture with less of it is left as it is."""
COLOUR_THRESHOLDS = (0.02, 0.04)
"""Otsu's threshold is kept in this range, or dense epidermis would push pale collagen out."""
FAINT_SHARE = 0.3
"""Beside tissue, this share of the threshold is enough: walls of fat cells, strands of horn."""
BRIDGE_UM = 48.0
"""Gaps up to about twice this between strands are tissue: fat cells, baskets of horn."""
BLACK_DENSITY, BLACK_COLOUR = 0.3, 0.15
INK_DENSITY, INK_SPREAD, LEAST_SURE_INK = 0.15, 0.9, 0.2
SMALLEST_UM2, LEAST_RED_UM2 = 20_000.0, 100_000.0
"""Specks and holes smaller than this (about 140 by 140 um) are removed and filled."""
SMOOTHING_UM = 4.0
PIECE_GAP_UM = 100.0
"""What lies nearer than this to a piece of tissue belongs to it: strands, crumbs."""


def find_tissue(slide: Slide, mpp: float = 8.0) -> Mask:
    """Find the tissue of a slide at low magnification.

    Parameters
    ----------
    slide
        An open slide.
    mpp
        um per px of the mask; the scale of the slide if that is coarser.

    Returns
    -------
    numpy.ndarray
        (height, width) bool over the whole slide.
    """
    mpp = max(mpp, slide.mpp)
    return tissue_mask(slide.read_region(0, 0, *slide.dimensions, mpp=mpp), mpp)


def tissue_mask(pixels: NDArray[np.uint8], mpp: float) -> Mask:
    """Find the tissue in an RGB picture of a slide.

    Haematoxylin and eosin absorb some colours more than others, glass, dust, shadow and black do
    not: the spread of optical density over the channels is thresholded by Otsu's method, within a
    range that keeps pale collagen; fainter pixels count where they hang on to tissue. Small gaps
    are closed, and what ink covers is taken out.

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
    density = smooth_density(pixels, SMOOTHING_UM / mpp)
    colour = density.max(axis=-1) - density.min(axis=-1)
    low, high = COLOUR_THRESHOLDS
    threshold = low if np.ptp(colour) < low else np.clip(threshold_otsu(colour), low, high)
    ink = ink_mask(pixels, mpp)
    # Both stains absorb green most: faint yellow or blue is light that is not quite even.
    faint = density[..., 1] - density.min(axis=-1) > threshold * FAINT_SHARE
    sure = colour > threshold
    stained = apply_hysteresis_threshold(sure * 2 + faint, 0.5, 1.5) & ~ink
    tissue = _closed(stained, max(1, round(BRIDGE_UM / mpp))) & ~ink
    smallest_px = SMALLEST_UM2 / mpp**2
    return ~without_small(~without_small(tissue, smallest_px), smallest_px)


def number_pieces(mask: Mask, mpp: float) -> NDArray[np.int32]:
    """Return the number of each piece of tissue on a slide, in reading order.

    What lies within 100 um of a piece belongs to it, so that loose strands of horn and crumbs at
    its edge are no pieces of their own. A piece is in the same row as another if its middle lies
    between the other's top and bottom.

    Parameters
    ----------
    mask
        (height, width) bool, tissue.
    mpp
        um per px.

    Returns
    -------
    numpy.ndarray
        (height, width) int32, 0 where there is no tissue.
    """
    near = ndimage.distance_transform_edt(~mask) <= PIECE_GAP_UM / mpp / 2 if mask.any() else mask
    labels, n_pieces = ndimage.label(near, np.ones((3, 3)))
    boxes = ndimage.find_objects(labels)
    middles = [((y.start + y.stop) / 2, (x.start + x.stop) / 2) for y, x in boxes]
    left, order = list(range(n_pieces)), [0]
    while left:
        top = min(left, key=lambda k: boxes[k][0].start)
        row = [k for k in left if boxes[top][0].start <= middles[k][0] < boxes[top][0].stop]
        order += [1 + k for k in sorted(row, key=lambda k: middles[k][1])]
        left = [k for k in left if k not in row]
    numbers = np.zeros(n_pieces + 1, np.int32)
    numbers[order] = np.arange(n_pieces + 1)
    return numbers[labels] * mask


def smooth_density(pixels: NDArray[np.uint8], sigma_px: float) -> Density:
    """Return the optical density of a picture beyond that of its glass, smoothed."""
    density = optical_density(_glass_to_white(pixels), offset=1)
    return ndimage.gaussian_filter(density, (sigma_px, sigma_px, 0))


def ink_mask(pixels: NDArray[np.uint8], mpp: float) -> Mask:
    """Find marker pen and unscanned black parts by their colour, and follow the pen over tissue.

    Each ink absorbs as neither stain nor their mixture does; over tissue, which it darkens, it is
    followed in a colour that the stains let pass.

    Parameters
    ----------
    pixels
        (height, width, 3) uint8 RGB of a slide.
    mpp
        um per px.

    Returns
    -------
    numpy.ndarray
        (height, width) bool.
    """
    density = smooth_density(pixels, SMOOTHING_UM / mpp)
    red, green, blue = np.moveaxis(density, -1, 0)
    darkest = density.max(axis=-1)
    is_grey = darkest - density.min(axis=-1) < BLACK_COLOUR * darkest
    black = (darkest > BLACK_DENSITY) & is_grey
    blue_ink = red > 1.25 * np.maximum(green, blue)
    green_ink = green < 0.8 * np.minimum(red, blue)
    red_ink = (blue > 0.9 * green) & (red < 0.25 * green) & (darkest > INK_DENSITY)
    ink = _spread(black | ((blue_ink | green_ink) & (darkest > INK_DENSITY)), red)
    # Blood resembles red ink, but not over so large an area.
    ink |= _spread(without_small(red_ink, LEAST_RED_UM2 / mpp**2), blue)
    ink = without_small(ink, SMALLEST_UM2 / mpp**2)  # dust and dark grains are no pen
    return ndimage.binary_dilation(ink, iterations=2) if ink.any() else ink


def _glass_to_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    least, most = pixels.min(axis=-1), pixels.max(axis=-1)
    glass = pixels[(least >= GLASS_LEAST) & (most - least <= GLASS_SPREAD)]
    if len(glass) < LEAST_GLASS * least.size:
        return pixels
    return np.minimum(pixels * (255 / np.median(glass, axis=0)), 255).astype(np.uint8)


def _spread(sure: Mask, density: NDArray[np.float32]) -> Mask:
    """Add connected pixels about as dark as the ink in a colour in which stains are pale."""
    if not sure.any():
        return sure
    dark = sure | (density > INK_SPREAD * np.median(density[sure]))
    labels, n = ndimage.label(dark)
    share = ndimage.mean(sure, labels, np.arange(1, n + 1))
    return np.concatenate([[False], share > LEAST_SURE_INK])[labels] | sure


def _closed(mask: Mask, radius_px: int) -> Mask:
    margin = radius_px + 1  # beyond the picture there is no tissue, and no border effect either
    padded = np.pad(mask, margin)
    closed = ndimage.binary_closing(padded, disk(radius_px))
    return closed[margin:-margin, margin:-margin]


def without_small(mask: Mask, smallest_px: float) -> Mask:
    """Remove connected areas of fewer than ``smallest_px`` pixels."""
    labels = ndimage.label(mask)[0]
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= smallest_px)[labels] & mask
