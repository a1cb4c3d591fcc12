"""Predictions of a new laboratory, shifted onto the line of a reference."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.age_acceleration.line import linear
from skinage.age_acceleration.people import centred, repeats_of
from skinage.age_acceleration.reference import Reference, reference_people
from skinage.errors import StageError
from skinage.evaluation.metrics import repeat_endings

LEAST_PEOPLE = 10


def recalibrate(
    ages: pd.DataFrame, reference: Reference, *, people: Sequence[str] | None = None
) -> pd.DataFrame:
    """Shift predictions of a new laboratory so that its people lie on the reference's line.

    A clock that meets another stain or scanner may predict everybody too old or too young by the
    same years. Whether that is the laboratory or its people no table of ages can say: only do it
    where the people that the shift comes from should be like the reference, such as controls.

    Parameters
    ----------
    ages
        As for `skinage.acceleration`.
    reference
        The clock, or a table of ages; see `skinage.acceleration`.
    people
        The ``person_id`` of those whose first visits the shift comes from; None takes all.

    Returns
    -------
    pandas.DataFrame
        ``ages`` with ``predicted_years`` (and ``lower_years``, ``upper_years``) shifted, and
        ``recalibrated``: the shift in words, which `acceleration` adds to its definition. Such
        predictions contain the ages: `report_card` refuses them.

    Raises
    ------
    StageError
        If the shift comes from fewer than ``LEAST_PEOPLE`` people, or the table was recalibrated
        already; also as `skinage.acceleration`.
    """
    if "recalibrated" in ages:
        raise StageError(f"recalibrate: predictions were {ages['recalibrated'].iloc[0]} already")
    if len(repeat_endings(ages)) > 1:
        raise StageError("recalibrate: expected one prediction per person, found repeats")
    known = repeats_of(ages, None, need_folds=False)[0]
    first = known.sort_values("age_years", kind="stable").drop_duplicates("person_id")
    chosen = first if people is None else first[first["person_id"].isin(people)]
    if len(chosen) < LEAST_PEOPLE:
        raise StageError(f"recalibrate: {len(chosen)} people; at least {LEAST_PEOPLE} are needed")
    others, _ = reference_people(reference, ages, None)
    training, asked = centred(others, chosen, "the table")
    shift = linear(training, asked).mean()
    # The line of the reference has an error of its own.
    error = np.hypot(linear(training, asked).sem(), linear(training, training).sem())
    names = [n for n in ("predicted_years", "lower_years", "upper_years") if n in ages]
    shifted = ages.assign(**{name: ages[name] - shift for name in names})
    return shifted.assign(
        recalibrated=f"shifted by {-shift:+.1f} years (SE {error:.1f}), so that {len(chosen)} "
        "people of this laboratory lie on the line of the reference on average"
    )
