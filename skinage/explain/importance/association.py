"""Correlations with many measures at once, against the largest that shuffling brings about.

Of many measures one always fits best. So each correlation is compared with the largest ``|r|`` over
all measures after each shuffle (Westfall and Young 1993, Resampling-Based Multiple Testing): the
p-values hold for the whole family of measures. Shuffles stay within strata. Where covariates are
taken out, they are taken out again after each shuffle, so that a shuffle spends as many degrees of
freedom as the data did (Freedman and Lane 1983, J Bus Econ Stat 1:292).
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from scipy.stats import rankdata


def familywise_correlations(
    targets: np.ndarray,
    measures: np.ndarray,
    strata: np.ndarray,
    *,
    basis: np.ndarray | None = None,
    n_shuffles: int = 999,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Correlate every target with every measure, with p-values over the family of measures.

    Parameters
    ----------
    targets, measures
        ``(n, n_targets)`` and ``(n, n_measures)``.
    strata
        ``(n,)`` integers; a measure is shuffled among rows of one stratum only.
    basis
        ``(n, k)`` orthonormal columns that are taken out of both, the constant among them. If
        None, the means of the strata are taken out, which no shuffle brings back.
    n_shuffles
        Number of shuffles.
    seed
        Seed of the shuffles.

    Returns
    -------
    numpy.ndarray
        ``(n_targets, n_measures)`` r; NaN where nothing varies.
    numpy.ndarray
        The same shape, the p-values.
    """
    take_out = _without(strata, basis)
    x, y = take_out(targets), take_out(measures)
    r = _r(x, y)
    generator = np.random.default_rng(seed)
    home = np.argsort(strata, kind="stable")
    largest = np.zeros((n_shuffles, targets.shape[1]))
    for row in largest:
        shuffled = np.empty_like(y)
        shuffled[home] = y[np.lexsort((generator.random(len(y)), strata))]
        left = shuffled if basis is None else take_out(shuffled)
        row[:] = np.nanmax(np.abs(_r(x, left)), axis=1, initial=0.0)
    as_large = (largest[:, :, None] >= np.abs(r) - 1e-12).sum(axis=0)
    return r, np.where(np.isnan(r), np.nan, (1 + as_large) / (1 + n_shuffles))


def ranks(table: pd.DataFrame) -> np.ndarray:
    """Return the ranks of each column, 0 to 1; what is missing has the middle rank."""
    values = table.rank(pct=True)
    return values.fillna(values.median()).fillna(0.5).to_numpy(float)


def covariate_basis(known: pd.DataFrame) -> np.ndarray:
    """Return orthonormal columns that span a constant, age and groups.

    Parameters
    ----------
    known
        A row per person: ``age_years``, whose rank enters with its square and cube, and further
        columns of groups, one column per value; what is missing is a value of its own.

    Returns
    -------
    numpy.ndarray
        ``(n, rank)`` float64.
    """
    age = rankdata(known["age_years"]) / len(known)
    columns = [np.ones(len(known)), age, age**2, age**3]
    for name in known.columns.drop("age_years"):
        columns += [*pd.get_dummies(known[name], dummy_na=True, dtype=float).to_numpy().T]
    left, size, _ = np.linalg.svd(np.column_stack(columns), full_matrices=False)
    return left[:, size > 1e-9 * size[0]]


def _without(strata: np.ndarray, basis: np.ndarray | None) -> Callable[[np.ndarray], np.ndarray]:
    number = np.unique(strata, return_inverse=True)[1]
    count = np.bincount(number)[:, None]

    def take_out(values: np.ndarray) -> np.ndarray:
        if basis is not None:
            return values - basis @ (basis.T @ values)
        sums = np.stack([np.bincount(number, column) for column in values.T], axis=1)
        return values - (sums / count)[number]

    return take_out


def _r(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the correlations of columns that have the mean 0; NaN where nothing is left."""
    size = np.outer(np.linalg.norm(x, axis=0), np.linalg.norm(y, axis=0))
    return np.divide(x.T @ y, size, out=np.full(size.shape, np.nan), where=size > 1e-9 * len(x))
