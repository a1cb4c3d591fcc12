"""The parts that all outcome models share: who is in, adjusted for what, written how."""

import warnings
from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import pandas as pd

from skinage.cohort.people import by_person, refuse_repeated_people
from skinage.errors import CohortError, StageError

STEP_YEARS = 5.0
MOST_EXPLAINED = 0.9
"""Adjusted R2 of acceleration on the other regressors, a variance inflation of 10.

Predicted age beside age reaches 0.95 to 1 with a line of the other folds, ordinary covariates 0.1.
"""
SAME = 0.999
"""Correlation from which on a covariate is the predicted age under another name."""
_NORMAL_95 = NormalDist().inv_cdf(0.975)


def join_outcomes(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    outcomes: Sequence[str],
    covariates: Sequence[str],
) -> pd.DataFrame:
    """Put outcomes and covariates beside each person's acceleration."""
    refuse_repeated_people(acceleration, "acceleration")
    twice = {"predicted_years", "acceleration_years", "age_years", "sex"}.intersection(covariates)
    if twice:
        raise StageError(
            f"outcomes: {sorted(twice)} cannot be covariates. Age and sex are in the model "
            "already, and beside age, predicted age and its acceleration say the same: no model "
            "can tell the two apart."
        )
    cohort_people = by_person(cohort, [*outcomes, *covariates])
    return acceleration.join(cohort_people, on="person_id")


def complete_people(table: pd.DataFrame, needed: Sequence[str], where: str) -> pd.DataFrame:
    """Keep people with all values; warn with a count of the others."""
    sexes = ["sex"] * _both_sexes(table)
    lacking = table[[*needed, *sexes]].isna()
    kept = ~lacking.any(axis=1)
    if not kept.all():
        counts = ", ".join(f"{n} without {name}" for name, n in lacking.sum().items() if n)
        warnings.warn(
            f"{where}: {(~kept).sum()} of {len(table)} people left out ({counts})", stacklevel=3
        )
    return table[kept]


def regressors(table: pd.DataFrame, covariates: Sequence[str]) -> pd.DataFrame:
    """Make the regressors: acceleration, age, sex_male (if sex varies) and covariates."""
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
            f"outcomes: of {[*columns]} one follows from the others; leave out a covariate"
        )
    return columns


def _refuse_predicted_age(columns: pd.DataFrame, table: pd.DataFrame) -> None:
    """Refuse covariates that hold the predicted age, whatever they are called."""
    basis = [name for name in ("age_years", "sex_male") if name in columns]
    others = [*columns.columns.drop(["acceleration_years", *basis])]
    explained = _explained(columns, basis)
    if explained > MOST_EXPLAINED:
        raise StageError(
            f"outcomes: age (and sex) explain {explained:.1%} of acceleration, so that no model "
            "can tell them apart. Take the definition 'linear', which leaves no age in it."
        )
    named, why = None, ""
    if others and "predicted_years" in table:
        alike = columns[others].corrwith(table["predicted_years"]).abs()
        if alike.max() > SAME:
            named, why = alike.idxmax(), f"correlates with predicted age by {alike.max():.4f}"
    explained = _explained(columns, [*basis, *others])
    if named is None and explained > MOST_EXPLAINED:
        named = max(others, key=lambda name: _explained(columns, [*basis, name]))
        why = f"and the other regressors explain {explained:.1%} of acceleration"
    if named is not None:
        raise StageError(
            f"outcomes: {named!r} {why}. Acceleration is predicted age less what age lets expect: "
            "beside age, predicted age and its acceleration say the same, and no model can tell "
            f"the two apart. Leave out {named!r}."
        )


def _explained(columns: pd.DataFrame, names: list[str]) -> float:
    """Give the adjusted R2 of acceleration on the columns named; 0 if people are too few."""
    actual = columns["acceleration_years"].to_numpy()
    design = np.column_stack([np.ones(len(columns)), columns[names] - columns[names].mean()])
    free = len(actual) - design.shape[1]
    if free < 1:
        return 0.0
    left = actual - design @ np.linalg.lstsq(design, actual, rcond=None)[0]
    return float(1 - left @ left / free / actual.var(ddof=1))


def _both_sexes(table: pd.DataFrame) -> bool:
    return "sex" in table and len(table["sex"].dropna().unique()) > 1


def check_binary(table: pd.DataFrame, name: str) -> None:
    """Refuse an outcome that is anything but 0, 1 or missing."""
    found = set(table[name].dropna().unique()) - {0, 1}
    if found:
        raise CohortError(f"cohort: {name} must be 0 or 1, found {sorted(found, key=str)[:5]}")


def outcome_rows(
    what: dict[str, str], fit: tuple[float, float, float], columns: pd.DataFrame, n_events: int
) -> pd.DataFrame:
    """Write one coefficient per year (value, standard error, p) per 5 years and per SD."""
    per_year, error, p_value = fit
    margin = _NORMAL_95 * error
    rows = []
    steps = {"per 5 years": STEP_YEARS, "per SD": columns["acceleration_years"].std()}
    for unit, years in steps.items():
        rows.append({
            "outcome": what["outcome"], "model": what["model"], "term": "acceleration_years",
            "estimate_name": what["estimate_name"], "unit": unit, "unit_years": years,
            "estimate": np.exp(per_year * years),
            "lower": np.exp((per_year - margin) * years),
            "upper": np.exp((per_year + margin) * years),
            "p_value": p_value, "n_people": len(columns), "n_events": n_events,
            "covariates": ", ".join(columns.columns.drop("acceleration_years")),
        })  # fmt: skip
    return pd.DataFrame(rows)
