"""Folds: which people are held out together. A person is in one fold only."""

import numpy as np
import pandas as pd

from skinage.errors import CohortError, LeakageError, SettingError, StageError

LEAST_GROUPS = 3
"""The fewest training groups of which one after the other is held out."""


def person_folds(ages_years: pd.Series, n_folds: int = 5, *, seed: int = 0) -> pd.Series:
    """Assign people to folds that have the same spread of ages.

    People are sorted by age and cut into blocks of ``n_folds`` neighbours; each block is spread
    over the folds at random. Sizes differ by one person at most.

    Parameters
    ----------
    ages_years
        One age per person; index ``person_id``.
    n_folds
        The number of folds, from 2 to the number of people.
    seed
        Seed of the assignment. The order of the rows does not matter.

    Returns
    -------
    pandas.Series
        ``fold`` (int, 0 to n_folds - 1), index ``person_id`` in the order given.

    Raises
    ------
    SettingError
        If ``n_folds`` is below 2.
    StageError
        If an age is missing, or there are fewer people than folds.
    LeakageError
        If a person is listed twice.
    """
    n_people = len(ages_years)
    _check_number(n_folds, n_people, "people")
    _check_people(ages_years, "age")
    generator = np.random.default_rng(seed)
    n_blocks = -(-n_people // n_folds)
    shuffled = generator.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1).ravel()
    by_age = ages_years.sort_index().sort_values(kind="stable").index
    # The last, incomplete block takes the first of its shuffled folds.
    folds = pd.Series(shuffled[:n_people], index=by_age, name="fold")
    return folds.reindex(ages_years.index).rename_axis("person_id")


def group_folds(groups: pd.Series, n_folds: int | None = None, *, seed: int = 0) -> pd.Series:
    """Assign whole groups to folds: body sites, scanners, hospitals.

    A clock that reads the scanner passes a test on other people, but not one on another scanner.

    Parameters
    ----------
    groups
        One group per person; index ``person_id``.
    n_folds
        The number of folds, from 2 to the number of groups. The largest remaining group always
        goes to the smallest fold (longest processing time first, Graham 1969,
        doi:10.1137/0117039). None makes every group a fold.
    seed
        Seed of the order among groups of one size. The order of the rows does not matter.

    Returns
    -------
    pandas.Series
        ``fold`` (int), index as given. Without ``n_folds`` numbered in the order of the groups'
        names.

    Raises
    ------
    StageError
        If there is only one group, there are fewer groups than folds, or people have no group.
    SettingError
        If ``n_folds`` is below 2.
    LeakageError
        If a person is listed twice.
    """
    _check_people(groups, "group")
    codes, names = pd.factorize(groups.astype(str), sort=True)
    if len(names) < 2:
        raise StageError(
            f"folds: {len(groups)} people are of {len(names)} group {[*names]}; to hold groups "
            "out, at least two are needed"
        )
    fold_of_group = np.arange(len(names))
    if n_folds is not None:
        _check_number(n_folds, len(names), f"groups, such as {[*names[:5]]}")
        fold_of_group = _by_size(np.bincount(codes), n_folds, seed)
    return pd.Series(fold_of_group[codes], groups.index, name="fold").rename_axis("person_id")


def inner_folds(
    ages_years: pd.Series, groups: pd.Series | None = None, n_folds: int = 5, *, seed: int = 0
) -> pd.Series:
    """Assign training people to folds in the way in which the tested people were held out.

    What is tuned and calibrated on has to meet what testing meets: where whole groups are held
    out, the errors that intervals are made of come from groups held out too. Of two groups, each
    would be predicted from the other alone, by half the people; from three on groups are held out.

    Parameters
    ----------
    ages_years
        One age per training person; index ``person_id``.
    groups
        One group per training person, with the same index. None if no groups are held out.
    n_folds
        The number of folds. Fewer are made of fewer people, or of fewer groups.
    seed
        Seed of the assignment.

    Returns
    -------
    pandas.Series
        ``fold`` (int), index as given.

    Raises
    ------
    StageError, LeakageError
        As `person_folds` and `group_folds`.
    """
    n_groups = 0 if groups is None else groups.nunique()
    if groups is None or n_groups < LEAST_GROUPS:
        return person_folds(ages_years, min(n_folds, len(ages_years)), seed=seed)
    return group_folds(groups, min(n_folds, n_groups), seed=seed)


def groups_of(cohort: pd.DataFrame, column: str) -> pd.Series:
    """Return each person's body site, scanner or other group of the cohort table.

    Parameters
    ----------
    cohort
        The cohort table, a row per slide.
    column
        The column that names the group.

    Returns
    -------
    pandas.Series
        Index ``person_id``; missing where none of a person's slides has one.

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
            f"they cannot be held out with one of them. Keep the slides of one {column} of each "
            "(in the cohort, and of their tiles), or exclude these people."
        )
    return by_person.first()


def _by_size(sizes: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Return the fold of each group, the largest group assigned first."""
    shuffled = np.random.default_rng(seed).permutation(len(sizes))
    folds, n_people = np.empty(len(sizes), int), np.zeros(n_folds, int)
    for group in shuffled[np.argsort(-sizes[shuffled], kind="stable")]:
        folds[group] = n_people.argmin()
        n_people[folds[group]] += sizes[group]
    return folds


def _check_number(n_folds: int, most: int, what: str) -> None:
    if n_folds < 2:
        raise SettingError(f"folds: n_folds is {n_folds}; expected 2 at least")
    if n_folds > most:
        raise StageError(f"folds: {n_folds} folds for {most} {what}; use 2 to {most}")


def _check_people(values: pd.Series, what: str) -> None:
    if values.isna().any():
        nameless = [*values.index[values.isna()][:5]]
        raise StageError(f"folds: {values.isna().sum()} people have no {what}, such as {nameless}")
    if values.index.has_duplicates:
        twice = [*values.index[values.index.duplicated()].unique()[:5]]
        raise LeakageError(
            f"folds: people are listed more than once: {twice}; expected a row per person"
        )
