"""What all outcome models share: the people, the regressors and the form of the results."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from skinage.cohort.people import by_person, refuse_people, refuse_repeated_people, require_columns
from skinage.errors import CohortError, SettingError, StageError
from skinage.skip_log import KEY, add_skipped, skipped

MIN_EVENTS = 10
"""The fewest deaths, cases or controls that a model is fitted on."""
STEP_YEARS = 5.0
MOST_EXPLAINED = 0.9
"""Adjusted R2 of acceleration on the other regressors; a variance inflation factor of 10.

Predicted age beside age reaches 0.95 to 1 with a line of the other folds, ordinary covariates 0.1.
"""
SAME = 0.999
"""Correlation above which a covariate is the predicted age under another name."""
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
    return acceleration.join(by_person(cohort, [*outcomes, *covariates]), on="person_id")


def check_acceleration(acceleration: pd.DataFrame, cohort: pd.DataFrame) -> None:
    """Refuse acceleration that is not one finite number per person, of the first visit."""
    needed = ["person_id", "acceleration_years", "age_years"]
    require_columns(acceleration, needed, "acceleration")
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


def complete_people(table: pd.DataFrame, needed: Sequence[str], stage: str) -> pd.DataFrame:
    """Exclude people with missing values; a warning and the skip log count them."""
    missing = table[[*needed, *["sex"] * _both_sexes(table)]].isna()
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


def regressors(table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Build the regressors: acceleration, age, sex_male (if sex varies) and covariates."""
    columns = table[["acceleration_years", "age_years", *covariates]]
    if _both_sexes(table):
        columns = columns.assign(sex_male=table["sex"] == "M")
    columns = pd.get_dummies(columns, drop_first=True).astype(float)
    constant = [*columns.columns[columns.std() == 0]]
    if constant:
        raise StageError(f"outcomes: {constant} are the same for all {len(table)} people")
    _refuse_predicted_age(columns, table)
    if np.linalg.matrix_rank((columns - columns.mean()) / columns.std()) < columns.shape[1]:
        raise StageError(
            f"outcomes: one of {[*columns]} follows from the others; remove a covariate"
        )
    columns.attrs = table.attrs
    return columns


def _both_sexes(table: pd.DataFrame) -> bool:
    return "sex" in table and len(table["sex"].dropna().unique()) > 1


def _refuse_predicted_age(columns: pd.DataFrame, table: pd.DataFrame) -> None:
    """Refuse covariates that hold the predicted age, whatever their names are."""
    basis = [name for name in ("age_years", "sex_male") if name in columns]
    others = [*columns.columns.drop(["acceleration_years", *basis])]
    explained = _explained(columns, basis)
    if explained > MOST_EXPLAINED:
        raise StageError(
            f"outcomes: age (and sex) explain {explained:.1%} of acceleration, so that no model "
            "can tell them apart. Use the definition 'linear', which leaves no age in it."
        )
    explained = _explained(columns, [*basis, *others])
    predicted = table.get("predicted_years", pd.Series(np.nan, table.index))
    alike = columns[others].corrwith(predicted).abs()
    if alike.max() > SAME:
        culprit, why = alike.idxmax(), f"correlates with predicted age by {alike.max():.4f}"
    elif explained > MOST_EXPLAINED:
        culprit = max(others, key=lambda name: _explained(columns, [*basis, name]))
        why = f"and the other regressors explain {explained:.1%} of acceleration"
    else:
        return
    raise StageError(
        f"outcomes: {culprit!r} {why}. Acceleration is predicted age minus the age that is "
        "expected: beside age, predicted age and its acceleration say the same, and no model can "
        f"tell the two apart. Remove the covariate {culprit!r}."
    )


def _explained(columns: pd.DataFrame, names: list[str]) -> float:
    """Return the adjusted R2 of acceleration on the named columns; 0 if people are too few."""
    from sklearn.linear_model import LinearRegression

    n_spare = len(columns) - 1 - len(names)
    if n_spare <= 0:
        return 0.0
    others, acceleration = columns[names], columns["acceleration_years"]
    r2 = LinearRegression().fit(others, acceleration).score(others, acceleration)
    return 1 - (1 - r2) * (len(columns) - 1) / n_spare


def outcome_rows(
    what: dict[str, str], fit: tuple[float, float, float], columns: pd.DataFrame, n_events: int
) -> pd.DataFrame:
    """Return one coefficient per year (value, standard error, p) per 5 years and per SD."""
    per_year, error, p_value = fit
    margin = stats.norm.ppf(0.975) * error
    years = np.array([STEP_YEARS, columns["acceleration_years"].std()])
    rows = pd.DataFrame({
        **what, "term": "acceleration_years", "unit": ["per 5 years", "per SD"],
        "unit_years": years, "estimate": np.exp(per_year * years),
        "lower": np.exp((per_year - margin) * years),
        "upper": np.exp((per_year + margin) * years),
        "p_value": p_value, "n_people": len(columns), "n_events": n_events,
        "covariates": ", ".join(columns.columns.drop("acceleration_years")),
    })  # fmt: skip
    rows.attrs = columns.attrs
    return rows


def concatenate(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Concatenate tables of outcomes, and what was skipped on the way to each of them."""
    together = pd.concat(tables, ignore_index=True)
    together.attrs = {KEY: skipped(*tables).to_json(orient="records")}
    return together
