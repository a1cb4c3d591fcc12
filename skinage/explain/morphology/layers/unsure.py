"""Parts of a section of which nothing can be said: folds and dust."""

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.section.grid import (
    Mask,
    Plane,
    depth_within,
    distance,
    opened,
    scaled,
    scaled_mask,
    smooth,
)
from skinage.explain.morphology.section.section import Section

FOLD_DARKER, FOLD_LEAST, FOLD_SMOOTH_UM = 1.4, 0.85, 15.0
"""Two layers over each other hold this many times the stain of the section's median, and at least
this amount."""
FOLD_HAEMATOXYLIN = 0.2
"""What holds more in the dermis is a gland or a hair."""
FOLD_UM2, FOLD_LENGTH_UM = 15_000.0, 300.0
FOLD_MARGIN_UM, FOLD_END_UM = 8.0, 500.0
COARSE_UM = 4.0
DUST_DENSITY, DUST_RED = 0.1, 1.25
"""Dust absorbs red more than haematoxylin does, compared with green, by this factor."""


def find_folds(
    haematoxylin: Plane, eosin: Plane, *, epidermis: Mask, dermis: Mask, unit_um: float
) -> Mask:
    """Find where a section lies double: a long band, dark as no single layer is.

    Parameters
    ----------
    haematoxylin, eosin
        ``(h, w)`` amounts of stain.
    epidermis, dermis
        ``(h, w)`` bool.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool.
    """
    shape, step = eosin.shape, max(1, round(COARSE_UM / unit_um))
    epidermis, dermis = epidermis[::step, ::step], dermis[::step, ::step]
    unit_um *= step
    blue, pink = (
        smooth(stain[::step, ::step], FOLD_SMOOTH_UM, unit_um) for stain in (haematoxylin, eosin)
    )
    double = _darker(pink, dermis) & (blue < FOLD_HAEMATOXYLIN)
    double |= _darker(blue + pink, epidermis)
    folds = _long_bands(opened(double, FOLD_SMOOTH_UM / 2, unit_um), unit_um)
    return scaled_mask(folds, shape)


def _darker(plane: Plane, mask: Mask) -> Mask:
    if not mask.any():
        return mask
    return mask & (plane > max(FOLD_LEAST, FOLD_DARKER * float(np.median(plane[mask]))))


def _long_bands(mask: Mask, unit_um: float) -> Mask:
    """Keep the long parts, and draw them out: the ends of a fold are less plain than its middle."""
    labels, n_parts = ndimage.label(mask)
    bands = np.zeros_like(mask)
    for number in range(1, n_parts + 1):
        places = np.argwhere(labels == number) * unit_um
        middle = places.mean(axis=0)
        spread, axes = np.linalg.eigh(np.cov(places.T) + 1e-6 * np.eye(2))
        across_um, along_um = np.sqrt(12 * spread)  # sides of a rectangle that spreads as much
        if len(places) * unit_um**2 < FOLD_UM2 or along_um < FOLD_LENGTH_UM:
            continue
        here = np.moveaxis(np.indices(mask.shape), 0, -1) * unit_um - middle
        across, along = np.moveaxis(np.abs(here @ axes), -1, 0)
        bands |= labels == number
        bands |= (across < across_um / 2 + FOLD_MARGIN_UM) & (along < along_um / 2 + FOLD_END_UM)
    return bands


def find_dust(section: Section, shape: tuple[int, ...]) -> Mask:
    """Find grains of dust in and about the tissue: as dark in red light as in green.

    Parameters
    ----------
    section
        The section.
    shape
        The shape of the mask returned.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool.
    """
    red, green, _ = (scaled(section.density[..., k], shape) for k in range(3))
    ratio = section.stain.vectors[0, 0] / section.stain.vectors[0, 1]
    grey = (green > DUST_DENSITY) & (red > DUST_RED * ratio * green)
    unit_um = section.mpp * section.tissue.shape[0] / shape[0]
    core = depth_within(grey, unit_um) > max(2, unit_um)  # more than a line of horn
    return distance(core, unit_um) < 6
