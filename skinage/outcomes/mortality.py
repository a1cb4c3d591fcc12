"""Mortality and age acceleration: Cox regression of the time from biopsy to death."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.errors import CohortError, StageError
from skinage.outcomes import design
from skinage.outcomes.ratio_rows import ratio_rows
from skinage.outcomes.regressors import (
    covariates_or_default,
    informative_people,
    regressors,
)
from skinage.skip_log import add_skipped

OUTCOME = ["follow_up_years", "died"]
STEP_SIZE = 0.25
"""Of Newton's first steps; lifelines' own 0.95 overshoots where age has a strong curve by sex."""


def follow_up(
    acceleration: pd.DataFrame, cohort: pd.DataFrame, *, covariates: Sequence[str] = ()
) -> pd.DataFrame:
    """Return acceleration and follow-up of each person, checked, as `mortality` uses them.

    Parameters
    ----------
    acceleration
        A row per person, as `skinage.acceleration` returns it.
    cohort
        A row per slide, with ``person_id``, ``follow_up_years`` (0 or more years from the first
        biopsy) and ``died`` (1 dead at the end of follow-up, 0 alive).
    covariates
        Further columns of the cohort table that are added.

    Returns
    -------
    pandas.DataFrame
        A row per person: the columns of ``acceleration``, among them ``person_id``,
        ``acceleration_years``, ``age_years`` and, if known, ``sex``; ``follow_up_years`` and
        ``died``; the covariates. With several visits in the cohort, the values of the first one.
        People with a missing value are excluded; a warning and `skinage.skipped` count them.

    Raises
    ------
    StageError
        If the cohort has no follow-up, a person has several rows in ``acceleration``, an age or an
        acceleration is not finite, or the acceleration is of a later visit than the first.
    CohortError
        If a covariate is missing, ``follow_up_years`` is negative or infinite, ``died`` is neither
        0 nor 1, or the rows of one person contradict each other.
    SettingError
        If age, sex, predicted age or acceleration is among the covariates.
    """
    table = design.join_outcomes(acceleration, cohort, OUTCOME, covariates)
    design.check_binary(table, "died")
    years = table["follow_up_years"].astype(float)
    wrong = (years < 0) | np.isinf(years)
    if wrong.any():
        raise CohortError(
            f"cohort: follow_up_years must be 0 or more, found {[*years[wrong][:5]]} for "
            f"{[*table['person_id'][wrong][:5]]}"
        )
    return design.complete_people(table, [*OUTCOME, *covariates], "follow_up")


def mortality(
    acceleration: pd.DataFrame,
    cohort: pd.DataFrame,
    *,
    covariates: Sequence[str] | None = None,
) -> pd.DataFrame:
    """Test whether people of higher age acceleration die earlier.

    Cox regression (lifelines; Cox, J. R. Stat. Soc. B 34:187, 1972) of the time since biopsy on
    age acceleration, age (a restricted cubic spline, where both sexes are present for each of
    them, as far as there are five deaths per coefficient), sex and further covariates.

    Parameters
    ----------
    acceleration, cohort
        The tables as for `follow_up`.
    covariates
        Further columns of the cohort table to adjust for; text becomes categories. None takes
        ``hospital``, ``indication`` and ``biopsy_year``, where everybody has them and there are
        events enough; an empty list takes none. People of a hospital or indication where nobody
        died say nothing then, and are excluded with a count.

    Returns
    -------
    pandas.DataFrame
        Two rows of one fit: the hazard ratio per SD, and per five years in Cole's scale (five
        times ``slope`` of the table's years); for definitions that are not in years per SD at that
        age, per 10 centiles or per 10 %. ``term`` is the column of acceleration and ``step`` how
        much of it the ratio is for (the SD is that of the people in the model); ``estimate`` with
        its 95 % Wald interval ``lower`` to ``upper``; ``p_value``, ``n_people``, ``n_events``,
        ``covariates``, ``slope`` and ``definition``. `skinage.skipped` names what was left out by
        default, with the reason: covariates, and the row per five years of a clock that rises by
        less than ``LEAST_SLOPE`` years per year.

    Raises
    ------
    StageError
        If fewer than ``MIN_EVENTS`` people died, the fit does not converge, a covariate is the
        predicted age under another name, or ages are brackets so wide that acceleration cannot be
        told apart from them; also as `follow_up`.
    CohortError, SettingError
        As `follow_up`.
    """
    from lifelines import CoxPHFitter
    from lifelines.exceptions import ConvergenceError

    asked, left_out = covariates_or_default(acceleration, cohort, covariates)
    people = follow_up(acceleration, cohort, covariates=asked)
    add_skipped(people, "mortality", left_out)
    if covariates is None:
        people = informative_people(people, "died", asked, [0])
    n_events = int(people["died"].sum())
    if n_events < design.MIN_EVENTS:
        raise StageError(
            f"mortality: {n_events} deaths among {len(people)} people with follow-up; at least "
            f"{design.MIN_EVENTS} are needed for a Cox model"
        )
    model = regressors(people, asked, n_events, by_default=covariates is None)
    try:
        table = model.columns.join(people[OUTCOME].astype(float))
        fit = CoxPHFitter().fit(table, *OUTCOME, fit_options={"step_size": STEP_SIZE})
    except ConvergenceError as error:
        raise StageError(
            f"mortality: the Cox model with {[*model.columns]} did not converge; remove covariates "
            "that say the same or that single out the dead"
        ) from error
    row = fit.summary.loc[model.term]
    what = {"outcome": "death", "model": "Cox, time since biopsy", "estimate_name": "hazard_ratio"}
    return ratio_rows(what, (row["coef"], row["se(coef)"], row["p"]), model, n_events)
