"""Refusal of bias-corrected predictions: they contain the age that they should predict."""

import pandas as pd

from skinage.errors import StageError
from skinage.evaluation.metrics import pearson, repeat_endings

RAW_GAP = "predicted minus actual age"
"""The definition of the raw gap in words; age plus raw gap is the prediction itself."""


def refuse_corrected(ages: pd.DataFrame) -> None:
    """Refuse predictions that were corrected by the ages that they are compared with.

    Age plus acceleration looks like a prediction but contains the actual age: its error is small
    however bad the clock is (Butler et al., Human Brain Mapping 42:4092, 2021).

    Parameters
    ----------
    ages
        ``age_years``, ``predicted_years`` (and ``predicted_years_2`` ...); perhaps
        ``acceleration_years`` and ``definition``.

    Raises
    ------
    StageError
        If predictions were recalibrated, the gap equals an acceleration that is not the raw gap
        (within 1e-6 years), or it does not correlate with age to numerical precision, as no
        uncorrected clock does.
    """
    for ending in repeat_endings(ages):
        name = f"predicted_years{ending}"
        gap = (ages[name] - ages["age_years"]).astype(float)
        correlation = pearson(gap, ages["age_years"])
        found = f"it was {ages['recalibrated'].iloc[0]}" if "recalibrated" in ages else ""
        if {"acceleration_years", "definition"} <= set(ages):
            raw = ages["definition"].astype(str).str.startswith(RAW_GAP)
            if not raw.any() and ((gap - ages["acceleration_years"]).abs() < 1e-6).all():
                found = f"it is age plus acceleration ({ages['definition'].iloc[0]})"
        if not found and abs(correlation) < 1e-9:
            found = f"its gap to age correlates with age by {correlation:.0e}"
        if found:
            raise StageError(
                f"ages: {name} is no prediction but was corrected by the actual age: {found}. "
                "The accuracy of corrected predictions says nothing about the clock, as they "
                "contain the age. Pass the predictions as predict_age returns them."
            )
