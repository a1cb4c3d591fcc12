"""The people that a definition is fitted on where others are compared with them."""

from typing import TypeAlias

import pandas as pd

from skinage.age_acceleration.people import repeats_of
from skinage.clock.clock import Clock
from skinage.errors import SettingError, StageError

Reference: TypeAlias = Clock | pd.DataFrame

LEAST_PEOPLE = 20
"""The fewest people of a reference."""


def reference_people(
    reference: Reference | None, ages: pd.DataFrame, adjusted_for: pd.DataFrame | None
) -> tuple[pd.DataFrame | None, str]:
    """Return the people of a reference, as `repeats_of` does, and words for them.

    Parameters
    ----------
    reference, ages, adjusted_for
        As for `skinage.acceleration`.

    Returns
    -------
    people : pandas.DataFrame or None
        First visits; None without a reference.
    words : str
        "the other folds", or who they are.

    Raises
    ------
    SettingError
        If adjustments are asked for with a clock, which keeps none.
    StageError
        If the reference has fewer than ``LEAST_PEOPLE``, the clock has no intervals (so that nobody
        was predicted out of fold), or the ages are of another encoder.
    """
    if reference is None:
        return None, "the other folds"
    if isinstance(reference, pd.DataFrame):
        people = repeats_of(reference, adjusted_for, need_folds=False)[0]
        people = people.sort_values("age_years", kind="stable").drop_duplicates("person_id")
        _check_size(len(people))
        _check_encoder({*reference["encoder"].dropna()} if "encoder" in reference else set(), ages)
        return people, f"{len(people)} people of the reference"
    if adjusted_for is not None:
        raise SettingError(
            "acceleration: a clock keeps no adjustments of its people; give a table of ages as "
            "reference, or leave out adjusted_for"
        )
    _check_encoder({reference.metadata["encoder_hash"]} - {None}, ages)
    people = reference.reference.assign(fold=0)
    people["person_id"] = people.index.astype(str)
    _check_size(len(people))
    return people, f"{len(people)} people of the clock, each predicted without the person"


def _check_size(n_people: int) -> None:
    if n_people < LEAST_PEOPLE:
        raise StageError(
            f"acceleration: the reference has {n_people} people; at least {LEAST_PEOPLE} are "
            "needed to fit a line of predicted age on age"
        )


def _check_encoder(known: set[object], ages: pd.DataFrame) -> None:
    found = {*ages["encoder"].dropna()} if "encoder" in ages else set()
    if known and found - known:
        own, others = (", ".join(sorted(map(str, one))) for one in (known, found - known))
        raise StageError(
            f"acceleration: the reference is of encoder {own}, the ages were predicted from "
            f"features of encoder {others}; compare people with those whom the same clock predicted"
        )
