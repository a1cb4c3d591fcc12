"""What a clock sees, in micrometres: how the tissue of fast and slow agers differs at one age."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.clock.age_terms import age_terms
from skinage.cohort.people import first_visits
from skinage.errors import StageError
from skinage.explain.morphology.measures import MEASURES, in_words
from skinage.skip_log import add_skipped

COVARIATES = ("sex", "body_site", "scanner")
LEAST_PEOPLE = 20
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
        ``p_adjusted``, ``n_people``, ``is_seen`` (p_adjusted below .05) and ``words``.
        `skinage.skipped` lists the measures that cannot be compared.

    Raises
    ------
    StageError
        If fewer than 20 people are in both tables, or a covariate is no column of the cohort.
    """
    import statsmodels.api as sm
    from statsmodels.stats.multitest import multipletests

    people = joined(acceleration, measures, "tissue_by_acceleration")
    known = known_terms(people, cohort, covariates)
    years = people["acceleration_years"].to_numpy(float)
    rows, reasons = [], {}
    for name in (name for name in MEASURES if name in measures):
        values = people[name].to_numpy(float)
        shown = np.isfinite(values)
        if shown.sum() < LEAST_PEOPLE or np.ptp(values[shown]) == 0:
            reasons[name] = f"{shown.sum()} people have it, or it is the same in all of them"
            continue
        terms = np.column_stack([years, known.to_numpy()])[shown]
        fit = sm.OLS(values[shown], terms).fit(cov_type="HC3")
        lower, upper = fit.conf_int()[0] * PER_YEARS
        partial_r = _partial_r(values[shown], years[shown], known.to_numpy()[shown])
        rows.append(
            {
                "measure": name, "unit": MEASURES[name].unit,
                "difference": fit.params[0] * PER_YEARS, "lower": lower, "upper": upper,
                "partial_r": partial_r, "p": fit.pvalues[0], "n_people": int(shown.sum()),
            }
        )  # fmt: skip
    table = pd.DataFrame(rows).sort_values("p", ignore_index=True)
    table.insert(7, "p_adjusted", multipletests(table["p"], method="fdr_bh")[1])
    table["is_seen"] = table["p_adjusted"] < LEVEL
    table["words"] = [in_words(row.measure, row.difference) for row in table.itertuples()]
    add_skipped(table, "tissue_by_acceleration", reasons)
    return table


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
    # The slides of one person may come from several scanners: that of the first one counts.
    values = first_visits(cohort).groupby("person_id")[[*names]].first().reindex(people.index)
    texts = [name for name in names if not pd.api.types.is_numeric_dtype(values[name])]
    values[texts] = values[texts].fillna("unknown").astype(str)
    coded = pd.get_dummies(values, columns=texts, drop_first=True, dtype=float)
    coded = coded.fillna(coded.mean())
    age = people["age_years"].to_numpy(float)
    terms = pd.DataFrame(age_terms(age, age), people.index).add_prefix("age_")
    known = pd.concat([pd.Series(1.0, people.index, name="intercept"), terms, coded], axis=1)
    return known.loc[:, (known.std() > 0) | (known.columns == "intercept")]


def _partial_r(values: np.ndarray, years: np.ndarray, known: np.ndarray) -> float:
    both = np.column_stack([values, years])
    rest = both - known @ np.linalg.lstsq(known, both, rcond=None)[0]
    return float(np.corrcoef(rest.T)[0, 1])
