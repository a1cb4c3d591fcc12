"""The measures of predicted ages: errors, brackets, resampled people."""

import re

import numpy as np
import pandas as pd

from skinage.cohort.people import refuse_people, refuse_repeated_people, require_columns
from skinage.errors import StageError

N_BOOTSTRAP = 1000


def repeat_endings(ages: pd.DataFrame) -> list[str]:
    """Return the ending of each repeat's columns; the first repeat has none."""
    found = [re.fullmatch(r"predicted_years(_\d+)", str(name)) for name in ages]
    return ["", *(match[1] for match in found if match)]


def check_measurable(ages: pd.DataFrame) -> list[str]:
    """Refuse ages that cannot be measured; return the ending of each repeat's columns."""
    repeats = repeat_endings(ages)
    pairs = [("age_low", "age_high")]
    numbers = ["age_years", *(f"predicted_years{ending}" for ending in repeats)]
    # Intervals are all blank where too few scanners, or other groups, were held out.
    if "lower_years" not in ages or ages["lower_years"].notna().any():
        pairs.append(("lower_years", "upper_years"))
    numbers += [name for pair in pairs if {*pair} & {*ages} for name in pair]
    folds = [f"fold{ending}" for ending in repeats if "fold" in ages]
    require_columns(ages, ["person_id", *numbers, *folds], "ages")
    refuse_repeated_people(ages, "ages")
    low, high = known_bounds(ages)
    filled = ages[numbers].assign(age_low=low, age_high=high).to_numpy(float)
    infinite = ~np.isfinite(filled).all(axis=1)
    refuse_people(ages, infinite, "ages", "have ages or predictions that are not finite")
    refuse_people(ages, low > high, "ages", "have an age_low above age_high")
    if len(ages) < 2 or (folds and ages["fold"].nunique() < 2):
        raise StageError("ages: at least two people are needed, and two folds where there are any")
    return repeats


def known_bounds(ages: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Return the lowest and highest age each person can have, years; equal for exact ages."""
    exact = ages["age_years"].astype(float)
    low, high = (ages.get(name, exact).astype(float) for name in ("age_low", "age_high"))
    return low.fillna(exact).to_numpy(), high.fillna(exact).to_numpy()


def distance_years(predicted: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Return the signed distance to an interval: 0 inside, above 0 where predicted too old."""
    return predicted - np.clip(predicted, low, high)


def accuracy(
    ages: pd.DataFrame, predicted: np.ndarray, weights: np.ndarray
) -> dict[str, np.ndarray]:
    """Return MAE, RMSE, R2 and bias of predicted ages, for each row of weights (b, n_people)."""
    low, high = known_bounds(ages)
    error = distance_years(predicted, low, high)
    squared = weights @ error**2
    mean_age = weights @ ages["age_years"].to_numpy(float)
    of_the_mean = distance_years(mean_age[:, None], low, high) ** 2
    return {
        "mae_years": weights @ np.abs(error),
        "rmse_years": np.sqrt(squared),
        "r2": 1 - ratio(squared, np.einsum("bn,bn->b", weights, of_the_mean)),
        "bias_years": weights @ error,
    }


def covered(ages: pd.DataFrame) -> np.ndarray:
    """Mark by 1 whose age, or whole bracket, lies in ``lower_years`` to ``upper_years``, else 0.

    NaN where there is no interval.
    """
    low, high = known_bounds(ages)
    inside = (ages["lower_years"] <= low) & (high <= ages["upper_years"])
    return inside.astype(float).where(ages["lower_years"].notna()).to_numpy()


def mean_out_of_fold(actual: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predict, for every person, the mean age of the other folds."""
    return np.array([actual[fold != one].mean() for one in fold])


def person_weights(n_people: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """Return weights (1 + n_bootstrap, n_people): all people alike, then bootstrap samples."""
    equal = np.full(n_people, 1 / n_people)
    counts = np.random.default_rng(seed).multinomial(n_people, equal, size=n_bootstrap)
    return np.vstack([np.ones(n_people), counts]) / n_people


def with_interval(values: np.ndarray) -> tuple[float, float, float]:
    """Return the first value (all people) and the 95 % percentile interval of the others."""
    lower, upper = np.percentile(values[1:], [2.5, 97.5])
    return float(values[0]), float(lower), float(upper)


def with_difference(mae: np.ndarray, reference: np.ndarray | float) -> dict[str, float]:
    """Return MAE and its difference from a reference, each with its interval, by column name."""
    row: dict[str, float] = {}
    for value, prefix, values in (
        ("mae_years", "", mae), ("difference_years", "difference_", mae - reference),
    ):  # fmt: skip
        names = value, f"{prefix}lower_years", f"{prefix}upper_years"
        row |= dict(zip(names, with_interval(values), strict=True))
    return row


def ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide; NaN where there is nothing to divide by."""
    return part / np.where(whole > 1e-12, whole, np.nan)


def pearson(values: pd.Series, others: pd.Series) -> float:
    """Return Pearson's r; NaN where one of the two does not vary."""
    if len(values) < 2 or np.ptp(values) == 0 or np.ptp(others) == 0:
        return float("nan")
    return float(np.corrcoef(values.astype(float), others.astype(float))[0, 1])
