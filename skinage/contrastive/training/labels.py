"""The tiles to train on, with the labels that training may use."""

import warnings
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skinage.errors import StageError

WATCHED = ("age_years", "scanner")


class Labelled(NamedTuple):
    """Tiles to train on and tiles to measure.

    Attributes
    ----------
    training
        Tiles of the people trained on, with only the labels that training uses.
    all_tiles
        Every tile, with the labels that the probes use.
    is_held_out
        ``(n_tiles,)``, marks the tiles that training does not see.
    ages_seen_of
        People whose ages training uses.
    skipped
        Slides that cannot be trained on, with the reason.
    """

    training: pd.DataFrame
    all_tiles: pd.DataFrame
    is_held_out: NDArray[np.bool_]
    ages_seen_of: list[str]
    skipped: dict[str, str]


def label_tiles(
    tiles: pd.DataFrame,
    cohort: pd.DataFrame | None,
    held_out: Iterable[str] | None,
    *,
    needs_ages: bool,
    columns: Sequence[str],
) -> Labelled:
    """Join labels to tiles, and separate those trained on from those held out.

    Parameters
    ----------
    tiles, cohort
        The tile table and the cohort table.
    held_out
        People whose tiles training does not see.
    needs_ages
        Whether the method uses ages.
    columns
        Other columns that the draw of pairs uses.

    Raises
    ------
    StageError
        If ages are to be used but nobody is held out or no age is known, if nobody of `held_out`
        has a tile, or if one person only is left to train on.
    """
    people = set() if held_out is None else set(held_out)
    is_held_out = tiles["person_id"].isin(people).to_numpy()
    if people and not is_held_out.any():
        raise StageError(f"training: none of the {len(people)} people held out has a tile.")
    sees_ages = needs_ages or "age_years" in columns
    if sees_ages and not people:
        raise StageError(
            "training: ages would be seen, so name the people whose ages must not be: held_out=..."
            ", such as those of one fold of person_folds. Nobody else can be predicted by it."
        )
    used = [*columns, *(["age_years"] if needs_ages else [])]
    training = _joined(tiles, cohort, used)[~is_held_out].reset_index(drop=True)
    ageless = _without_age(training) if needs_ages else []
    training = training[~training["slide_id"].isin(ageless)].reset_index(drop=True)
    n_people = training["person_id"].nunique()
    if n_people < 2:
        raise StageError(
            f"training: the tiles are of {n_people} person(s); expected two at least, and many for "
            "features that differ between people."
        )
    seen = sorted(training["person_id"].unique()) if sees_ages else []
    skipped = {f"slide {name}": "no age is known" for name in ageless}
    return Labelled(training, _joined(tiles, cohort, WATCHED), is_held_out, seen, skipped)


def _joined(
    tiles: pd.DataFrame, cohort: pd.DataFrame | None, columns: Sequence[str]
) -> pd.DataFrame:
    """Add the columns that the tiles lack, as far as the cohort has them."""
    if cohort is None:
        return tiles
    wanted = [name for name in dict.fromkeys(columns) if name not in tiles and name in cohort]
    return tiles.join(cohort.set_index("slide_id")[wanted], on="slide_id")


def _without_age(tiles: pd.DataFrame) -> list[str]:
    if "age_years" not in tiles or tiles["age_years"].isna().all():
        raise StageError(
            "training: no age is known; a method that sees ages needs the cohort table with them."
        )
    unknown = sorted(tiles.loc[tiles["age_years"].isna(), "slide_id"].unique())
    if unknown:
        warnings.warn(f"training: {len(unknown)} slides without an age are skipped.", stacklevel=4)
    return unknown
