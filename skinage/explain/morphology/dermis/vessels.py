"""Vessels: lumina, empty or with red cells, within a thin wall of flat nuclei."""

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.section.grid import Mask, Plane, distance, opened, without_small

PALE = 0.2
"""Both stains together of an empty lumen."""
BLOOD_EOSIN, BLOOD_ORANGE, BLOOD_BROWN = 1.0, 1.35, 2.5
"""Red cells hold more than dense collagen, and absorb blue more than the section's collagen does,
compared with green, by a factor between these two: dense collagen reaches 1.2, brown pigment is
beyond."""
LUMEN_RADIUS_UM, LUMEN_UM2, RIM_UM, RIM_PALE = 3.5, 80.0, 2.1, 0.5
WALL_UM, BLUE, WALL_SHARE = 6.0, 0.08, 0.45
"""Share of the ring about a lumen that holds haematoxylin, in wall and nuclei. Measured in the
phantom: 0.49 to 0.80 about vessels (10 to 90 %), up to 0.15 about gaps."""
BLOOD_SHARE = 0.3
"""Of a lumen; no gap holds red cells."""


def is_blood(density: Plane, eosin: Plane, within: Mask) -> Mask:
    """Return where red cells lie, by their orange.

    Parameters
    ----------
    density
        ``(h, w, 3)`` optical density.
    eosin
        ``(h, w)``, 1 is dense collagen.
    within
        ``(h, w)`` bool: the dermis, whose collagen is compared.
    """
    orange = density[..., 2] / np.maximum(density[..., 1], 0.01)
    collagen = within & (eosin > BLOOD_EOSIN / 2)
    if collagen.any():
        orange /= max(float(np.median(orange[collagen])), 0.01)
    return within & (eosin > BLOOD_EOSIN) & (orange > BLOOD_ORANGE) & (orange < BLOOD_BROWN)


def find_vessels(
    haematoxylin: Plane, eosin: Plane, *, blood: Mask, within: Mask, unit_um: float
) -> Mask:
    """Find the lumina of vessels.

    Gaps between bundles are narrower, or have no nuclei about them.

    Parameters
    ----------
    haematoxylin, eosin
        ``(h, w)`` amounts of stain, on a grid of about 2 um.
    blood
        ``(h, w)`` bool, see `is_blood`.
    within
        ``(h, w)`` bool: the dermis without adnexa.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool: the lumina.
    """
    stain = np.maximum(haematoxylin, 0) + eosin
    lumina = opened(within & ((stain < PALE) | blood), LUMEN_RADIUS_UM, unit_um)
    # The blur of the wall, and corners that the opening cut off.
    lumina |= within & (distance(lumina, unit_um) < RIM_UM) & ((stain < RIM_PALE) | blood)
    labels, n_found = ndimage.label(without_small(lumina, LUMEN_UM2, unit_um), np.ones((3, 3)))
    if not n_found:
        return labels > 0
    away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    ring = (away > 0) & (away * unit_um <= WALL_UM)
    owner = labels[tuple(nearest[:, ring])]
    of_ring = np.bincount(owner, minlength=n_found + 1)
    wall = np.bincount(owner, haematoxylin[ring] > BLUE, n_found + 1) / np.maximum(of_ring, 1)
    area = np.maximum(np.bincount(labels.ravel()), 1)
    red_cells = np.bincount(labels[blood], minlength=n_found + 1) / area
    kept = (wall > WALL_SHARE) | (red_cells > BLOOD_SHARE)
    kept[0] = False
    return kept[labels]
