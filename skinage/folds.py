"""Who is held out when: a person is in one fold only."""

import numpy as np
import pandas as pd

from skinage.errors import CohortError, LeakageError, StageError


def person_folds(ages_years: pd.Series, n_folds: int = 5, seed: int = 0) -> pd.Series:
    """Deal people into folds that have the same spread of ages.

    People are sorted by age and cut into blocks of ``n_folds`` neighbours; each block is dealt
    at random, one to each fold. Sizes differ by one person at most.

    Parameters
    ----------
    ages_years
        One age per person; index ``person_id``.
    n_folds
        At least 2, at most the number of people.
    seed
        Of the deal. The order of the rows does not matter.

    Returns
    -------
    pandas.Series
        ``fold`` (int, 0 to n_folds - 1), index ``person_id`` in the order given.

    Raises
    ------
    StageError
        If an age is missing, or there are fewer people than folds.
    LeakageError
        If a person is there twice.
    """
    n_people = len(ages_years)
    if not 2 <= n_folds <= n_people:
        raise StageError(f"folds: {n_folds} folds for {n_people} people; use 2 to {n_people}")
    _check_people(ages_years, "age")
    generator = np.random.default_rng(seed)
    n_blocks = -(-n_people // n_folds)
    deal = generator.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1).ravel()
    by_age = ages_years.sort_index().sort_values(kind="stable").index
    # The last, incomplete block takes the first of its shuffled folds.
    dealt = pd.Series(deal[:n_people], index=by_age, name="fold")
    return dealt.reindex(ages_years.index).rename_axis("person_id")


def group_folds(groups: pd.Series) -> pd.Series:
    """Hold out whole groups, one after the other: body sites, scanners, hospitals.

    A clock that reads the scanner passes a test on other people, not one on another scanner.

    Parameters
    ----------
    groups
        One group per person; index ``person_id``.

    Returns
    -------
    pandas.Series
        ``fold`` (int, in the order of the groups' names), index as given.

    Raises
    ------
    StageError
        If there is one group only, or people have none.
    LeakageError
        If a person is there twice.
    """
    _check_people(groups, "group")
    if len(groups.unique()) < 2:
        raise StageError(
            f"folds: all {len(groups)} people are of the group {groups.iloc[0]!r}; to hold groups "
            "out, at least two are needed"
        )
    codes, _ = pd.factorize(groups.astype(str), sort=True)
    return pd.Series(codes, groups.index, name="fold").rename_axis("person_id")


def inner_folds(
    ages_years: pd.Series, groups: pd.Series | None = None, n_folds: int = 5, seed: int = 0
) -> pd.Series:
    """Deal training people into folds as the tested people were held out.

    What is tuned and calibrated on has to be like what is tested: where whole groups are held
    out, the errors that intervals are made of come from groups held out too, as long as two are
    left.

    Parameters
    ----------
    ages_years
        Of the training people; index ``person_id``.
    groups
        Theirs, if groups are held out.
    n_folds, seed
        As of `person_folds`, if not.
    """
    if groups is not None and len(groups.unique()) > 1:
        return group_folds(groups)
    return person_folds(ages_years, n_folds, seed)


def groups_of(cohort: pd.DataFrame, column: str) -> pd.Series:
    """Give each person's body site, scanner or other group of the cohort table.

    Parameters
    ----------
    cohort
        A row per slide.
    column
        Its column.

    Returns
    -------
    pandas.Series
        Index ``person_id``; missing where the table has none.

    Raises
    ------
    CohortError
        If there is no such column, or a person's slides are of several groups.
    """
    if column not in cohort:
        raise CohortError(f"folds: the cohort has no column {column!r}; found {[*cohort.columns]}")
    by_person = cohort.groupby("person_id", observed=True)[column]
    several = by_person.nunique()
    torn = [*several.index[several > 1]]
    if torn:
        raise CohortError(
            f"folds: {len(torn)} people have slides of more than one {column}, such as {torn[:5]}; "
            f"they cannot be held out with one of them. Keep the slides of one {column} of each, "
            "or leave these people out."
        )
    return by_person.first()


def _check_people(values: pd.Series, what: str) -> None:
    if values.isna().any():
        nameless = [*values.index[values.isna()][:5]]
        raise StageError(f"folds: {values.isna().sum()} people have no {what}, such as {nameless}")
    if values.index.has_duplicates:
        twice = [*values.index[values.index.duplicated()].unique()[:5]]
        raise LeakageError(
            f"folds: people are there more than once: {twice}; give a row per person"
        )
