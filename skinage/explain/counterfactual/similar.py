"""The most similar tiles and people a decade older and younger."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import SettingError, StageError
from skinage.explain.importance.groups import standardised
from skinage.explain.people_groups import ages_and_groups
from skinage.people.pool import feature_names
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    from anndata import AnnData

MATCH = ("body_site", "sex", "scanner")
WAYS = {"older": 1, "younger": -1}


def similar_tiles(
    atlas: "AnnData",
    tile_ids: Sequence[str],
    *,
    years: float = 10.0,
    tolerance_years: float = 5.0,
    match: Sequence[str] = MATCH,
    n: int = 3,
) -> pd.DataFrame:
    """Find the most similar tiles of people a decade older and younger.

    Similar is what lies near in the encoder's features, standardised over all tiles. Each other
    person counts with the nearest tile only.

    Parameters
    ----------
    atlas
        Tile features ``X``; ``obs`` with ``person_id``, ``age_years`` and the columns to match.
    tile_ids
        The tiles to find others for, names of ``obs``.
    years
        How much older and younger.
    tolerance_years
        How far from that the age of another person may lie.
    match
        Columns that must have the same value; () for none.
    n
        How many people to find each way.

    Returns
    -------
    pandas.DataFrame
        Rows per tile and way, nearest first: ``tile_id``, ``person_id``, ``age_years``, ``way``
        ("older" or "younger"), ``rank``, ``similar_tile_id``, ``similar_person_id``,
        ``similar_age_years``, ``distance`` (root mean square over features, in SD of all tiles;
        1.4 between tiles at random) and ``n_candidates`` (people it was chosen from). `skipped`
        lists the tiles and ways for which there is nobody.

    Raises
    ------
    SettingError
        If years, tolerance or ``n`` cannot be used.
    StageError
        If a tile or a column is missing.
    """
    missing = [one for one in tile_ids if one not in atlas.obs_names]
    if missing:
        raise StageError(
            f"similar_tiles: {len(missing)} of {len(tile_ids)} tiles are not in the atlas, such as "
            f"{missing[0]!r}; expected names of its obs, such as {atlas.obs_names[0]!r}"
        )
    known = atlas.obs.assign(item=list(atlas.obs_names))
    found, reasons = _similar(
        "similar_tiles", standardised(np.asarray(atlas.X)), known, list(tile_ids),
        (years, tolerance_years, n), match,
    )  # fmt: skip
    found = found.rename(columns={"item": "tile_id", "similar_item": "similar_tile_id"})
    return _reported(found, "similar_tiles", reasons, 2 * len(tile_ids))


def similar_people(
    people: pd.DataFrame,
    cohort: pd.DataFrame,
    *,
    years: float = 10.0,
    tolerance_years: float = 5.0,
    match: Sequence[str] = MATCH,
    n: int = 3,
) -> pd.DataFrame:
    """Find, for each person, the most similar people a decade older and younger.

    Parameters
    ----------
    people
        A row per person, as `pool` returns them; features are standardised over these people.
    cohort
        A row per slide: ``age_years`` and the columns to match, at the first visit. Whose slides
        were of two scanners is matched with people of the same two.
    years, tolerance_years, match, n
        As for `similar_tiles`.

    Returns
    -------
    pandas.DataFrame
        As `similar_tiles` returns it, without the columns of tiles. `skipped` lists the people and
        ways for which there is nobody.

    Raises
    ------
    SettingError
        If years, tolerance or ``n`` cannot be used.
    StageError
        If a column is missing.
    """
    _refuse_missing("similar_people", cohort, match)
    known = ages_and_groups(cohort, match).reindex(people.index)
    known = known.assign(item=people.index, person_id=people.index)
    features = standardised(people[feature_names(people)].to_numpy(float))
    found, reasons = _similar(
        "similar_people", features, known, list(people.index), (years, tolerance_years, n), match
    )
    found = found.drop(columns=["item", "similar_item"])
    return _reported(found, "similar_people", reasons, 2 * len(people))


def _similar(
    stage: str,
    features: np.ndarray,
    known: pd.DataFrame,
    asked: list[str],
    decade: tuple[float, float, int],
    match: Sequence[str],
) -> tuple[pd.DataFrame, dict[str, str]]:
    years, tolerance, n = decade
    if not (years > 0 and 0 <= tolerance < years and n >= 1):
        raise SettingError(
            f"{stage}: years is {years}, tolerance_years {tolerance}, n {n}; expected a tolerance "
            "from 0 to less than the years, and n of 1 or more"
        )
    _refuse_missing(stage, known, match)
    features = features[:, features.any(axis=0)]  # what is the same in all is no feature
    rows, reasons = [], {}
    place = {item: row for row, item in enumerate(known["item"])}
    age, person = known["age_years"].to_numpy(float), known["person_id"].astype(str).to_numpy()
    columns = [known[name].astype(object).to_numpy() for name in match]
    for item in asked:
        own = place[item]
        same = person != person[own]
        for values in columns:
            same &= values == values[own]  # what is unknown equals nothing
        for way, sign in WAYS.items():
            near = same & (np.abs(age - age[own] - sign * years) <= tolerance)
            nearest = _nearest(features, own, np.flatnonzero(near), person)
            if nearest.empty:
                like = ", ".join(str(values[own]) for values in columns) or "any kind"
                wanted = age[own] + sign * years
                reasons[f"{item}, {way}"] = (
                    f"nobody else of {like} is {wanted - tolerance:.0f} to "
                    f"{wanted + tolerance:.0f} years old"
                )
            rows += [
                (item, person[own], age[own], way, rank + 1, known["item"].iloc[other],
                 person[other], age[other], distance, len(nearest))
                for rank, (other, distance) in enumerate(nearest[:n].items())
            ]  # fmt: skip
    names = ["item", "person_id", "age_years", "way", "rank", "similar_item", "similar_person_id",
             "similar_age_years", "distance", "n_candidates"]  # fmt: skip
    return pd.DataFrame(rows, columns=names), reasons


def _nearest(features: np.ndarray, own: int, near: np.ndarray, person: np.ndarray) -> pd.Series:
    """Return the distance by row of the nearest row of each person, nearest first."""
    distance = np.sqrt(np.mean((features[near] - features[own]) ** 2, axis=1))
    found = pd.Series(distance, near).sort_values(kind="stable")
    return found[~pd.Series(person[found.index], found.index).duplicated()]


def _refuse_missing(stage: str, table: pd.DataFrame, match: Sequence[str]) -> None:
    missing = [name for name in ("age_years", *match) if name not in table]
    if missing:
        raise StageError(
            f"{stage}: the table lacks {', '.join(missing)}; match by columns that it has, with "
            "match=(...)"
        )


def _reported(
    found: pd.DataFrame, stage: str, reasons: dict[str, str], n_asked: int
) -> pd.DataFrame:
    if reasons:
        warnings.warn(
            f"{stage}: for {len(reasons)} of {n_asked} comparisons there is nobody to compare "
            "with; skipped(...) lists them. Match by fewer columns, or allow more years",
            stacklevel=3,
        )
    add_skipped(found, stage, reasons)
    return found
