"""Which tiles and slides of people count: a clock learns from first visits only.

At a later visit the same person has another age. Tiles are joined with the cohort by ``slide_id``,
so no column of an atlas has to name the visits.
"""

import json
import warnings
from dataclasses import dataclass

import numpy as np
import pandas as pd

from skinage.cohort.people import number_visits
from skinage.errors import LeakageError, StageError

SLIDE_IDS = "slide_ids"
"""The column of a table of people that lists the slides they were pooled from, as JSON."""


@dataclass(frozen=True, eq=False)
class TileRows:
    """Which rows of an atlas are whose, visit by visit.

    Attributes
    ----------
    first
        Positions of the tiles of each person's first visit, by ``person_id``, sorted.
    later
        Positions of the tiles of each later visit, by ``(person_id, number of the visit)``.
    skipped
        The slides that have no part in the first visits, with the reason.
    """

    first: dict[str, np.ndarray]
    later: dict[tuple[str, int], np.ndarray]
    skipped: dict[str, str]


def rows_by_visit(obs: pd.DataFrame, cohort: pd.DataFrame | None = None) -> TileRows:
    """Return which tiles are whose at which visit.

    Parameters
    ----------
    obs
        A row per tile: ``person_id`` and, where the cohort has several visits, ``slide_id``.
    cohort
        A row per slide. Slides that it lacks have no part, which a warning counts. Without it all
        tiles of a person count as one visit.

    Raises
    ------
    StageError
        If tiles belong to nobody, the visits of the tiles cannot be found, or no slide of the
        atlas is in the cohort.
    LeakageError
        If a slide is one person's in the atlas and another's in the cohort.
    """
    if "person_id" not in obs:
        raise StageError("people: obs has no column person_id; join the tile table to the atlas")
    if obs.empty:
        raise StageError("people: the atlas has no tiles; a selection of it may have matched none")
    if obs["person_id"].isna().any():
        raise StageError(f"people: {obs['person_id'].isna().sum()} tiles have no person_id")
    # Categories would keep people who have no tile left.
    tiles = obs.filter(["person_id", "slide_id"]).astype(object).reset_index(drop=True)
    skipped: dict[str, str] = {}
    if cohort is None or not {"slide_id", "person_id"} <= {*cohort} or "slide_id" not in obs:
        _refuse_unknown_visits(obs, cohort)
        tiles["visit"] = 1
    else:
        tiles["visit"], skipped = _visit_of_tile(tiles, cohort)
    tiles["visit"] = tiles["visit"].fillna(0)  # no part
    rows = sorted(tiles.groupby(["visit", "person_id"]).indices.items())
    first = {person: some for (visit, person), some in rows if visit == 1}
    later = {(person, int(visit)): some for (visit, person), some in rows if visit > 1}
    return TileRows(first, later, skipped)


def _refuse_unknown_visits(obs: pd.DataFrame, cohort: pd.DataFrame | None) -> None:
    """Refuse tiles that cannot be joined with the cohort if they may be of several visits."""
    several = 0
    for table in (obs, cohort):
        if table is not None and "visit" in table:
            own = table[table["person_id"].isin(obs["person_id"])]
            n_visits = own.groupby("person_id", observed=True)["visit"].nunique()
            several = max(several, int((n_visits > 1).sum()))
    if several:
        raise StageError(
            f"people: {several} people have several visits, and their tiles cannot be told apart; "
            "give the cohort, a row per slide, and an atlas with the column slide_id"
        )


def _visit_of_tile(tiles: pd.DataFrame, cohort: pd.DataFrame) -> tuple[pd.Series, dict[str, str]]:
    """Return the number of the visit of each tile, and the slides that are not of a first one."""
    rows = cohort.assign(number=number_visits(cohort)).drop_duplicates("slide_id")
    rows = rows.set_index("slide_id")
    slides, people = tiles["slide_id"], tiles["person_id"]
    owner, number = slides.map(rows["person_id"]), slides.map(rows["number"])
    wrong = np.flatnonzero(owner.notna() & (owner != people))
    if len(wrong):
        raise LeakageError(
            f"people: slide {slides[wrong[0]]} is of person {people[wrong[0]]} in the atlas and of "
            f"{owner[wrong[0]]} in the cohort; make the tiles again"
        )
    unknown = slides[owner.isna()].unique()
    if owner.isna().all():
        raise StageError(
            f"people: the cohort has none of the {len(unknown)} slides of the atlas, such as "
            f"{[*unknown[:3]]}; write slide_id the same way in both"
        )
    if len(unknown):
        warnings.warn(
            f"people: {len(unknown)} slides of the atlas are not in the cohort, such as "
            f"{[*unknown[:3]]}; they have no part",
            stacklevel=5,
        )
    skipped = {f"slide {slide}": "not in the cohort" for slide in unknown}
    for slide in slides[owner.notna() & (number != 1)].unique():
        named = pd.notna(rows["number"][slide])
        skipped[f"slide {slide}"] = "of a later visit" if named else "its visit is not named"
    return number, skipped


def refuse_other_visits(people: pd.DataFrame, cohort: pd.DataFrame | None) -> None:
    """Refuse a table of people that were not pooled from the slides of their first visits.

    Parameters
    ----------
    people
        A table as `pool` returns it, with the slides in the column ``slide_ids``.
    cohort
        A row per slide; without it nothing can be compared.

    Raises
    ------
    StageError
        If a person was pooled from other slides too, or from slides that are not known while the
        cohort has later visits of that person.
    """
    if cohort is None or "person_id" not in cohort:
        return
    number = number_visits(cohort)
    if SLIDE_IDS in people and "slide_id" in cohort:
        first = {*cohort["slide_id"][number == 1].astype(str)}
        own = people.loc[people.index.isin(cohort["person_id"]), SLIDE_IDS]
        wrong = [who for who, slides in own.items() if not first.issuperset(json.loads(slides))]
    else:
        wrong = [*people.index[people.index.isin(cohort["person_id"][number != 1])]]
    if wrong:
        raise StageError(
            f"people: {len(wrong)} people, such as {wrong[:3]}, were pooled from slides that are "
            "not of their first visit in this cohort, or nothing says from which; use "
            "pool(atlas, cohort). If the features are of first visits only, give "
            "first_visits(cohort) in place of the cohort"
        )
