"""The layers of a section: horn, viable epidermis, dermis by depth, subcutis, what is unsure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skinage.explain.morphology.deep import find_subcutis
from skinage.explain.morphology.epidermis import (
    epidermis_score,
    find_epidermis,
    without_compact_horn,
    without_hair,
)
from skinage.explain.morphology.grid import Mask, Plane, distance, scaled, scaled_mask, smooth
from skinage.explain.morphology.lines import Line, outline
from skinage.explain.morphology.section import Section
from skinage.explain.morphology.sides import Sides, find_sides, find_surface
from skinage.explain.morphology.structures import DERMIS, Structure
from skinage.explain.morphology.unsure import find_dust, find_folds

GRID_UM = 2.0
"""Layers are found at this scale: none of them is thinner than 8 um."""
PAPILLARY_UM, LEVEL_UM, MOST_PAPILLARY_UM = 75.0, 80.0, 150.0
"""The papillary dermis ends so far below the mean level of the junction; so far ridges are levelled
along the skin."""
UNSURE_MARGIN_UM, END_UM = 6.0, 8.0


@dataclass(frozen=True)
class Layers:
    """The layers of a section.

    Attributes
    ----------
    structures
        ``(h, w)`` uint8, values of `Structure`; no adnexa and vessels yet.
    below_um
        ``(h, w)`` float32: um below the dermo-epidermal junction, negative above it; NaN
        everywhere if no junction is shown.
    depth_um
        ``(h, w)`` float32: um from the top of the viable epidermis, horn or not; NaN as above.
    surface, junction
        Runs of the outline of the tissue over the epidermis, and of the dermo-epidermal junction,
        without what is unsure.
    folded
        ``(h, w)`` bool: the part of UNSURE that lies in folds.
    """

    structures: NDArray[np.uint8]
    below_um: Plane
    depth_um: Plane
    surface: list[Line]
    junction: list[Line]
    folded: Mask


def find_layers(section: Section) -> Layers:
    """Find the layers of a section, whichever way up it lies.

    Parameters
    ----------
    section
        Amounts of stain at 1 um/px or coarser.

    Returns
    -------
    Layers
        At the scale of the section.
    """
    shape = section.tissue.shape
    unit_um = max(GRID_UM, section.mpp)
    grid = tuple(max(1, round(side * section.mpp / unit_um)) for side in shape)
    haematoxylin, eosin = (scaled(part, grid) for part in (section.haematoxylin, section.eosin))
    score = smooth(scaled(epidermis_score(section.haematoxylin, section.eosin), grid), 3, unit_um)
    tissue, marked = (scaled_mask(mask, grid) for mask in (section.tissue, section.marked))
    dust = find_dust(section, grid)
    nuclear = smooth(np.clip(haematoxylin, 0, 1), 8, unit_um)
    epidermis = find_epidermis(score, nuclear, tissue & ~marked, unit_um)
    structures = np.where(tissue, np.uint8(Structure.RETICULAR_DERMIS), np.uint8(0))
    below_um, depth_um = np.full((2, *grid), np.nan, np.float32)
    sides = None
    if epidermis.any():
        outward, surface = find_surface(epidermis, tissue, unit_um)
        epidermis = without_hair(epidermis, surface, unit_um)
    if epidermis.any():
        sides = find_sides(epidermis, tissue, outward, surface, unit_um=unit_um)
        viable = without_compact_horn(epidermis, sides.horn, score, sides.surface, unit_um)
        sides, epidermis = sides.of(epidermis, viable), viable
        below_um = np.where(
            sides.dermis, distance(epidermis, unit_um), -distance(sides.dermis, unit_um)
        ).astype(np.float32)
        depth_um = distance(sides.horn | sides.surface, unit_um)
        level_um = _level_of_junction(depth_um, epidermis, sides.dermis, unit_um)
        papillary = sides.dermis & (depth_um <= level_um + PAPILLARY_UM)
        structures[papillary & (below_um < MOST_PAPILLARY_UM)] = Structure.PAPILLARY_DERMIS
        structures[sides.horn] = Structure.CORNEUM
        structures[epidermis] = Structure.EPIDERMIS
    structures[find_subcutis(score, structures, below_um, unit_um)] = Structure.SUBCUTIS
    folded = find_folds(
        haematoxylin, eosin, epidermis=epidermis, dermis=np.isin(structures, DERMIS) & ~marked,
        unit_um=unit_um,
    )  # fmt: skip
    folded &= tissue
    unsure = folded | dust | (marked & tissue)
    structures[unsure] = Structure.UNSURE
    surface, junction = _lines(sides, epidermis, tissue, unsure, unit_um) if sides else ([], [])
    return Layers(
        _at_full_scale(structures, shape), scaled(below_um, shape), scaled(depth_um, shape),
        surface, junction, scaled_mask(folded, shape),
    )  # fmt: skip


def _level_of_junction(depth_um: Plane, epidermis: Mask, dermis: Mask, unit_um: float) -> Plane:
    """Return the mean depth of the junction about each place, um; that of all of it far away."""
    junction = dermis & ndimage.binary_dilation(epidermis)
    shape = tuple(max(2, round(side * unit_um / LEVEL_UM * 5)) for side in junction.shape)
    there = scaled(junction.astype(np.float32), shape)
    depth = scaled(np.where(junction, depth_um, 0).astype(np.float32), shape)
    mean = depth.sum() / there.sum()
    here = smooth(there, 5, 1)
    level = (smooth(depth, 5, 1) + 1e-4 * mean) / (here + 1e-4)
    return scaled(level, junction.shape)


def _lines(
    sides: Sides, epidermis: Mask, tissue: Mask, unsure: Mask, unit_um: float
) -> tuple[list[Line], list[Line]]:
    sure = distance(unsure, unit_um) > UNSURE_MARGIN_UM
    over = distance(sides.surface, unit_um) < 12
    under = (distance(sides.dermis, unit_um) <= 2 * unit_um) & (
        distance(sides.horn | ~tissue, unit_um) > END_UM  # its cut ends are no junction
    )
    return (
        outline(tissue, over & sure, sides.outward, sigma_um=6, unit_um=unit_um),
        outline(epidermis, under & sure, sides.outward, sigma_um=2.5, unit_um=unit_um),
    )


def _at_full_scale(structures: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a map in a finer shape: each pixel the structure with the most of it."""
    most, full = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for structure in np.unique(structures):
        share = scaled((structures == structure).astype(np.float32), shape)
        full[share > most] = structure
        most = np.maximum(most, share)
    return full
