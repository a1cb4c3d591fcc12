"""The ages of people: a cohort has a row per slide, a clock needs a row per person."""

import warnings

import pandas as pd

from skinage.cohort.people import by_person
from skinage.errors import StageError

MIN_PEOPLE = 20
"""The fewest people a clock is fitted on."""


def match_ages(ids: pd.Index, cohort: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return the age (and sex) of the people who have features; warn with a count of the others.

    Parameters
    ----------
    ids
        The ``person_id`` of people who have features, each once.
    cohort
        With ``person_id`` and ``age_years``; where ``age_low`` is below ``age_high``, the age is
        known as that bracket only.

    Returns
    -------
    known : pandas.DataFrame
        As `ages_of` returns it, without the people whose age is not known.
    excluded : dict of str
        The reason for each person without an age or without features.

    Raises
    ------
    StageError
        If there are fewer than ``MIN_PEOPLE``, or all have the same age.
    """
    known = ages_of(ids, cohort)
    everybody = pd.Index(cohort["person_id"].unique())
    ageless = known.index[known["age_years"].isna()]
    tileless = everybody[~everybody.isin(ids)]
    if len(ageless) or len(tileless):
        warnings.warn(
            f"{len(ageless)} of {len(ids)} people with features have no age in the cohort, "
            f"{len(tileless)} of {len(everybody)} people of the cohort have no features; "
            "they are excluded.",
            stacklevel=4,
        )
    excluded = {f"person {who}": "no age in the cohort" for who in ageless}
    excluded |= {f"person {who}": "no features" for who in tileless}
    known = known.drop(index=ageless)
    if len(known) < MIN_PEOPLE:
        raise StageError(
            f"clock: {len(known)} people have features and an age; at least {MIN_PEOPLE} are "
            "needed. Check that person_id is written the same way in the cohort and the tiles."
        )
    if len(known["age_years"].unique()) == 1:
        raise StageError(f"clock: all {len(known)} people have age {known['age_years'].iloc[0]:g}")
    return known, excluded


def ages_of(ids: pd.Index, cohort: pd.DataFrame) -> pd.DataFrame:
    """Return what the cohort knows of the ages of people at their first visit in it.

    Parameters
    ----------
    ids
        The ``person_id`` of the people, each once.
    cohort
        As for `match_ages`.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``, in the order of ``ids``; ``age_years``, ``age_low`` and ``age_high``
        (equal where the age is exact; all missing where it is not known), ``sex`` if known.
    """
    optional = ["sex"] * ("sex" in cohort) + ["age_low", "age_high"] * ("age_low" in cohort)
    known = by_person(cohort, ["age_years", *optional]).reindex(ids.rename("person_id"))
    known = known.astype({"age_years": float})
    for bound in ("age_low", "age_high"):
        given = known[bound].astype(float) if bound in known else known["age_years"]
        known[bound] = given.fillna(known["age_years"])
    return known[["age_years", "age_low", "age_high", *["sex"] * ("sex" in known)]]
