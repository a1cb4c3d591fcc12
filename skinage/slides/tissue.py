"""Where there is tissue: pale collagen, fat and detached horn are; glass, pen, dust are not.

Dyes take some colours out of the light more than others; glass, dust, shadow and the black of a
missing region do not. So tissue is where the optical density differs between the colours:

1. ``_stained``: clearly coloured, and by more than the stray colour of grey things.
2. ``_with_thin_walls``: faint walls that hang together, closed to areas: fat lobules, whose cells
   are empty in the picture, and the basket weave of the horn.
3. ``skinage.slides.ink`` takes pen away, also where a stroke runs over tissue.
4. ``_without_specks``: specks go, unless they lie beside a piece (detached horn); small holes are
   filled.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.filters import threshold_otsu

from skinage.slides.slide import Slide

Mask = NDArray[np.bool_]
Densities = NDArray[np.float32]
GLASS_LEAST, GLASS_SPREAD = 200, 20
"""Glass is this bright (of 255) and this colourless; a picture without any is left as it is."""
COLOUR_THRESHOLDS = (0.02, 0.04)
"""Otsu's threshold is kept in this range, or dense epidermis would push pale collagen out."""
LEAST_COLOURED = 0.2
"""Grey things differ between colours by less than this share of their density."""
FAINT_COLOUR, NOISE_FACTOR = 0.007, 3.0
"""A wall of a fat cell; at least so many times the colour that noise gives to glass."""
WALL_GAP_UM = 80.0
"""Faint walls are joined across gaps up to this wide: a fat cell is about 60 to 80 um."""
SMOOTHING_UM = 8.0
SMALLEST_UM2 = 20_000.0
"""Pieces and holes smaller than this (about 140 by 140 um) are removed and filled."""
FRAGMENT_UM2, NEAR_UM = 1_000.0, 100.0
"""Fragments down to this size are kept, and counted to the piece, this near to a piece."""
PIECE_UM2 = 100_000.0
"""What is smaller than this (about 300 by 300 um) is a fragment, if it lies near a piece."""


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
    mpp = max(mpp, slide.mpp)
    return tissue_mask(slide.read_region(0, 0, *slide.dimensions, mpp=mpp), mpp)


def tissue_mask(pixels: NDArray[np.uint8], mpp: float) -> Mask:
    """Find the tissue in an RGB picture of a slide.

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
    sharp = optical_density(_glass_to_white(pixels))
    soft = ndimage.gaussian_filter(sharp, (SMOOTHING_UM / mpp / 2, SMOOTHING_UM / mpp / 2, 0))
    stained = _stained(soft)
    tissue = _with_thin_walls(stained, sharp, mpp) & ~_pen(soft)
    return _without_specks(tissue, mpp)


def optical_density(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Turn uint8 RGB (..., 3) into optical density, -log10 of the transmitted share of light."""
    table = -np.log10((np.arange(256, dtype=np.float32) + 1) / 256)
    return table[pixels]


def number_pieces(mask: Mask, mpp: float) -> NDArray[np.int32]:
    """Number the pieces of tissue in reading order: row by row, from left to right.

    What is smaller than 0.1 mm2 and within 100 um of a larger piece (detached horn, torn-off
    shreds) belongs to that piece; pieces share a row if the middle of one lies above the lower
    edge of the other.

    Parameters
    ----------
    mask
        (height, width) bool, see `tissue_mask`.
    mpp
        um per px.

    Returns
    -------
    numpy.ndarray
        (height, width) int32: 0 where no tissue is, else the number of the piece from 1.
    """
    labels, n_labels = ndimage.label(mask, np.ones((3, 3)))
    is_piece = np.bincount(labels.ravel(), minlength=n_labels + 1) * mpp**2 >= PIECE_UM2
    is_piece[0] = False
    owner = np.arange(n_labels + 1)
    if is_piece.any():
        far, at = ndimage.distance_transform_edt(~is_piece[labels], return_indices=True)
        fragments = np.setdiff1d(labels, np.flatnonzero(is_piece))
        nearest = labels[tuple(at)]
        for label, place in zip(fragments[1:], _nearest_places(far, labels, fragments), strict=True):
            if far[place] * mpp <= NEAR_UM:
                owner[label] = nearest[place]
    return _in_reading_order(owner[labels])


