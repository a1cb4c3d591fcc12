"""Measures of nuclei in epidermis and dermis, outside adnexa and vessels.

``epidermal_nuclei_per_mm2``, ``dermal_nuclei_per_mm2``
    Nuclei with their middle in the viable epidermis, or in the dermis, per mm2 of it.
``*_nucleus_um2``, ``*_nucleus_roundness``, ``*_nucleus_haematoxylin``
    Medians of area, of width over length, and of stain (1 is a typical nucleus of the section, so
    that the difference between the layers counts).
``spindle_nuclei_per_mm2``
    Fibroblasts: nuclei of the dermis narrower than `SPINDLE` of their length.
``dark_nuclei_fraction``
    Share of these, of at least `WHOLE_UM2`, with more than `DARK` times their median stain.
"""

import numpy as np
import pandas as pd

from skinage.explain.morphology.dermis.nuclei import COARSEST_NUCLEI_MPP, describe_nuclei
from skinage.explain.morphology.segmentation import Reasons, Segmentation, Values
from skinage.explain.morphology.structures import DERMIS, Structure

SPINDLE, WHOLE_UM2, DARK = 0.65, 20.0, 1.15
LEAST_MM2 = 0.01
"""Of a layer, to speak of its nuclei."""
LEAST_NUCLEI = 20
"""For a median, or for a share of them."""
PARTS = {"epidermal": (Structure.EPIDERMIS,), "dermal": DERMIS}
OF_EACH = {"um2": "area_um2", "roundness": "roundness", "haematoxylin": "haematoxylin"}


def measure_nuclei(segmentation: Segmentation) -> tuple[Values, Reasons]:
    """Measure the nuclei of a section.

    What is not shown is NaN, with a reason, as in `measure_section`.
    """
    mpp = segmentation.mpp
    table = describe_nuclei(segmentation.nuclei, segmentation.section.haematoxylin, mpp)
    at = table["row"].round().astype(int), table["col"].round().astype(int)
    place = segmentation.structures[at]
    values: Values = {}
    reasons: Reasons = {}
    for part, structures in PARTS.items():
        mm2 = np.isin(segmentation.structures, structures).sum() * (mpp / 1000) ** 2
        found = _of_part(table[np.isin(place, structures)], part, float(mm2), mpp)
        values |= found
        if mpp > COARSEST_NUCLEI_MPP:
            why = f"{mpp:.3g} um per px; nuclei are told up to {COARSEST_NUCLEI_MPP:g}"
        elif mm2 < LEAST_MM2:
            why = f"{mm2:.2g} mm2 of {part.removesuffix('al')}is; expected {LEAST_MM2:g}"
        else:
            why = f"fewer than {LEAST_NUCLEI} nuclei"
        reasons |= {name: why for name, value in found.items() if np.isnan(value)}
    return values, reasons


def _of_part(table: pd.DataFrame, part: str, mm2: float, mpp: float) -> Values:
    shown = mm2 >= LEAST_MM2 and mpp <= COARSEST_NUCLEI_MPP
    per_mm2 = 1 / mm2 if shown else np.nan
    enough = shown and len(table) >= LEAST_NUCLEI
    values = {f"{part}_nuclei_per_mm2": len(table) * per_mm2}
    for name, column in OF_EACH.items():
        values[f"{part}_nucleus_{name}"] = float(table[column].median()) if enough else np.nan
    if part == "dermal":
        spindle = table["roundness"] < SPINDLE
        values["spindle_nuclei_per_mm2"] = int(spindle.sum()) * per_mm2
        values["dark_nuclei_fraction"] = _dark_fraction(table[spindle], shown)
    return values


def _dark_fraction(spindles: pd.DataFrame, shown: bool) -> float:
    stain = spindles["haematoxylin"][spindles["area_um2"] >= WHOLE_UM2]
    if not shown or len(stain) < LEAST_NUCLEI:
        return np.nan
    return float((stain > DARK * stain.median()).mean())
