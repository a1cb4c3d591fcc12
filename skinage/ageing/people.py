"""From tiles to people: one row of features per person."""

import warnings
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError

if TYPE_CHECKING:
    from anndata import AnnData

_STATISTICS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mean": lambda tiles: tiles.mean(axis=0),
    "std": lambda tiles: tiles.std(axis=0),
    "median": lambda tiles: np.median(tiles, axis=0),
}


def pool(atlas: "AnnData", statistics: Sequence[str] = ("mean", "std")) -> pd.DataFrame:
    """Pool each person's tiles into one row of features.

    Parameters
    ----------
    atlas
        Tile features ``X`` of shape (n_tiles, dim) with ``obs["person_id"]``.
    statistics
        Any of "mean", "std" (divided by n, so 0 for a single tile) and "median".

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``, sorted; columns ``mean_0000`` ... ``std_0000`` ... (float64) and
        ``n_tiles``; ``label_seen``, if the encoder saw labels: whether it saw this person's.
        ``attrs["encoder_hash"]`` names the encoder where its card states a hash.

    Raises
    ------
    StageError
        If a statistic is unknown, there are no tiles, or a tile belongs to nobody.
    """
    unknown = [name for name in statistics if name not in _STATISTICS]
    if unknown or not statistics:
        raise StageError(f"pool: unknown statistics {unknown}; choose from {[*_STATISTICS]}")
    if "person_id" not in atlas.obs:
        raise StageError("pool: obs has no column person_id; join the tile table to the atlas")
    if not atlas.n_obs:
        raise StageError("pool: the atlas has no tiles; a selection of it may have matched nothing")
    person_of_tile = atlas.obs["person_id"]
    if person_of_tile.isna().any():
        raise StageError(f"pool: {person_of_tile.isna().sum()} tiles have no person_id")
    _warn_of_visits(atlas.obs)
    # Categories would keep people who have no tile left.
    codes, ids = pd.factorize(person_of_tile.astype(object), sort=True)
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    # A person at a time: float64 sums without a float64 copy of all tiles.
    pooled = [_pool_one(np.asarray(atlas.X[one], np.float64), statistics) for one in rows]
    names = [f"{name}_{k:04d}" for name in statistics for k in range(atlas.n_vars)]
    people = pd.DataFrame(pooled, index=pd.Index(ids, name="person_id"), columns=names)
    people["n_tiles"] = np.bincount(codes)
    if "label_seen" in atlas.obs:
        people["label_seen"] = atlas.obs.groupby(codes)["label_seen"].any().to_numpy()
    encoder_hash = dict(atlas.uns.get("encoder", {})).get("hash")
    if encoder_hash is not None:
        people.attrs["encoder_hash"] = str(encoder_hash)
    return people


def _warn_of_visits(tiles: pd.DataFrame) -> None:
    if "visit" in tiles:
        visits = tiles[["person_id", "visit"]].drop_duplicates().dropna()
        several = int((visits["person_id"].value_counts() > 1).sum())
        if several:
            warnings.warn(
                f"pool: {several} people have tiles of several visits, which are pooled; "
                "select one visit of the atlas first if they should be apart.",
                stacklevel=3,
            )


def _pool_one(tiles: np.ndarray, statistics: Sequence[str]) -> np.ndarray:
    return np.concatenate([_STATISTICS[name](tiles) for name in statistics])


def feature_names(people: pd.DataFrame) -> list[str]:
    """Name the feature columns of a table of people: all but ``n_tiles`` and ``label_seen``."""
    return [name for name in people.columns if name not in ("n_tiles", "label_seen")]


def refuse_seen_labels(people: pd.DataFrame) -> None:
    """Refuse to test people whose age the encoder of their features saw in its training.

    Parameters
    ----------
    people
        As `pool` gives them, only those about to be tested.

    Raises
    ------
    LeakageError
        If the encoder saw a label of any of them.
    """
    seen = [*people.index[people["label_seen"]]] if "label_seen" in people else []
    if seen:
        named = ", ".join(map(str, seen[:5]))
        raise LeakageError(
            f"ages: the encoder saw the ages of {len(seen)} of these {len(people)} people in its "
            f"training, such as {named}; their predictions would look better than they are. "
            "Fit a clock on them (fit_clock) and predict only the people it was trained without."
        )


def features_of(people: pd.DataFrame) -> np.ndarray:
    """Give the features as an array (n_people, n_features), refusing what is not finite."""
    names = feature_names(people)
    values = people[names].to_numpy(np.float64)
    if values.shape[1] == 0:
        raise StageError("features: the table of people has no feature columns")
    bad = ~np.isfinite(values)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise StageError(
            f"features: {bad.any(axis=1).sum()} people have features that are not finite, such as "
            f"{names[column]} of person {people.index[row]}; look at that person's tiles"
        )
    return values
