"""The errors of a clock by age, sex, body site and scanner."""

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.cohort.people import first_visits
from skinage.errors import StageError
from skinage.evaluation import metrics
from skinage.skip_log import add_skipped

MIN_PEOPLE_FOR_INTERVALS = 5
COLUMNS = ("decade", "sex", "body_site", "scanner")
UNKNOWN = "unknown"


def report_by_group(
    ages: pd.DataFrame,
    cohort: pd.DataFrame | None = None,
    columns: Sequence[str] = COLUMNS,
    *,
    n_bootstrap: int = metrics.N_BOOTSTRAP,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute the errors of predicted ages by decade of age, sex, body site and scanner.

    Every person counts once in every column. A clock that shrinks towards the mean predicts the
    young too old and the old too young: a bias by decade is to be expected.

    Parameters
    ----------
    ages
        A row per person, as for `report_card`. Where there are repeats, the errors are means over
        them.
    cohort
        A row per slide, for columns that ``ages`` lacks; with several visits, the first counts.
    columns
        "decade" is that of the actual age (of a bracket, its middle); other names are columns of
        ``ages`` or of the cohort. A column that neither has is skipped (see `skinage.skipped`).
    n_bootstrap
        Number of resamples of the people of each level.
    seed
        Seed of the resampling.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``level`` ("A + B" for a person whose slides differ, "unknown" where nothing is
        known), ``n_people``; ``mae_years`` with ``mae_lower_years`` and ``mae_upper_years``,
        ``bias_years`` likewise (95 % percentile bootstrap, NaN below five people);
        ``age_mean_years``, ``age_sd_years``; with intervals of age ``coverage``, the proportion of
        people inside theirs.

    Raises
    ------
    StageError
        If neither table has any of the columns, or no person is in the cohort; also as
        `report_card`.
    """
    metrics.check_measurable(ages)
    cohort = pd.DataFrame() if cohort is None else cohort
    known = {"decade", *ages, *cohort}
    levels = {column: levels_of(column, ages, cohort) for column in columns if column in known}
    if not levels:
        raise StageError(
            f"report_by_group: neither ages nor cohort has any of {', '.join(columns)}"
        )
    table = pd.DataFrame([
        {"column": column, "level": level, **_row(ages[of == level], n_bootstrap, seed)}
        for column, of in levels.items()
        for level in sorted(np.unique(of), key=_place)
    ])  # fmt: skip
    absent = [column for column in columns if column not in levels]
    add_skipped(table, "report_by_group", dict.fromkeys(absent, "neither table has this column"))
    return table


def levels_of(column: str, ages: pd.DataFrame, cohort: pd.DataFrame) -> np.ndarray:
    """Return the level of every person in words (`report_by_group` says which words)."""
    if column == "decade":
        tens = (ages["age_years"] // 10 * 10).astype(int)
        return np.array([f"{ten} to {ten + 9}" for ten in tens])
    if column in ages:
        return np.array([_word(value) for value in ages[column]])
    if "person_id" not in cohort or not ages["person_id"].isin(cohort["person_id"]).any():
        raise StageError(
            f"report_by_group: none of the {len(ages)} people is in the cohort; check that "
            f"person_id is written the same way, as {ages['person_id'].iloc[0]!r} is in the ages"
        )
    words = first_visits(cohort).set_index("person_id")[column].map(_word)
    # Sorted, so that the order of a person's slides does not matter.
    together = words.groupby(level=0).agg(lambda own: " + ".join(sorted(set(own))))
    return together.reindex(ages["person_id"]).fillna(UNKNOWN).to_numpy(str)


def _word(value: object) -> str:
    """Write a value, whole numbers without a point: a column with gaps turns 2004 into 2004.0."""
    if pd.isna(value) or str(value).strip() == "":
        return UNKNOWN
    return f"{value:g}" if isinstance(value, float) else str(value)


def _place(level: str) -> tuple[bool, str]:
    """Return a key that sorts numbers within levels as numbers, and what is unknown last."""
    return level == UNKNOWN, re.sub(r"\d+", lambda digits: digits[0].zfill(9), level)


def _row(ages: pd.DataFrame, n_bootstrap: int, seed: int) -> dict[str, float]:
    weights = metrics.person_weights(len(ages), n_bootstrap, seed)
    repeats = [
        metrics.accuracy(ages, ages[f"predicted_years{ending}"].to_numpy(float), weights)
        for ending in metrics.repeat_endings(ages)
    ]
    row: dict[str, float] = {"n_people": len(ages)}
    for name in ("mae", "bias"):
        mean = np.mean([repeat[f"{name}_years"] for repeat in repeats], axis=0)
        value, lower, upper = metrics.with_interval(mean)
        if len(ages) < MIN_PEOPLE_FOR_INTERVALS:
            lower = upper = np.nan
        row |= {f"{name}_years": value, f"{name}_lower_years": lower, f"{name}_upper_years": upper}
    row |= {"age_mean_years": ages["age_years"].mean(), "age_sd_years": ages["age_years"].std()}
    return row | ({"coverage": metrics.covered(ages).mean()} if "lower_years" in ages else {})
