"""Balance: weights under which groups of unequal size are drawn equally often."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import StageError

ROUNDS = 50


def balanced_weights(tiles: pd.DataFrame, columns: Sequence[str]) -> NDArray[np.float64]:
    """Give each tile a chance, so that all values of every column are drawn equally often.

    Raking: the chances of each column's values are made equal, one column after the other, until
    all are (Deming and Stephan, Ann Math Statist 11 (1940) 427).

    Parameters
    ----------
    tiles
        The tile table with the columns.
    columns
        Such as ``("person_id", "scanner", "age_years")``; ages count by decade, missing values as
        a value of their own.

    Returns
    -------
    numpy.ndarray
        ``(n_tiles,)``, sum 1. Where columns go together (every old person on one scanner), not
        all can be equal; the last column named then is.

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
    """Turn a column into codes, ages by decade: ``(n_tiles,)`` codes, and how many values.

    Parameters
    ----------
    tiles
        The tile table with the column.
    column
        Its name.
    """
    if column not in tiles:
        raise StageError(
            f"pairs: no column {column!r} to draw by; give train the cohort table that has it."
        )
    values = tiles[column] // 10 if column == "age_years" else tiles[column]
    codes, names = pd.factorize(values, use_na_sentinel=False)
    if len(names) < 2:
        raise StageError(
            f"pairs: all tiles have {column} {names[0]!r}: nothing to draw by; leave {column} out."
        )
    return codes, len(names)
