"""Measures of adnexa, vessels, clusters of cells and elastosis.

``adnexa_per_mm2``, ``adnexa_fraction``
    Follicles, glands and muscles: groups nearer than `GROUP_UM` count as one, per mm2 of dermis
    with adnexa and vessels, and their share of it. A section holds a few only.
``vessels_per_mm2``, ``vessel_um``
    Lumina per mm2 of the same, and the mean of their widths (the shorter axis of an ellipse with
    the same second moments); NaN without a vessel.
``inflammation_per_mm2``, ``inflammation_fraction``
    Clusters of cells: parts of the dermis of at least `CLUSTER_UM2` in which nuclei take more than
    `CROWDED` of the room, per mm2 of dermis, and their share of it; further than `CROWD_UM` from
    adnexa, whose outermost nuclei look alike. Most sections have none.
``elastosis_um``
    Thickness of the grey-blue band: the share of elastosis at each depth below the junction, added
    up over the depths of which there is enough dermis. 0 where there is none.
``elastosis_fraction``
    Share of the dermis without adnexa and vessels.
"""

import numpy as np
from scipy import ndimage

from skinage.explain.morphology.dermis.nuclear_measures import LEAST_MM2
from skinage.explain.morphology.dermis.nuclei import COARSEST_NUCLEI_MPP, describe_nuclei
from skinage.explain.morphology.dermis.objects import grid_shape
from skinage.explain.morphology.layers.find_layers import GRID_UM
from skinage.explain.morphology.section.grid import (
    Mask,
    Plane,
    closed,
    distance,
    scaled,
    scaled_mask,
    smooth,
)
from skinage.explain.morphology.segmentation import Reasons, Segmentation, Values
from skinage.explain.morphology.structures import DERMIS, Structure

GROUP_UM = 12.0
CROWD_UM, CROWDED, CLUSTER_UM2 = 12.0, 0.2, 2000.0
LEAST_ROOM = 0.3
"""Beside an organ the dermis left counts as this share at least."""
BIN_UM = 10.0
LEAST_BIN_MM2 = 0.002
"""Dermis at one depth."""
ORGANS = (Structure.ADNEXA, Structure.VESSEL)
NAMES = (
    "adnexa_per_mm2", "adnexa_fraction", "vessels_per_mm2", "vessel_um", "inflammation_per_mm2",
    "inflammation_fraction", "elastosis_um", "elastosis_fraction",
)  # fmt: skip


def measure_objects(segmentation: Segmentation) -> tuple[Values, Reasons]:
    """Measure the organs of the dermis and elastosis.

    What is not shown is NaN, with a reason, as in `measure_section`.
    """
    structures, mpp = segmentation.structures, segmentation.mpp
    dermis = np.isin(structures, DERMIS)
    unit_mm2 = (mpp / 1000) ** 2
    mm2 = float(np.isin(structures, (*DERMIS, *ORGANS)).sum() * unit_mm2)
    if mpp > COARSEST_NUCLEI_MPP or mm2 < LEAST_MM2:
        why = f"{mm2:.2g} mm2 of dermis; expected {LEAST_MM2:g}"
        if mpp > COARSEST_NUCLEI_MPP:
            why = f"{mpp:.3g} um per px; organs are told up to {COARSEST_NUCLEI_MPP:g}"
        return dict.fromkeys(NAMES, np.nan), dict.fromkeys(NAMES, why)
    adnexa, vessels = (structures == organ for organ in ORGANS)
    widths_um = _widths_um(vessels, mpp)
    clusters_um2 = _cluster_areas_um2(segmentation.nuclei > 0, dermis, adnexa, mpp)
    dermis_mm2 = max(float(dermis.sum() * unit_mm2), LEAST_MM2)
    values = {
        "adnexa_per_mm2": _n_groups(adnexa, mpp) / mm2,
        "adnexa_fraction": float(adnexa.sum() * unit_mm2 / mm2),
        "vessels_per_mm2": len(widths_um) / mm2,
        "vessel_um": float(widths_um.mean()) if len(widths_um) else np.nan,
        "inflammation_per_mm2": len(clusters_um2) / dermis_mm2,
        "inflammation_fraction": sum(clusters_um2) / 1e6 / dermis_mm2,
        "elastosis_um": _band_um(segmentation.elastosis, dermis, segmentation.below_um, unit_mm2),
        "elastosis_fraction": float(segmentation.elastosis.sum() / max(1, dermis.sum())),
    }
    may_miss = {"vessel_um": "no vessel found", "elastosis_um": "no dermo-epidermal junction found"}
    return values, {name: text for name, text in may_miss.items() if np.isnan(values[name])}


def _n_groups(adnexa: Mask, mpp: float) -> int:
    grid = grid_shape(adnexa.shape, mpp)
    margin = 1 + round(GROUP_UM / GRID_UM)
    return int(
        ndimage.label(closed(np.pad(scaled_mask(adnexa, grid), margin), GROUP_UM, GRID_UM))[1]
    )


def _widths_um(vessels: Mask, mpp: float) -> np.ndarray:
    labels = ndimage.label(vessels, structure=np.ones((3, 3)))[0].astype(np.int32)
    return describe_nuclei(labels, vessels.astype(np.float32), mpp)["width_um"].to_numpy()


def _band_um(elastosis: Mask, dermis: Mask, below_um: Plane, unit_mm2: float) -> float:
    """Add up the share of elastosis over depth."""
    within = dermis & (below_um >= 0)
    if not within.any():
        return np.nan
    depth = (below_um[within] / BIN_UM).astype(int)
    all_px = np.bincount(depth)
    grey_px = np.bincount(depth, elastosis[within])
    shares = grey_px / np.maximum(all_px, 1)
    return float(BIN_UM * shares[all_px * unit_mm2 >= LEAST_BIN_MM2].sum())


def _cluster_areas_um2(nuclei: Mask, dermis: Mask, adnexa: Mask, mpp: float) -> list[float]:
    """Return the area of each part of the dermis that is full of nuclei, um2."""
    grid = grid_shape(nuclei.shape, mpp)
    away = distance(scaled(adnexa.astype(np.float32), grid) > 0, GRID_UM) > CROWD_UM
    crowd, room = (
        smooth(scaled(mask.astype(np.float32), grid) * away, CROWD_UM, GRID_UM)
        for mask in (nuclei & dermis, dermis)
    )
    full = crowd > CROWDED * np.maximum(room, LEAST_ROOM)
    labels, _ = ndimage.label(full & scaled_mask(dermis, grid))
    areas_um2 = np.bincount(labels.ravel())[1:] * GRID_UM**2
    return [float(area) for area in areas_um2 if area >= CLUSTER_UM2]
