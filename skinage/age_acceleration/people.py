"""The tables that definitions work on: checked, with sex and adjustments as numbers."""

import warnings

import numpy as np
import pandas as pd

from skinage.age_acceleration.line import ADJUSTED
from skinage.cohort.people import refuse_people
from skinage.errors import StageError
from skinage.evaluation.metrics import check_measurable, known_bounds

LEAST_OF_A_SEX_FOR_A_LINE = 5
"""The fewest people of each sex whose difference in predicted age is fitted."""


def repeats_of(
    ages: pd.DataFrame, adjusted_for: pd.DataFrame | None, *, need_folds: bool
) -> list[pd.DataFrame]:
    """Check a table of ages; return what the definitions need of each repeat.

    Parameters
    ----------
    ages
        As for `skinage.acceleration`.
    adjusted_for
        Further regressors, index ``person_id``, or None.
    need_folds
        True if the definition is fitted on other folds of this table.

    Returns
    -------
    list of pandas.DataFrame
        For each repeat ``person_id``, ``age_years``, ``age_low``, ``age_high``, ``male`` (1, 0 or
        NaN), ``predicted_years``, ``fold`` and the adjustments, in the order of ``ages``.

    Raises
    ------
    StageError
        If a column is missing, a person has several rows of a visit, a number is not finite, a
        sex is neither F nor M, or people lack an adjustment.
    """
    if need_folds and "fold" not in ages:
        raise StageError(
            f"ages: no column fold; found {[*ages.columns]}. For people that a saved clock was "
            "applied to, give the clock as reference: acceleration(ages, reference=clock). It "
            "holds the line of the people it was fitted on."
        )
    ids = ages["person_id"].astype(str) if "person_id" in ages else None
    unique = ages
    if ids is not None and "visit" in ages:
        unique = ages.assign(person_id=ids + ", visit " + ages["visit"].astype(str))
    endings = check_measurable(unique)
    if need_folds:
        unknown = ages[[f"fold{ending}" for ending in endings]].isna().any(axis=1).to_numpy()
        refuse_people(ages, unknown, "ages", "are in no fold")
    sex = ages.get("sex", pd.Series(np.nan, ages.index))
    wrong = {*sex.dropna()} - {"F", "M"}
    if wrong:
        raise StageError(f"ages: sex must be F, M or missing, found {sorted(map(str, wrong))}")
    low, high = known_bounds(ages)
    known = pd.DataFrame({
        "person_id": ages["person_id"], "age_years": ages["age_years"].astype(float),
        "age_low": low, "age_high": high, "male": sex.map({"M": 1.0, "F": 0.0}).astype(float),
    })  # fmt: skip
    known = known.reset_index(drop=True)
    known = known.join(_adjustments(known["person_id"], adjusted_for))
    return [
        known.assign(
            predicted_years=ages[f"predicted_years{ending}"].to_numpy(float),
            fold=ages[f"fold{ending}"].to_numpy() if need_folds else 0,
        )
        for ending in endings
    ]


def _adjustments(person_id: pd.Series, adjusted_for: pd.DataFrame | None) -> pd.DataFrame:
    """Return a column of numbers per adjustment; text becomes a column per level."""
    if adjusted_for is None:
        return pd.DataFrame(index=person_id.index)
    if adjusted_for.index.has_duplicates:
        twice = [*adjusted_for.index[adjusted_for.index.duplicated()][:5]]
        raise StageError(
            f"adjusted_for: people are listed more than once, such as {twice}; expected a row per "
            "person, index person_id"
        )
    # All levels: one that nobody of the training people has is a constant there, and refused.
    numbers = pd.get_dummies(adjusted_for).astype(float)
    numbers = numbers[~adjusted_for.isna().any(axis=1)].add_prefix(ADJUSTED)
    own = (
        numbers.loc[:, numbers.max() > numbers.min()].reindex(person_id).set_index(person_id.index)
    )
    missing = ~person_id.isin(numbers.index)
    if missing.any():
        raise StageError(
            f"adjusted_for: {missing.sum()} of {len(own)} people lack a value, such as "
            f"{[*person_id[missing][:5]]}; expected a row per person, index person_id"
        )
    return own


def centred(
    training: pd.DataFrame, asked: pd.DataFrame, where: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Centre sex and adjustments by their mean in training people.

    Sex is left out where training people have fewer than `LEAST_OF_A_SEX_FOR_A_LINE` of one.

    Parameters
    ----------
    training, asked
        Tables of `repeats_of`.
    where
        Words for the people asked for, such as "fold 3", for warnings and errors.

    Raises
    ------
    StageError
        If people asked for are of a level of an adjustment that no training person has.
    """
    n_of = [int((training["male"] == one).sum()) for one in (0.0, 1.0)]
    by_sex = min(n_of) >= LEAST_OF_A_SEX_FOR_A_LINE
    for one, n_people in enumerate(n_of):
        n_asked = int((asked["male"] == one).sum())
        if n_asked and n_people < LEAST_OF_A_SEX_FOR_A_LINE and max(n_of):
            warnings.warn(
                f"acceleration: {n_asked} people of {where} are of a sex that {n_people} of the "
                f"people have whom the definition is fitted on; {LEAST_OF_A_SEX_FOR_A_LINE} are "
                "needed. Sex is left out there: they are compared with the line of everybody.",
                stacklevel=4,
            )
    names = [name for name in training if str(name).startswith(ADJUSTED)]
    for name in names:
        if (
            training[name].min() == training[name].max()
            and not asked[name].isin(training[name]).all()
        ):
            raise StageError(
                f"adjusted_for: {name.removeprefix(ADJUSTED)} varies in {where} only, so that its "
                "effect cannot be fitted on other people. Use folds that mix it, or leave it out."
            )
    means = training[["male", *names]].mean()
    first, second = (
        one.assign(
            male_centred=(one["male"] - means["male"]).fillna(0.0) * by_sex,
            **{name: one[name] - means[name] for name in names},
        )
        for one in (training, asked)
    )
    return first, second
