"""What every measure of predicted ages rests on: errors, brackets, resamples of people."""

import re

import numpy as np
import pandas as pd

from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError

N_BOOTSTRAP = 1000
BOUNDS, INTERVAL = ("age_low", "age_high"), ("lower_years", "upper_years")


def known_bounds(ages: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Give the lowest and highest age each person can have, years; equal for exact ages."""
    actual = ages["age_years"]
    names = BOUNDS if "age_low" in ages else ("age_years", "age_years")
    low, high = (ages[name].astype(float).fillna(actual).to_numpy(float) for name in names)
    return low, high


def errors_years(ages: pd.DataFrame, predicted: np.ndarray) -> np.ndarray:
    """Give the error of predicted ages (n_people,): signed distance to the age or its bracket."""
    return distance_years(predicted, *known_bounds(ages))


def distance_years(predicted: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Give the signed distance to an interval: 0 inside, above 0 where predicted too old."""
    return predicted - np.clip(predicted, low, high)


def covered(ages: pd.DataFrame) -> np.ndarray:
    """Tell whose age, or whole bracket, lies within ``lower_years`` to ``upper_years``."""
    low, high = known_bounds(ages)
    lower, upper = (ages[name].to_numpy(float) for name in INTERVAL)
    return (lower <= low) & (high <= upper)


def check_measurable(ages: pd.DataFrame) -> list[str]:
    """Refuse ages that cannot be measured; give the endings of each repeat's columns."""
    names = [str(name) for name in ages]
    endings = [re.fullmatch(r"predicted_years(_\d+)?", name) for name in names]
    repeats = [found[1] or "" for found in endings if found] or [""]
    pairs = [pair for pair in (BOUNDS, INTERVAL) if set(pair) & set(names)]
    numbers = ["age_years", *(f"predicted_years{ending}" for ending in repeats)]
    numbers += [name for pair in pairs for name in pair]
    folds = [f"fold{ending}" for ending in repeats if "fold" in names]
    missing = [name for name in ("person_id", *numbers, *folds) if name not in names]
    if missing:
        raise StageError(f"ages: no column {', '.join(missing)}; found {names}")
    refuse_repeated_people(ages, "ages")
    low, high = known_bounds(ages)
    filled = ages[numbers].assign(age_low=low, age_high=high).to_numpy(float)
    for wrong, what in (
        (~np.isfinite(filled).all(axis=1), "have ages or predictions that are not finite"),
        (low > high, "have an age_low above age_high"),
    ):
        if wrong.any():
            named = [*ages["person_id"][wrong][:5]]
            raise StageError(f"ages: {wrong.sum()} people {what}, such as {named}")
    if len(ages) < 2 or (folds and ages["fold"].nunique() < 2):
        raise StageError("ages: at least two people are needed, and two folds where there are any")
    return repeats


def mean_out_of_fold(actual: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Predict, for everybody, the mean age of the other folds."""
    means = {one: actual[fold != one].mean() for one in np.unique(fold)}
    return np.array([means[one] for one in fold])


def resamples(n_people: int, n_bootstrap: int, seed: int) -> np.ndarray:
    """Draw how often each person is in each bootstrap sample: (n_bootstrap, n_people)."""
    generator = np.random.default_rng(seed)
    equal = np.full(n_people, 1 / n_people)
    return generator.multinomial(n_people, equal, size=n_bootstrap).astype(float)


def interval(values: np.ndarray) -> tuple[float, float]:
    """Give the 95 % percentile interval of bootstrap values."""
    lower, upper = np.percentile(values, [2.5, 97.5])
    return float(lower), float(upper)


def repeat_endings(ages: pd.DataFrame) -> list[str]:
    """Give what the columns of each repeat end with; the first repeat has no number."""
    found = [re.fullmatch(r"predicted_years(_\d+)", str(name)) for name in ages]
    return ["", *(match[1] for match in found if match)]


def pearson(values: pd.Series, others: pd.Series) -> float:
    """Pearson's r; not a number where one does not vary."""
    if len(values) < 2 or np.ptp(values) == 0 or np.ptp(others) == 0:
        return float("nan")
    return float(np.corrcoef(values.astype(float), others.astype(float))[0, 1])
