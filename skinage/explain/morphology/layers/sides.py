"""Which side of the epidermis is the surface and which the dermis."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skinage.explain.morphology.layers.epidermis import MOST_HORN_UM
from skinage.explain.morphology.section.grid import (
    Mask,
    depth_within,
    gradient,
    scaled,
    smooth,
    touching,
    without_small,
)

COARSE_UM, RIDGE_UM, BAND_UM, PIECE_UM = 8.0, 50.0, 100.0, 150.0
"""The grid on which directions are found, how far ridges are levelled for it, and how far
directions are averaged along the band and over the piece."""
PIT_UM2 = 3_000.0
LEAST_FACING = 0.5
"""Cosine between the outline's direction and that of the band, above which it is surface."""


@dataclass(frozen=True)
class Sides:
    """The two sides of an epidermis.

    Attributes
    ----------
    outward
        ``(2, h, w)`` unit vector (down, across) from the dermis to the surface.
    surface
        ``(h, w)`` bool: the outermost pixels of the tissue that face away from the dermis.
    horn, dermis
        ``(h, w)`` bool: tissue on the one side and on the other.
    """

    outward: NDArray[np.float32]
    surface: Mask
    horn: Mask
    dermis: Mask

    def of(self, epidermis: Mask, smaller: Mask) -> "Sides":
        """Return the sides of a smaller epidermis: what it lost at its top is horn."""
        lost = epidermis & ~smaller
        horn = (
            self.horn | touching(self.horn | self.surface | lost, self.horn | self.surface) & lost
        )
        return replace(self, horn=horn, dermis=self.dermis | lost & ~horn)


def find_surface(epidermis: Mask, tissue: Mask, unit_um: float) -> tuple[NDArray[np.float32], Mask]:
    """Find which way is out of the skin, and the outline of the tissue that faces this way.

    The direction of the upper part of the epidermis, without ridges and hair, is found by the
    structure tensor of its mask, and turned towards the glass.

    Parameters
    ----------
    epidermis, tissue
        ``(h, w)`` bool.
    unit_um
        um per px.

    Returns
    -------
    outward : numpy.ndarray
        ``(2, h, w)`` unit vectors, down and across.
    surface : numpy.ndarray
        ``(h, w)`` bool.
    """
    depth = depth_within(tissue, unit_um)
    upper = epidermis & (depth <= np.median(depth[epidermis]))
    outward = _outward(upper, tissue, unit_um)
    away, (rows, cols) = ndimage.distance_transform_edt(~upper, return_indices=True)
    slope = -gradient(smooth(tissue.astype(np.float32), 6, unit_um))
    facing = (slope * outward[:, rows, cols]).sum(axis=0) > LEAST_FACING * np.hypot(*slope)
    rim = tissue & ~ndimage.binary_erosion(tissue, border_value=1)
    return outward, rim & facing & (away * unit_um < MOST_HORN_UM)


def find_sides(
    epidermis: Mask, tissue: Mask, outward: NDArray[np.float32], surface: Mask, *, unit_um: float
) -> Sides:
    """Divide the tissue about an epidermis into horn and dermis.

    Horn is what lies outward from the epidermis next to it, as far as it hangs together with the
    surface.

    Parameters
    ----------
    epidermis, tissue, surface
        ``(h, w)`` bool.
    outward
        ``(2, h, w)``, from `find_surface`.
    unit_um
        um per px.

    Returns
    -------
    Sides
        All on the same grid.
    """
    away, (rows, cols) = ndimage.distance_transform_edt(~epidermis, return_indices=True)
    there = outward[:, rows, cols]  # beyond the ends of a band directions mean nothing
    here = np.indices(tissue.shape, np.int32)
    above = (here[0] - rows) * there[0] + (here[1] - cols) * there[1] > LEAST_FACING * away
    near, outside = away * unit_um < MOST_HORN_UM, tissue & ~epidermis
    horn = touching(outside & above & near, surface)
    horn |= _pits(outside & ~horn, horn, unit_um)
    return Sides(outward, surface & (horn | epidermis), horn, outside & ~horn)


def _pits(below: Mask, horn: Mask, unit_um: float) -> Mask:
    """Return small parts of the other side that lie at the horn: dents in the epidermis."""
    small = below & ~without_small(below, PIT_UM2, unit_um)
    return touching(small | horn, horn) & small


def _outward(band: Mask, tissue: Mask, unit_um: float) -> NDArray[np.float32]:
    shape = band.shape
    coarse = [max(2, round(side * unit_um / COARSE_UM)) for side in shape]
    part, whole = (scaled(mask.astype(np.float32), tuple(coarse)) for mask in (band, tissue))
    down, across = gradient(smooth(part, RIDGE_UM, COARSE_UM))
    products = (down * down, across * across, down * across)
    dd, aa, da = (smooth(product, BAND_UM, COARSE_UM) for product in products)
    angle = np.arctan2(2 * da, dd - aa) / 2  # of the steepest direction, from "down"
    steep = np.stack([np.cos(angle), np.sin(angle)])
    fall = -gradient(smooth(whole, PIECE_UM, COARSE_UM))
    steep *= np.where((steep * fall).sum(axis=0) < 0, -1, 1)
    return np.stack([scaled(part.astype(np.float32), shape) for part in steep])
