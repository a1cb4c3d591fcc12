"""Who takes part in a tuning: people with a target, tiles and a fold at their first visit."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.cohort.leakage import check_leakage
from skinage.cohort.people import by_person
from skinage.errors import SettingError, StageError
from skinage.people.visits import rows_by_visit
from skinage.transfer.targets import Classes, Number, Target, Time


def participants(
    tiles: pd.DataFrame, cohort: pd.DataFrame, columns: Sequence[str], folds: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Find the people who have a target, tiles and a fold, and the tiles of their first visit.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        A row per slide.
    columns
        The columns of the target.
    folds
        The fold of each person, index ``person_id``.

    Returns
    -------
    tiles : pandas.DataFrame
        The tiles of these people's first visits, sorted by person, slide and place.
    known : pandas.DataFrame
        Index ``person_id``, sorted; ``fold`` and the columns of the target.
    skipped : dict of str
        The reason for each person of the cohort, and each slide of the tiles, that has no part.

    Raises
    ------
    SettingError
        If the folds are not a Series.
    CohortError
        If a column is missing, or the rows of one visit contradict each other.
    LeakageError
        If a person is in two folds, or a slide belongs to different people.
    StageError
        If too few people are left.
    """
    if not isinstance(folds, pd.Series):
        raise SettingError(
            f"tune: folds is a {type(folds).__name__}; expected a Series of the fold by person_id, "
            "such as `person_folds` returns"
        )
    check_leakage(folds, cohort)
    fold = folds[~folds.index.duplicated()].dropna()
    visits = rows_by_visit(tiles, cohort)
    known = by_person(cohort, columns).dropna().sort_index()
    having = {"target": known.index, "tiles": [*visits.first], "fold": fold.index}
    people = pd.Index(cohort["person_id"].unique())
    lacking = {what: people[~people.isin(some)] for what, some in having.items()}
    skipped = {f"person {who}": f"no {what}" for what, some in lacking.items() for who in some}
    if skipped:
        counts = ", ".join(f"{len(some)} have no {what}" for what, some in lacking.items())
        warnings.warn(
            f"tune: of {len(people)} people of the cohort {counts}; they are excluded", stacklevel=3
        )
    known = known[known.index.isin(having["tiles"]) & known.index.isin(fold.index)]
    known = known.assign(**{name: _as_number(known[name]) for name in columns})
    known.insert(0, "fold", fold.reindex(known.index))
    if len(known) < fold.nunique() or known["fold"].nunique() < 2:
        raise StageError(
            f"tune: {len(known)} people in {known['fold'].nunique()} folds are left, of "
            f"{fold.nunique()} folds given; expected at least one person per fold, and two folds. "
            "Check that person_id is written the same way in cohort, tiles and folds."
        )
    # The order of the rows must not matter, not even in the last digit.
    tiles = tiles.iloc[np.concatenate([visits.first[person] for person in known.index])]
    tiles = tiles.sort_values(["person_id", "slide_id", "x", "y"], kind="stable")
    return tiles, known, visits.skipped | skipped


def columns_of(target: str | Sequence[str]) -> list[str]:
    """Return the columns of a target; a time must come with its event."""
    columns = [target] if isinstance(target, str) else [*target]
    if len(columns) not in (1, 2):
        raise SettingError(f"tune: target {columns}; expected a column or a pair (time, event)")
    if columns == ["follow_up_years"]:
        raise SettingError(
            "tune: follow_up_years says until when, not what happened; use "
            '("follow_up_years", "died") for the time to death'
        )
    return columns


def make_target(known: pd.DataFrame) -> Target:
    """Find out from the columns what is learnt, and refuse what cannot be (``StageError``)."""
    columns = [*known.columns.drop("fold")]
    values = known[columns[0]]
    target: Target
    if len(columns) == 2:
        target = Time(columns)
    elif values.nunique() > 2 and pd.api.types.is_float_dtype(values):
        target = Number(columns)
    else:
        target = Classes(columns, sorted(values.unique().tolist()))
    target.check(target.values(known[columns]), known["fold"].to_numpy())
    return target


def _as_number(values: pd.Series) -> pd.Series:
    """Return a column as float64 if every value is a number, be it written as text."""
    values = values.astype(object).infer_objects()
    numbers = pd.to_numeric(values, errors="coerce")
    is_number = numbers.notna().all() and not pd.api.types.is_bool_dtype(values)
    return numbers.astype(float) if is_number else values
