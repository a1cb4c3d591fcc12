"""People: visits, and a row per person.

A cohort table has a row per slide; a clock and an outcome model need a row per person.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.errors import CohortError, StageError


def number_visits(cohort: pd.DataFrame) -> pd.Series:
    """Return the number of the visit that each row belongs to: 1 is a person's first.

    Parameters
    ----------
    cohort
        A row per slide, with ``person_id``. Visits are ordered by ``age_years``; their names in
        the column ``visit`` may be anything. Without that column all rows are of one visit.

    Returns
    -------
    pandas.Series
        Index as given; 1, 2, ... within each person. Missing where the visit is not named while
        another visit of that person is.

    Raises
    ------
    CohortError
        If there are visits but no ages to order them by.
    """
    if "visit" not in cohort:
        return pd.Series(1.0, cohort.index)
    if "age_years" not in cohort:
        raise CohortError("cohort: `visit` needs `age_years` to order the visits by")
    keys = ["person_id", "visit"]
    visits = cohort.sort_values("age_years", kind="stable").dropna(subset="visit")
    visits = visits.drop_duplicates(keys)
    number = visits.groupby("person_id", observed=True).cumcount() + 1.0
    number.index = pd.MultiIndex.from_frame(visits[keys])
    found = number.reindex(pd.MultiIndex.from_frame(cohort[keys])).set_axis(cohort.index)
    return found.where(cohort["person_id"].isin(visits["person_id"]), 1.0)


def first_visits(cohort: pd.DataFrame) -> pd.DataFrame:
    """Return the slides of each person's first visit, the one at the youngest age.

    A later biopsy of the same person shows another age, but it is not another person.

    Parameters
    ----------
    cohort
        A row per slide; without a column ``visit`` all rows are of the first.

    Returns
    -------
    pandas.DataFrame
        The rows of first visits, and those of people of whom no visit is named.

    Raises
    ------
    CohortError
        If there are visits but no ages to order them by.
    """
    return cohort[number_visits(cohort) == 1]


def by_person(cohort: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    """Return a row per person of a cohort that has a row per slide.

    Where the cohort has ``visit``, a person's first visit counts: the one at the youngest age.

    Parameters
    ----------
    cohort
        A row per slide, with ``person_id``.
    columns
        Names of columns that the cohort has.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``; the columns asked for. Missing values count only where a person has
        no other.

    Raises
    ------
    CohortError
        If a column is missing, or a person's rows contradict each other; it names them.
    """
    missing = [name for name in ("person_id", *columns) if name not in cohort.columns]
    if missing:
        raise CohortError(f"cohort: no column {', '.join(missing)}; found {[*cohort.columns]}")
    grouped = first_visits(cohort).groupby("person_id", observed=True)
    counts = grouped[list(columns)].nunique()
    problems = [
        f"{name} of person {person} is {[*map(str, grouped.get_group(person)[name].unique())]}"
        for name in columns
        for person in counts.index[counts[name] > 1][:5]
    ]
    if problems:
        raise CohortError(
            "cohort: rows of one person contradict each other (up to five per column are shown): "
            + "; ".join(problems)
            + ". Correct them, or name the visits in a column `visit`."
        )
    return grouped[list(columns)].first()


def require_columns(table: pd.DataFrame, names: Sequence[str], where: str) -> None:
    """Refuse a table (named ``where`` in the message) that lacks columns; a `StageError`."""
    missing = [name for name in names if name not in table]
    if missing:
        raise StageError(f"{where}: no column {', '.join(missing)}; found {[*table.columns]}")


def refuse_people(table: pd.DataFrame, wrong: np.ndarray, where: str, what: str) -> None:
    """Refuse a table in which people are marked as wrong; a `StageError` names up to five."""
    if wrong.any():
        named = [*table["person_id"][wrong][:5]]
        raise StageError(f"{where}: {wrong.sum()} people {what}, such as {named}")


def refuse_repeated_people(table: pd.DataFrame, where: str) -> None:
    """Refuse a table of people that lists a person more than once.

    A person counted twice makes every interval too narrow and every p-value too small.

    Parameters
    ----------
    table
        A row per person: ``person_id`` as a column, or as the index.
    where
        The name of the table, with which the message begins.

    Raises
    ------
    StageError
        If a person has several rows; it names up to five and says how to choose one row.
    """
    ids = table["person_id"] if "person_id" in table else table.index.to_series()
    repeated = ids[ids.duplicated()].unique()
    if len(repeated):
        advice = "keep one row of each person"
        if "visit" in table:
            first = table["visit"].iloc[0]
            advice = f'choose one visit, such as {where}[{where}["visit"] == {first!r}]'
        raise StageError(
            f"{where}: {len(repeated)} people are listed more than once, such as "
            f"{[*repeated[:5]]}; expected one row per person: {advice}"
        )
