"""Age acceleration: predicted age beyond what is expected at that age."""

import warnings

import numpy as np
import pandas as pd

from skinage.age_acceleration.definitions import DEFINITIONS, WORDS, Rule, gap, linear, zscore
from skinage.errors import SettingError, StageError
from skinage.evaluation.metrics import check_measurable, pearson


def acceleration(ages: pd.DataFrame, definition: str = "linear") -> pd.DataFrame:
    """Compute age acceleration from predicted ages.

    Parameters
    ----------
    ages
        A row per person: ``person_id``, ``age_years``, ``predicted_years``, ``fold``; if known
        ``sex`` (F, M or missing), ``age_low`` and ``age_high``; of further repeats
        ``predicted_years_2``, ``fold_2`` and so on.
    definition
        The formula. All but "gap" are fitted on the people of the other folds and applied to the
        fold held out, with sex wherever it varies.

        - "gap": predicted minus actual age. It falls with age, as predictions shrink towards the
          mean.
        - "linear": residual of predicted age on age, the usual residual definition of epigenetic
          age acceleration [1]_. "beheshti" is the same: the gap minus its own line on age [2]_.
        - "cole": (predicted age - intercept) / slope - age, of the same line [3]_; the linear
          residual in years of actual age.
        - "lowess": residual of predicted age on a LOWESS curve of age [4]_, for clocks that bend.
          Beyond the ages of the other folds the curve continues as a straight line. The line's
          difference between the sexes is subtracted before, each sex's mean residual after.
        - "zscore": the linear residual, and in ``acceleration_z`` divided by its SD at that age,
          from a line fitted to absolute residuals [5]_; at least ``LEAST_SD`` of the SD of all.

    Returns
    -------
    pandas.DataFrame
        ``person_id``, ``age_years``, ``predicted_years``, ``fold``, ``acceleration_years``,
        ``definition`` (in words), ``correlation_with_age`` (Pearson's, of all people: the age
        that is left in acceleration; the same in all rows, so that it stays with the table in a
        file) and ``sex`` if known. With repeats, predicted age and acceleration are means over
        them, ``acceleration_sd_years`` is the SD between them and ``fold`` that of the first.

    Raises
    ------
    SettingError
        If there is no such definition.
    StageError
        If the definition cannot be fitted, a column is missing, a person has several rows, or an
        age is not finite.

    References
    ----------
    .. [1] Horvath and Raj, Nature Reviews Genetics 19:371 (2018).
    .. [2] Beheshti et al., NeuroImage: Clinical 24:102063 (2019).
    .. [3] Cole et al., Molecular Psychiatry 23:1385 (2018); both compared by de Lange and Cole,
       NeuroImage: Clinical 26:102229 (2020).
    .. [4] Cleveland, J. American Statistical Association 74:829 (1979).
    .. [5] Altman, Statistics in Medicine 12:917 (1993).
    """
    if definition not in DEFINITIONS:
        raise SettingError(
            f"acceleration: no definition {definition!r}; choose from {[*DEFINITIONS]}"
        )
    repeats = _repeats(ages)
    rule = DEFINITIONS[definition]
    in_years = linear if rule is zscore else rule
    years = np.stack([_out_of_fold(repeat, in_years) for repeat in repeats])
    table = ages[["person_id", "age_years", "predicted_years", "fold"]].copy()
    table["predicted_years"] = np.mean([repeat["predicted_years"] for repeat in repeats], axis=0)
    table["acceleration_years"] = years.mean(axis=0)
    if rule is zscore:
        table["acceleration_z"] = np.mean([_out_of_fold(one, zscore) for one in repeats], axis=0)
    if len(repeats) > 1:
        table["acceleration_sd_years"] = years.std(axis=0, ddof=1)
    table["definition"] = _words(rule, ages, len(repeats))
    table["correlation_with_age"] = pearson(measured(table), table["age_years"])
    return table.assign(sex=ages["sex"]) if "sex" in ages else table


def _repeats(ages: pd.DataFrame) -> list[pd.DataFrame]:
    """Check the table; return what the definitions need of each repeat, sex as a number."""
    endings = check_measurable(ages)
    if "fold" not in ages:
        raise StageError(
            f"ages: no column fold; found {[*ages.columns]}. For a new cohort that a clock was "
            "applied to, assign folds first: ages.assign(fold=skinage.person_folds("
            "ages.set_index('person_id')['age_years']).to_numpy())"
        )
    sex = ages.get("sex", pd.Series(np.nan, ages.index))
    wrong = {*sex.dropna()} - {"F", "M"}
    if wrong:
        raise StageError(f"ages: sex must be F, M or missing, found {sorted(map(str, wrong))}")
    known = pd.DataFrame({"age_years": ages["age_years"], "male": sex.map({"M": 1.0, "F": 0.0})})
    found = [(ages[f"predicted_years{ending}"], ages[f"fold{ending}"]) for ending in endings]
    repeats = [known.assign(predicted_years=years, fold=fold) for years, fold in found]
    return [repeat.reset_index(drop=True) for repeat in repeats]


def _out_of_fold(table: pd.DataFrame, rule: Rule) -> pd.Series:
    """Apply a definition to each fold, fitted on the other folds."""
    parts = []
    for one in table["fold"].unique():
        held_out = table["fold"] == one
        male = table["male"] - table["male"][~held_out].mean()
        table["male_centred"] = male.fillna(0.0)
        training, tested = table[~held_out], table[held_out]
        unseen = ~tested["male"].dropna().isin(training["male"].unique())
        if unseen.any():
            warnings.warn(
                f"acceleration: {unseen.sum()} people of fold {one} are of a sex that no person "
                "of the other folds has; they are compared with the line of the other sex.",
                stacklevel=3,
            )
        parts.append(rule(training, tested))
    return pd.concat(parts).sort_index()


def _words(rule: Rule, ages: pd.DataFrame, n_repeats: int) -> str:
    """Return the definition in words, as a paper would state it."""
    varies = "sex" in ages and {"F", "M"} <= set(ages["sex"])
    words = WORDS[rule].format("age and sex" if varies else "age")
    words += " fitted on the other folds" * (rule is not gap)
    if {"age_low", "age_high"} <= set(ages) and (ages["age_low"] < ages["age_high"]).any():
        words += "; age is the middle of the bracket where only that is known"
    return words + f"; mean of {n_repeats} repeats" * (n_repeats > 1)


def measured(table: pd.DataFrame) -> pd.Series:
    """Return the column that the definition is about."""
    return table["acceleration_z" if "acceleration_z" in table else "acceleration_years"]
