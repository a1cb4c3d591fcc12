"""Light of one sharpness, whatever the scanner.

Half the width of a gap between bundles is about the blur of a scanner. So gaps, bundles and fibres
are measured on light that was smoothed to a fixed sharpness: that of a rather soft scanner (a blur
of about 1.2 um). A picture softer than that stays as it is. Measured on 4 sections, each under the
phantom's five scanners (blurs of 0.45 to 0.95 um): the blurs that result lie within 4 % of their
mean.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Plane = NDArray[np.float32]

SHARPNESS_PER_UM2 = 0.65
"""Energy of the curvature over that of the slope. The phantom's scanners have 1.1 to 3.8."""
MOST_BLUR_UM = 2.0
SIDE_PX = 256
N_PARTS = 12
STEPS = 8


def light_of(density: Plane) -> Plane:
    """Return the share of light that passes, from optical density."""
    return np.exp(density * np.float32(-np.log(10)))


def equal_light(light: Plane, within: NDArray[np.bool_], mpp: float) -> tuple[Plane, float]:
    """Smooth light to `SHARPNESS_PER_UM2`.

    Parameters
    ----------
    light
        ``(h, w)`` share of light that passes.
    within
        ``(h, w)`` bool: where the sharpness is taken.
    mpp
        um per px.

    Returns
    -------
    light : numpy.ndarray
        ``(h, w)`` float32.
    blur_um : float
        The sigma it was smoothed by; 0 if it was soft enough, or nothing lies within.
    """
    parts = _parts(light, within)
    blur_um = _missing_blur_um(parts, mpp)
    if blur_um:
        light = ndimage.gaussian_filter(light, blur_um / mpp, truncate=3)
    return light, blur_um


def _parts(light: Plane, within: NDArray[np.bool_]) -> list[tuple[Plane, NDArray[np.bool_]]]:
    """Cut out the squares that hold most of the mask: enough for a ratio of energies."""
    squares = []
    for row in range(0, light.shape[0], SIDE_PX):
        for col in range(0, light.shape[1], SIDE_PX):
            part = np.s_[row : row + SIDE_PX, col : col + SIDE_PX]
            squares.append((int(within[part].sum()), row, part))
    best = sorted(squares, key=lambda square: (-square[0], square[1]))[:N_PARTS]
    return [(light[part], within[part]) for n, _, part in best if n and min(light[part].shape) > 1]


def _missing_blur_um(parts: list[tuple[Plane, NDArray[np.bool_]]], mpp: float) -> float:
    if not parts or _sharpness(parts, 0.0, mpp) <= SHARPNESS_PER_UM2:
        return 0.0
    low, high = 0.0, MOST_BLUR_UM
    for _ in range(STEPS):
        middle = (low + high) / 2
        softer = _sharpness(parts, middle, mpp) <= SHARPNESS_PER_UM2
        low, high = (low, middle) if softer else (middle, high)
    return (low + high) / 2


def _sharpness(parts: list[tuple[Plane, NDArray[np.bool_]]], blur_um: float, mpp: float) -> float:
    curvature = slope = 0.0
    for light, within in parts:
        smooth = ndimage.gaussian_filter(light, blur_um / mpp, truncate=3)
        down, across = np.gradient(smooth, mpp)
        slope += float((down**2 + across**2)[within].sum())
        curvature += float((ndimage.laplace(smooth)[within] ** 2).sum()) / mpp**4
    return curvature / slope if slope else 0.0
