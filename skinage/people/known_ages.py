"""People and their values: a cohort has a row per slide, a clock needs a row per person."""

import warnings

import pandas as pd

from skinage.cohort.people import by_person
from skinage.errors import StageError

MIN_PEOPLE = 20
"""The fewest people a clock is fitted on."""


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
