"""The applicability domain: whether a person's features lie outside of a clock's own people's."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinage.clock.learners.base import standardise

SHARE_INSIDE = 0.99
SMALLEST_SHRINKAGE = 1e-6
"""Keeps directions in which the training people never vary at a finite distance."""


@dataclass(frozen=True, eq=False)
class ApplicabilityDomain:
    """The spread of the training people's features, as a shrunk covariance matrix.

    The precision (inverse covariance) of standardised features is ``I / rest - axes.T @ axes``, so
    that no matrix of n_features squared is needed.

    Attributes
    ----------
    mean, scale
        ``(n_features,)`` that standardise.
    axes
        ``(n_axes, n_features)`` principal axes of the training people, each with its weight.
    rest
        The variance along what is orthogonal to them.
    limit
        The squared distance that 99 % of the training people do not exceed when held out.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    rest: np.ndarray
    limit: np.ndarray

    def domain_distance(self, features: np.ndarray) -> np.ndarray:
        """Return the squared Mahalanobis distance of people in parts of the limit.

        Parameters
        ----------
        features
            ``(n_people, n_features)``.

        Returns
        -------
        numpy.ndarray
            ``(n_people,)``; above 1 lies outside.
        """
        standardised = (features - self.mean) / self.scale
        inside = np.square(standardised @ self.axes.T).sum(axis=1)
        return (np.square(standardised).sum(axis=1) / self.rest - inside) / self.limit


def fit_domain(features: np.ndarray, fold: np.ndarray) -> ApplicabilityDomain:
    """Compute the applicability domain of training people.

    The covariance is shrunk as by Ledoit and Wolf (2004, J Multivariate Anal 88:365), equal to
    ``sklearn.covariance.LedoitWolf`` of the standardised features.

    Parameters
    ----------
    features
        ``(n_people, n_features)``.
    fold
        Inner folds, from which the limit comes: a person is always nearer to a spread that was
        computed from that person too.
    """
    distances = np.empty(len(features))
    for one in np.unique(fold):
        held_out = fold == one
        spread = _spread(features[~held_out], 1.0)
        distances[held_out] = spread.domain_distance(features[held_out])
    return _spread(features, float(np.quantile(distances, SHARE_INSIDE)))


def _spread(features: np.ndarray, limit: float) -> ApplicabilityDomain:
    from sklearn.covariance import ledoit_wolf_shrinkage

    mean, scale = standardise(features)
    standardised = (features - mean) / scale
    shrinkage = ledoit_wolf_shrinkage(standardised, assume_centered=True)
    shrinkage = np.clip(shrinkage, SMALLEST_SHRINKAGE, 1)
    _, lengths, axes = np.linalg.svd(standardised, full_matrices=False)
    rest = shrinkage * np.square(standardised).mean()
    variance = (1 - shrinkage) * lengths**2 / len(features) + rest
    axes = axes * np.sqrt(np.maximum(1 / rest - 1 / variance, 0))[:, None]
    return ApplicabilityDomain(mean, scale, axes, np.asarray(rest), np.asarray(limit))


def reasons_outside(
    table: pd.DataFrame, domain_distance: pd.Series, known_years: tuple[float, float]
) -> list[str]:
    """Return in words why each person lies outside of what the clock was fitted on.

    Parameters
    ----------
    table
        ``predicted_years`` and, if known, ``age_years``.
    domain_distance
        Distances as of `ApplicabilityDomain`, in the order of the table.
    known_years
        The youngest and the oldest age the clock was fitted on.

    Returns
    -------
    list of str
        One per row; blank for people inside.
    """
    youngest, oldest = known_years
    ages = {"age": table.get("age_years"), "predicted age": table["predicted_years"]}
    reasons: list[list[str]] = [[] for _ in range(len(table))]
    for what, column in ages.items():
        for own, value in zip(reasons, () if column is None else column, strict=False):
            if value < youngest or value > oldest:
                own.append(f"{what} {value:.0f} is not within {youngest:.0f} to {oldest:.0f} years")
    for own, times in zip(reasons, domain_distance, strict=True):
        if times > 1:
            own.append(f"features {times:.1f} times as far out as 99 % of its own people")
    return ["; ".join(own) for own in reasons]
