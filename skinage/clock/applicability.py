"""Whether a person's features lie outside of what a clock has been fitted on."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinage.clock.learners.base import standardise

SHARE_INSIDE = 0.99
MOST_AXES = 50
PEOPLE_PER_AXIS = 5
ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class ApplicabilityDomain:
    """The spread of the training people's features: a few principal axes, and the rest.

    Attributes
    ----------
    mean, scale
        ``(n_features,)`` that standardise.
    axes
        ``(n_axes, n_features)`` principal axes, each divided by the SD along it.
    limits
        ``(2,)`` the distances that 99 % of the training people do not pass when they are left out:
        along the axes (Hotelling's T squared), and beside them (squared residual; Jackson and
        Mudholkar 1979, Technometrics 21:341).
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    limits: np.ndarray

    def domain_distance(self, features: np.ndarray) -> np.ndarray:
        """Give how far out people are, ``(n_people,)`` in parts of the limit: 1 is its edge."""
        return (_distances(self, features) / self.limits).max(axis=1)


def fit_domain(features: np.ndarray, fold: np.ndarray) -> ApplicabilityDomain:
    """Learn the spread of the features of training people.

    Parameters
    ----------
    features
        ``(n_people, n_features)``.
    fold
        Inner folds, from which the limits come: a person is always nearer to a spread that was
        learnt from them too.
    """
    distances = np.empty((len(features), 2))
    for one in np.unique(fold):
        held_out = fold == one
        distances[held_out] = _distances(_spread(features[~held_out]), features[held_out])
    # Where the axes hold everything, what lies beside them is rounding.
    limits = np.maximum(np.quantile(distances, SHARE_INSIDE, axis=0), ROUNDING * features.shape[1])
    whole = _spread(features)
    return ApplicabilityDomain(whole.mean, whole.scale, whole.axes, limits)


def _spread(features: np.ndarray) -> ApplicabilityDomain:
    mean, scale = standardise(features)
    n_axes = min(MOST_AXES, len(features) // PEOPLE_PER_AXIS, features.shape[1])
    _, lengths, axes = np.linalg.svd((features - mean) / scale, full_matrices=False)
    kept = lengths[:n_axes] > 1e-9 * lengths[0]
    sd = lengths[:n_axes][kept] / np.sqrt(len(features) - 1)
    return ApplicabilityDomain(mean, scale, axes[:n_axes][kept] / sd[:, None], np.ones(2))


def _distances(spread: ApplicabilityDomain, features: np.ndarray) -> np.ndarray:
    standardised = (features - spread.mean) / spread.scale
    along = standardised @ spread.axes.T
    length = np.square(spread.axes).sum(axis=1)  # 1 / variance along the axis
    explained = np.square(along / np.sqrt(length)).sum(axis=1)
    beside = np.square(standardised).sum(axis=1) - explained
    return np.column_stack([np.square(along).sum(axis=1), np.maximum(beside, 0)])


def reasons_outside(
    table: pd.DataFrame, domain_distance: np.ndarray, known_years: tuple[float, float]
) -> list[str]:
    """Say in words why each prediction is a guess beyond what the clock knows; blank: it is not.

    Parameters
    ----------
    table
        ``predicted_years`` and, if known, ``age_years``.
    domain_distance
        Of the features, as of `ApplicabilityDomain`.
    known_years
        The youngest and the oldest age the clock was fitted on.
    """
    youngest, oldest = known_years
    years = {"age": table.get("age_years"), "predicted age": table["predicted_years"]}
    reasons: list[list[str]] = [[] for _ in range(len(table))]
    for what, column in years.items():
        for own, value in zip(reasons, () if column is None else column, strict=False):
            if value < youngest or value > oldest:
                own.append(f"{what} {value:.0f} is not within {youngest:.0f} to {oldest:.0f} years")
    for own, times in zip(reasons, domain_distance, strict=True):
        if times > 1:
            own.append(f"features {times:.1f} times as far out as 99 % of its own people")
    return ["; ".join(own) for own in reasons]
