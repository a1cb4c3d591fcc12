"""The order of the fibres of the reticular dermis, from the structure tensor of the light.

``fibre_coherency``
    Mean over windows of 100 um of ``sqrt((Jxx - Jyy)^2 + 4 Jxy^2) / (Jxx + Jyy)``, with ``J`` the
    structure tensor averaged over the window: 1 is parallel (Bigun and Granlund 1987).
``orientation_entropy``
    Mean over the same windows of the entropy of the directions in it (18 bins, each pixel counted
    by its coherency), as a share of the entropy of no order: 0 is parallel, 1 is every direction.
``fibre_order``
    Length of the mean of ``exp(2 i a)`` over the whole reticular dermis, ``a`` the angle between
    the fibre and the surface: 1 if all fibres run the same way against the surface, 0 if any way.
"""

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.section.grid import Mask, Plane, smooth

SLOPE_UM, FIBRE_UM, SURFACE_UM = 3.0, 6.0, 60.0
"""Scales on which slopes, directions of fibres and the direction of the surface are averaged."""
WINDOW_UM = 100.0
N_BINS = 18
LEAST_SHARE = 0.5
"""Of a window, to count."""

Tensor = tuple[Plane, Plane, Plane]


def fibre_measures(light: Plane, within: Mask, below_um: Plane, unit_um: float) -> dict[str, float]:
    """Measure the order of fibres.

    Parameters
    ----------
    light
        ``(h, w)``, on a grid of about 2 um.
    within
        ``(h, w)`` bool: reticular dermis without nuclei, adnexa and vessels.
    below_um
        ``(h, w)`` um below the junction, or NaN.
    unit_um
        um per px.

    Returns
    -------
    dict
        fibre_coherency and orientation_entropy, NaN without a whole window; fibre_order, NaN
        without a junction.
    """
    tensor = _tensor(smooth(light, SLOPE_UM, unit_um), within, unit_um)
    local = tuple(smooth(part, FIBRE_UM, unit_um) for part in tensor)
    xx, yy, xy = local
    angle = 0.5 * np.arctan2(2 * xy, xx - yy)  # across the fibre
    coherency = _coherency(*local)
    surface = _direction_of_depth(below_um, unit_um)
    turned = np.exp(2j * (angle - surface))[within & np.isfinite(surface)]
    order = float(abs(turned.mean())) if turned.size else float("nan")
    side = max(1, round(WINDOW_UM / unit_um))
    counts = _windows(within.astype(np.float32), side)
    full = counts >= LEAST_SHARE
    if not full.any():
        return {"fibre_coherency": np.nan, "orientation_entropy": np.nan, "fibre_order": order}
    per_window = _coherency(*(_windows(part, side) for part in tensor))
    return {
        "fibre_coherency": float(per_window[full].mean()),
        "orientation_entropy": float(_entropy(angle, coherency * within, side)[full].mean()),
        "fibre_order": order,
    }


def _tensor(light: Plane, within: Mask, unit_um: float) -> Tensor:
    down, across = np.gradient(light, unit_um)
    return across**2 * within, down**2 * within, down * across * within


def _coherency(xx: Plane, yy: Plane, xy: Plane) -> Plane:
    return np.hypot(xx - yy, 2 * xy) / np.maximum(xx + yy, np.float32(1e-12))


def _direction_of_depth(below_um: Plane, unit_um: float) -> Plane:
    """Return the angle at which depth grows, from the columns towards the rows."""
    down, across = np.gradient(smooth(below_um, SURFACE_UM, unit_um))
    return np.arctan2(down, across)


def _windows(plane: Plane, side: int) -> Plane:
    """Average over squares; what is left at the edge is cut off."""
    height, width = (n // side * side for n in plane.shape)
    cut = plane[:height, :width].reshape(height // side, side, width // side, side)
    return cut.mean(axis=(1, 3))


def _entropy(angle: Plane, weight: Plane, side: int) -> NDArray[np.float64]:
    bins = np.floor((angle / np.pi % 1) * N_BINS).astype(int) % N_BINS
    shares = np.stack([_windows(weight * (bins == k), side) for k in range(N_BINS)])
    shares /= np.maximum(shares.sum(axis=0), 1e-12)
    return -(shares * np.log(np.maximum(shares, 1e-12))).sum(axis=0) / np.log(N_BINS)
