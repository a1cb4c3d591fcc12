"""What people of an age are predicted: the mean and the spread of predicted age along age."""

from dataclasses import dataclass

import numpy as np

LEAST_FOR_BEND = 100
"""The fewest people of whom the line may bend and the spread may change with age."""
KNOTS = (0.1, 0.5, 0.9)
"""Quantiles of age at the knots (Harrell 2015, Regression Modeling Strategies, table 2.3)."""
LEAST_WITHOUT = 0.1
"""Keeps the error of somebody finite of whose age there is nobody else."""
LEAST_SPREAD, LEAST_SPREAD_YEARS = 0.2, 1e-6
"""The spread at an age is at least such a part of its mean over people, and so many years."""


@dataclass(frozen=True, eq=False)
class AgeLine:
    """Predicted age as a function of age, and its expected absolute error.

    Attributes
    ----------
    knots
        Three ages of a natural cubic spline; None for a straight line of constant spread.
    span
        The lowest and the highest age; the spread stays the same outside of them.
    line, spread
        Coefficients of the predicted age, and of its expected absolute distance from the line.
    least_years
        The least spread.
    """

    knots: np.ndarray | None
    span: tuple[float, float]
    line: np.ndarray
    spread: np.ndarray
    least_years: float

    def mean(self, ages: np.ndarray) -> np.ndarray:
        """Compute the expected prediction at ages, years."""
        return _columns(ages, self.knots) @ self.line

    def scale(self, ages: np.ndarray) -> np.ndarray:
        """Compute the expected absolute error of the prediction at ages, years."""
        spread = _columns(ages.clip(*self.span), self.knots) @ self.spread
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
    quantiles = np.quantile(middle, KNOTS)
    several = len(np.unique(middle)) > len(KNOTS) and (np.diff(quantiles) > 0).all()
    bent = several and len(middle) >= LEAST_FOR_BEND
    knots = quantiles if bent else None
    columns = _columns(middle, knots)
    line = np.linalg.lstsq(columns, predicted)[0]
    # The residual without the person is the residual divided by 1 - leverage.
    leverage = np.square(np.linalg.qr(columns)[0]).sum(axis=1)
    without = np.maximum(1 - leverage, LEAST_WITHOUT)
    residual = np.abs(predicted - columns @ line) / without
    mean = float(residual.mean())
    spread = np.linalg.lstsq(columns, residual)[0] if bent else np.array([mean, 0.0])
    least = max(LEAST_SPREAD * mean, LEAST_SPREAD_YEARS)
    found = AgeLine(knots, (middle.min(), middle.max()), line, spread, least)
    ends = [np.abs(predicted - found.mean(end)) / found.scale(end) for end in (low, high)]
    return found, np.maximum(*ends) / without


def _columns(ages: np.ndarray, knots: np.ndarray | None) -> np.ndarray:
    """Return a constant, age and, with three knots, the bend of a natural cubic spline."""
    columns = [np.ones(len(ages)), ages]
    if knots is not None:
        first, middle, last = (np.maximum(ages - knot, 0) ** 3 for knot in knots)
        before, after = np.diff(knots)
        whole = before + after
        columns.append((first - middle * whole / after + last * before / after) / whole**2)
    return np.column_stack(columns)
