"""Correlations with many measures at once, against the largest that shuffling brings about.

Of many measures one always fits best. So each correlation is compared with the largest over all
measures that chance brings about (Westfall and Young 1993, Resampling-Based Multiple Testing): the
p-values hold for the whole family of measures.

Over people, chance is a shuffle, within strata, of what the covariates leave of the measures; they
are taken out again after it, so that a shuffle spends as many degrees of freedom as the data did
(Freedman and Lane 1983, J Bus Econ Stat 1:292, to whom the measures are the response). Over tiles,
which are alike where they are near, chance is a turned sign of a whole person.
"""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

MOST_R = 0.99
"""Fisher's z of a perfect correlation is infinite."""


def familywise_correlations(
    targets: np.ndarray,
    measures: np.ndarray,
    strata: np.ndarray,
    *,
    basis: np.ndarray,
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
        ``(n, k)`` orthonormal columns that are taken out of both, the constant among them.
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
    x, y = targets - basis @ (basis.T @ targets), measures - basis @ (basis.T @ measures)
    r = _r(x, y)
    generator = np.random.default_rng(seed)
    home = np.argsort(strata, kind="stable")
    largest = np.zeros((n_shuffles, targets.shape[1]))
    for row in largest:
        shuffled = np.empty_like(y)
        shuffled[home] = y[np.lexsort((generator.random(len(y)), strata))]
        left = shuffled - basis @ (basis.T @ shuffled)
        row[:] = np.nanmax(np.abs(_r(x, left)), axis=1, initial=0.0)
    as_large = (largest[:, :, None] >= np.abs(r) - 1e-12).sum(axis=0)
    return r, np.where(np.isnan(r), np.nan, (1 + as_large) / (1 + n_shuffles))


def correlations_within(
    targets: pd.DataFrame, measures: pd.DataFrame, person: np.ndarray, least: int
) -> np.ndarray:
    """Return the rank correlations over the rows of each person who has so many at least.

    Parameters
    ----------
    targets, measures
        A row per tile, a column per target or measure; what is missing has the middle rank.
    person
        ``(n_tiles,)`` integers from 0.
    least
        Rows of a person.

    Returns
    -------
    numpy.ndarray
        ``(n_people, n_targets, n_measures)``, NaN where nothing varies.
    """
    x, y = (_ranks_within(table, person) for table in (targets, measures))
    order = np.argsort(person, kind="stable")
    rows = np.split(order, np.cumsum(np.bincount(person))[:-1])
    each = [_r(x[own], y[own]) for own in rows if len(own) >= least]
    return np.stack(each) if each else np.empty((0, x.shape[1], y.shape[1]))


def mean_correlations(
    each: np.ndarray, *, n_flips: int = 999, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean over people of their correlations, and whether they agree in sign and size.

    Mean and test are of Fisher's z. If nothing goes together within people, the z of a person may
    as well have the other sign, however alike neighbouring tiles are. All z of a person turn
    together. What is compared is the sum over people over the root of the sum of squares, as in
    Student's t, so that measures of which people hold few tiles weigh no more than others.

    Parameters
    ----------
    each
        ``(n_people, n_targets, n_measures)`` r of each person; NaN where nothing varies.
    n_flips
        Number of times that signs are drawn.
    seed
        Seed of the signs.

    Returns
    -------
    numpy.ndarray
        ``(n_targets, n_measures)`` r; NaN where nobody has one.
    numpy.ndarray
        The same shape, the p-values over the measures of a target.
    """
    known = ~np.isnan(each)
    z = np.arctanh(np.clip(np.where(known, each, 0), -MOST_R, MOST_R))
    count, size = known.sum(axis=0), np.sqrt((z**2).sum(axis=0))
    sums = z.sum(axis=0)
    r = np.tanh(np.divide(sums, count, out=np.full(sums.shape, np.nan), where=count > 0))
    scale = np.where(size > 0, size, np.inf)
    signs = np.random.default_rng(seed).choice([-1.0, 1.0], (n_flips, len(each)))
    turned = np.tensordot(signs, z, axes=1)
    largest = np.abs(turned / scale).max(axis=2, initial=0.0)
    as_large = (largest[:, :, None] >= np.abs(sums / scale) - 1e-12).sum(axis=0)
    return r, np.where(count > 0, (1 + as_large) / (1 + n_flips), np.nan)


def ranks(table: pd.DataFrame) -> np.ndarray:
    """Return the ranks of each column, 0 to 1; what is missing has the middle rank."""
    values = table.rank(pct=True)
    return values.fillna(values.median()).fillna(0.5).to_numpy(float)


def _ranks_within(table: pd.DataFrame, person: np.ndarray) -> np.ndarray:
    found = table.groupby(person).rank(pct=True)
    return (found - found.groupby(person).transform("mean")).fillna(0.0).to_numpy(float)


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


def _r(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the correlations of columns that have the mean 0; NaN where nothing is left."""
    size = np.outer(np.linalg.norm(x, axis=0), np.linalg.norm(y, axis=0))
    return np.divide(x.T @ y, size, out=np.full(size.shape, np.nan), where=size > 1e-9 * len(x))
