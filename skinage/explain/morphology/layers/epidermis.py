"""The viable epidermis: the dense layer without fibres that faces the glass."""

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.section.grid import (
    Mask,
    Plane,
    depth_within,
    distance,
    opened,
    touching,
    without_holes,
    without_small,
)

MOST_HORN_UM = 150.0
"""So far below the glass an epidermis may begin: an opened basket of horn is 100 um."""
SEED_SCORE, SEED_HAEMATOXYLIN = 1.0, 0.15
"""Both stains together, and haematoxylin with nuclei and all, that only cells packed closely
reach; 1 is dense collagen, or a dense nucleus."""
SEED_RADIUS_UM, NECK_RADIUS_UM, SEED_UM2 = 7.0, 5.0, 5_000.0
SHORTEST_UM, SHORTEST_SHARE = 200.0, 0.2
"""Facing the glass; the share is of the longest epidermis of the same piece."""
HOLE_UM2 = 1_500.0
NEAR_UM = (15.0, 60.0)
"""What is so far from the epidermis is compared with it."""
JUNCTION_SHARE, HORN_SHARE = 0.55, 0.65
"""Where the outline lies between the values of dermis and epidermis, and of horn and granules."""
GRANULAR_UM = 12.0
DEEPEST = 4.5
"""Nothing is epidermis deeper than this many times its median depth below the horn: ridges end,
hair goes on."""


def epidermis_score(haematoxylin: Plane, eosin: Plane) -> Plane:
    """Return both stains together, in units of the section's nuclei and collagen.

    Cells without fibres hold eosin between their nuclei, so both together are even over an
    epidermis, about 1.4, and half that over loose collagen; neither stain is.
    """
    return np.clip(haematoxylin, 0, 1) + np.clip(eosin, 0, 1.3)


def find_epidermis(score: Plane, haematoxylin: Plane, tissue: Mask, unit_um: float) -> Mask:
    """Find the viable epidermis, with its ridges.

    What is densely stained and holds many nuclei is a candidate; of the candidates, those are kept
    that face the glass over a good length, with at most horn between. Their outline then follows
    the value half way between epidermis and dermis of this section.

    Parameters
    ----------
    score
        ``(h, w)`` of `epidermis_score`, smoothed by 3 um.
    haematoxylin
        ``(h, w)``, smoothed by 8 um.
    tissue
        ``(h, w)`` bool, without what is marked or folded.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool; empty where no epidermis is shown.
    """
    dense = tissue & (score > SEED_SCORE) & (haematoxylin > SEED_HAEMATOXYLIN)
    dense = opened(without_holes(dense, HOLE_UM2, unit_um), SEED_RADIUS_UM, unit_um)
    seeds = facing_glass(without_small(dense, SEED_UM2, unit_um), tissue, unit_um)
    if not seeds.any():
        return seeds
    away = distance(seeds, unit_um)
    near = tissue & (away > NEAR_UM[0]) & (away < NEAR_UM[1])
    if not near.any():  # all of it is equally dense, and nothing is left to compare it with
        return near
    below = near & (depth_within(tissue, unit_um) > MOST_HORN_UM / 2)
    dermis = np.median(score[below if below.any() else near])
    border = dermis + JUNCTION_SHARE * (np.median(score[seeds]) - dermis)
    wide = tissue & (score > border) & (haematoxylin > SEED_HAEMATOXYLIN / 2)
    wide = opened(without_holes(wide, HOLE_UM2, unit_um), NECK_RADIUS_UM, unit_um)
    return touching(wide, seeds & wide)


def without_compact_horn(
    epidermis: Mask, horn: Mask, score: Plane, surface: Mask, unit_um: float
) -> Mask:
    """Take the compact base of the horn, dense but paler than granular cells, off an epidermis.

    Parameters
    ----------
    epidermis, horn, surface
        ``(h, w)`` bool.
    score
        ``(h, w)`` of `epidermis_score`, smoothed by 3 um.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool.
    """
    upper = epidermis & (distance(horn, unit_um) < GRANULAR_UM)
    loose = horn & (distance(epidermis | surface, unit_um) > 4)
    if not upper.any() or not loose.any():
        return epidermis
    pale, dense = np.median(score[loose]), np.quantile(score[upper], 0.75)
    viable = epidermis & ~(upper & (score < pale + HORN_SHARE * (dense - pale)))
    return without_holes(viable, HOLE_UM2, unit_um)


def without_hair(epidermis: Mask, surface: Mask, unit_um: float) -> Mask:
    """Cut off what hangs on an epidermis deeper than its ridges: hair, glands.

    Parameters
    ----------
    epidermis, surface
        ``(h, w)`` bool.
    unit_um
        um per px.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` bool.
    """
    depth = distance(surface, unit_um)
    top, middle = np.quantile(depth[epidermis], [0.05, 0.5])  # the first lies below the horn
    sheet = epidermis & (depth < top + DEEPEST * (middle - top))
    return without_small(sheet, SEED_UM2, unit_um)


def facing_glass(candidates: Mask, tissue: Mask, unit_um: float) -> Mask:
    """Keep the candidates that face the outline of the tissue over a good length.

    The length is that of the part of a candidate that is nearest to some place on the outline: a
    gland at a cut edge shows its own width only, however long the edge.
    """
    labels, n_found = ndimage.label(candidates)
    rim = tissue & ~ndimage.binary_erosion(tissue, border_value=1)
    if not n_found or not rim.any():
        return np.zeros_like(candidates)
    away, (rows, cols) = ndimage.distance_transform_edt(~candidates, return_indices=True)
    close = rim & (away * unit_um < MOST_HORN_UM)
    faced = np.zeros_like(candidates)
    faced[rows[close], cols[close]] = True
    length_um = np.bincount(labels[faced], minlength=n_found + 1) * unit_um
    pieces, n_pieces = ndimage.label(tissue)
    piece = np.zeros(n_found + 1, int)
    piece[labels[candidates]] = pieces[candidates]
    longest = np.zeros(n_pieces + 1)
    np.maximum.at(longest, piece, length_um)
    kept = (length_um >= SHORTEST_UM) & (length_um >= SHORTEST_SHARE * longest[piece])
    kept[0] = False
    return kept[labels]
