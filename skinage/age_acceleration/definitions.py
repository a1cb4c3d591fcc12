"""Definitions of age acceleration: the predicted age that is expected at an age, and beyond it.

Each rule takes training people and the people asked for, both with ``age_years``,
``predicted_years``, ``male`` (1, 0, or missing where the sex is unknown), ``male_centred`` (less
its mean in training people, 0 where the sex is unknown) and columns that begin with ``ADJUSTED``:
further regressors, centred too. It returns a number per person asked for.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from skinage.age_acceleration.curves import lowess_curve
from skinage.clock.age_terms import age_terms
from skinage.errors import StageError
from skinage.evaluation.corrected import RAW_GAP

Rule: TypeAlias = Callable[[pd.DataFrame, pd.DataFrame], pd.Series]

COLE = "(predicted age - intercept) / slope - age (Cole)"
"""The words with which Cole's definition begins; its years are not shrunken by the slope."""
LEAST_SLOPE = 0.1
"""Years of predicted age per year of age; a flatter line is not divided by."""
LEAST_SD = 0.25
"""The smallest SD at one age, as a fraction of the SD of all residuals."""
LEAST_OF_A_SEX = 20
"""The fewest people of a sex that a curve of their own is fitted to."""
ADJUSTED = "adjusted: "
CENTILES = np.arange(5, 100, 5)


def fit_line(training: pd.DataFrame) -> np.ndarray:
    """Fit predicted age on age, sex and adjustments; return intercept, slope, years of men, ..."""
    return _coefficients(_line_terms(training), training)


