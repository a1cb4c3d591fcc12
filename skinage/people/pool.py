"""From tiles to people: one row of features per person."""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling, check_statistics

if TYPE_CHECKING:
    from anndata import AnnData

NOT_FEATURES = ("n_tiles", "n_slides", "label_seen")
"""Columns of a table of people that no clock may learn from."""


def pool(
    atlas: "AnnData", statistics: Sequence[str] = ("mean", "std"), seed: int = 0
) -> pd.DataFrame:
    """Pool each person's tiles, of all their slides, into one row of features.

    Parameters
    ----------
    atlas
        Tile features ``X`` of shape (n_tiles, dim) with ``obs["person_id"]``.
    statistics
        Any of "mean", "std" (divided by n, so 0 for a single tile), "median", quantiles such as
        "q10" and "q90", and "proportions": how much of each kind of tissue a person has, for figures;
        a clock finds the clusters itself, in the tiles of its training people (`predict_age`).
    seed
        Of the search for tissue clusters.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``, sorted; columns ``mean_0000`` ... ``std_0000`` ... ``proportion_00`` ...
        (float64), ``n_tiles`` and, if ``obs`` has a slide_id, ``n_slides``; ``label_seen``, if the
        encoder saw labels: whether it saw this person's. ``attrs["encoder_hash"]`` names the
        encoder where its metadata states a hash.

    Raises
    ------
    StageError
        If a statistic is unknown, there are no tiles, or a tile belongs to nobody.
    """
    check_statistics(statistics)
    if "person_id" not in atlas.obs:
        raise StageError("pool: obs has no column person_id; join the tile table to the atlas")
    if not atlas.n_obs:
        raise StageError("pool: the atlas has no tiles; a selection of it may have matched nothing")
    person_of_tile = atlas.obs["person_id"]
    if person_of_tile.isna().any():
        raise StageError(f"pool: {person_of_tile.isna().sum()} tiles have no person_id")
    warn_of_visits(atlas.obs)
    # Categories would keep people who have no tile left.
    codes, ids = pd.factorize(person_of_tile.astype(object), sort=True)
    rows = np.split(np.argsort(codes, kind="stable"), np.cumsum(np.bincount(codes))[:-1])
    tiles = Tiles(np.asarray(atlas.X), rows)
    pooling = Pooling.fit(tiles, statistics, seed)
    people = pd.DataFrame(
        pooling.transform(tiles),
        index=pd.Index(ids, name="person_id"),
        columns=pooling.names(atlas.n_vars),
    )
    _count(people, atlas.obs, codes)
    encoder_hash = dict(atlas.uns.get("encoder", {})).get("hash")
    if encoder_hash is not None:
        people.attrs["encoder_hash"] = str(encoder_hash)
    return people


def _count(people: pd.DataFrame, tiles: pd.DataFrame, codes: np.ndarray) -> None:
    """Add what is known of each person's tiles and is no feature."""
    people["n_tiles"] = np.bincount(codes)
    if "slide_id" in tiles:
        people["n_slides"] = tiles["slide_id"].groupby(codes).nunique().to_numpy()
    if "label_seen" in tiles:
        people["label_seen"] = tiles["label_seen"].groupby(codes).any().to_numpy()


def warn_of_visits(tiles: pd.DataFrame) -> None:
    """Warn of people whose tiles are of several visits, when they had several ages."""
    if "visit" in tiles:
        visits = tiles[["person_id", "visit"]].drop_duplicates().dropna()
        several = int((visits["person_id"].value_counts() > 1).sum())
        if several:
            warnings.warn(
                f"pool: {several} people have tiles of several visits, which are pooled; "
                "select one visit of the atlas first if they should be apart.",
                stacklevel=3,
            )


def feature_names(people: pd.DataFrame) -> list[str]:
    """Name the feature columns of a table of people: all but ``NOT_FEATURES``."""
    return [name for name in people.columns if name not in NOT_FEATURES]


def refuse_fitted_pooling(people: pd.DataFrame) -> None:
    """Refuse to predict people by tissue clusters that were found in their own tiles.

    Parameters
    ----------
    people
        As `pool` gives them.

    Raises
    ------
    LeakageError
        If the table has proportions of tissue clusters.
    """
    proportions = [name for name in people.columns if str(name).startswith("proportion_")]
    if proportions:
        raise LeakageError(
            f"ages: the table of people has {len(proportions)} proportions of tissue clusters ({proportions[0]} "
            f"to {proportions[-1]}), and these clusters were found in the tiles of everybody, those to be "
            "predicted too. Give the atlas itself, predict_age(atlas, cohort, statistics=(..., "
            '"proportions")): the clusters are then found in the training people of each fold'
        )


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
