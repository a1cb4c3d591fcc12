"""Prevalent disease and age acceleration: logistic regression of each disease."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import stats

from skinage.errors import StageError
from skinage.outcomes import design
from skinage.outcomes.ratio_rows import concatenate, ratio_rows
from skinage.outcomes.regressors import (
    covariates_or_default,
    informative_people,
    regressors,
)
from skinage.skip_log import add_skipped

MAX_STANDARD_ERROR = 10.0
"""The largest standard error of a logistic coefficient per SD; sound data stay far below."""


def prevalence(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    diseases: Sequence[str] | None = None,
    *,
    covariates: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Test which diseases are more frequent in people of higher age acceleration.

    Logistic regression (statsmodels) of each disease on age acceleration, age, sex and further
    covariates, in the form of `mortality`; its events are here cases or controls, the fewer.

    Parameters
    ----------
    acceleration
        A row per person, as `skinage.acceleration` returns it.
    cohort
        A row per slide, with ``person_id`` and the diseases (1 present, 0 absent).
    diseases
        The columns of diseases; None takes all ``disease_*``.
    covariates
        As for `mortality`.

    Returns
    -------
    pandas.DataFrame
        Two rows per disease, with the units and columns of `mortality`; ``q_value`` is the false
        discovery rate across the diseases (Benjamini and Hochberg, J. R. Stat. Soc. B 57:289,
        1995). `skinage.skipped` returns the diseases that could not be tested, and the number of
        people excluded.

    Raises
    ------
    StageError
        If no disease can be tested, or a covariate is the predicted age under another name; also
        as `follow_up`.
    CohortError, SettingError
        As `follow_up`, for the diseases in place of ``died``.
    """
    if diseases is None:
        diseases = [*cohort.filter(regex="^disease_")]
    if not diseases:
        raise StageError("prevalence: the cohort has no column disease_*")
    asked, left_out = covariates_or_default(acceleration, cohort, covariates)
    table = design.join_outcomes(acceleration, cohort, list(diseases), asked)
    add_skipped(table, "prevalence", left_out)
    tested: list[pd.DataFrame] = []
    untestable: dict[str, str] = {}
    for disease in diseases:
        try:
            tested.append(_odds(table, disease, asked, by_default=covariates is None))
        except _Untestable as reason:
            untestable[disease] = str(reason)
    words = "; ".join(f"{disease}: {reason}" for disease, reason in untestable.items())
    if not tested:
        raise StageError(f"prevalence: no disease can be tested; {words}")
    outcomes = concatenate(tested)
    if untestable:
        warnings.warn(f"prevalence: skipped {words}", stacklevel=2)
        add_skipped(outcomes, "prevalence", untestable)
    # Across diseases; all units of a disease have the same p-value.
    p_values = outcomes.drop_duplicates("outcome").set_index("outcome")["p_value"]
    q_values = pd.Series(stats.false_discovery_control(p_values), p_values.index)
    return outcomes.assign(q_value=outcomes["outcome"].map(q_values))


class _Untestable(Exception):
    """The reason why a disease has no odds ratio."""


def _odds(
    table: pd.DataFrame, disease: str, covariates: Sequence[str], *, by_default: bool
) -> pd.DataFrame:
    """Fit; refuse columns of which some combination separates cases from controls."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.tools.sm_exceptions import ModelWarning

    design.check_binary(table, disease)
    people = design.complete_people(table, [disease, *covariates], disease)
    if by_default:
        people = informative_people(people, disease, covariates, [0, 1])
    n_cases = int(people[disease].sum())
    n_controls = len(people) - n_cases
    if min(n_cases, n_controls) < design.MIN_EVENTS:
        raise _Untestable(f"{n_cases} cases, {n_controls} controls, {design.MIN_EVENTS} needed")
    model = regressors(people, covariates, min(n_cases, n_controls), by_default=by_default)
    columns, name = model.columns, model.term
    separated = _Untestable(f"{', '.join(columns)} separate cases from controls")
    # Centred and scaled, the fit is stable; the coefficient is turned back into one per year.
    standardised = ((columns - columns.mean()) / columns.std()).assign(constant=1.0)
    with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore"):
        warnings.simplefilter("error", ModelWarning)
        try:
            fit = Logit(people[disease].astype(float), standardised).fit(disp=0)
        except (ModelWarning, np.linalg.LinAlgError) as error:
            raise separated from error
    # Where only some people are separated, the fit stops at a huge coefficient without a warning.
    if not fit.bse.max() < MAX_STANDARD_ERROR:
        raise separated
    per_year, standard_error = np.array([fit.params[name], fit.bse[name]]) / columns[name].std()
    what = {"outcome": disease, "model": "logistic regression", "estimate_name": "odds_ratio"}
    return ratio_rows(what, (per_year, standard_error, fit.pvalues[name]), model, n_cases)
