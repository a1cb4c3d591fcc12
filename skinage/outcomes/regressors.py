"""The regressors of all outcome models: acceleration, age, sex and what else is adjusted for."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinage.age_acceleration.acceleration import measured
from skinage.age_acceleration.definitions import LEAST_OF_A_SEX
from skinage.clock.age_terms import age_terms
from skinage.cohort.people import by_person
from skinage.errors import CohortError, StageError
from skinage.outcomes.design import both_sexes
from skinage.outcomes.refusals import refuse_predicted_age
from skinage.skip_log import add_skipped

ADJUSTED_WHERE_KNOWN = ("hospital", "indication", "biopsy_year")
"""Columns of the cohort that are adjusted for by default: each can go with skin and with fate."""
CATEGORIES = ("hospital", "indication")
EVENTS_PER_COEFFICIENT = 5
"""The events per coefficient that the spline and the default covariates must leave.

Vittinghoff and McCulloch, Am J Epidemiol 165:710 (2007)."""
AGE_FORMS = ((4, True), (3, True), (3, False), (2, False))
"""Knots of the spline of age (2: a line), and whether each sex has its own; the richest first."""


@dataclass(frozen=True, eq=False)
class Design:
    """People and their regressors.

    Attributes
    ----------
    people
        A row per person, as `skinage.outcomes.design.join_outcomes` returns it.
    columns
        The regressors in the same order; acceleration, as its definition measures it, is the first.
    covariates
        The others in words.
    left_out
        Covariates that were left out by default, with the reason.
    """

    people: pd.DataFrame
    columns: pd.DataFrame
    covariates: str
    left_out: dict[str, str]

    @property
    def term(self) -> str:
        """The name of acceleration among the columns."""
        return str(self.columns.columns[0])


def covariates_or_default(
    acceleration: pd.DataFrame, cohort: pd.DataFrame, covariates: Sequence[str] | None
) -> tuple[list[str], dict[str, str]]:
    """Return the covariates asked for, or those of `ADJUSTED_WHERE_KNOWN` that can be used.

    Returns
    -------
    names : list of str
        If none were asked for, those that vary and that everybody has.
    left_out : dict of str
        Those that vary and cannot be used, with the reason.
    """
    if covariates is not None:
        return list(covariates), {}
    names, left_out = [], {}
    for name in (one for one in ADJUSTED_WHERE_KNOWN if one in cohort):
        try:
            known = by_person(cohort, [name])[name]
        except CohortError as error:
            left_out[name] = f"not adjusted for: {error}"
            continue
        known = known[known.index.isin(acceleration["person_id"])]
        if len(known.dropna().unique()) < 2:
            continue
        if known.isna().any():
            left_out[name] = f"not adjusted for: {known.isna().sum()} people lack it"
        else:
            names.append(name)
    return names, left_out


def informative_people(
    people: pd.DataFrame, outcome: str, covariates: Sequence[str], values: Sequence[int]
) -> pd.DataFrame:
    """Exclude people of a hospital or indication where everybody has the same outcome.

    Its own coefficient would be infinite, and its people say nothing of any other: the fit is that
    of the others, and so is its likelihood.

    Parameters
    ----------
    people
        A row per person, with the outcome and the covariates.
    outcome
        The column of the outcome, 0 or 1.
    covariates
        The covariates; only those in `CATEGORIES` are looked at.
    values
        The outcomes that make a level say nothing, when all of its people have it.

    Returns
    -------
    pandas.DataFrame
        The others; `skinage.skipped` counts the people excluded.
    """
    for name in (one for one in covariates if one in CATEGORIES):
        mean = people.groupby(people[name].astype(str))[outcome].transform("mean")
        alike = mean.isin(values)
        if alike.any():
            words = f"of a level of {name} where all have the same {outcome}; they say nothing"
            kept = people[~alike]
            kept.attrs = dict(people.attrs)
            add_skipped(kept, outcome, {f"{alike.sum()} of {len(people)} people": words})
            people = kept
    return people


def regressors(
    people: pd.DataFrame, covariates: Sequence[str], n_events: int, *, by_default: bool = False
) -> Design:
    """Build the regressors, as rich as the number of events allows.

    Age is a restricted cubic spline (4 or 3 knots) for each sex, so that neither a curve of risk
    with age nor another slope in men is taken for an effect of acceleration.

    Parameters
    ----------
    people
        A row per person with acceleration, ``age_years`` (with brackets ``expected_age_years``),
        ``sex`` if known, and the covariates.
    covariates
        Further columns; text becomes categories.
    n_events
        Deaths, or the smaller of cases and controls.
    by_default
        True if the covariates are those of `ADJUSTED_WHERE_KNOWN`: one that leaves fewer than
        `EVENTS_PER_COEFFICIENT` is left out then.

    Raises
    ------
    StageError
        If a regressor does not vary, follows from the others, or holds the predicted age.
    """
    most = n_events // EVENTS_PER_COEFFICIENT
    n_needed = 2 + both_sexes(people)
    parts: list[pd.DataFrame] = []
    left_out: dict[str, str] = {}
    for name in covariates:
        # Hospitals may be numbered, and are still no quantity.
        column = people[[name]].astype(str) if name in CATEGORIES else people[[name]]
        part = pd.get_dummies(column, drop_first=True).astype(float)
        if by_default and len(people[name].unique()) < 2:
            left_out[name] = "not adjusted for: the same for all people of the model"
        elif by_default and _follows(part, parts):
            left_out[name] = "not adjusted for: it follows from those adjusted for before"
        elif by_default and n_needed + part.shape[1] > most:
            left_out[name] = f"not adjusted for: {n_events} events are too few for it"
        else:
            parts.append(part)
            n_needed += part.shape[1]
    age, words = _age_columns(people, most - n_needed + 2 + both_sexes(people))
    columns = pd.concat([measured(people).astype(float), age, *parts], axis=1)
    columns = columns.set_axis(people.index)
    _refuse_what_does_not_vary(columns, len(people))
    refuse_predicted_age(columns, [*age], people)
    if np.linalg.matrix_rank((columns - columns.mean()) / columns.std()) < columns.shape[1]:
        raise StageError(
            f"outcomes: one of {[*columns]} follows from the others; remove a covariate"
        )
    words = ", ".join([words, *(name for name in covariates if name not in left_out)])
    return Design(people, columns, words, left_out)


def _follows(part: pd.DataFrame, parts: list[pd.DataFrame]) -> bool:
    """Return whether some column of a covariate is a sum of columns of the earlier ones."""
    columns = pd.concat([*parts, part], axis=1)
    return bool(np.linalg.matrix_rank(columns - columns.mean()) < columns.shape[1])


def _age_columns(people: pd.DataFrame, most: int) -> tuple[pd.DataFrame, str]:
    """Return the terms of age and sex, as many as there may be beside acceleration, and words."""
    years = people.get("expected_age_years", people["age_years"]).to_numpy(float)
    male = (people["sex"] == "M").to_numpy(float) if both_sexes(people) else None
    both = male is not None and bool(min(male.sum(), (1 - male).sum()) >= LEAST_OF_A_SEX)
    for n_knots, each_sex in AGE_FORMS:
        terms = age_terms(years, years, n_knots)
        each_sex = each_sex and both
        n_terms = terms.shape[1] * (1 + each_sex) + (male is not None)
        if 1 + n_terms <= most or n_knots == 2:
            break
    if terms.shape[1] == 1:
        table, words = pd.DataFrame({"age_years": years}), "age_years"
    else:
        names = [f"age_spline_{k + 1}" for k in range(terms.shape[1])]
        table = pd.DataFrame(terms, columns=names)
        words = f"age_years ({terms.shape[1] + 1}-knot spline{' for each sex' * each_sex})"
    if male is not None:
        table["sex_male"], words = male, f"{words}, sex_male"
    if each_sex and male is not None:
        centred = (male - male.mean())[:, None] * terms
        table[[f"age_by_sex_{k + 1}" for k in range(terms.shape[1])]] = centred
    return table.set_axis(people.index), words


def _refuse_what_does_not_vary(columns: pd.DataFrame, n_people: int) -> None:
    constant = [*columns.columns[columns.std() == 0]]
    if constant:
        raise StageError(f"outcomes: {constant} are the same for all {n_people} people")