def gap(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract age from predicted age."""
    return asked["predicted_years"] - asked["age_years"]


def linear(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract the line of predicted age on age.

    Beheshti et al. subtract from the gap its own line on age. As the gap is predicted age minus
    age, that line is this one with a slope smaller by 1, and the residual is the same.
    """
    return asked["predicted_years"] - _line_terms(asked) @ fit_line(training)


def spline(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract a restricted cubic spline of age, 4 knots, for each sex of enough people."""
    coefficients = _coefficients(_spline_terms(training, training), training)
    return asked["predicted_years"] - _spline_terms(training, asked) @ coefficients


def lowess(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract a LOWESS curve of age, then the curve that is left within each sex."""
    # Sex and adjustments first, by the line: else the curve bends to the majority at each age.
    beside_age = fit_line(training)[2:]
    known, found = (
        one["predicted_years"] - _line_terms(one)[:, 2:] @ beside_age for one in (training, asked)
    )
    curve = lowess_curve(training["age_years"], known)
    left, found = known - curve(training["age_years"]), found - curve(asked["age_years"])
    for male in (0.0, 1.0):
        own, same = training["male"] == male, asked["male"] == male
        if own.sum() >= LEAST_OF_A_SEX and same.any():
            found[same] -= lowess_curve(training["age_years"][own], left[own])(
                asked["age_years"][same]
            )
        elif own.any():
            found[same] -= left[own].mean()
    return found


def cole(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Solve the line for age: (predicted age - intercept) / slope - age."""
    slope = fit_line(training)[1]
    if slope < LEAST_SLOPE:
        raise StageError(
            f"acceleration: predicted age rises by {slope:.2f} years per year of age. The "
            f"definition 'cole' divides by this slope, which needs {LEAST_SLOPE} or more: below, "
            "errors of the clock grow more than tenfold, or change their sign. Use 'linear', and "
            "find out why predicted age hardly depends on age."
        )
    return linear(training, asked) / slope


def ratio(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Divide predicted age by the predicted age that the line expects."""
    expected = _line_terms(asked) @ fit_line(training)
    if (expected <= 0).any():
        raise StageError(
            f"acceleration: the line expects a predicted age of {expected.min():.1f} years for "
            f"{(expected <= 0).sum()} people; a ratio needs more than 0. Use 'linear'."
        )
    return asked["predicted_years"] / expected


def zscore(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Divide the linear residual by its SD at that age, by Altman's absolute residuals."""
    left = linear(training, training)
    size_slope, size = np.polyfit(training["age_years"], left.abs(), 1)
    # The mean absolute value of a normal distribution is its SD times the root of 2 / pi.
    sd = np.sqrt(np.pi / 2) * (size + size_slope * asked["age_years"])
    least = LEAST_SD * float(left.std())
    if (sd < least).any():
        warnings.warn(
            f"acceleration: at the ages of {(sd < least).sum()} people the SD of residuals comes "
            f"out below {least:.2f} years, {LEAST_SD:.0%} of what it is over all ages; they are "
            "divided by that much.",
            stacklevel=5,
        )
    if not least > 0:
        raise StageError("acceleration: residuals do not vary, so that no SD can divide them")
    return linear(training, asked) / sd.clip(lower=least)


def centile(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Compare predicted age with centiles that are lines of age, by quantile regression."""
    from sklearn.linear_model import QuantileRegressor

    terms, own = _line_terms(training)[:, 1:], _line_terms(asked)[:, 1:]
    # Interior points reach the same lines as the simplex, in less than half of the time.
    fits = [QuantileRegressor(quantile=q / 100, alpha=0, solver="highs-ipm") for q in CENTILES]
    lines = [fit.fit(terms, training["predicted_years"]).predict(own) for fit in fits]
    # Lines can cross where people are few; sorted, they do not (Chernozhukov et al. 2010).
    limits = np.sort(np.column_stack(lines), axis=1)
    ends = np.concatenate([[2.5], CENTILES, [97.5]])
    found = [
        np.interp(value, [row[0] - 1e-9, *row, row[-1] + 1e-9], ends)
        for value, row in zip(asked["predicted_years"], limits, strict=True)
    ]
    return pd.Series(found, asked.index)


def _line_terms(people: pd.DataFrame) -> np.ndarray:
    # Centred, a sex that does not vary is a column of zeros and gets no coefficient.
    beside_age = people[["male_centred", *_adjustments(people)]]
    return np.column_stack([np.ones(len(people)), people["age_years"], beside_age]).astype(float)


def _spline_terms(training: pd.DataFrame, people: pd.DataFrame) -> np.ndarray:
    terms = age_terms(training["age_years"], people["age_years"])
    each_sex = min((training["male"] == one).sum() for one in (0, 1)) >= LEAST_OF_A_SEX
    male = people[["male_centred"]].to_numpy(float)
    beside_age = people[_adjustments(people)].to_numpy(float)
    by_sex = male * terms if each_sex else terms[:, :0]
    return np.column_stack([np.ones(len(people)), terms, male, by_sex, beside_age])


def _coefficients(terms: np.ndarray, training: pd.DataFrame) -> np.ndarray:
    return np.linalg.lstsq(terms, training["predicted_years"].to_numpy(float), rcond=None)[0]


def _adjustments(people: pd.DataFrame) -> list[str]:
    return [name for name in people if str(name).startswith(ADJUSTED)]


@dataclass(frozen=True)
class Definition:
    """A definition: its rule, its words ({} is age, sex and adjustments), and its column.

    Where the column is another one than ``acceleration_years``, that one holds the linear residual.
    """

    rule: Rule
    words: str
    column: str = "acceleration_years"


_LINEAR = Definition(linear, "residual of predicted age on {} (Beheshti's correction), line")
DEFINITIONS = {
    "linear": _LINEAR,
    "beheshti": _LINEAR,
    "gap": Definition(gap, RAW_GAP),
    "cole": Definition(cole, COLE + ", line of predicted age on {}"),
    "spline": Definition(
        spline, "residual of predicted age on {} by a restricted cubic spline for each sex,"
    ),
    "lowess": Definition(
        lowess, "residual of predicted age on {} by a LOWESS curve (fraction 0.5) for each sex,"
    ),
    "zscore": Definition(
        zscore,
        "residual of predicted age on {}, in years and (acceleration_z) divided by its SD at that "
        "age, line and SD",
        "acceleration_z",
    ),
    "centile": Definition(
        centile,
        "residual of predicted age on {} in years, and (acceleration_centile) its centile by "
        "quantile regression, lines",
        "acceleration_centile",
    ),
    "ratio": Definition(
        ratio,
        "residual of predicted age on {} in years, and (acceleration_ratio) predicted age divided "
        "by the expected one, line",
        "acceleration_ratio",
    ),
}
"""The definitions by name; "beheshti" is a second name of "linear"."""
