"""Collagen and gaps of the dermis, and the width of its bundles, on light of one sharpness.

``papillary_collagen_fraction``, ``reticular_collagen_fraction``
    Share of the dermis without nuclei, adnexa, vessels and elastosis that is stained: darker in
    green light than `SOLID` of the way from collagen to glass.
``gap_fraction``
    The rest of the reticular dermis.
``gap_um``
    Mean width of its gaps: twice their area over the length of their borders.
``bundle_um``
    Width of the bundles, from how coarse the light is: its contrast at scales of 2.8 to 4 um over
    that at 2 to 2.8 um (variances of differences of Gaussians). Both gaps and the shades of bundles
    that touch count. The um are those of drawn bundles (7 to 17 um, `skinage.phantom`, fitted on 24
    people, each under two scanners); on real skin trust differences between sections rather than
    the um as such.

The reticular dermis counts from 110 um below the junction, and from 30 um below elastosis.
"""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.dermis.fibres import fibre_measures
from skinage.explain.morphology.dermis.nuclei import COARSEST_NUCLEI_MPP
from skinage.explain.morphology.dermis.objects import grid_shape
from skinage.explain.morphology.dermis.sharpness import equal_light, light_of
from skinage.explain.morphology.layers.find_layers import GRID_UM
from skinage.explain.morphology.section.grid import Mask, Plane, scaled, smooth
from skinage.explain.morphology.segmentation import Reasons, Segmentation, Values
from skinage.explain.morphology.structures import Structure

SOLID = 0.3
"""So the share found is that drawn in the phantom on average, though narrow gaps fill with blur."""
NEARER = 12
"""Steps in which the light of collagen is found."""
SAMPLE = 200_000
BANDS_UM = (2.0, 2.8, 4.0)
BUNDLE_UM = (-9.6, 82.4)
"""Width at equal contrast in both bands, and per unit of the logarithm of their ratio."""
START_UM, BELOW_ELASTOSIS_UM, ELASTOSIS_SHARE = 110.0, 30.0, 0.98
"""The reticular dermis counts from the first; where there is elastosis, from the second below the
depth above which this share of it lies."""
LEAST_MM2, LEAST_PAPILLARY_MM2 = 0.05, 0.01
NAMES = (
    "papillary_collagen_fraction", "reticular_collagen_fraction", "gap_fraction", "gap_um",
    "bundle_um", "fibre_coherency", "orientation_entropy", "fibre_order",
)  # fmt: skip


def measure_collagen(segmentation: Segmentation) -> tuple[Values, Reasons]:
    """Measure collagen, gaps, bundles and fibres of the dermis.

    What is not shown is NaN, with a reason, as in `measure_section`.
    """
    mpp = segmentation.mpp
    values: Values = dict.fromkeys(NAMES, np.nan)
    if mpp > COARSEST_NUCLEI_MPP:
        why = f"{mpp:.3g} um per px; gaps and bundles are told up to {COARSEST_NUCLEI_MPP:g}"
        return values, dict.fromkeys(NAMES, why)
    papillary, reticular = _zones(segmentation)
    papillary_mm2, reticular_mm2 = (z.sum() * (mpp / 1000) ** 2 for z in (papillary, reticular))
    light = light_of(segmentation.section.density[..., 1])
    light, _ = equal_light(light, papillary | reticular, mpp)
    if papillary_mm2 >= LEAST_PAPILLARY_MM2:
        solid = is_solid(light, collagen_light(light, papillary))
        values["papillary_collagen_fraction"] = float(solid[papillary].mean())
    if reticular_mm2 >= LEAST_MM2:
        values |= _of_reticular(light, reticular, segmentation.below_um, mpp)
    reasons = {}
    for name, value in values.items():
        if np.isnan(value):
            mm2, part = reticular_mm2, "reticular dermis deep enough and free of elastosis"
            if name.startswith("papillary"):
                mm2, part = papillary_mm2, "papillary dermis"
            reasons[name] = f"{mm2:.2g} mm2 of {part}, or no junction"
    return values, reasons


def _of_reticular(light: Plane, within: Mask, below_um: Plane, mpp: float) -> Values:
    solid = is_solid(light, collagen_light(light, within))
    fraction = float(solid[within].mean())
    grid = grid_shape(light.shape, mpp)
    coarse, inside = scaled(light, grid), scaled(within.astype(np.float32), grid) > 0.99
    fine, wide = log_contrasts(coarse, inside, BANDS_UM, GRID_UM)
    return {
        "reticular_collagen_fraction": fraction,
        "gap_fraction": 1 - fraction,
        "gap_um": gap_width_um(solid, within, mpp),
        "bundle_um": float(BUNDLE_UM[0] + BUNDLE_UM[1] * (wide - fine)),
        **fibre_measures(coarse, inside, scaled(below_um, grid), GRID_UM),
    }


def _zones(segmentation: Segmentation) -> tuple[Mask, Mask]:
    """Return papillary and reticular dermis without nuclei and elastosis."""
    free = (segmentation.nuclei == 0) & ~segmentation.elastosis
    below_um, elastosis = segmentation.below_um, segmentation.elastosis
    start_um = START_UM
    depths_um = below_um[elastosis & np.isfinite(below_um)]
    if depths_um.size:
        deep = float(np.quantile(depths_um, ELASTOSIS_SHARE))
        start_um = max(start_um, deep + BELOW_ELASTOSIS_UM)
    papillary = free & (segmentation.structures == Structure.PAPILLARY_DERMIS)
    reticular = free & (segmentation.structures == Structure.RETICULAR_DERMIS)
    return papillary, reticular & ~(below_um < start_um)


def collagen_light(light: Plane, within: Mask) -> float:
    """Return the mean light of what is nearer to collagen than to glass (which is 1)."""
    values = light[within]
    values = values[:: max(1, values.size // SAMPLE)]
    level = float(np.median(values))
    for _ in range(NEARER):
        level = float(values[values <= (1 + level) / 2].mean())
    return level


def is_solid(light: Plane, level: float) -> Mask:
    """Return what is stained, given the light of collagen."""
    return light < level + SOLID * (1 - level)


def gap_width_um(solid: Mask, within: Mask, mpp: float) -> float:
    """Return twice the area of gaps over the length of their borders, by Crofton's formula.

    A border crosses rows and columns of pixels; its length is pi / 4 times the pixel for each
    crossing (Baddeley and Jensen 2005, Stereology for Statisticians, chapter 2).
    """
    area = int((~solid & within).sum())
    crossings = 0
    for one, other in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        crossings += int(((solid[one] != solid[other]) & within[one] & within[other]).sum())
    return float(2 * area * mpp / (np.pi / 4 * crossings)) if crossings else float("nan")


def log_contrasts(light: Plane, within: Mask, sigmas_um: Sequence[float], mpp: float) -> NDArray:
    """Return the logarithm of the variance of the light in each band between two Gaussians."""
    smoothed = [smooth(light, sigma_um, mpp) for sigma_um in sigmas_um]
    bands = [fine - coarse for fine, coarse in pairwise(smoothed)]
    return np.log([max(float(np.square(band[within]).mean()), 1e-12) for band in bands])
