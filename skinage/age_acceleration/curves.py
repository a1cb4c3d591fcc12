"""A LOWESS curve that can be applied to other people than those it was fitted to."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from skinage.errors import StageError

LOWESS_FRACTION = 0.5
"""The fraction of people, nearest in age, that each point of the curve is fitted to."""


def lowess_curve(ages_years: pd.Series, predicted: pd.Series) -> Callable[[pd.Series], np.ndarray]:
    """Fit a LOWESS curve; beyond the ages it was fitted to, it continues as a straight line."""
    from statsmodels.nonparametric.smoothers_lowess import lowess as statsmodels_lowess

    age = ages_years.to_numpy(float)
    commonest = ages_years.value_counts()
    if commonest.iloc[0] >= np.floor(LOWESS_FRACTION * len(age)):
        raise StageError(
            f"acceleration: {commonest.iloc[0]} of {len(age)} people have the same age, "
            f"{commonest.index[0]:g}: a LOWESS curve cannot be fitted. Use 'linear'."
        )
    delta = 0.01 * np.ptp(age)
    drawn = statsmodels_lowess(predicted, age, frac=LOWESS_FRACTION, delta=delta)
    knots, first = np.unique(drawn[:, 0], return_index=True)
    values = drawn[first, 1]
    # The outer tenth sets the slope: the last two knots alone may lie very close.
    n_outer = max(2, len(knots) // 10)
    low_slope = np.polyfit(knots[:n_outer], values[:n_outer], 1)[0]
    high_slope = np.polyfit(knots[-n_outer:], values[-n_outer:], 1)[0]

    def curve(ages: pd.Series) -> np.ndarray:
        years = ages.to_numpy(float)
        below, above = np.minimum(years - knots[0], 0), np.maximum(years - knots[-1], 0)
        return np.interp(years, knots, values) + low_slope * below + high_slope * above

    return curve
