"""What people of an age are predicted: the mean and the spread of predicted age along age."""

from dataclasses import dataclass

import numpy as np

from skinage.clock.age_terms import age_terms

LEAST_FOR_BEND = 100
"""The fewest people of whom the line may bend and the spread may change with age."""
LEAST_WITHOUT = 0.1
"""Keeps the error of somebody finite of whose age there is nobody else."""
LEAST_SPREAD, LEAST_SPREAD_YEARS = 0.2, 1e-6
"""The spread at an age is at least such a part of its mean over people, and so many years."""


@dataclass(frozen=True, eq=False)
class AgeLine:
    """Predicted age as a function of age, and its expected absolute error.

    Attributes
    ----------
    known_years
        The ages that it was fitted on; the spread stays the same outside of them.
    n_knots
        3 knots of a restricted cubic spline, or 2 for a straight line of constant spread.
    line, spread
        Coefficients of the predicted age, and of its expected absolute distance from the line.
    least_years
        The least spread.
    """

    known_years: np.ndarray
    n_knots: int
    line: np.ndarray
    spread: np.ndarray
    least_years: float

    def mean(self, ages: np.ndarray) -> np.ndarray:
        """Compute the expected prediction at ages, years."""
        return _columns(ages, self.known_years, self.n_knots) @ self.line

    def scale(self, ages: np.ndarray) -> np.ndarray:
        """Compute the expected absolute error of the prediction at ages, years."""
        inside = ages.clip(self.known_years.min(), self.known_years.max())
        spread = _columns(inside, self.known_years, self.n_knots) @ self.spread
        return np.maximum(spread, self.least_years)


def fit_age_line(
    low: np.ndarray, high: np.ndarray, predicted: np.ndarray
) -> tuple[AgeLine, np.ndarray]:
    """Fit the line by least squares, and the spread on its absolute residuals.

    Parameters
    ----------
    low, high
        Bounds of the ages of people in years, ``(n_people,)``; the line goes by their middle.
    predicted
        Predicted ages out of fold, in years.

    Returns
    -------
    line : AgeLine
        The line of all people.
    errors : numpy.ndarray
        ``(n_people,)``, each person's absolute distance from the line fitted without the person,
        in multiples of the spread (section 5.2 of Lei, G'Sell, Rinaldo, Tibshirani and Wasserman
        2018, JASA 113:1094); of a bracket, at that end where it is larger.
    """
    middle = (low + high) / 2
    n_knots = 3 if len(middle) >= LEAST_FOR_BEND and len(np.unique(middle)) > 3 else 2
    columns = _columns(middle, middle, n_knots)
    line = np.linalg.lstsq(columns, predicted)[0]
    # The residual without the person is the residual divided by 1 - leverage.
    leverage = np.square(np.linalg.qr(columns)[0]).sum(axis=1)
    without = np.maximum(1 - leverage, LEAST_WITHOUT)
    residual = np.abs(predicted - columns @ line) / without
    mean = float(residual.mean())
    spread = np.array([mean, 0.0])
    if columns.shape[1] > 2:
        spread = np.linalg.lstsq(columns, residual)[0]
    least = max(LEAST_SPREAD * mean, LEAST_SPREAD_YEARS)
    found = AgeLine(middle, n_knots, line, spread, least)
    ends = [np.abs(predicted - found.mean(end)) / found.scale(end) for end in (low, high)]
    return found, np.maximum(*ends) / without


def _columns(ages: np.ndarray, known: np.ndarray, n_knots: int) -> np.ndarray:
    """Return a constant and the terms of a spline with these knots (2: of a straight line)."""
    return np.column_stack([np.ones(len(ages)), age_terms(known, ages, n_knots)])
