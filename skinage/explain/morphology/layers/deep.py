"""The subcutis: large empty cells with thin walls."""

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.section.grid import (
    Mask,
    Plane,
    closed,
    opened,
    scaled_mask,
    smooth,
    without_small,
)
from skinage.explain.morphology.structures import DERMIS, Structure

SMOOTH_UM, HALF_WAY, SURELY_FAT = 25.0, 0.5, 0.22
"""Cells of 60 um and their walls are averaged; subcutis holds less stain than this share of the
dermis, or than this amount, where a section is of fat only."""
LOBE_UM = 30.0
"""Half the width of what is bridged or cut off: septa and vessels, clefts in the dermis."""
COARSE_UM = 4.0
SMALLEST_UM2 = 20_000.0
LEAST_DEPTH_UM = 200.0
EMPTY, CELL_RADIUS_UM, FAT_ALONE = 0.2, 12.0, 0.3
"""Without a junction a section is of fat only if so much of it lies in cells that hold less stain
than the first and that a disk of the second fits into. Then nothing says what dense collagen is:
its unit is that of the walls."""


def find_subcutis(
    score: Plane, structures: NDArray[np.uint8], below_um: Plane, unit_um: float
) -> Mask:
    """Find the subcutis below the dermis.

    Parameters
    ----------
    score
        ``(h, w)`` of `epidermis_score`, smoothed by 3 um.
    structures
        ``(h, w)`` values of `Structure`.
    below_um
        ``(h, w)`` um below the junction, or NaN.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool, within the dermis found so far.
    """
    shape, step = score.shape, max(1, round(COARSE_UM / unit_um))
    score, below_um = score[::step, ::step], below_um[::step, ::step]
    structures = structures[::step, ::step]
    unit_um *= step
    inside = np.isin(structures, DERMIS)
    share = smooth(inside.astype(np.float32), SMOOTH_UM, unit_um)
    stained = smooth(score * inside, SMOOTH_UM, unit_um) / np.maximum(share, 0.01)
    deep = inside & ~(below_um < LEAST_DEPTH_UM)
    if not deep.any():
        return np.zeros(shape, bool)
    outside = structures == Structure.GLASS  # lobes end at the margin of a section as well
    border = max(SURELY_FAT, HALF_WAY * float(np.quantile(stained[deep], 0.7)))
    pale = outside | deep & (stained < border)
    if not np.isfinite(below_um).any():
        cells = opened(deep & (score < EMPTY), CELL_RADIUS_UM, unit_um)
        if np.count_nonzero(cells) > FAT_ALONE * np.count_nonzero(deep):
            pale |= closed(cells | outside, LOBE_UM, unit_um)
    lobes = closed(opened(pale, LOBE_UM, unit_um), LOBE_UM, unit_um) & deep
    return scaled_mask(without_small(lobes, SMALLEST_UM2, unit_um), shape)
