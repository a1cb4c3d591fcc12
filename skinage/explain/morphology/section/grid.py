"""Masks and planes of a section on a coarser grid, and shapes in um."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy import ndimage

GRID_UM = 2.0
"""Layers are found at this scale: none of them is thinner than 8 um."""
Mask = NDArray[np.bool_]
Plane = NDArray[np.float32]


def scaled(plane: Plane, shape: tuple[int, ...]) -> Plane:
    """Return a plane in another shape of the same picture: averaged, or between its pixels."""
    if plane.shape == shape:
        return plane
    coarser = shape[0] < plane.shape[0]
    way = Image.Resampling.BOX if coarser else Image.Resampling.BILINEAR
    image = Image.fromarray(np.ascontiguousarray(plane, np.float32))
    return np.asarray(image.resize((shape[1], shape[0]), way))


def scaled_mask(mask: Mask, shape: tuple[int, ...]) -> Mask:
    """Return a mask in another shape of the same picture, its outline half way."""
    return scaled(mask.astype(np.float32), shape) >= 0.5 if mask.shape != shape else mask


def distance(mask: Mask, unit_um: float) -> Plane:
    """Return um to the nearest pixel of a mask; infinite if it is empty."""
    if not mask.any():
        return np.full(mask.shape, np.inf, np.float32)
    return (ndimage.distance_transform_edt(~mask) * unit_um).astype(np.float32)


def depth_within(mask: Mask, unit_um: float) -> Plane:
    """Return um from within a mask to its outline; what lies beyond the picture is no outline."""
    if mask.all():
        return np.full(mask.shape, np.inf, np.float32)
    return (ndimage.distance_transform_edt(mask) * unit_um).astype(np.float32)


def opened(mask: Mask, radius_um: float, unit_um: float) -> Mask:
    """Return a mask without what a disk of this radius does not fit into."""
    return distance(depth_within(mask, unit_um) > radius_um, unit_um) <= radius_um


def closed(mask: Mask, radius_um: float, unit_um: float) -> Mask:
    """Return a mask with the gaps that a disk of this radius does not fit into."""
    return ~opened(~mask, radius_um, unit_um)


def touching(mask: Mask, seeds: Mask) -> Mask:
    """Return the connected parts of a mask that hold a pixel of another."""
    labels, n_found = ndimage.label(mask)
    kept = np.zeros(n_found + 1, bool)
    kept[labels[seeds]] = True
    kept[0] = False
    return kept[labels]


def without_small(mask: Mask, smallest_um2: float, unit_um: float) -> Mask:
    """Return a mask without connected parts smaller than an area."""
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel()) * unit_um**2
    sizes[0] = 0
    return (sizes >= smallest_um2)[labels]


def without_holes(mask: Mask, smallest_um2: float, unit_um: float) -> Mask:
    """Return a mask with holes filled that are smaller than an area."""
    return ~without_small(~mask, smallest_um2, unit_um)


def smooth(plane: Plane, sigma_um: float, unit_um: float) -> Plane:
    """Return a plane smoothed by a Gaussian."""
    return ndimage.gaussian_filter(plane, sigma_um / unit_um, truncate=3)


def gradient(plane: Plane) -> Plane:
    """Return the slopes of a plane down and across, ``(2, h, w)``."""
    return np.array(np.gradient(plane), np.float32)
