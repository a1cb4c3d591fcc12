"""Definitions of age acceleration: the age that a predicted age is compared with.

Each takes training people and people held out, both with ``age_years``, ``predicted_years`` and
``male`` (1, 0, or missing where the sex is unknown).
"""

import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.evaluation.corrected import RAW_GAP

LOWESS_FRACTION = 0.5
"""The fraction of people, nearest in age, that each point of the curve is fitted to."""
LEAST_SLOPE = 0.1
"""Years of predicted age per year of age; a flatter line is not divided by."""
LEAST_SD = 0.25
"""The smallest SD at one age, as a fraction of the SD of all residuals."""


class Line(NamedTuple):
    """Predicted age as a straight line of age, ``per_male`` years higher for men."""

    intercept: float
    slope: float
    per_male: float
    male_proportion: float

    def residual(self, people: pd.DataFrame) -> pd.Series:
        """Subtract the line, years; unknown sex counts as the mean of the sexes."""
        expected = self.intercept + self.slope * people["age_years"] + self.due_to_sex(people)
        return people["predicted_years"] - expected

    def due_to_sex(self, people: pd.DataFrame) -> pd.Series:
        """Return the years between a person's sex and the mean of both sexes."""
        return self.per_male * (people["male"] - self.male_proportion).fillna(0.0)


def fit_line(training: pd.DataFrame) -> Line:
    """Fit predicted age on age and sex by least squares."""
    proportion = training["male"].mean()
    # Centred, a sex that does not vary is a column of zeros and gets no coefficient.
    sex = (training["male"] - proportion).fillna(0.0)
    design = np.column_stack([np.ones(len(training)), training["age_years"], sex])
    weights = np.linalg.lstsq(design, training["predicted_years"].to_numpy(float), rcond=None)[0]
    intercept, slope, per_male = map(float, weights)
    return Line(intercept, slope, per_male, float(proportion))


def gap(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Subtract age from predicted age."""
    return _in_years(held_out["predicted_years"] - held_out["age_years"])


def linear(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Subtract the line of predicted age on age.

    Beheshti et al. subtract from the gap its own line on age. As the gap is predicted age minus
    age, that line is this one with a slope smaller by 1, and the residual is the same.
    """
    return _in_years(fit_line(training).residual(held_out))


def cole(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Solve the line for age: (predicted age - intercept) / slope - age."""
    line = fit_line(training)
    if line.slope < LEAST_SLOPE:
        raise StageError(
            f"acceleration: predicted age rises by {line.slope:.2f} years per year of age. The "
            f"definition 'cole' divides by this slope, which needs {LEAST_SLOPE} or more: below, "
            "errors of the clock grow more than tenfold, or change their sign. Use 'linear', and "
            "find out why predicted age hardly depends on age."
        )
    return _in_years(line.residual(held_out) / line.slope)


def lowess(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Subtract a LOWESS curve of predicted age on age, and the difference between the sexes."""
    # Sex first, by the line: else the curve bends towards the sex of the majority at each age.
    line = fit_line(training)
    known, asked = (
        people.assign(predicted_years=people["predicted_years"] - line.due_to_sex(people))
        for people in (training, held_out)
    )
    curve = _fit_curve(known)
    left = known["predicted_years"] - curve(known["age_years"])
    residual = asked["predicted_years"] - curve(asked["age_years"])
    by_sex = left.groupby(known["male"]).mean()
    if len(by_sex) == 2:
        residual -= asked["male"].map(by_sex).fillna(left.mean())
    return _in_years(residual)


def zscore(training: pd.DataFrame, held_out: pd.DataFrame) -> pd.DataFrame:
    """Divide the linear residual by its SD at that age, by Altman's absolute residuals."""
    line = fit_line(training)
    left = line.residual(training)
    size_slope, size = np.polyfit(training["age_years"], left.abs(), 1)
    # The mean absolute value of a normal distribution is its SD times the root of 2 / pi.
    sd = np.sqrt(np.pi / 2) * (size + size_slope * held_out["age_years"])
    least = LEAST_SD * float(left.std())
    if least == 0:
        raise StageError(
            "acceleration: predicted ages lie on a line of age, so their residuals have no SD; "
            "use 'linear'"
        )
    if (sd < least).any():
        warnings.warn(
            f"acceleration: at the ages of {(sd < least).sum()} people the SD of the residuals "
            f"comes out below {least:.2f} years, {LEAST_SD:.0%} of what it is over all ages; "
            "they are divided by that much.",
            stacklevel=5,
        )
    residual = line.residual(held_out)
    return _in_years(residual).assign(acceleration_z=residual / sd.clip(lower=least))


def _fit_curve(training: pd.DataFrame) -> Callable[[pd.Series], np.ndarray]:
    """Fit a LOWESS curve; beyond the ages it was fitted to, it continues as a straight line."""
    from statsmodels.nonparametric.smoothers_lowess import lowess as statsmodels_lowess

    age = training["age_years"].to_numpy(float)
    commonest = training["age_years"].value_counts()
    if commonest.iloc[0] >= np.floor(LOWESS_FRACTION * len(age)):
        raise StageError(
            f"acceleration: {commonest.iloc[0]} of {len(age)} people have the same age, "
            f"{commonest.index[0]:g}: a LOWESS curve cannot be fitted. Use 'linear'."
        )
    drawn = statsmodels_lowess(
        training["predicted_years"], age, frac=LOWESS_FRACTION, delta=0.01 * np.ptp(age)
    )
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


def _in_years(values: pd.Series) -> pd.DataFrame:
    return values.rename("acceleration_years").to_frame()


class Definition(NamedTuple):
    """The function that computes it, and words in which ``{}`` is "age" or "age and sex"."""

    rule: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
    words: str


_LINEAR = Definition(
    linear,
    "residual of predicted age on {} (Beheshti's correction), line fitted on the other folds",
)
DEFINITIONS = {
    "linear": _LINEAR,
    "beheshti": _LINEAR,
    "gap": Definition(gap, RAW_GAP),
    "cole": Definition(
        cole,
        "(predicted age - intercept) / slope - age (Cole), line of predicted age on {} fitted on "
        "the other folds",
    ),
    "lowess": Definition(
        lowess,
        "residual of predicted age on {} by a LOWESS curve (fraction "
        f"{LOWESS_FRACTION:g}), fitted on the other folds",
    ),
    "zscore": Definition(
        zscore,
        "residual of predicted age on {}, in years and (acceleration_z) divided by its SD at that "
        "age, line and SD fitted on the other folds",
    ),
}
"""The definitions by name; "beheshti" is a second name of "linear"."""
