"""The line of predicted age on age, sex and adjustments, and the residual from it."""

import numpy as np
import pandas as pd

ADJUSTED = "adjusted: "


def fit_line(training: pd.DataFrame) -> np.ndarray:
    """Fit predicted age on age, sex and adjustments; return intercept, slope, years of men, ..."""
    return coefficients(line_terms(training), training)


def linear(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Subtract the line of predicted age on age.

    Beheshti et al. subtract from the gap its own line on age. As the gap is predicted age minus
    age, that line is this one with a slope smaller by 1, and the residual is the same.
    """
    return asked["predicted_years"] - line_terms(asked) @ fit_line(training)


def line_terms(people: pd.DataFrame) -> np.ndarray:
    """Return intercept, age, sex and adjustments, a column each."""
    # Centred, a sex that does not vary is a column of zeros and gets no coefficient.
    beside_age = people[["male_centred", *adjustments(people)]]
    return np.column_stack([np.ones(len(people)), people["age_years"], beside_age]).astype(float)


def coefficients(terms: np.ndarray, training: pd.DataFrame) -> np.ndarray:
    """Fit predicted age on terms by least squares."""
    return np.linalg.lstsq(terms, training["predicted_years"].to_numpy(float), rcond=None)[0]


def adjustments(people: pd.DataFrame) -> list[str]:
    """Return the columns of further regressors."""
    return [name for name in people if str(name).startswith(ADJUSTED)]
