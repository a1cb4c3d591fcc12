"""The layers of a section: horn, viable epidermis, dermis by depth, subcutis, what is unsure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.layers.deep import find_subcutis
from skinage.explain.morphology.layers.lines import Line, outline
from skinage.explain.morphology.layers.skin import CoarseView, Skin, coarse_view, find_skin
from skinage.explain.morphology.layers.unsure import find_dust, find_folds
from skinage.explain.morphology.section.grid import GRID_UM as GRID_UM
from skinage.explain.morphology.section.grid import Mask, Plane, distance, scaled, scaled_mask
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.structures import DERMIS, Structure

UNSURE_MARGIN_UM, END_UM, OVER_UM = 6.0, 8.0, 12.0
"""Lines keep so far from what is unsure, and from the cut ends of the epidermis; the smoothed
outline of the tissue lies so near to the surface."""


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
    view = coarse_view(section)
    skin = find_skin(view)
    structures = np.where(view.tissue, np.uint8(Structure.RETICULAR_DERMIS), np.uint8(0))
    below_um, depth_um = np.full((2, *structures.shape), np.nan, np.float32)
    if skin is not None:
        below_um, depth_um = skin.below_um, skin.depth_um
        structures[skin.papillary] = Structure.PAPILLARY_DERMIS
        structures[skin.sides.horn] = Structure.CORNEUM
        structures[skin.epidermis] = Structure.EPIDERMIS
    fat = find_subcutis(view.score, structures, below_um, view.unit_um)
    structures[fat] = Structure.SUBCUTIS
    folded = view.tissue & find_folds(
        view.haematoxylin, view.eosin, epidermis=structures == Structure.EPIDERMIS,
        dermis=np.isin(structures, DERMIS) & ~view.marked, unit_um=view.unit_um,
    )  # fmt: skip
    unsure = folded | find_dust(section, structures.shape) | (view.marked & view.tissue)
    structures[unsure] = Structure.UNSURE
    surface, junction = _lines(view, skin, unsure) if skin is not None else ([], [])
    return Layers(
        _at_full_scale(structures, shape), scaled(below_um, shape), scaled(depth_um, shape),
        surface, junction, scaled_mask(folded, shape),
    )  # fmt: skip


def _lines(view: CoarseView, skin: Skin, unsure: Mask) -> tuple[list[Line], list[Line]]:
    sides, unit_um = skin.sides, view.unit_um
    sure = distance(unsure, unit_um) > UNSURE_MARGIN_UM
    over = distance(sides.surface, unit_um) < OVER_UM
    under = (distance(sides.dermis, unit_um) <= 2 * unit_um) & (
        distance(sides.horn | ~view.tissue, unit_um) > END_UM  # its cut ends are no junction
    )
    return (
        outline(view.tissue, over & sure, sides.outward, sigma_um=6, unit_um=unit_um),
        outline(skin.epidermis, under & sure, sides.outward, sigma_um=2.5, unit_um=unit_um),
    )


def _at_full_scale(structures: NDArray[np.uint8], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Return a map in a finer shape: each pixel the structure with the most of it."""
    most, full = np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    for structure in np.unique(structures):
        share = scaled((structures == structure).astype(np.float32), shape)
        full[share > most] = structure
        most = np.maximum(most, share)
    return full
