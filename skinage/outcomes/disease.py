"""Prevalent disease and age acceleration: logistic regression of each disease."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.outcomes.design import (
    MIN_EVENTS,
    check_binary,
    complete_people,
    concatenate,
    join_outcomes,
    outcome_rows,
    regressors,
)
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    from statsmodels.discrete.discrete_model import BinaryResultsWrapper

MAX_STANDARD_ERROR = 10.0
"""The largest standard error of a logistic coefficient per SD; sound data stay far below."""


def prevalence(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    diseases: Sequence[str] | None = None,
    *,
    covariates: Sequence[str] = (),
) -> pd.DataFrame:
    """Test which diseases are more frequent in people of higher age acceleration.

    Logistic regression (statsmodels) of each disease on age acceleration, age, sex (where both
    sexes are present) and further covariates.

    Parameters
    ----------
    acceleration
        A row per person, as `skinage.acceleration` returns it.
    cohort
        A row per slide, with ``person_id`` and the diseases (1 present, 0 absent).
    diseases
        The columns of diseases; None takes all ``disease_*``.
    covariates
        Further columns of the cohort table to adjust for; text becomes categories.

    Returns
    -------
    pandas.DataFrame
        Two rows per disease, the odds ratio per 5 years and per SD of acceleration, with the
        columns of `mortality`; ``q_value`` is the false discovery rate across the diseases
        (Benjamini and Hochberg, J. R. Stat. Soc. B 57:289, 1995). `skinage.skipped` returns the
        diseases that could not be tested, and the number of people excluded.

    Raises
    ------
    StageError
        If no disease can be tested, or a covariate is the predicted age under another name; also
        as `follow_up`.
    CohortError, SettingError
        As `follow_up`, for the diseases in place of ``died``.
    """
    if diseases is None:
        diseases = [str(name) for name in cohort.columns if str(name).startswith("disease_")]
    if not diseases:
        raise StageError("prevalence: the cohort has no column disease_*")
    table = join_outcomes(acceleration, cohort, list(diseases), covariates)
    tested: list[pd.DataFrame] = []
    untestable: dict[str, str] = {}
    for disease in diseases:
        try:
            tested.append(_odds(table, disease, covariates))
        except _Untestable as reason:
            untestable[disease] = str(reason)
    words = "; ".join(f"{disease}: {reason}" for disease, reason in untestable.items())
    if not tested:
        raise StageError(f"prevalence: no disease can be tested; {words}")
    outcomes = concatenate(tested)
    if untestable:
        warnings.warn(f"prevalence: skipped {words}", stacklevel=2)
        add_skipped(outcomes, "prevalence", untestable)
    return _with_q_values(outcomes)


class _Untestable(Exception):
    """The reason why a disease has no odds ratio."""


def _odds(table: pd.DataFrame, disease: str, covariates: Sequence[str]) -> pd.DataFrame:
    check_binary(table, disease)
    people = complete_people(table, [disease, *covariates], disease)
    n_cases = int(people[disease].sum())
    if min(n_cases, len(people) - n_cases) < MIN_EVENTS:
        raise _Untestable(f"{n_cases} cases, {len(people) - n_cases} controls, {MIN_EVENTS} needed")
    columns = regressors(people, covariates)
    # Centred and scaled, the fit is stable; the coefficient is turned back into one per year.
    scale = columns.std()
    standardised = ((columns - columns.mean()) / scale).assign(constant=1.0)
    fit = _fit_logit(people[disease].astype(float), standardised)
    sd_years = scale["acceleration_years"]
    rows = outcome_rows(
        {"outcome": disease, "model": "logistic regression", "estimate_name": "odds_ratio"},
        (
            fit.params["acceleration_years"] / sd_years,
            fit.bse["acceleration_years"] / sd_years,
            fit.pvalues["acceleration_years"],
        ),
        columns,
        n_cases,
    )
    rows.attrs = people.attrs
    return rows


def _fit_logit(disease: pd.Series, standardised: pd.DataFrame) -> "BinaryResultsWrapper":
    """Fit; refuse columns of which some combination separates cases from controls."""
    from statsmodels.discrete.discrete_model import Logit
    from statsmodels.tools.sm_exceptions import ConvergenceWarning, PerfectSeparationWarning

    separated = _Untestable(f"{', '.join(standardised.columns[:-1])} separate cases from controls")
    with warnings.catch_warnings(), np.errstate(over="ignore", divide="ignore"):
        warnings.simplefilter("error", ConvergenceWarning)
        warnings.simplefilter("error", PerfectSeparationWarning)
        try:
            fit = Logit(disease, standardised).fit(disp=0)
        except (ConvergenceWarning, PerfectSeparationWarning, np.linalg.LinAlgError) as error:
            raise separated from error
    # Where only some people are separated, the fit stops at a huge coefficient without a warning.
    if not fit.bse.max() < MAX_STANDARD_ERROR:
        raise separated
    return fit


def _with_q_values(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Add the false discovery rate across diseases; both units of a disease have the same."""
    from statsmodels.stats.multitest import multipletests

    p_values = outcomes[outcomes["unit"] == "per SD"].set_index("outcome")["p_value"]
    q_values = pd.Series(multipletests(p_values, method="fdr_bh")[1], index=p_values.index)
    return outcomes.assign(q_value=outcomes["outcome"].map(q_values))
