"""Definitions of age acceleration: the age that a predicted age is compared with.

Each takes training people and people held out, both with ``age_years``, ``predicted_years``,
``male`` (1, 0, or missing where the sex is unknown) and ``male_centred`` (``male`` less its mean in
training people, 0 where the sex is unknown). It returns the acceleration of the people held out.
"""

import warnings
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.evaluation.corrected import RAW_GAP

Rule: TypeAlias = Callable[[pd.DataFrame, pd.DataFrame], pd.Series]

LOWESS_FRACTION = 0.5
"""The fraction of people, nearest in age, that each point of the curve is fitted to."""
LEAST_SLOPE = 0.1
"""Years of predicted age per year of age; a flatter line is not divided by."""
LEAST_SD = 0.25
"""The smallest SD at one age, as a fraction of the SD of all residuals."""


def fit_line(training: pd.DataFrame) -> np.ndarray:
    """Fit predicted age on age and sex by least squares; return intercept, slope, years of men."""
    target = training["predicted_years"].to_numpy(float)
    return np.linalg.lstsq(_regressors(training), target, rcond=None)[0]


def residual(line: np.ndarray, people: pd.DataFrame) -> pd.Series:
    """Subtract the line, years; unknown sex counts as the mean of the sexes."""
    return people["predicted_years"] - _regressors(people) @ line


def _regressors(people: pd.DataFrame) -> np.ndarray:
    # Centred, a sex that does not vary is a column of zeros and gets no coefficient.
    return np.column_stack([np.ones(len(people)), people["age_years"], people["male_centred"]])


def gap(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.Series:
    """Subtract age from predicted age."""
    return held_out["predicted_years"] - held_out["age_years"]


def linear(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.Series:
    """Subtract the line of predicted age on age.

    Beheshti et al. subtract from the gap its own line on age. As the gap is predicted age minus
    age, that line is this one with a slope smaller by 1, and the residual is the same.
    """
    return residual(fit_line(training), held_out)


def cole(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.Series:
    """Solve the line for age: (predicted age - intercept) / slope - age."""
    line = fit_line(training)
    slope = line[1]
    if slope < LEAST_SLOPE:
        raise StageError(
            f"acceleration: predicted age rises by {slope:.2f} years per year of age. The "
            f"definition 'cole' divides by this slope, which needs {LEAST_SLOPE} or more: below, "
            "errors of the clock grow more than tenfold, or change their sign. Use 'linear', and "
            "find out why predicted age hardly depends on age."
        )
    return residual(line, held_out) / slope


def lowess(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.Series:
    """Subtract a LOWESS curve of predicted age on age, and the difference between the sexes."""
    # Sex first, by the line: else the curve bends towards the sex of the majority at each age.
    per_male = fit_line(training)[2]
    both = training, held_out
    known, asked = (one["predicted_years"] - per_male * one["male_centred"] for one in both)
    curve = _fit_curve(training["age_years"], known)
    left = known - curve(training["age_years"])
    found = asked - curve(held_out["age_years"])
    by_sex = left.groupby(training["male"]).mean()
    if len(by_sex) == 2:
        found -= held_out["male"].map(by_sex).fillna(left.mean())
    return found


def zscore(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.Series:
    """Divide the linear residual by its SD at that age, by Altman's absolute residuals."""
    line = fit_line(training)
    left = residual(line, training)
    size_slope, size = np.polyfit(training["age_years"], left.abs(), 1)
    # The mean absolute value of a normal distribution is its SD times the root of 2 / pi.
    sd = np.sqrt(np.pi / 2) * (size + size_slope * held_out["age_years"])
    least = LEAST_SD * float(left.std())
    if (sd < least).any():
        warnings.warn(
            f"acceleration: at the ages of {(sd < least).sum()} people the SD of the residuals "
            f"comes out below {least:.2f} years, {LEAST_SD:.0%} of what it is over all ages; "
            "they are divided by that much.",
            stacklevel=5,
        )
    return residual(line, held_out) / sd.clip(lower=least)


def _fit_curve(ages_years: pd.Series, predicted: pd.Series) -> Callable[[pd.Series], np.ndarray]:
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


DEFINITIONS: dict[str, Rule] = {
    "linear": linear, "beheshti": linear, "gap": gap, "cole": cole, "lowess": lowess,
    "zscore": zscore,
}  # fmt: skip
"""The definitions by name; "beheshti" is a second name of "linear"."""
WORDS: dict[Rule, str] = {
    linear: "residual of predicted age on {} (Beheshti's correction), line",
    gap: RAW_GAP,
    cole: "(predicted age - intercept) / slope - age (Cole), line of predicted age on {}",
    lowess: f"residual of predicted age on {{}} by a LOWESS curve (fraction {LOWESS_FRACTION:g}),",
    zscore: "residual of predicted age on {}, in years and (acceleration_z) divided by its SD at "
    "that age, line and SD",
}
"""The definitions in words; {} is "age" or "age and sex". "fitted on the other folds" follows."""
