"""The stain of the dermis between its nuclei, by which cytoplasm and elastosis are told."""

from dataclasses import dataclass

import numpy as np

from skinage.explain.morphology.section.grid import Mask, Plane, distance, smooth

MATRIX_UM = 5.0
CLEAR_UM = 2.0
"""So far from a nucleus its blur does not colour the matrix."""
LEAST_SHARE = 0.02
"""Of the smoothing window: matrix that says a colour."""


@dataclass(frozen=True)
class Matrix:
    """Stain of the dermis between its nuclei, averaged over about 10 um, gaps included.

    Attributes
    ----------
    haematoxylin, eosin
        ``(h, w)``; 0 where there is no matrix at hand.
    nuclear
        ``(h, w)`` share of nuclei, averaged over about 20 um.
    """

    haematoxylin: Plane
    eosin: Plane
    nuclear: Plane


def matrix_of(
    haematoxylin: Plane, eosin: Plane, *, nuclear: Plane, within: Mask, unit_um: float
) -> Matrix:
    """Average the stain between the nuclei of the dermis.

    Parameters
    ----------
    haematoxylin, eosin
        ``(h, w)`` amounts of stain, on a grid of about 2 um.
    nuclear
        ``(h, w)`` share of each pixel that is nuclear.
    within
        ``(h, w)`` bool: the dermis.
    unit_um
        um per px.
    """
    free = within & (distance(nuclear > 0.02, unit_um) > CLEAR_UM)
    share = smooth(free.astype(np.float32), MATRIX_UM, unit_um)
    known = share > LEAST_SHARE
    blue, pink = (
        np.divide(smooth(stain * free, MATRIX_UM, unit_um), share, where=known, out=share * 0)
        for stain in (haematoxylin, eosin)
    )
    return Matrix(blue, pink, smooth(nuclear, 2 * MATRIX_UM, unit_um))
