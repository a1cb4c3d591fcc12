"""Vessels: lumina, empty or with red cells, within a thin wall of flat nuclei."""

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.grid import Mask, Plane, opened, without_small

PALE = 0.2
"""Both stains together of an empty lumen."""
BLOOD_HAEMATOXYLIN, BLOOD_EOSIN = -0.1, 1.0
"""Red cells are orange: more eosin than any collagen, and less haematoxylin than none."""
LUMEN_RADIUS_UM, LUMEN_UM2 = 3.5, 60.0
WALL_UM, BLUE, WALL_SHARE = 6.0, 0.08, 0.45
"""Share of the ring about a lumen that holds haematoxylin, in wall and nuclei. Measured in the
phantom: 0.49 to 0.80 about vessels (10 to 90 %), up to 0.15 about gaps."""
BLOOD_SHARE, BLOOD_WALL_SHARE = 0.3, 0.2
"""A lumen so full of red cells needs no more wall than that; dense collagen and pigment look
alike, but have none."""


def find_vessels(haematoxylin: Plane, eosin: Plane, *, within: Mask, unit_um: float) -> Mask:
    """Find the lumina of vessels.

    Gaps between bundles are narrower, or have no nuclei about them.

    Parameters
    ----------
    haematoxylin, eosin
        ``(h, w)`` amounts of stain, on a grid of about 2 um.
    within
        ``(h, w)`` bool: the dermis without adnexa.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool: the lumina.
    """
    pale = np.maximum(haematoxylin, 0) + eosin < PALE
    blood = (haematoxylin < BLOOD_HAEMATOXYLIN) & (eosin > BLOOD_EOSIN)
    lumina = opened(within & (pale | blood), LUMEN_RADIUS_UM, unit_um)
    labels, n_found = ndimage.label(without_small(lumina, LUMEN_UM2, unit_um), np.ones((3, 3)))
    if not n_found:
        return labels > 0
    away, nearest = ndimage.distance_transform_edt(labels == 0, return_indices=True)
    ring = (away > 0) & (away * unit_um <= WALL_UM)
    owner = labels[tuple(nearest[:, ring])]
    of_ring = np.bincount(owner, minlength=n_found + 1)
    wall = np.bincount(owner, haematoxylin[ring] > BLUE, n_found + 1) / np.maximum(of_ring, 1)
    red_cells = np.bincount(labels[blood], minlength=n_found + 1) / np.bincount(labels.ravel())
    kept = (wall > WALL_SHARE) | ((red_cells > BLOOD_SHARE) & (wall > BLOOD_WALL_SHARE))
    kept[0] = False
    return kept[labels]
