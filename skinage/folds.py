"""Who is held out when: a person is in one fold only."""

import hashlib
import os
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError


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
    if ages_years.isna().any():
        nameless = [*ages_years.index[ages_years.isna()][:5]]
        raise StageError(f"folds: {ages_years.isna().sum()} people have no age, such as {nameless}")
    if ages_years.index.has_duplicates:
        twice = [*ages_years.index[ages_years.index.duplicated()].unique()[:5]]
        raise LeakageError(
            f"folds: people are there more than once: {twice}; give a row per person"
        )
    generator = np.random.default_rng(seed)
    n_blocks = -(-n_people // n_folds)
    deal = generator.permuted(np.tile(np.arange(n_folds), (n_blocks, 1)), axis=1).ravel()
    by_age = ages_years.sort_index().sort_values(kind="stable").index
    # The last, incomplete block takes the first of its shuffled folds.
    dealt = pd.Series(deal[:n_people], index=by_age, name="fold")
    return dealt.reindex(ages_years.index).rename_axis("person_id")


def check_leakage(folds: pd.Series, cohort: pd.DataFrame | None = None) -> None:
    """Refuse folds that share a person, or two people's rows that are the same slide.

    Parameters
    ----------
    folds
        Fold of each row (person, slide or tile); index ``person_id``.
    cohort
        If given, its ``slide_id`` and the content of the files under ``path`` are compared;
        paths that do not exist are passed over.

    Raises
    ------
    LeakageError
        If a person is in two folds, or people of different folds have a slide in common.
    """
    n_folds_of = folds.groupby(level=0).nunique()
    torn = [*n_folds_of.index[n_folds_of > 1]]
    if torn:
        raise LeakageError(f"folds: {len(torn)} people are in more than one fold: {torn[:5]}")
    if cohort is None:
        return
    fold_of = folds[~folds.index.duplicated()]
    for what, groups in (("slide_id", _same_name(cohort)), ("slide file", _same_file(cohort))):
        for shared, people in groups.items():
            inside = {person: int(fold_of[person]) for person in people if person in fold_of.index}
            if len(set(inside.values())) > 1:
                listed = ", ".join(f"{person} (fold {fold})" for person, fold in inside.items())
                raise LeakageError(
                    f"folds: the {what} {shared} belongs to people of different folds: {listed}. "
                    "Correct person_id in the cohort, or leave one of them out."
                )


def _same_name(cohort: pd.DataFrame) -> dict[str, list[str]]:
    """People by slide_id."""
    if "slide_id" not in cohort.columns:
        return {}
    return {
        str(name): [*people.unique()] for name, people in cohort.groupby("slide_id")["person_id"]
    }


def _same_file(cohort: pd.DataFrame) -> dict[str, list[str]]:
    """People by the content of their slide file; only files of equal size are read."""
    by_size: dict[int, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    if "path" in cohort.columns:
        for path, person in zip(cohort["path"], cohort["person_id"], strict=True):
            if isinstance(path, str | Path) and os.path.isfile(path):
                by_size[os.path.getsize(path)][str(path)].add(person)
    groups: dict[str, dict[str, set[str]]] = defaultdict(dict)
    for paths in by_size.values():
        for path, people in paths.items():
            # A size that nobody shares needs no reading: the path stands for the content.
            groups[_content(path) if len(paths) > 1 else path][path] = people
    return {
        " = ".join(sorted(paths)): sorted(set[str]().union(*paths.values()))
        for paths in groups.values()
    }


def _content(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
