"""People and their values: a cohort has a row per slide, a clock needs a row per person."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.cohort.table import first_visits
from skinage.errors import CohortError, StageError

MIN_PEOPLE = 20
"""The fewest people a clock is fitted on."""


def by_person(cohort: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Bring a cohort (a row per slide) to a row per person.

    Where the cohort has ``visit``, a person's first visit counts: the one at the youngest age.

    Parameters
    ----------
    cohort
        A row per slide, with ``person_id``.
    columns
        The columns wanted; the cohort must have them.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``; the columns asked for. Missing values count only where a person has
        no other.

    Raises
    ------
    CohortError
        If a column is missing, or a person's rows contradict each other; it names them.
    """
    missing = [name for name in ("person_id", *columns) if name not in cohort.columns]
    if missing:
        raise CohortError(f"cohort: no column {', '.join(missing)}; found {[*cohort.columns]}")
    grouped = first_visits(cohort).groupby("person_id", observed=True)
    counts = grouped[list(columns)].nunique()
    problems = [
        f"{name} of person {person} is {[*map(str, grouped.get_group(person)[name].unique())]}"
        for name in columns
        for person in counts.index[counts[name] > 1][:5]
    ]
    if problems:
        raise CohortError(
            "cohort: rows of one person contradict each other (up to five per column are shown): "
            + "; ".join(problems)
            + ". Correct them, or name the visits in a column `visit`."
        )
    return grouped[list(columns)].first()


def match_ages(people: pd.Index, cohort: pd.DataFrame) -> pd.DataFrame:
    """Find the age (and sex) of the people who have features; warn with a count of the others.

    Parameters
    ----------
    people
        Their ``person_id``, each once.
    cohort
        With ``person_id`` and ``age_years``; where ``age_low`` is below ``age_high``, the age is
        known as that bracket only.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``, in the order of ``people``; ``age_years``, ``age_low`` and
        ``age_high`` (equal where the age is exact) and, if known, ``sex``.

    Raises
    ------
    StageError
        If fewer than ``MIN_PEOPLE`` are left, or all have the same age.
    """
    optional = ["sex"] * ("sex" in cohort) + ["age_low", "age_high"] * ("age_low" in cohort)
    cohort_people = by_person(cohort, ["age_years", *optional])
    known = cohort_people.reindex(people.rename("person_id"))
    ageless, tileless = known["age_years"].isna(), ~cohort_people.index.isin(people)
    if ageless.any() or tileless.any():
        warnings.warn(
            f"{ageless.sum()} of {len(people)} people with features have no age in the cohort, "
            f"{tileless.sum()} of {len(cohort_people)} people of the cohort have no features; "
            "they are left out.",
            stacklevel=3,
        )
    known = known[~ageless].astype({"age_years": float})
    for bound in ("age_low", "age_high"):
        given = known[bound].astype(float) if bound in known else known["age_years"]
        known[bound] = given.fillna(known["age_years"])
    if len(known) < MIN_PEOPLE:
        raise StageError(
            f"clock: {len(known)} people have features and an age; at least {MIN_PEOPLE} are "
            "needed. Check that person_id is written the same way in the cohort and the tiles."
        )
    if len(known["age_years"].unique()) == 1:
        raise StageError(f"clock: all {len(known)} people have age {known['age_years'].iloc[0]:g}")
    return known[["age_years", "age_low", "age_high", *["sex"] * ("sex" in known)]]


def check_ages(ages: pd.DataFrame) -> None:
    """Refuse a table of ages that lacks a column or holds a number that is not finite."""
    needed = ("person_id", "age_years", "predicted_years", "fold")
    missing = [name for name in needed if name not in ages]
    if missing:
        raise StageError(f"ages: no column {', '.join(missing)}; found {[*ages.columns]}")
    bad = ~np.isfinite(ages[["age_years", "predicted_years"]].to_numpy(float)).all(axis=1)
    if bad.any():
        named = [*ages["person_id"][bad][:5]]
        raise StageError(f"ages: {bad.sum()} people have ages that are not finite, such as {named}")
    if ages["fold"].nunique() < 2:
        raise StageError("ages: predictions out of fold need at least two folds")
