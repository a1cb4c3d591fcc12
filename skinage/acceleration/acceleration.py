"""Age acceleration: how much older the skin looks than expected at that age."""

import re
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd

from skinage.acceleration.definitions import DEFINITIONS
from skinage.errors import StageError
from skinage.people.known_ages import check_ages


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
    repeats = [_repeat(ages, ending) for ending in _endings(ages)]
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


def refuse_corrected(ages: pd.DataFrame) -> None:
    """Refuse predictions from which bias was taken out by the ages they are to be judged by.

    Age plus acceleration looks like a prediction but holds the actual age: its error is small
    whatever the clock can do (Butler et al., Human Brain Mapping 42:4092, 2021).

    Parameters
    ----------
    ages
        ``age_years``, ``predicted_years`` (and ``predicted_years_2`` ...); perhaps
        ``acceleration_years`` and ``definition``.

    Raises
    ------
    StageError
        If the gap equals an acceleration that is not the raw gap (within 1e-6 years), or does
        not correlate with age to numerical precision, as no clock manages by itself.
    """
    for ending in _endings(ages):
        name = f"predicted_years{ending}"
        gap = (ages[name] - ages["age_years"]).astype(float)
        correlation = pearson(gap, ages["age_years"])
        found = ""
        if {"acceleration_years", "definition"} <= set(ages):
            raw = ages["definition"].astype(str).str.startswith(DEFINITIONS["gap"].words)
            if not raw.any() and ((gap - ages["acceleration_years"]).abs() < 1e-6).all():
                found = f"it is age plus acceleration ({ages['definition'].iloc[0]})"
        if not found and abs(correlation) < 1e-9:
            found = f"its gap to age correlates with age by {correlation:.0e}"
        if found:
            raise StageError(
                f"ages: {name} is no prediction but was corrected by the actual age: {found}. "
                "Accuracy of corrected predictions says nothing about the clock, as they hold "
                "the age they should tell. Give the predictions as predict_age returns them."
            )


def _endings(ages: pd.DataFrame) -> list[str]:
    """Give what the columns of each repeat end with; the first repeat has no number."""
    found = [re.fullmatch(r"predicted_years(_\d+)", str(name)) for name in ages]
    return ["", *(match[1] for match in found if match)]


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
    check_ages(table)
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


def pearson(values: pd.Series, others: pd.Series) -> float:
    """Pearson's r; not a number where one does not vary."""
    if len(values) < 2 or np.ptp(values) == 0 or np.ptp(others) == 0:
        return float("nan")
    return float(np.corrcoef(values.astype(float), others.astype(float))[0, 1])
