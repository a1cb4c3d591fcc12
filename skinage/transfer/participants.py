"""Who takes part in a tuning: people with a target, tiles and a fold."""

import warnings
from collections.abc import Sequence

import numpy as np
import pandas as pd

from skinage.cohort.leakage import check_leakage
from skinage.errors import LeakageError, StageError
from skinage.transfer.targets import Classes, Number, Target, Time


def participants(
    tiles: pd.DataFrame, cohort: pd.DataFrame, columns: Sequence[str], folds: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find people who have a target, tiles and a fold; warn with a count of the others.

    Returns
    -------
    tiles : pandas.DataFrame
        Those of the people and of slides in the cohort, in an order of their own.
    known : pandas.DataFrame
        Index ``person_id``, sorted; ``fold`` and the columns of the target.

    Raises
    ------
    LeakageError
        If a person is in two folds, or a slide is of different people.
    StageError
        If a column is missing, a person's rows contradict each other, or too few are left.
    """
    if not isinstance(folds, pd.Series):
        raise StageError("tune: folds must be a Series of the fold by person_id (`person_folds`)")
    check_leakage(folds, cohort)
    fold = folds[~folds.index.duplicated()].dropna()
    known = _one_value(cohort, columns)
    tiles = _of_cohort(tiles, cohort)
    people = pd.Index(cohort["person_id"].unique())
    lacking = {"target": known.index, "tiles": tiles["person_id"], "fold": fold.index}
    counts = {what: int((~people.isin(having)).sum()) for what, having in lacking.items()}
    if any(counts.values()):
        listed = ", ".join(f"{count} no {what}" for what, count in counts.items() if count)
        warnings.warn(
            f"tune: of {len(people)} people of the cohort {listed}; left out.", stacklevel=3
        )
    known = known[known.index.isin(tiles["person_id"]) & known.index.isin(fold.index)].sort_index()
    known.insert(0, "fold", fold.reindex(known.index))
    if len(known) < fold.nunique() or known["fold"].nunique() < 2:
        raise StageError(
            f"tune: {len(known)} people in {known['fold'].nunique()} folds are left, of "
            f"{fold.nunique()} folds given; expected at least one person per fold, and two folds. "
            "Check that person_id is written the same way in cohort, tiles and folds."
        )
    # The order of the rows must not matter, not even in the last digit.
    tiles = tiles[tiles["person_id"].isin(known.index)]
    return tiles.sort_values(["person_id", "slide_id", "x", "y"], kind="stable"), known


def make_target(known: pd.DataFrame) -> Target:
    """Tell from the columns what is learnt, and refuse what cannot be (``StageError``)."""
    columns = [*known.columns.drop("fold")]
    values = known[columns[0]]
    target: Target
    if len(columns) == 2:
        target = Time(columns)
    elif values.nunique() > 2 and _is_number(values):
        target = Number(columns)
    else:
        target = Classes(columns, sorted(values.unique().tolist()))
    target.check(target.values(known[columns]), known["fold"].to_numpy())
    return target


def columns_of(target: str | Sequence[str]) -> list[str]:
    """Give the columns of a target; a time must come with its event."""
    columns = [target] if isinstance(target, str) else [*target]
    if len(columns) > 2 or not columns:
        raise StageError(f"tune: target {columns}; expected a column or a pair (time, event)")
    if columns == ["follow_up_years"]:
        raise StageError(
            'tune: follow_up_years says until when, not what happened; use ("follow_up_years", '
            '"died") for the time to death'
        )
    return columns


def _one_value(cohort: pd.DataFrame, columns: Sequence[str]) -> pd.DataFrame:
    missing = [name for name in ("person_id", *columns) if name not in cohort]
    if missing:
        raise StageError(f"tune: no column {', '.join(missing)}; found {', '.join(cohort)}")
    table = cohort[["person_id", *columns]].dropna()
    for name in columns:
        table[name] = _as_number(table[name])
    rows = table.drop_duplicates()
    several = rows["person_id"][rows["person_id"].duplicated()].unique()
    if len(several):
        found = rows.loc[rows["person_id"] == several[0], columns].to_numpy().tolist()
        raise StageError(
            f"tune: {len(several)} people have several values of {', '.join(columns)}, such as "
            f"{[*several[:5]]} ({several[0]}: {found}); expected one per person. Correct them, or "
            "keep one visit (`first_visits`)."
        )
    return rows.set_index("person_id")


def _is_number(values: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def _as_number(values: pd.Series) -> pd.Series:
    """Read numbers that a CSV has as text; what is no number stays."""
    if _is_number(values):
        return values.astype(np.float64)
    values = values.astype(object)
    is_text = values.map(lambda value: isinstance(value, str)).all()
    if is_text and pd.to_numeric(values, errors="coerce").notna().all():
        return values.astype(np.float64)
    return values


def _of_cohort(tiles: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    """Keep tiles of the cohort's slides; refuse those that are another person's there."""
    if "slide_id" not in cohort:
        return tiles
    owner = tiles["slide_id"].map(
        cohort.drop_duplicates("slide_id").set_index("slide_id").person_id
    )
    wrong = tiles[owner.notna() & (owner != tiles["person_id"])]
    if len(wrong):
        raise LeakageError(
            f"tune: slide {wrong['slide_id'].iloc[0]} is of person {wrong['person_id'].iloc[0]} in "
            f"the tiles and of {owner[wrong.index[0]]} in the cohort; make the tiles again"
        )
    if owner.isna().any():
        n_slides = tiles.loc[owner.isna(), "slide_id"].nunique()
        warnings.warn(
            f"tune: tiles of {n_slides} slides that the cohort lacks; left out.", stacklevel=4
        )
    return tiles[owner.notna()]
