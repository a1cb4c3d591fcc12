"""How many decades of ageing each effect has seen: attained age, under the dials.

``u = age + d`` is the attained age, ``t = max(0, u - 20) / 10`` decades. An effect has a dial k
that replaces t by ``3 + k (t - 3)``: at 0 everybody has the tissue of a fifty-year-old, 1 is the
stated law, 2 twice as steep. Further dials:

- ``compartments``, ``skin_disease``: d is that of the effect's compartment;
- ``saturation``: years of u beyond 55 count only 1 - k; ``threshold``: years before 45 count only
  1 - k, so both leave the years between as they are;
- ``sex_slope``: the dial of every effect is multiplied by 1 + k/2 in men, 1 - k/2 in women.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.dials import COMPARTMENT_OF

THRESHOLD_YEARS, SATURATION_YEARS = 45.0, 55.0


def decades_of(visits: pd.DataFrame, dials: Mapping[str, float]) -> dict[str, np.ndarray]:
    """Return the decades by effect.

    Parameters
    ----------
    visits
        A row per biopsy: age_years, sex, acceleration_years, and acceleration_*_years of the
        compartments where they differ.
    dials
        A number for each effect; other dials are 0 if they are absent.

    Returns
    -------
    dict
        By effect, ``(n,)`` decades from the age of 20.
    """
    k = dials.get("sex_slope", 0.0) / 2
    by_sex = 1 + k * np.where(visits["sex"] == "M", 1, -1)
    found = {}
    for effect, compartment in COMPARTMENT_OF.items():
        own = f"acceleration_{compartment}_years"
        d = visits[own if own in visits else "acceleration_years"]
        counted = _counted_years((visits["age_years"] + d).to_numpy(), dials)
        decades = np.maximum(0, counted - 20) / 10
        found[effect] = 3 + dials[effect] * by_sex * (decades - 3)
    return found


def _counted_years(attained: np.ndarray, dials: Mapping[str, float]) -> np.ndarray:
    lost = dials.get("saturation", 0.0) * np.maximum(0, attained - SATURATION_YEARS)
    return attained - lost + dials.get("threshold", 0.0) * np.maximum(0, THRESHOLD_YEARS - attained)
