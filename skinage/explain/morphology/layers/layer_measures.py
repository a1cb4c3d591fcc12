"""Measures of the surface, the epidermis, the junction and the thickness of the dermis.

Lengths are taken along the skin (ridges, waves and the tilt on the glass left out), so that a
crooked section is as long as a straight one.

``n_parts``, ``section_mm2``, ``surface_mm``, ``epidermis_mm2``, ``dermis_mm2``
    1; area of the tissue, length of the surface over viable epidermis, area of the viable epidermis
    and of the dermis with adnexa and vessels. 0 where there is none.
``epidermis_um``, ``epidermis_p05_um``, ``epidermis_p95_um``
    Mean thickness of the viable epidermis: its area over its length, ridges included; and the
    5th and 95th percentile over its length of the distance from junction to horn.
``corneum_um``
    Area of the stratum corneum, gaps of its basket weave included, over the length of the surface:
    0 where it is lost.
``interdigitation``
    Length of the dermo-epidermal junction over its chord (1 is flat).
``ridges_per_mm``, ``ridge_height_um``
    Rete ridges that stand out by at least 6 um from both valleys beside them, per mm along the
    skin, and how deep they reach below these valleys, on average.
``papilla_islands_per_mm``
    Islands of dermis within the epidermis per mm of the skin: a section across the ridges rather
    than along them shows papillae as islands. It says nothing of a section that is tilted about the
    other axis: all its layers are thicker by the same factor, and nothing in it shows that.
``dermis_um``
    Mean thickness of the dermis from the mean depth of the junction to the subcutis.
``sure_fraction``, ``fold_fraction``
    Share of the tissue that is neither folded, dusty nor under pen; share that lies in folds.

At 2 um/px all of them hold; between 2 and 4 um/px ridges, interdigitation, islands and horn, which
are about as fine as a pixel, are NaN.
"""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.signal import find_peaks

from skinage.explain.morphology.layers.find_layers import UNSURE_MARGIN_UM, Layers
from skinage.explain.morphology.layers.lines import Line
from skinage.explain.morphology.section.grid import distance
from skinage.explain.morphology.segmentation import Reasons, Segmentation, Values
from skinage.explain.morphology.structures import DERMIS, Structure

LEAST_SURFACE_UM, LEAST_BORDER_UM = 200.0, 200.0
"""Shorter stretches of epidermis, or of subcutis below dermis, are not measured."""
RIDGE_UM, RIDGE_GAP_UM, STEP_UM = 6.0, 40.0, 2.0
FINE_MPP = 2.02
OF_EPIDERMIS = ("epidermis_um", "epidermis_p05_um", "epidermis_p95_um")
FINE = ("corneum_um", "interdigitation", "ridges_per_mm", "ridge_height_um",
        "papilla_islands_per_mm")  # fmt: skip


def measure_layers(segmentation: Segmentation) -> tuple[Values, Reasons]:
    """Measure the layers of a section; the measures are defined in the docstring of this module.

    Parameters
    ----------
    segmentation
        What `skinage.explain.morphology.segment.segment` found.

    Returns
    -------
    values : dict
        Measures by name; NaN where the section does not show the structure.
    reasons : dict
        Why, for each measure that is NaN.
    """
    layers, mpp = segmentation.layers, segmentation.mpp
    values = _totals(segmentation)
    reasons: Reasons = {}
    unseen = dict.fromkeys((*OF_EPIDERMIS, *FINE, "dermis_um"), np.nan)
    chord_um, surface_um = (
        sum(line.chord_um for line in lines) for lines in (layers.junction, layers.surface)
    )
    shown_um = min(chord_um, surface_um)
    if shown_um < LEAST_SURFACE_UM:
        why = f"{shown_um:.0f} um of epidermis face glass, expected {LEAST_SURFACE_UM:.0f} or more"
        return values | unseen, dict.fromkeys(unseen, why)
    values |= _epidermis(layers, mpp)
    values |= _fine(layers, chord_um, mpp)
    if mpp > FINE_MPP:
        values |= dict.fromkeys(FINE, np.nan)
        reasons |= dict.fromkeys(FINE, f"{mpp:.3g} um per px are too coarse, expected 2 or finer")
    values["dermis_um"], why = _dermis(layers, values, mpp)
    return values, reasons | ({"dermis_um": why} if why else {})


def _totals(segmentation: Segmentation) -> Values:
    structures, mm2 = segmentation.structures, (segmentation.mpp / 1000) ** 2
    area = np.bincount(structures.ravel(), minlength=len(Structure)) * mm2
    tissue = float(area.sum() - area[Structure.GLASS])
    dermal = (*DERMIS, Structure.ADNEXA, Structure.VESSEL)
    folded = np.count_nonzero(segmentation.layers.folded) * mm2
    return {
        "n_parts": 1.0,
        "section_mm2": tissue,
        "surface_mm": sum(line.chord_um for line in segmentation.layers.surface) / 1000,
        "epidermis_mm2": float(area[Structure.EPIDERMIS]),
        "dermis_mm2": float(area[list(dermal)].sum()),
        "sure_fraction": segmentation.sure_fraction,
        "fold_fraction": float(folded / tissue) if tissue else 0.0,
    }


