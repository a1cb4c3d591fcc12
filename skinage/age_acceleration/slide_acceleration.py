"""The age acceleration of each slide alone, or of each half of a person's tiles."""

import numpy as np
import pandas as pd

from skinage.age_acceleration.acceleration import COLUMNS, acceleration
from skinage.cohort.people import require_columns
from skinage.errors import StageError


def slide_acceleration(slides: pd.DataFrame, definition: str = "linear") -> pd.DataFrame:
    """Compute the age acceleration of each slide alone, or of each half of a person's tiles.

    Parameters
    ----------
    slides
        A row per slide (or half), as `predict_slides` (or `predict_halves`) returns it: slides of
        one visit, as people age between visits.
    definition
        As for `skinage.acceleration`; fitted on the slides of the people of the other folds.

    Returns
    -------
    pandas.DataFrame
        The table with ``acceleration_years``, the column of a definition that is not in years,
        with brackets ``bracket_part``, and ``definition``.

    Raises
    ------
    SettingError, StageError
        As `skinage.acceleration`; also if a slide is listed twice, or the slides of a person are
        of several ages.
    """
    part = "half" if "half" in slides else "slide_id"
    require_columns(slides, ["person_id", part, "age_years", "predicted_years", "fold"], "slides")
    named = slides[[part] if part == "slide_id" else ["person_id", part]]
    repeated = named[named.duplicated()].to_numpy().tolist()
    if repeated:
        raise StageError(
            f"slides: {len(repeated)} are listed more than once, such as {repeated[:5]}"
        )
    n_ages = slides.groupby("person_id", observed=True)["age_years"].nunique()
    several = [*n_ages.index[n_ages > 1]]
    if several:
        raise StageError(
            f"slides: those of {len(several)} people are of several ages, such as {several[:5]}; "
            "expected slides of one visit: people age between visits"
        )
    # What is asked of a table of people holds for slides too, each under a name of its own.
    of_slides = slides.assign(person_id=np.arange(len(slides)))
    found = acceleration(of_slides, definition)
    names = ["acceleration_years", *COLUMNS, "bracket_part", "definition"]
    return slides.assign(**{name: found[name].to_numpy() for name in names if name in found})
