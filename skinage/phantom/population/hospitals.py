"""Hospitals, each with its own scanner, people and mortality."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

HOSPITAL_SHIFT = {"A": 0.25, "B": -0.5, "C": 0.5, "D": 0.0, "E": -0.25}
"""What a hospital adds to log hazard and log odds, and to age by its bend, when its dial is 1.

Standardised mortality then differs by a factor of .6 to 1.65; hospital A has scanner A.
"""


def hospital_shift(people: pd.DataFrame, dials: Mapping[str, float]) -> np.ndarray:
    """Return the shift of each person's hospital; 0 where the dial is."""
    if not dials["hospitals"]:
        return np.zeros(len(people))
    return dials["hospitals"] * people["hospital"].map(HOSPITAL_SHIFT).to_numpy(float)