def _epidermis(layers: Layers, mpp: float) -> Values:
    depth_um = np.concatenate([line.values(layers.depth_um, mpp)[1:] for line in layers.junction])
    step_um = np.concatenate([np.diff(_onward(line)) for line in layers.junction])
    surface_um = sum(line.chord_um for line in layers.surface)
    order = np.argsort(depth_um)
    share = np.cumsum(np.abs(step_um)[order]) / np.abs(step_um).sum()
    thin, thick = np.interp([0.05, 0.95], share, depth_um[order])
    return {
        "epidermis_um": _sure_um2(layers, Structure.EPIDERMIS, mpp) / surface_um,
        "epidermis_p05_um": float(thin),
        "epidermis_p95_um": float(thick),
    }


def _fine(layers: Layers, chord_um: float, mpp: float) -> Values:
    surface_um = sum(line.chord_um for line in layers.surface)
    ridges = np.concatenate([_ridges(line, layers.depth_um, mpp) for line in layers.junction])
    epidermis = layers.structures == Structure.EPIDERMIS
    islands = ndimage.label(ndimage.binary_fill_holes(epidermis) & ~epidermis)[1]
    return {
        "corneum_um": _sure_um2(layers, Structure.CORNEUM, mpp) / surface_um,
        "interdigitation": sum(line.length_um for line in layers.junction) / chord_um,
        "ridges_per_mm": len(ridges) / chord_um * 1000,
        "ridge_height_um": float(ridges.mean()) if len(ridges) else 0.0,
        "papilla_islands_per_mm": islands / chord_um * 1000,
    }


def _sure_um2(layers: Layers, structure: Structure, mpp: float) -> float:
    """Return the area of a structure over and under the measured runs of surface and junction."""
    step = max(1, round(2 / mpp))
    structures = layers.structures[::step, ::step]
    sure = distance(structures == Structure.UNSURE, step * mpp) > UNSURE_MARGIN_UM
    return float(np.count_nonzero((structures == structure) & sure) * (step * mpp) ** 2)


def _onward(line: Line) -> NDArray[np.float64]:
    """Return um along the skin from the start of a line, whichever way it runs."""
    return (line.along_um - line.along_um[0]) * np.sign(line.along_um[-1] - line.along_um[0])


def _ridges(line: Line, depth_um: NDArray[np.float32], mpp: float) -> NDArray[np.float64]:
    """Return how far each ridge of a run of the junction stands out from its valleys, um."""
    onward = _onward(line)
    places = np.arange(0, onward[-1], STEP_UM)
    # Where a ridge overhangs, the deepest point counts.
    profile = np.zeros(len(places))
    at = np.clip((onward / STEP_UM).astype(int), 0, len(places) - 1)
    np.maximum.at(profile, at, line.values(depth_um, mpp))
    known = profile > 0
    profile = np.interp(places, places[known], profile[known])
    smooth = ndimage.gaussian_filter1d(profile, 2)
    found = find_peaks(smooth, prominence=RIDGE_UM, distance=RIDGE_GAP_UM / STEP_UM)[1]
    return found["prominences"]


def _dermis(layers: Layers, values: Values, mpp: float) -> tuple[float, str]:
    step = max(1, round(4 / mpp))
    unit_um = step * mpp
    structures, below_um = layers.structures[::step, ::step], layers.below_um[::step, ::step]
    fat, dermis = structures == Structure.SUBCUTIS, np.isin(structures, DERMIS)
    if not fat.any():
        return np.nan, "no subcutis is shown"
    down, across = np.gradient(ndimage.gaussian_filter(below_um, 8))
    length = np.maximum(np.hypot(down, across), 1e-6)
    rows, cols = np.nonzero(fat & ndimage.binary_dilation(dermis))
    up = [np.rint(at - 3 * (slope / length)[rows, cols]).astype(int) for at, slope in
          ((rows, down), (cols, across))]  # fmt: skip
    up = [np.clip(at, 0, n - 1) for at, n in zip(up, fat.shape, strict=True)]
    facing = dermis[up[0], up[1]]
    if facing.sum() * unit_um < LEAST_BORDER_UM:
        return np.nan, f"less than {LEAST_BORDER_UM:.0f} um of the border to the subcutis are shown"
    depth_um = layers.depth_um[::step, ::step][rows[facing], cols[facing]]
    return float(depth_um.mean() - values["epidermis_um"]), ""
