"""The people that a definition is fitted on where others are compared with them."""

from typing import TypeAlias

import pandas as pd

from skinage.age_acceleration.definitions import linear
from skinage.age_acceleration.people import centred, repeats_of
from skinage.clock.clock import Clock
from skinage.errors import SettingError, StageError
from skinage.evaluation.metrics import check_measurable, repeat_endings

Reference: TypeAlias = Clock | pd.DataFrame

LEAST_PEOPLE = 20
"""The fewest people of a reference."""
LEAST_FOR_RECALIBRATION = 10


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
        was predicted out of fold), or it is of another encoder than the ages.
    """
    if reference is None:
        return None, "the other folds"
    if isinstance(reference, pd.DataFrame):
        people = repeats_of(reference, adjusted_for, need_folds=False)[0]
        people = people.sort_values("age_years", kind="stable").drop_duplicates("person_id")
        _check_size(len(people))
        return people, f"{len(people)} people of the reference"
    if adjusted_for is not None:
        raise SettingError(
            "acceleration: a clock keeps no adjustments of its people; give a table of ages as "
            "reference, or leave out adjusted_for"
        )
    _check_encoder(reference, ages)
    people = reference.reference.assign(fold=0)
    people["person_id"] = people.index.astype(str)
    _check_size(len(people))
    return people, f"{len(people)} people of the clock, each predicted without the person"


def recalibrate(
    ages: pd.DataFrame, reference: Reference, *, people: pd.Series | None = None
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
        The ``person_id`` of those that the shift comes from; None takes all.

    Returns
    -------
    pandas.DataFrame
        ``ages`` with ``predicted_years`` (and ``lower_years``, ``upper_years``) shifted, and
        ``recalibrated``: the shift in words, which `acceleration` adds to its definition. Such
        predictions contain the ages: `report_card` refuses them.

    Raises
    ------
    StageError
        If the shift comes from fewer than ``LEAST_FOR_RECALIBRATION`` people, or the table was
        recalibrated already; also as `skinage.acceleration`.
    """
    if "recalibrated" in ages:
        raise StageError(f"recalibrate: predictions were {ages['recalibrated'].iloc[0]} already")
    if len(repeat_endings(ages)) > 1:
        raise StageError("recalibrate: expected one prediction per person, found repeats")
    check_measurable(ages)
    chosen = ages if people is None else ages[ages["person_id"].isin(people)]
    if len(chosen) < LEAST_FOR_RECALIBRATION:
        raise StageError(
            f"recalibrate: {len(chosen)} people; at least {LEAST_FOR_RECALIBRATION} are needed"
        )
    others, _ = reference_people(reference, ages, None)
    training, asked = centred(others, repeats_of(chosen, None, need_folds=False)[0], "the table")
    residuals = linear(training, asked)
    shift, error = residuals.mean(), residuals.sem()
    names = [n for n in ("predicted_years", "lower_years", "upper_years") if n in ages]
    shifted = ages.assign(**{name: ages[name] - shift for name in names})
    return shifted.assign(
        recalibrated=f"shifted by {-shift:+.1f} years (SE {error:.1f}), so that {len(chosen)} "
        "people of this laboratory lie on the line of the reference on average"
    )


def _check_size(n_people: int) -> None:
    if n_people < LEAST_PEOPLE:
        raise StageError(
            f"acceleration: the reference has {n_people} people; at least {LEAST_PEOPLE} are "
            "needed to fit a line of predicted age on age"
        )


def _check_encoder(clock: Clock, ages: pd.DataFrame) -> None:
    own = clock.metadata["encoder_hash"]
    found = {*ages["encoder"].dropna()} if "encoder" in ages else set()
    if own is not None and found - {own}:
        raise StageError(
            f"acceleration: the reference is a clock of encoder {own}, the ages were predicted "
            f"from features of {', '.join(sorted(map(str, found)))}; use the clock that predicted "
            "them"
        )
