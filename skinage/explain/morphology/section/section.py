"""A section of skin as amounts of stain, in units of the section's own nuclei and collagen."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from skinage.errors import SettingError
from skinage.explain.morphology.section.grid import (
    GRID_UM,
    closed,
    depth_within,
    distance,
    opened,
    scaled,
    scaled_mask,
    smooth,
    touching,
    without_holes,
)
from skinage.explain.morphology.section.stain import SectionStain, estimate_stain
from skinage.stains import optical_density
from skinage.tiling.tissue import GLASS_LEAST, GLASS_SPREAD, LEAST_GLASS, ink_mask, tissue_mask

FINEST_MPP, COARSEST_MPP = 1.0, 4.0
"""Finer pictures are reduced to the first; nothing can be told from pictures coarser than the
second."""
MPP_TOLERANCE = 1.01
COARSE_MPP = 8.0
EDGE_UM = 16.0
"""So far the outline of the coarse mask of tissue may be off."""
GAP_UM = 14.0
"""Half the width of what counts as tissue between two strands at its edge: a cell of horn."""
WALL_FAINT, WALL_NEAR_UM = 0.012, 12.0
"""So much denser than its surroundings is the wall of a fat cell."""
WALL_GAP_UM, CELL_UM2 = 4.0, 10_000.0
"""Half the width of a break in such a wall, and the largest such cell."""
FAINT = 0.05
"""Optical density, green, of what is no glass."""

Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]


@dataclass(frozen=True)
class Section:
    """A section at 1 um/px, or at its own scale if that is coarser.

    Attributes
    ----------
    mpp
        um per px.
    density
        ``(h, w, 3)`` optical density beyond that of the glass.
    tissue
        ``(h, w)`` bool: everything within the outline of the pieces, gaps and fat cells too.
    marked
        ``(h, w)`` bool: pen and unscanned parts.
    haematoxylin, eosin
        ``(h, w)`` amount of stain: 1 is a typical dense nucleus, and typical dense collagen, of
        this section.
    stain
        How the two were told apart.
    """

    mpp: float
    density: Plane
    tissue: Mask
    marked: Mask
    haematoxylin: Plane
    eosin: Plane
    stain: SectionStain

    @classmethod
    def of(cls, pixels: NDArray[np.uint8], mpp: float) -> Self:
        """Divide a picture into amounts of haematoxylin and eosin.

        Stain vectors and strengths are estimated from the section itself, so that scanner, fading
        and staining batch do not move what is said in units of them.

        Parameters
        ----------
        pixels
            ``(h, w, 3)`` uint8 RGB.
        mpp
            um per px; a finer picture than 1 um/px is reduced to 1 um/px.

        Returns
        -------
        Section
            With arrays of the reduced size.

        Raises
        ------
        SettingError
            If the pixels are no RGB picture, or mpp is not between 0 and 4.
        """
        _check(pixels, mpp)
        if mpp * MPP_TOLERANCE < FINEST_MPP:
            pixels, mpp = resized(pixels, mpp / FINEST_MPP), FINEST_MPP
        density = optical_density(pixels, offset=1) - _density_of_glass(pixels)
        coarse = resized(pixels, mpp / COARSE_MPP)
        marked = enlarged(ink_mask(coarse, COARSE_MPP), density.shape[:2])
        tissue = _tissue(density, enlarged(tissue_mask(coarse, COARSE_MPP), density.shape[:2]), mpp)
        stain = estimate_stain(density, tissue & ~marked, mpp)
        haematoxylin, eosin = stain.amounts(density)
        return cls(mpp, density, tissue, marked, haematoxylin, eosin, stain)


def resized(pixels: NDArray[np.uint8], factor: float) -> NDArray[np.uint8]:
    """Return a picture reduced by a factor below 1, each pixel the mean of those it covers."""
    height, width = (max(1, round(side * factor)) for side in pixels.shape[:2])
    return np.asarray(Image.fromarray(pixels).resize((width, height), Image.Resampling.BOX))


def enlarged(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Return a coarse mask in the finer shape of the same picture, without steps."""
    image = Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0)))
    return np.asarray(image.resize((shape[1], shape[0]), Image.Resampling.BILINEAR)) > 127


def _check(pixels: NDArray[np.uint8], mpp: float) -> None:
    if pixels.ndim != 3 or pixels.shape[-1] != 3 or pixels.dtype != np.uint8:
        found = f"{pixels.dtype} of shape {pixels.shape}"
        raise SettingError(f"Section.of: pixels are {found}; expected uint8 (h, w, 3) RGB.")
    if not 0 < mpp <= COARSEST_MPP * MPP_TOLERANCE:
        raise SettingError(
            f"Section.of: mpp is {mpp}; expected um per px above 0 and up to {COARSEST_MPP:g}, "
            "beyond which no layer of the skin can be told. Read the slide at a finer scale."
        )


def _density_of_glass(pixels: NDArray[np.uint8]) -> Plane:
    """Return the density of the glass per channel, (3,); 0 where a picture shows hardly any."""
    some = pixels[::4, ::4].reshape(-1, 3)
    least, most = some.min(axis=1), some.max(axis=1)
    glass = some[(least >= GLASS_LEAST) & (most - least <= GLASS_SPREAD)]
    painted = glass.min(axis=1) == 255  # white about a piece that was cut out of a slide
    if np.count_nonzero(~painted) >= LEAST_GLASS * len(some):
        glass = glass[~painted]
    if len(glass) < LEAST_GLASS * len(some):
        return np.zeros(3, np.float32)
    return optical_density(np.median(glass, axis=0).astype(np.uint8), offset=1)


def _tissue(density: Plane, coarse: Mask, mpp: float) -> Mask:
    """Follow the outline of the coarse mask to the outermost stained pixel."""
    unit_um = max(GRID_UM, mpp)
    grid = tuple(max(1, round(side * mpp / unit_um)) for side in coarse.shape)
    faint = smooth(scaled(density[..., 1], grid), 1.5, unit_um)
    rough = scaled_mask(coarse, grid)
    stained = closed(faint > FAINT, GAP_UM, unit_um)
    inner = depth_within(rough, unit_um) > EDGE_UM
    outer = distance(rough, unit_um) <= EDGE_UM
    # Walls of fat cells are too thin for the coarse mask, but they close rings.
    local = faint - smooth(faint, WALL_NEAR_UM, unit_um)  # glass may be uneven, but smoothly
    walls = closed((faint > FAINT) | (local > WALL_FAINT), WALL_GAP_UM, unit_um)
    cells = opened(without_holes(walls, CELL_UM2, unit_um), GAP_UM, unit_um)
    cells = touching(cells | inner, inner) & cells
    return enlarged(inner | (stained & outer) | cells, density.shape[:2])
