"""What measures and groups have to do with each other, over people and within them."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.explain.importance.association import (
    correlations_within,
    covariate_basis,
    familywise_correlations,
    mean_correlations,
    ranks,
)

if TYPE_CHECKING:
    from anndata import AnnData

LEAST_TILES = 8
"""Of a person; a correlation over fewer says too little."""
NOT_WITHIN = pd.DataFrame({"group": [], "measure": [], "r_within": [], "p_within": []}).astype(
    {"group": object, "measure": object}
)


def gather_tiles(
    atlas: "AnnData", tile_measures: pd.DataFrame, people: pd.Index, reasons: dict[str, str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the measures of the explained people's tiles, with ``person_id``, and their means."""
    person = atlas.obs["person_id"].astype(str)
    both = atlas.obs_names[person.isin(people)].intersection(tile_measures.index)
    if len(both) < 2:
        raise StageError(
            f"name_groups: {len(both)} of the {atlas.n_obs} tiles of the atlas are of explained "
            f"people and in tile_measures ({len(tile_measures)} rows). Is it indexed by tile_id?"
        )
    if len(both) < atlas.n_obs:
        reasons[f"{atlas.n_obs - len(both)} tiles"] = "not measured, or of nobody who is explained"
    of_tiles = tile_measures.loc[both]
    return of_tiles.assign(person_id=person[both]), of_tiles.groupby(person[both]).mean()


def within_people(
    years: pd.DataFrame, of_tiles: pd.DataFrame, n_shuffles: int, seed: int
) -> pd.DataFrame:
    """Return r and p of every group and measure over the tiles of each person.

    Neighbouring tiles are alike, so people are what is counted: each has one rank correlation over
    own tiles, and the test is whether these agree. People of fewer than `LEAST_TILES` have none.
    """
    person = of_tiles["person_id"].factorize()[0]
    measured = of_tiles.drop(columns="person_id")
    own = years.loc[measured.index]
    each = correlations_within(own, measured, person, LEAST_TILES)
    return _pairs(own, measured, mean_correlations(each, n_flips=n_shuffles, seed=seed), "within")


def over_people(
    years: pd.DataFrame, measures: pd.DataFrame, known: pd.DataFrame, n_shuffles: int, seed: int
) -> pd.DataFrame:
    """Return partial r and p of every group and measure, given age and what else is known."""
    strata = known.drop(columns="age_years").astype(str).sum(axis=1).factorize()[0]
    tested = familywise_correlations(
        ranks(years), ranks(measures), strata,
        basis=covariate_basis(known), n_shuffles=n_shuffles, seed=seed,
    )  # fmt: skip
    return _pairs(years, measures, tested, "partial")


def _pairs(
    years: pd.DataFrame,
    measures: pd.DataFrame,
    tested: tuple[np.ndarray, np.ndarray],
    name: str,
) -> pd.DataFrame:
    """Return a row per group and measure."""
    index = pd.MultiIndex.from_product([years, measures], names=["group", "measure"])
    r, p = (values.ravel() for values in tested)
    return pd.DataFrame({f"r_{name}": r, f"p_{name}": p}, index).reset_index()
