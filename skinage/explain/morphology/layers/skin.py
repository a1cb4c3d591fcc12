"""The epidermis of a section, what lies on either side of it, and how deep everything is."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.layers.epidermis import (
    epidermis_score,
    find_epidermis,
    without_compact_horn,
    without_hair,
)
from skinage.explain.morphology.layers.sides import Sides, find_sides, find_surface
from skinage.explain.morphology.section.grid import (
    GRID_UM,
    Mask,
    Plane,
    distance,
    scaled,
    scaled_mask,
    smooth,
)
from skinage.explain.morphology.section.section import Section

PAPILLARY_UM, MOST_PAPILLARY_UM = 75.0, 150.0
"""The papillary dermis ends so far below the mean level of the junction, and nowhere farther from
the epidermis than the second."""
LEVEL_UM, LEVEL_STEP_UM = 80.0, 16.0
"""So far ridges are levelled along the skin, on a grid of the second."""
LEAST_DERMIS_UM = 20.0
"""Strands with less tissue than this behind their surface are walls or fibres, no epidermis."""
_FAINT = 1e-4


@dataclass(frozen=True)
class CoarseView:
    """A section on the grid on which layers are found.

    Attributes
    ----------
    unit_um
        um per px.
    haematoxylin, eosin
        ``(h, w)`` amounts of stain.
    score
        ``(h, w)`` of `epidermis_score`, smoothed by 3 um.
    tissue, marked
        ``(h, w)`` bool.
    """

    unit_um: float
    haematoxylin: Plane
    eosin: Plane
    score: Plane
    tissue: Mask
    marked: Mask


@dataclass(frozen=True)
class Skin:
    """The epidermis and its surroundings.

    Attributes
    ----------
    epidermis, papillary
        ``(h, w)`` bool: viable epidermis, papillary dermis.
    sides
        Surface, horn and dermis.
    below_um
        ``(h, w)`` um below the junction, negative above it.
    depth_um
        ``(h, w)`` um from the top of the viable epidermis.
    """

    epidermis: Mask
    papillary: Mask
    sides: Sides
    below_um: Plane
    depth_um: Plane


def coarse_view(section: Section) -> CoarseView:
    """Return a section at 2 um/px, or at its own scale if that is coarser."""
    unit_um = max(GRID_UM, section.mpp)
    grid = tuple(max(1, round(side * section.mpp / unit_um)) for side in section.tissue.shape)
    score = scaled(epidermis_score(section.haematoxylin, section.eosin), grid)
    return CoarseView(
        unit_um,
        scaled(section.haematoxylin, grid),
        scaled(section.eosin, grid),
        smooth(score, 3, unit_um),
        scaled_mask(section.tissue, grid),
        scaled_mask(section.marked, grid),
    )


def find_skin(view: CoarseView) -> Skin | None:
    """Find the epidermis of a section, its two sides and depths; None if it shows none."""
    unit_um, tissue = view.unit_um, view.tissue
    nuclear = smooth(np.clip(view.haematoxylin, 0, 1), 8, unit_um)
    epidermis = find_epidermis(view.score, nuclear, tissue & ~view.marked, unit_um)
    if not epidermis.any():
        return None
    outward, surface = find_surface(epidermis, tissue, unit_um)
    if not surface.any():
        return None
    epidermis = without_hair(epidermis, surface, unit_um)
    sides = find_sides(epidermis, tissue, outward, surface, unit_um=unit_um)
    viable = without_compact_horn(epidermis, sides.horn, view.score, sides.surface, unit_um)
    sides = sides.of(epidermis, viable)
    length_um = np.count_nonzero(sides.surface) * unit_um
    dermis_um2 = np.count_nonzero(sides.dermis) * unit_um**2
    if not viable.any() or not length_um or dermis_um2 < LEAST_DERMIS_UM * length_um:
        return None
    below, above = distance(viable, unit_um), distance(sides.dermis, unit_um)
    below_um = np.where(sides.dermis, below, -above)
    depth_um = distance(sides.horn | sides.surface, unit_um)
    level_um = _level_of_junction(depth_um, viable, sides.dermis, unit_um)
    papillary = sides.dermis & (depth_um <= level_um + PAPILLARY_UM)
    return Skin(viable, papillary & (below_um < MOST_PAPILLARY_UM), sides, below_um, depth_um)


def _level_of_junction(depth_um: Plane, epidermis: Mask, dermis: Mask, unit_um: float) -> Plane:
    """Return the mean depth of the junction about each place, um; that of all of it far away."""
    junction = dermis & ndimage.binary_dilation(epidermis)
    shape = tuple(max(2, round(side * unit_um / LEVEL_STEP_UM)) for side in junction.shape)
    there = smooth(scaled(junction.astype(np.float32), shape), LEVEL_UM, LEVEL_STEP_UM)
    depth = np.where(junction, depth_um, 0).astype(np.float32)
    depth = smooth(scaled(depth, shape), LEVEL_UM, LEVEL_STEP_UM)
    mean_um = depth_um[junction].mean() if junction.any() else 0.0
    return scaled((depth + _FAINT * mean_um) / (there + _FAINT), junction.shape)
