"""Age acceleration: how much older the skin looks than expected at that age."""

import numpy as np
import pandas as pd

from skinage.ageing.matching import check_ages
from skinage.errors import StageError

DEFINITIONS = ("linear", "gap")


def acceleration(ages: pd.DataFrame, definition: str = "linear") -> pd.DataFrame:
    """Turn predicted ages into age acceleration.

    Parameters
    ----------
    ages
        ``person_id``, ``age_years``, ``predicted_years``, ``fold`` and, if known, ``sex``; a row
        per person.
    definition
        "gap": predicted minus actual age. It still falls with age, as predictions shrink towards
        the mean.
        "linear": residual of predicted age on age (and sex, where it varies), the line fitted on
        the people of the other folds and applied to the fold held out; the usual residual
        definition of epigenetic age acceleration, made out of fold.

    Returns
    -------
    pandas.DataFrame
        ``person_id``, ``age_years``, ``predicted_years``, ``fold``, ``acceleration_years``,
        ``definition`` (in words) and ``sex`` if known. ``attrs["correlation_with_age"]`` is what
        is left of age in it (Pearson).

    Raises
    ------
    StageError
        If the definition is unknown, a column is missing, or an age is not finite.
    """
    if definition not in DEFINITIONS:
        raise StageError(f"acceleration: no definition {definition!r}; choose from {DEFINITIONS}")
    check_ages(ages)
    columns = ["person_id", "age_years", "predicted_years", "fold"]
    table = ages[columns + ["sex"] * ("sex" in ages)].copy()
    if definition == "gap":
        table["acceleration_years"] = table["predicted_years"] - table["age_years"]
        words = "predicted minus actual age"
    else:
        table["acceleration_years"] = _residual_out_of_fold(table)
        regressors = "age and sex" if _sex_varies(table) else "age"
        words = f"residual of predicted age on {regressors}, line fitted on the other folds"
    table["definition"] = words
    table = table[[*columns, "acceleration_years", "definition", *(["sex"] * ("sex" in ages))]]
    left = np.corrcoef(table["acceleration_years"], table["age_years"])[0, 1]
    table.attrs["correlation_with_age"] = float(left)
    return table


def _residual_out_of_fold(table: pd.DataFrame) -> np.ndarray:
    """Subtract from predicted age what age (and sex) let expect, by lines of the other folds."""
    design = np.column_stack([np.ones(len(table)), table["age_years"].to_numpy(float)])
    if _sex_varies(table):
        sexes = pd.get_dummies(table["sex"].fillna("unknown"), drop_first=True)
        design = np.column_stack([design, sexes.to_numpy(float)])
    predicted, fold = table["predicted_years"].to_numpy(float), table["fold"].to_numpy()
    residual = np.empty(len(table))
    for one in np.unique(fold):
        held_out = fold == one
        line, *_ = np.linalg.lstsq(design[~held_out], predicted[~held_out], rcond=None)
        residual[held_out] = predicted[held_out] - design[held_out] @ line
    return residual


def _sex_varies(table: pd.DataFrame) -> bool:
    return "sex" in table and len(table["sex"].unique()) > 1
