"""What a clock sees, in micrometres: how the tissue of fast and slow agers differs at one age."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.clock.age_terms import age_terms
from skinage.clock.learners.ridge import Ridge
from skinage.cohort.people import first_visits
from skinage.errors import StageError
from skinage.evaluation.metrics import N_BOOTSTRAP, person_weights
from skinage.explain.morphology.clock import measure_features
from skinage.explain.morphology.measures import MEASURES, in_words
from skinage.people.clock_inputs import ClockInputs
from skinage.people.pool import feature_names
from skinage.skip_log import add_skipped, skipped

COVARIATES = ("sex", "body_site", "scanner")
LEAST_PEOPLE = 20
PER_YEARS = 5.0
LEVEL = 0.05
TARGETS = {"predicted age": "predicted_years", "acceleration": "acceleration_years"}


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

    people = _joined(acceleration, measures, "tissue_by_acceleration")
    known = _known(people, cohort, covariates)
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


def explained_by_measures(
    ages: pd.DataFrame,
    acceleration: pd.DataFrame,
    measures: pd.DataFrame,
    cohort: pd.DataFrame,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Compute how much of a clock's predictions the measures of the tissue explain.

    Ridge regression of the predicted age, and of the acceleration, on the measures, out of fold in
    the folds of the clock. For acceleration, whatever a spline of age, sex, body site and scanner
    explain of the measures is taken out first, in the training people of each fold. What is left
    may be features that no measure names, or noise: an acceleration has no more that can be
    explained than its reliability.

    Parameters
    ----------
    ages
        A row per person, as `predict_age` returns it, with ``fold``.
    acceleration, measures, cohort
        As for `tissue_by_acceleration`.
    seed
        Seed of the bootstrap of people.

    Returns
    -------
    pandas.DataFrame
        Two rows, ``explained`` "predicted age" and "acceleration": ``r2`` with ``lower`` and
        ``upper`` (95 %), ``unnamed`` (1 - r2, at most 1), ``r``, ``n_people``.

    Raises
    ------
    StageError
        If fewer than 20 people are in all tables.
    """
    people = _joined(acceleration, measures, "explained_by_measures")
    predicted = ages.set_index("person_id")[["fold", "predicted_years"]]
    people = people.drop(columns=[*predicted], errors="ignore").join(predicted, how="inner")
    features = measure_features(people, [*MEASURES])
    names, known = feature_names(features), _known(people, cohort, None).to_numpy()
    whole = features[names].to_numpy()
    fold = people["fold"].to_numpy()
    found = {name: np.empty(len(people)) for name in TARGETS}
    for one in np.unique(fold):
        train = fold != one
        slopes = np.linalg.lstsq(known[train], whole[train], rcond=None)[0]
        for (name, column), x in zip(TARGETS.items(), (whole, whole - known @ slopes), strict=True):
            target = people[column].to_numpy(float)[train]
            model = Ridge().fit(_inputs(x[train]), target, seed=seed)
            found[name][~train] = model.predict(_inputs(x[~train]))
    weights = person_weights(len(people), N_BOOTSTRAP, seed)
    rows = [
        {"explained": name, **_r2(people[column].to_numpy(float), found[name], weights)}
        for name, column in TARGETS.items()
    ]
    table = pd.DataFrame(rows).assign(n_people=len(people))
    n_left = len(acceleration) - len(people)
    left = {f"{n_left} of {len(acceleration)} people": "no slide was measured, or no fold is known"}
    add_skipped(table, "explained_by_measures", {**(left if n_left else {}), **_reasons(features)})
    return table


def _joined(acceleration: pd.DataFrame, measures: pd.DataFrame, stage: str) -> pd.DataFrame:
    people = acceleration.set_index("person_id").join(measures, how="inner", rsuffix="_measured")
    people = people[people["acceleration_years"].notna() & people["age_years"].notna()]
    if len(people) < LEAST_PEOPLE:
        raise StageError(
            f"{stage}: {len(people)} people have an acceleration and measures ({len(acceleration)} "
            f"with acceleration, {len(measures)} with measures); expected {LEAST_PEOPLE} or more. "
            "Are both tables of the same people?"
        )
    return people


def _known(
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


def _inputs(features: np.ndarray) -> ClockInputs:
    return ClockInputs(features, np.full(len(features), np.nan))


def _r2(target: np.ndarray, found: np.ndarray, weights: np.ndarray) -> dict[str, float]:
    """Return R2 with its interval by a bootstrap of people (the first weights are everybody's)."""
    mean = weights @ target / weights.sum(axis=1)
    squares = weights @ target**2 - weights.sum(axis=1) * mean**2
    r2 = 1 - weights @ (target - found) ** 2 / squares
    lower, upper = np.quantile(r2[1:], (0.025, 0.975))
    return {
        "r2": r2[0], "lower": lower, "upper": upper, "unnamed": min(1.0, 1 - r2[0]),
        "r": float(np.corrcoef(target, found)[0, 1]),
    }  # fmt: skip


def _reasons(table: pd.DataFrame) -> dict[str, str]:
    return dict(skipped(table)[["item", "reason"]].itertuples(index=False))
