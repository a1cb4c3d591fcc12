"""Nuclei, adnexa, vessels and elastosis of a section whose layers are known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.dermis.matrix import Matrix, matrix_of
from skinage.explain.morphology.dermis.nuclei import COARSEST_NUCLEI_MPP, Labels, find_nuclei
from skinage.explain.morphology.dermis.vessels import find_vessels, is_blood
from skinage.explain.morphology.layers.find_layers import GRID_UM, Layers
from skinage.explain.morphology.section.grid import (
    Mask,
    Plane,
    closed,
    distance,
    opened,
    scaled,
    scaled_mask,
    touching,
    without_holes,
    without_small,
)  # fmt: skip
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.structures import DERMIS, Structure

BLUE = 0.06
"""Haematoxylin of cytoplasm and of elastosis between nuclei; collagen has less than 0.03."""
CELLULAR = 0.06
"""Share of nuclei in adnexa; elastosis and collagen have a third of it."""
ADNEXA_RADIUS_UM, ADNEXA_UM2 = 5.0, 400.0
CORE_BLUE, CORE_CELLULAR, COIL_UM = 0.27, 0.19, 10.0
"""The most haematoxylin between nuclei, and the greatest share of nuclei, in each of the adnexa;
what lies nearer to each other than twice the third is one, as the tubes of a coil.
Measured in the phantom: above 0.32 and 0.22 in 90 %; below 0.27 and 0.19 in 90 % of what is
neither, such as vessels with cells about them."""
LUMEN_UM2 = 6_000.0
"""Holes in adnexa up to this area are theirs: lumina, hairs."""
ADNEXA_DEPTH_UM = 40.0
GREY = 0.15
"""Haematoxylin over eosin of elastosis; papillary dermis has less than 0.12."""
ELASTOSIS_RADIUS_UM, ELASTOSIS_UM2, ELASTOSIS_BEGINS_UM = 4.0, 3_000.0, 60.0


@dataclass(frozen=True)
class Objects:
    """What lies in the layers.

    Attributes
    ----------
    structures
        ``(h, w)`` uint8: those of the layers, with `Structure.ADNEXA` and `Structure.VESSEL`.
    nuclei
        ``(h, w)`` int32: the number of the nucleus, 0 elsewhere; all 0 beyond 1.5 um per px.
    elastosis
        ``(h, w)`` bool, within the dermis.
    """

    structures: NDArray[np.uint8]
    nuclei: Labels
    elastosis: Mask


def find_objects(section: Section, layers: Layers) -> Objects:
    """Find nuclei, adnexa, vessels and elastosis.

    Nuclei are found at the scale of the section, the others on a grid of 2 um; beyond 1.5 um per
    px nothing is found, because all of them are told by their nuclei.

    Parameters
    ----------
    section
        Amounts of stain.
    layers
        The layers of the same section.
    """
    shape = section.tissue.shape
    structures = layers.structures.copy()
    if section.mpp > COARSEST_NUCLEI_MPP:
        return Objects(structures, np.zeros(shape, np.int32), np.zeros(shape, bool))
    both = structures == Structure.EPIDERMIS, np.isin(structures, DERMIS)
    nuclei = find_nuclei(section.haematoxylin, both, section.mpp)
    grid = grid_shape(shape, section.mpp)
    haematoxylin, eosin = (scaled(stain, grid) for stain in (section.haematoxylin, section.eosin))
    nuclear = scaled((nuclei > 0).astype(np.float32), grid)
    dermis = scaled_mask(np.isin(structures, DERMIS), grid)
    matrix = matrix_of(haematoxylin, eosin, nuclear=nuclear, within=dermis, unit_um=GRID_UM)
    below_um = scaled(layers.below_um, grid)
    adnexa = _find_adnexa(matrix, dermis & ~(below_um < ADNEXA_DEPTH_UM))
    density = np.stack([scaled(section.density[..., k], grid) for k in range(3)], axis=-1)
    free = dermis & ~adnexa
    blood = is_blood(density, eosin, free)
    vessels = find_vessels(haematoxylin, eosin, blood=blood, within=free, unit_um=GRID_UM)
    elastosis = _find_elastosis(matrix, free & ~vessels, below_um)
    dermis = np.isin(structures, DERMIS)
    structures[scaled_mask(adnexa, shape) & dermis] = Structure.ADNEXA
    structures[scaled_mask(vessels, shape) & dermis] = Structure.VESSEL
    return Objects(structures, nuclei, scaled_mask(elastosis, shape) & np.isin(structures, DERMIS))


def grid_shape(shape: tuple[int, ...], mpp: float) -> tuple[int, ...]:
    """Return the shape of the grid of 2 um over a picture."""
    return tuple(max(1, round(side * mpp / GRID_UM)) for side in shape)


def _find_adnexa(matrix: Matrix, deep: Mask) -> Mask:
    """Find follicles, glands and muscles: blue cytoplasm with many nuclei, lumina filled."""
    cells = deep & (matrix.haematoxylin > BLUE) & (matrix.nuclear > CELLULAR)
    cells = opened(closed(cells, ADNEXA_RADIUS_UM, GRID_UM) & deep, ADNEXA_RADIUS_UM, GRID_UM)
    cells = without_holes(cells, LUMEN_UM2, GRID_UM) & deep
    cells = without_small(cells, ADNEXA_UM2, GRID_UM)
    groups = distance(cells, GRID_UM) <= COIL_UM
    groups = touching(groups, cells & (matrix.haematoxylin > CORE_BLUE))
    return cells & touching(groups, cells & (matrix.nuclear > CORE_CELLULAR))


def _find_elastosis(matrix: Matrix, dermis: Mask, below_um: Plane) -> Mask:
    """Find grey-blue matrix that begins near the junction; without a junction any."""
    grey = dermis & (matrix.haematoxylin > BLUE)
    grey &= matrix.haematoxylin > GREY * matrix.eosin
    grey = without_small(opened(grey, ELASTOSIS_RADIUS_UM, GRID_UM), ELASTOSIS_UM2, GRID_UM)
    return touching(grey, grey & ~(below_um > ELASTOSIS_BEGINS_UM))
