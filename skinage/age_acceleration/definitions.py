"""Definitions of age acceleration: the predicted age that is expected at an age, and beyond it.

Each rule takes training people and the people asked for, both with ``age_years``,
``predicted_years``, ``male`` (1, 0, or missing where the sex is unknown), ``male_centred`` (less
its mean in training people, 0 where the sex is unknown) and columns that begin with ``ADJUSTED``:
further regressors, centred too. It returns a number per person asked for: the rules here and the
line (`line`) years, those of `not_in_years` other numbers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import pandas as pd

from skinage.age_acceleration.curves import lowess_curve
from skinage.age_acceleration.line import adjustments, coefficients, fit_line, line_terms, linear
from skinage.age_acceleration.not_in_years import centile, ratio, zscore
from skinage.clock.age_terms import age_terms
from skinage.errors import StageError
from skinage.evaluation.corrected import RAW_GAP

Rule: TypeAlias = Callable[[pd.DataFrame, pd.DataFrame], pd.Series]

COLE = "(predicted age - intercept) / slope - age (Cole)"
"""The words with which Cole's definition begins; its years are not shrunken by the slope."""
LEAST_SLOPE = 0.1
"""Years of predicted age per year of age; a flatter line is not divided by."""
LEAST_OF_A_SEX = 20
"""The fewest people of a sex that a curve of their own is fitted to."""


def gap(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract age from predicted age."""
    return asked["predicted_years"] - asked["age_years"]


def spline(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract a restricted cubic spline of age, 4 knots, for each sex of enough people."""
    found = coefficients(_spline_terms(training, training), training)
    return asked["predicted_years"] - _spline_terms(training, asked) @ found


def lowess(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract a LOWESS curve of age, then the curve that is left within each sex."""
    # Sex and adjustments first, by the line: else the curve bends to the majority at each age.
    beside_age = fit_line(training)[2:]
    known, found = (
        one["predicted_years"] - line_terms(one)[:, 2:] @ beside_age for one in (training, asked)
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


def _spline_terms(training: pd.DataFrame, people: pd.DataFrame) -> np.ndarray:
    terms = age_terms(training["age_years"], people["age_years"])
    each_sex = min((training["male"] == one).sum() for one in (0, 1)) >= LEAST_OF_A_SEX
    male = people[["male_centred"]].to_numpy(float)
    beside_age = people[adjustments(people)].to_numpy(float)
    by_sex = male * terms if each_sex else terms[:, :0]
    return np.column_stack([np.ones(len(people)), terms, male, by_sex, beside_age])


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
