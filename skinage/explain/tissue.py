"""What a clock sees, in micrometres: how the tissue of fast and slow agers differs at one age."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.clock.age_terms import age_terms
from skinage.cohort.people import by_person
from skinage.errors import StageError
from skinage.explain.morphology.measures import MEASURES, in_words
from skinage.explain.people_groups import groups_of_people
from skinage.skip_log import add_skipped

COVARIATES = ("sex", "body_site", "scanner")
LEAST_PEOPLE, LEAST_LEFT = 20, 10
"""People, and degrees of freedom that are left beside age and covariates."""
PER_YEARS = 5.0
LEVEL = 0.05


def tissue_by_acceleration(
    acceleration: pd.DataFrame,
    measures: pd.DataFrame,
    cohort: pd.DataFrame,
    *,
    covariates: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Compare the tissue of people whose skin looks older and younger than their age.

    Each measure is regressed on acceleration, with a spline of age and the covariates beside it
    (least squares with HC3 errors, MacKinnon and White 1985). Adjusted p-values are those of
    Benjamini and Hochberg (1995) over all measures. An association is no proof that the clock looks
    at this measure: another one that goes with it may be what it looks at.

    Parameters
    ----------
    acceleration
        A row per person, as `acceleration` returns it, in years.
    measures
        A row per person, as `measure_people` returns them.
    cohort
        A row per slide, with the covariates.
    covariates
        Columns of the cohort; None is those of sex, body_site and scanner that vary.

    Returns
    -------
    pandas.DataFrame
        A row per measure, the strongest first: ``measure``, ``unit``, ``difference`` (of the
        measure per 5 years of acceleration), ``lower``, ``upper`` (95 %), ``partial_r``, ``p``,
        ``p_adjusted``, ``n_people``, ``is_seen`` (p_adjusted below .05), ``words`` and
        ``adjusted_for``.
        `skinage.skipped` lists the measures that cannot be compared.

    Raises
    ------
    StageError
        If fewer than 20 people are in both tables, a covariate is no column of the cohort, or no
        measure can be compared.
    """
    from statsmodels.stats.multitest import multipletests

    people = joined(acceleration, measures, "tissue_by_acceleration")
    known = known_terms(people, cohort, covariates)
    rows, reasons = [], {}
    for name in (name for name in MEASURES if name in measures):
        try:
            row = _compared(people[name], people["acceleration_years"], known)
        except StageError as error:
            reasons[name] = str(error)
        else:
            rows.append({"measure": name, "unit": MEASURES[name].unit, **row})
    if not rows:
        raise StageError(
            f"tissue_by_acceleration: none of {len(reasons)} measures can be compared: {reasons}"
        )
    table = pd.DataFrame(rows).sort_values("p", ignore_index=True)
    at = 1 + table.columns.get_loc("p")
    table.insert(at, "p_adjusted", multipletests(table["p"], method="fdr_bh")[1])
    table["is_seen"] = table["p_adjusted"] < LEVEL
    table["words"] = [in_words(row.measure, row.difference) for row in table.itertuples()]
    table["adjusted_for"] = ", ".join(["age", *known.attrs["covariates"]])
    add_skipped(table, "tissue_by_acceleration", reasons)
    return table


def _compared(measure: pd.Series, years: pd.Series, known: pd.DataFrame) -> dict[str, float]:
    """Return the difference of a measure per 5 years, with interval, correlation and p-value."""
    import statsmodels.api as sm

    shown = measure.notna().to_numpy()
    if shown.sum() < LEAST_PEOPLE:
        raise StageError(f"{shown.sum()} people have it; expected {LEAST_PEOPLE} or more")
    values, x = measure[shown].to_numpy(float), years[shown].to_numpy(float)
    if np.ptp(values) == 0:
        raise StageError("it is the same in everybody")
    terms = _independent(known[shown].to_numpy())
    if (left := len(values) - terms.shape[1] - 1) < LEAST_LEFT:
        raise StageError(
            f"{len(values)} people and {terms.shape[1]} terms of age and covariates leave {left} "
            f"degrees of freedom; expected {LEAST_LEFT} or more. Name fewer covariates"
        )
    fit = sm.OLS(values, np.column_stack([x, terms])).fit(cov_type="HC3")
    lower, upper = fit.conf_int()[0] * PER_YEARS
    rest = [part - terms @ np.linalg.lstsq(terms, part, rcond=None)[0] for part in (values, x)]
    return {
        "difference": fit.params[0] * PER_YEARS, "lower": lower, "upper": upper,
        "partial_r": float(np.corrcoef(*rest)[0, 1]), "p": fit.pvalues[0],
        "n_people": len(values),
    }  # fmt: skip


def _independent(terms: np.ndarray) -> np.ndarray:
    """Return orthonormal columns that span the same, without what follows from the others."""
    left, size, _ = np.linalg.svd(terms, full_matrices=False)
    return left[:, size > 1e-9 * size[0]]


def joined(acceleration: pd.DataFrame, measures: pd.DataFrame, stage: str) -> pd.DataFrame:
    """Return people who have an acceleration and measures, a row each; 20 at least."""
    people = acceleration.set_index("person_id").join(measures, how="inner", rsuffix="_measured")
    people = people[people["acceleration_years"].notna() & people["age_years"].notna()]
    if len(people) < LEAST_PEOPLE:
        raise StageError(
            f"{stage}: {len(people)} people have an acceleration and measures ({len(acceleration)} "
            f"with acceleration, {len(measures)} with measures); expected {LEAST_PEOPLE} or more. "
            "Are both tables of the same people?"
        )
    return people


def known_terms(
    people: pd.DataFrame, cohort: pd.DataFrame, covariates: Sequence[str] | None
) -> pd.DataFrame:
    """Return an intercept, terms of age and covariates as numbers, a row per person."""
    names = [name for name in COVARIATES if name in cohort] if covariates is None else covariates
    missing = [name for name in names if name not in cohort]
    if missing:
        raise StageError(
            f"cohort: no column {missing[0]!r} to adjust for; found {', '.join(cohort.columns)}"
        )
    groups = [
        name for name in names
        if name in COVARIATES or not pd.api.types.is_numeric_dtype(cohort[name])
    ]  # fmt: skip
    numbers = [name for name in names if name not in groups]
    values = groups_of_people(cohort, groups).join(by_person(cohort, numbers))
    values = values.reindex(people.index)
    age = people["age_years"].to_numpy(float)
    parts = [pd.Series(1.0, people.index, name="intercept")]
    parts.append(pd.DataFrame(age_terms(age, age), people.index).add_prefix("age_"))
    for name in names:
        if name in groups:
            words = values[name].astype(str).where(values[name].notna().to_numpy(), "unknown")
            parts.append(pd.get_dummies(words, prefix=name, drop_first=True, dtype=float))
        else:
            parts.append(values[name].astype(float).fillna(values[name].mean()))
    known = pd.concat(parts, axis=1)
    known.attrs["covariates"] = [name for name in names if len(values[name].unique()) > 1]
    return known
