"""Weights with which groups of unequal size are drawn equally often."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import StageError

ROUNDS = 50


def balanced_weights(tiles: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    """Compute probabilities of tiles with which all values of every column are equally frequent.

    Raking: the values of one column after the other are made equally probable, until all are
    (Deming and Stephan, Ann Math Statist 11 (1940) 427).

    Parameters
    ----------
    tiles
        The tile table with the columns.
    columns
        Columns such as ``("person_id", "scanner", "age_years")``. Ages are grouped by decade;
        missing values are a group of their own.

    Returns
    -------
    numpy.ndarray
        ``(n_tiles,)``, sum 1. Where columns depend on each other (every old person on one scanner),
        not all can be equal; the last column named is.

    Raises
    ------
    StageError
        If a column is missing or has one value only.
    """
    groups = [codes_of(tiles, column) for column in columns]
    weights = np.full(len(tiles), 1 / len(tiles))
    for _ in range(ROUNDS):
        before = weights
        for codes, n_values in groups:
            weights = weights / (n_values * np.bincount(codes, weights, n_values))[codes]
        if np.allclose(weights, before, rtol=1e-6, atol=0):
            break
    return weights / weights.sum()


def codes_of(tiles: pd.DataFrame, column: str) -> tuple[NDArray[np.intp], int]:
    """Return the codes of a column, ``(n_tiles,)``, and the number of its values.

    Parameters
    ----------
    tiles
        The tile table with the column.
    column
        The name of the column; ``"age_years"`` is grouped by decade.
    """
    if column not in tiles:
        raise StageError(
            f"pairs: no column {column!r} to draw by; give train the cohort table that has it."
        )
    values = tiles[column] // 10 if column == "age_years" else tiles[column]
    codes, names = pd.factorize(values, use_na_sentinel=False)
    if len(names) < 2:
        raise StageError(
            f"pairs: all tiles have {column} {names[0]!r}: nothing to draw by; do without {column}."
        )
    return codes, len(names)
