"""Age acceleration: how much older the skin looks than expected at that age."""

import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from skinage.age_acceleration.definitions import DEFINITIONS
from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.evaluation.metrics import pearson, repeat_endings


def acceleration(ages: pd.DataFrame, definition: str = "linear") -> pd.DataFrame:
    """Turn predicted ages into age acceleration.

    Parameters
    ----------
    ages
        A row per person: ``person_id``, ``age_years``, ``predicted_years``, ``fold``; if known
        ``sex`` (F, M or missing), ``age_low`` and ``age_high``; of further repeats
        ``predicted_years_2``, ``fold_2`` and so on.
    definition
        All but "gap" are fitted on the people of the other folds and applied to the fold held
        out, with sex wherever it varies.

        - "gap": predicted minus actual age. It still falls with age, as predictions shrink
          towards the mean.
        - "linear": residual of predicted age on age, the usual residual definition of epigenetic
          age acceleration [1]_. "beheshti" is the same: the gap minus its own line on age [2]_.
        - "cole": (predicted age - intercept) / slope - age, of the same line [3]_; the linear
          residual stretched to years of actual age.
        - "lowess": residual of predicted age on a LOWESS curve of age [4]_, for clocks that bend.
          Beyond the ages of the other folds the curve goes on straight. Sex is taken off by the
          line before, and by the mean residual of each sex after.
        - "zscore": the linear residual, and in ``acceleration_z`` divided by its SD at that age,
          a line fitted to absolute residuals [5]_; at least ``LEAST_SD`` of the SD of all.

    Returns
    -------
    pandas.DataFrame
        ``person_id``, ``age_years``, ``predicted_years``, ``fold``, ``acceleration_years``,
        ``definition`` (in words), ``correlation_with_age`` (Pearson's, of everybody: what is left
        of age; the same in all rows, so that it stays with the table in a file) and ``sex`` if
        known. With repeats, predicted age and acceleration are means over them,
        ``acceleration_sd_years`` is the SD between them and ``fold`` that of the first.

    Raises
    ------
    StageError
        If the definition is unknown or cannot be fitted, a column is missing, or an age is not
        finite.

    References
    ----------
    .. [1] Horvath, Genome Biology 14:R115 (2013).
    .. [2] Beheshti et al., NeuroImage: Clinical 24:102063 (2019).
    .. [3] Cole et al., Molecular Psychiatry 23:1385 (2018); both compared by de Lange and Cole,
       NeuroImage: Clinical 26:102229 (2020).
    .. [4] Cleveland, J. American Statistical Association 74:829 (1979).
    .. [5] Altman, Statistics in Medicine 12:917 (1993).
    """
    if definition not in DEFINITIONS:
        raise StageError(
            f"acceleration: no definition {definition!r}; choose from {[*DEFINITIONS]}"
        )
    refuse_repeated_people(ages, "ages")
    repeats = [_repeat(ages, ending) for ending in repeat_endings(ages)]
    rule = DEFINITIONS[definition].rule
    found = np.stack([_out_of_fold(repeat, rule).to_numpy() for repeat in repeats])
    table = ages[["person_id", "age_years", "predicted_years", "fold"]].copy()
    table["predicted_years"] = np.mean([repeat["predicted_years"] for repeat in repeats], axis=0)
    table["acceleration_years"] = found[..., 0].mean(axis=0)
    if definition == "zscore":
        table["acceleration_z"] = found[..., 1].mean(axis=0)
    if len(repeats) > 1:
        table["acceleration_sd_years"] = found[..., 0].std(axis=0, ddof=1)
    table["definition"] = _words(definition, ages, len(repeats))
    table["correlation_with_age"] = pearson(measured(table), table["age_years"])
    return table.assign(sex=ages["sex"]) if "sex" in ages else table


def _repeat(ages: pd.DataFrame, ending: str) -> pd.DataFrame:
    """Take one repeat out of the table, checked; sex as the number that lines can use."""
    own = {f"predicted_years{ending}": "predicted_years", f"fold{ending}": "fold"}
    needed = ["person_id", "age_years", *own]
    missing = [name for name in needed if name not in ages]
    if missing:
        advice = (
            ". Of a new cohort that a clock was applied to, deal its people first: "
            "ages.assign(fold=skinage.person_folds(ages.set_index('person_id')"
            "['age_years']).to_numpy())"
        )
        raise StageError(
            f"ages: no column {', '.join(missing)}; found {[*ages.columns]}"
            + advice * ("fold" in missing)
        )
    table = ages[needed].rename(columns=own).reset_index(drop=True)
    _check(table)
    sex = ages["sex"] if "sex" in ages else pd.Series(np.nan, ages.index)
    strange = set(sex.dropna()) - {"F", "M"}
    if strange:
        raise StageError(f"ages: sex must be F, M or missing, found {sorted(map(str, strange))}")
    table["male"] = np.where(sex.isna(), np.nan, sex == "M")
    return table


def _out_of_fold(
    table: pd.DataFrame, rule: Callable[[pd.DataFrame, pd.DataFrame], pd.DataFrame]
) -> pd.DataFrame:
    """Apply a definition to each fold, fitted on the other folds."""
    parts = []
    for one in table["fold"].unique():
        held_out = table["fold"] == one
        training, tested = table[~held_out], table[held_out]
        unseen = ~tested["male"].dropna().isin(training["male"].unique())
        if unseen.any():
            warnings.warn(
                f"acceleration: {unseen.sum()} people of fold {one} are of a sex that nobody of "
                "the other folds has; they are measured against the other sex.",
                stacklevel=3,
            )
        parts.append(rule(training, tested))
    return pd.concat(parts).sort_index()


def _words(definition: str, ages: pd.DataFrame, n_repeats: int) -> str:
    """Say what was computed, as it is to stand in a paper."""
    varies = "sex" in ages and {"F", "M"} <= set(ages["sex"])
    words = DEFINITIONS[definition].words.format("age and sex" if varies else "age")
    if {"age_low", "age_high"} <= set(ages) and (ages["age_low"] < ages["age_high"]).any():
        words += "; age is the middle of the bracket where only that is known"
    return words + f"; mean of {n_repeats} repeats" * (n_repeats > 1)


def measured(table: pd.DataFrame) -> pd.Series:
    """Give the column that the definition is about."""
    return table["acceleration_z" if "acceleration_z" in table else "acceleration_years"]


def _check(ages: pd.DataFrame) -> None:
    """Refuse ages that are not finite, and a single fold."""
    bad = ~np.isfinite(ages[["age_years", "predicted_years"]].to_numpy(float)).all(axis=1)
    if bad.any():
        named = [*ages["person_id"][bad][:5]]
        raise StageError(f"ages: {bad.sum()} people have ages that are not finite, such as {named}")
    if ages["fold"].nunique() < 2:
        raise StageError("ages: predictions out of fold need at least two folds")
