"""Who takes part in a tuning: people with a target, tiles and a fold at their first visit."""

import warnings
from collections.abc import Sequence

import pandas as pd

from skinage.cohort.leakage import check_leakage
from skinage.cohort.people import by_person, first_visits
from skinage.errors import LeakageError, SettingError, StageError
from skinage.transfer.targets import Classes, Number, Target, Time


def participants(
    tiles: pd.DataFrame, cohort: pd.DataFrame, columns: Sequence[str], folds: pd.Series
) -> tuple[pd.DataFrame, pd.DataFrame, dict[str, str]]:
    """Find the people who have a target, tiles and a fold, and the slides of their first visit.

    The tissue of a later visit is another age and another follow-up: it takes no part.

    Parameters
    ----------
    tiles
        The tile table.
    cohort
        A row per slide. Slides are matched to tiles by ``slide_id``.
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
    excluded : dict of str
        The reason for each person of the cohort, and each slide of the tiles, that takes no part.

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
    known = by_person(cohort, columns).dropna()
    known = known.assign(**{name: _as_number(known[name]) for name in columns})
    tiles, excluded = _of_first_visits(tiles, cohort)
    people = pd.Index(cohort["person_id"].unique())
    counts = {}
    for what, having in {
        "target": known.index,
        "tiles": tiles["person_id"],
        "fold": fold.index,
    }.items():
        lacking = people[~people.isin(having)]
        excluded |= {f"person {person}": f"no {what}" for person in lacking}
        counts[what] = len(lacking)
    if any(counts.values()):
        listed = ", ".join(f"{count} have no {what}" for what, count in counts.items() if count)
        warnings.warn(
            f"tune: of {len(people)} people of the cohort {listed}; they are excluded", stacklevel=3
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
    return tiles.sort_values(["person_id", "slide_id", "x", "y"], kind="stable"), known, excluded


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
    """Turn a column into float64 if every value is a number; text of a CSV counts as its number."""
    values = values.astype(object).infer_objects()
    if pd.api.types.is_bool_dtype(values):
        return values
    numbers = pd.to_numeric(values, errors="coerce")
    return values if numbers.isna().any() else numbers.astype(float)


def _of_first_visits(
    tiles: pd.DataFrame, cohort: pd.DataFrame
) -> tuple[pd.DataFrame, dict[str, str]]:
    """Keep the tiles of the slides of first visits; return the reason for each other slide."""
    if "slide_id" not in cohort:
        raise StageError(f"tune: the cohort has no column slide_id; found {', '.join(cohort)}")
    owner = cohort.drop_duplicates("slide_id").set_index("slide_id")["person_id"]
    found = tiles["slide_id"].map(owner)
    wrong = tiles[found.notna() & (found != tiles["person_id"])]
    if len(wrong):
        raise LeakageError(
            f"tune: slide {wrong['slide_id'].iloc[0]} belongs to person "
            f"{wrong['person_id'].iloc[0]} in the tiles and to {found[wrong.index[0]]} in the "
            "cohort; make the tiles again"
        )
    unknown = tiles["slide_id"][found.isna()].unique()
    if len(unknown):
        warnings.warn(
            f"tune: tiles of {len(unknown)} slides that the cohort lacks are skipped", stacklevel=4
        )
    first = tiles["slide_id"].isin(first_visits(cohort)["slide_id"])
    excluded = {f"slide {slide}": "a later visit" for slide in tiles["slide_id"][~first].unique()}
    excluded |= {f"slide {slide}": "not in the cohort" for slide in unknown}
    return tiles[first], excluded
