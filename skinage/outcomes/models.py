"""What age acceleration goes with: death and disease, adjusted for age and sex."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import CohortError, StageError
from skinage.outcomes.design import (
    check_binary,
    complete_people,
    join_outcomes,
    outcome_rows,
    regressors,
)

if TYPE_CHECKING:
    from statsmodels.discrete.discrete_model import BinaryResultsWrapper

MIN_EVENTS = 10
"""The fewest deaths, cases or controls a model is fitted on."""
MAX_STANDARD_ERROR = 10.0
"""Of a logistic coefficient per SD; sound data stay far below."""


def mortality(
    acceleration: pd.DataFrame, cohort: pd.DataFrame, covariates: Sequence[str] = ()
) -> pd.DataFrame:
    """Test whether people of higher age acceleration die sooner.

    Cox regression (lifelines) of the time since biopsy on age acceleration, age, sex (where both
    are present) and further covariates.

    Parameters
    ----------
    acceleration
        As ``skinage.acceleration`` returns it.
    cohort
        With ``person_id``, ``follow_up_years`` and ``died`` (0 or 1).
    covariates
        Further cohort columns to adjust for; text becomes categories.

    Returns
    -------
    pandas.DataFrame
        Hazard ratios per 5 years and per SD of acceleration, two units of one fit. ``unit_years``
        is the step in years (the SD is that of the people in the model).

    Raises
    ------
    StageError
        If fewer than ``MIN_EVENTS`` people died, the fit does not converge, or a covariate holds
        the predicted age once more.
    CohortError
        If a column is missing, or a follow-up or ``died`` is impossible.
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    table = join_outcomes(acceleration, cohort, ["follow_up_years", "died"], covariates)
    _check_follow_up(table)
    design = complete_people(table, ["follow_up_years", "died", *covariates], "mortality")
    n_events = int(design["died"].sum())
    if n_events < MIN_EVENTS:
        raise StageError(
            f"mortality: {n_events} deaths among {len(design)} people with follow-up; at least "
            f"{MIN_EVENTS} are needed for a Cox model"
        )
    columns = regressors(design, covariates)
    columns[["follow_up_years", "died"]] = design[["follow_up_years", "died"]].astype(float)
    try:
        fit = CoxPHFitter().fit(columns, "follow_up_years", "died")
    except ConvergenceError as error:
        raise StageError(
            f"mortality: the Cox model with {[*columns]} did not converge; leave out covariates "
            "that say the same or that single out the dead"
        ) from error
    row = fit.summary.loc["acceleration_years"]
    return outcome_rows(
        {"outcome": "death", "model": "Cox, time since biopsy", "estimate_name": "hazard_ratio"},
        (row["coef"], row["se(coef)"], row["p"]),
        columns.drop(columns=["follow_up_years", "died"]),
        n_events,
    )


def prevalence(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    diseases: Sequence[str] | None = None,
    covariates: Sequence[str] = (),
) -> pd.DataFrame:
    """Test which diseases people of higher age acceleration have.

    Logistic regression (statsmodels) of each disease on age acceleration, age, sex (where both
    are present) and further covariates. A disease that cannot be tested is left out with a warning.

    Parameters
    ----------
    acceleration, cohort, covariates
        As for ``mortality``.
    diseases
        Cohort columns of 0 and 1; all ``disease_*`` if not given.

    Returns
    -------
    pandas.DataFrame
        Odds ratios per 5 years and per SD, as in ``mortality``; ``q_value`` is the
        Benjamini-Hochberg false discovery rate across the diseases.

    Raises
    ------
    StageError
        If no disease can be tested, or a covariate holds the predicted age once more.
    CohortError
        If a column is missing or not 0 and 1.
    """
    if diseases is None:
        diseases = [str(name) for name in cohort.columns if str(name).startswith("disease_")]
    if not diseases:
        raise StageError("prevalence: the cohort has no column disease_*")
    table = join_outcomes(acceleration, cohort, list(diseases), covariates)
    tested, reasons = [], []
    for disease in diseases:
        try:
            tested.append(_odds(table, disease, covariates))
        except _Untestable as reason:
            reasons.append(f"{disease}: {reason}")
    if not tested:
        raise StageError("prevalence: no disease can be tested; " + "; ".join(reasons))
    if reasons:
        warnings.warn("prevalence leaves out " + "; ".join(reasons), stacklevel=2)
    return _with_q_values(pd.concat(tested, ignore_index=True))


class _Untestable(Exception):
    """Why a disease has no odds ratio."""


def _odds(table: pd.DataFrame, disease: str, covariates: Sequence[str]) -> pd.DataFrame:
    check_binary(table, disease)
    design = complete_people(table, [disease, *covariates], disease)
    n_cases = int(design[disease].sum())
    if min(n_cases, len(design) - n_cases) < MIN_EVENTS:
        raise _Untestable(f"{n_cases} cases, {len(design) - n_cases} controls, {MIN_EVENTS} needed")
    columns = regressors(design, covariates)
    # Centred and scaled the fit is stable; the coefficient is turned back into one per year.
    scale = columns.std()
    standardised = ((columns - columns.mean()) / scale).assign(constant=1.0)
    fit = _fit_logit(design[disease].astype(float), standardised)
    sd_years = scale["acceleration_years"]
    return outcome_rows(
        {"outcome": disease, "model": "logistic regression", "estimate_name": "odds_ratio"},
        (
            fit.params["acceleration_years"] / sd_years,
            fit.bse["acceleration_years"] / sd_years,
            fit.pvalues["acceleration_years"],
        ),
        columns,
        n_cases,
    )


def _fit_logit(disease: pd.Series, standardised: pd.DataFrame) -> "BinaryResultsWrapper":
    """Fit; refuse where some combination of the columns tells cases and controls apart."""
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
    # Where only some can be told apart, the fit stops at a huge coefficient without a warning.
    if not fit.bse.max() < MAX_STANDARD_ERROR:
        raise separated
    return fit


def _check_follow_up(table: pd.DataFrame) -> None:
    check_binary(table, "died")
    years = table["follow_up_years"].astype(float)
    wrong = (years < 0) | np.isinf(years)
    if wrong.any():
        raise CohortError(
            f"cohort: follow_up_years must be 0 or more, found {[*years[wrong][:5]]} for "
            f"{[*table['person_id'][wrong][:5]]}"
        )


def _with_q_values(outcomes: pd.DataFrame) -> pd.DataFrame:
    """Add Benjamini-Hochberg q-values across diseases; the two units of a disease share theirs."""
    from statsmodels.stats.multitest import multipletests

    p_values = outcomes[outcomes["unit"] == "per SD"].set_index("outcome")["p_value"]
    q_values = pd.Series(multipletests(p_values, method="fdr_bh")[1], index=p_values.index)
    return outcomes.assign(q_value=outcomes["outcome"].map(q_values))
