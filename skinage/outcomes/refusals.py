"""Refusal of regressors that hold the predicted age beside acceleration."""

import numpy as np
import pandas as pd

from skinage.errors import StageError

MOST_EXPLAINED = 0.9
"""Adjusted R2 of acceleration on the other regressors; a variance inflation factor of 10.

Predicted age beside age reaches 0.95 to 1 with a line of the other folds, ordinary covariates 0.1.
"""
SAME = 0.999
"""Correlation above which a covariate is the predicted age under another name."""


def refuse_predicted_age(columns: pd.DataFrame, basis: list[str], table: pd.DataFrame) -> None:
    """Refuse covariates that hold the predicted age, whatever their names are.

    Parameters
    ----------
    columns
        The regressors; acceleration is the first.
    basis
        The columns of age and sex.
    table
        The people, with ``predicted_years`` if known.

    Raises
    ------
    StageError
        If age and sex, or a covariate, explain nearly all of acceleration.
    """
    others = [*columns.columns[1:].drop(basis)]
    explained = _explained(columns, basis)
    if explained > MOST_EXPLAINED:
        raise StageError(
            f"outcomes: age (and sex) explain {explained:.1%} of acceleration, so that no model "
            "can tell them apart. Use the definition 'linear', which leaves no age in it."
        )
    explained = _explained(columns, [*basis, *others])
    predicted = table.get("predicted_years", pd.Series(np.nan, table.index))
    alike = columns[others].corrwith(predicted).abs()
    if alike.max() > SAME:
        culprit, why = alike.idxmax(), f"correlates with predicted age by {alike.max():.4f}"
    elif explained > MOST_EXPLAINED:
        culprit = max(others, key=lambda name: _explained(columns, [*basis, name]))
        why = f"and the other regressors explain {explained:.1%} of acceleration"
    else:
        return
    raise StageError(
        f"outcomes: {culprit!r} {why}. Acceleration is predicted age minus the age that is "
        "expected: beside age, predicted age and its acceleration say the same, and no model can "
        f"tell the two apart. Remove the covariate {culprit!r}."
    )


def _explained(columns: pd.DataFrame, names: list[str]) -> float:
    """Return the adjusted R2 of acceleration on the named columns; 0 if people are too few."""
    n_spare = len(columns) - 1 - len(names)
    if n_spare <= 0:
        return 0.0
    others = columns[names].to_numpy(float)
    # Scaled, so that what is small in its unit is not taken for nothing.
    others = (others - others.mean(axis=0)) / others.std(axis=0)
    values = columns.iloc[:, 0].to_numpy(float) - columns.iloc[:, 0].mean()
    left = values - others @ np.linalg.lstsq(others, values, rcond=None)[0]
    unexplained = np.sum(left**2) / np.sum(values**2)
    return float(1 - unexplained * (len(columns) - 1) / n_spare)
