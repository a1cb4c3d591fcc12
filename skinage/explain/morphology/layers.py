"""The layers of a section: horn, viable epidermis, dermis by depth, subcutis, and what is unsure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.deep import find_subcutis
from skinage.explain.morphology.epidermis import epidermis_score, find_epidermis
from skinage.explain.morphology.grid import Mask, Plane, distance, scaled, scaled_mask, smooth
from skinage.explain.morphology.section import Section
from skinage.explain.morphology.sides import Sides, find_sides
from skinage.explain.morphology.structures import DERMIS, Structure
from skinage.explain.morphology.unsure import find_dust, find_folds

GRID_UM = 2.0
"""Layers are found at this scale: none of them is thinner than 8 um."""
PAPILLARY_UM = 75.0


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
    surface
        ``(h, w)`` bool: the outermost pixels of the tissue over the epidermis.
    folded
        ``(h, w)`` bool: the part of UNSURE that lies in folds.
    """

    structures: NDArray[np.uint8]
    below_um: Plane
    surface: Mask
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
    below_um = np.full(grid, np.nan, np.float32)
    sides = None
    if epidermis.any():
        sides = find_sides(epidermis, tissue, unit_um)
        below_um = np.where(
            sides.dermis, distance(epidermis, unit_um), -distance(sides.dermis, unit_um)
        ).astype(np.float32)
        structures[sides.dermis & (below_um <= PAPILLARY_UM)] = Structure.PAPILLARY_DERMIS
        structures[sides.horn] = Structure.CORNEUM
        structures[epidermis] = Structure.EPIDERMIS
    structures[find_subcutis(score, structures, below_um, unit_um)] = Structure.SUBCUTIS
    folded = find_folds(
        haematoxylin, eosin, epidermis=epidermis, dermis=np.isin(structures, DERMIS) & ~marked,
        unit_um=unit_um,
    )  # fmt: skip
    structures[folded | dust | (marked & tissue)] = Structure.UNSURE
    return _at_full_scale(structures, below_um, sides, folded, shape)


def _at_full_scale(
    structures: NDArray[np.uint8], below_um: Plane, sides: Sides | None, folded: Mask,
    shape: tuple[int, ...],
) -> Layers:  # fmt: skip
    best = np.zeros(shape, np.float32)
    full = np.zeros(shape, np.uint8)
    for structure in np.unique(structures):
        share = scaled((structures == structure).astype(np.float32), shape)
        full[share > best] = structure
        best = np.maximum(best, share)
    surface = sides.surface if sides is not None else np.zeros(structures.shape, bool)
    return Layers(full, scaled(below_um, shape), surface, scaled_mask(folded, shape))
