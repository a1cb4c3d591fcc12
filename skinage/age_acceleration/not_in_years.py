"""Definitions of age acceleration that are not in years: a ratio, a z-score and a centile."""

import warnings

import numpy as np
import pandas as pd

from skinage.age_acceleration.line import fit_line, line_terms, linear
from skinage.errors import StageError

LEAST_SD = 0.25
"""The smallest SD at one age, as a fraction of the SD of all residuals."""
CENTILES = np.arange(5, 100, 5)


def ratio(training: pd.DataFrame, asked: pd.DataFrame) -> pd.Series:
    """Divide predicted age by the predicted age that the line expects."""
    expected = line_terms(asked) @ fit_line(training)
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

    terms, own = line_terms(training)[:, 1:], line_terms(asked)[:, 1:]
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