def _nearest_places(far, labels, fragments):
    return ndimage.minimum_position(far, labels, fragments[1:]) if len(fragments) > 1 else []


def _in_reading_order(labels: NDArray[np.intp]) -> NDArray[np.int32]:
    boxes = {k: box for k, box in enumerate(ndimage.find_objects(labels), 1) if box}
    middle = {k: (rows.start + rows.stop) / 2 for k, (rows, _) in boxes.items()}
    rows: list[list[int]] = []
    for k in sorted(boxes, key=middle.__getitem__):
        if not rows or middle[k] > boxes[rows[-1][0]][0].stop:
            rows.append([])
        rows[-1].append(k)
    new = np.zeros(labels.max() + 1, np.int32)
    ordered = [k for row in rows for k in sorted(row, key=lambda k: boxes[k][1].start)]
    new[ordered] = np.arange(1, len(ordered) + 1)
    return new[labels]


def _glass_to_white(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    glass = np.percentile(pixels.reshape(-1, 3), 99, axis=0)
    if glass.min() < GLASS_LEAST or np.ptp(glass) > GLASS_SPREAD:
        return pixels
    return np.minimum(pixels * (255 / glass), 255).astype(np.uint8)


def _colour(density: Densities) -> Densities:
    """Tell how much the density differs between the colours; 0 for grey things."""
    darkest = density.max(axis=-1)
    colour = darkest - density.min(axis=-1)
    return np.where(colour > LEAST_COLOURED * darkest, colour, 0)


def _stained(density: Densities) -> Mask:
    low, high = COLOUR_THRESHOLDS
    colour = _colour(density)
    return colour > (low if np.ptp(colour) < low else np.clip(threshold_otsu(colour), low, high))


def _with_thin_walls(stained: Mask, density: Densities, mpp: float) -> Mask:
    """Add what faint walls enclose, where they hang together with what is clearly stained."""
    colour = _colour(density)
    pale = colour[~stained]
    noise = np.median(pale) if pale.size else 0.0
    walls = stained | (colour > max(FAINT_COLOUR, NOISE_FACTOR * noise))
    walls = _without_small(walls, 2)
    closed = _closed(walls, WALL_GAP_UM / 2 / mpp)
    regions, n_regions = ndimage.label(closed)
    reached = np.zeros(n_regions + 1, bool)
    reached[regions[stained]] = True
    return reached[regions] & closed


def _closed(mask: Mask, radius_px: float) -> Mask:
    """Close gaps up to twice the radius; a mask that reaches the border goes on beyond it."""
    if radius_px < 1:
        return mask
    margin = int(radius_px) + 2
    padded = np.pad(mask, margin, mode="edge")
    wide = ndimage.distance_transform_edt(~padded) <= radius_px
    closed = ndimage.distance_transform_edt(wide) > radius_px
    return closed[margin:-margin, margin:-margin] | mask


def _pen(density: Densities) -> Mask:
    """Blue, green and red ink: each absorbs in a way that neither stain nor their mixture does."""
    red, green, blue = np.moveaxis(density, -1, 0)
    strong = density.max(axis=-1) > 0.15
    blue_ink = red > 1.25 * np.maximum(green, blue)
    green_ink = green < 0.8 * np.minimum(red, blue)
    red_ink = (blue > 0.9 * green) & (red < 0.25 * green)
    return strong & (blue_ink | green_ink | red_ink)


def _without_specks(tissue: Mask, mpp: float) -> Mask:
    smallest_px = SMALLEST_UM2 / mpp**2
    whole = _without_small(tissue, smallest_px)
    if whole.any():
        near = ndimage.distance_transform_edt(~whole) <= NEAR_UM / mpp
        fragments = _without_small(tissue, FRAGMENT_UM2 / mpp**2)
        labels = ndimage.label(fragments)[0]
        whole |= np.isin(labels, np.setdiff1d(labels[near], 0))
    return ~_without_small(~whole, smallest_px)


def _without_small(mask: Mask, smallest_px: float) -> Mask:
    labels = ndimage.label(mask, np.ones((3, 3)))[0]
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    return (sizes >= smallest_px)[labels] & mask
