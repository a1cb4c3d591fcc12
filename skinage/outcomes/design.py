"""The people of an outcome model: joined with what the cohort knows, checked and counted."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.age_acceleration.acceleration import measured
from skinage.cohort.people import by_person, refuse_people, refuse_repeated_people, require_columns
from skinage.errors import CohortError, SettingError, StageError
from skinage.skip_log import add_skipped

MIN_EVENTS = 10
"""The fewest deaths, cases or controls that a model is fitted on."""
MOST_FROM_BRACKETS = 0.5
"""The largest part of the variance of acceleration that may come from brackets of age alone."""
SAME_AGE_YEARS = 0.01


def join_outcomes(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    outcomes: Sequence[str],
    covariates: Sequence[str],
) -> pd.DataFrame:
    """Join each person's acceleration with outcomes and covariates of the first visit."""
    check_acceleration(acceleration, cohort)
    fixed = {"predicted_years", "acceleration_years", "age_years", "sex"} & {*covariates}
    if fixed:
        raise SettingError(
            f"outcomes: {sorted(fixed)} cannot be covariates. Age and sex are in the model "
            "already, and beside age, predicted age and its acceleration say the same: no model "
            "can tell the two apart."
        )
    require_columns(cohort, outcomes, "cohort")
    _refuse_wide_brackets(acceleration)
    return acceleration.join(by_person(cohort, [*outcomes, *covariates]), on="person_id")


def check_acceleration(acceleration: pd.DataFrame, cohort: pd.DataFrame) -> None:
    """Refuse acceleration that is not one finite number per person, of the first visit."""
    needed = ["person_id", "acceleration_years", "age_years"]
    require_columns(acceleration, needed, "acceleration")
    needed += {"expected_age_years", measured(acceleration).name}.intersection(acceleration)
    refuse_repeated_people(acceleration, "acceleration")
    infinite = ~np.isfinite(acceleration[needed[1:]].to_numpy(float)).all(axis=1)
    what = "have an age or acceleration that is not finite"
    refuse_people(acceleration, infinite, "acceleration", what)
    if "visit" in cohort:
        first = acceleration["person_id"].map(by_person(cohort, ["age_years"])["age_years"])
        later = (first - acceleration["age_years"]).abs() > SAME_AGE_YEARS
        what = (
            "have another age than at their first visit, of which follow-up and diseases are in "
            "the cohort (use the ages predicted for that visit)"
        )
        refuse_people(acceleration, later.to_numpy(), "acceleration", what)


def _refuse_wide_brackets(acceleration: pd.DataFrame) -> None:
    part = acceleration["bracket_part"].max() if "bracket_part" in acceleration else 0.0
    if part > MOST_FROM_BRACKETS:
        raise StageError(
            f"acceleration: ages within their brackets would make {part:.0%} of the variance of "
            "predicted age around its line. Acceleration cannot be told apart from them, and they "
            "go with death and disease themselves. Get exact ages or narrower brackets."
        )


def complete_people(table: pd.DataFrame, needed: Sequence[str], stage: str) -> pd.DataFrame:
    """Exclude people with missing values; a warning and the skip log count them."""
    missing = table[[*needed, *["sex"] * both_sexes(table)]].isna()
    excluded = missing.any(axis=1)
    kept = table[~excluded]
    if excluded.any():
        people = f"{excluded.sum()} of {len(table)} people"
        words = ", ".join(f"{n} without {name}" for name, n in missing.sum().items() if n)
        warnings.warn(f"{stage}: {people} excluded ({words})", stacklevel=3)
        add_skipped(kept, stage, {people: words})
    return kept


def check_binary(table: pd.DataFrame, name: str) -> None:
    """Refuse an outcome that has other values than 0, 1 and missing."""
    found = set(table[name].dropna().unique()) - {0, 1}
    if found:
        raise CohortError(f"cohort: {name} must be 0 or 1, found {sorted(found, key=str)[:5]}")


def both_sexes(table: pd.DataFrame) -> bool:
    """Return whether both sexes occur, so that sex can be a regressor."""
    return "sex" in table and len(table["sex"].dropna().unique()) > 1
