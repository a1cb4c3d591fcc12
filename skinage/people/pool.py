"""From tiles to people: one row of features per person."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import LeakageError, StageError
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling, check_statistics
from skinage.people.visits import SLIDE_IDS, rows_by_visit
from skinage.skip_log import add_skipped

if TYPE_CHECKING:
    from anndata import AnnData

NOT_FEATURES = ("n_tiles", "n_slides", SLIDE_IDS, "label_seen")
"""Columns of a table of people that no clock may learn from."""


def pool(
    atlas: "AnnData",
    cohort: pd.DataFrame | None = None,
    *,
    statistics: Sequence[str] = ("mean", "std"),
    seed: int = 0,
) -> pd.DataFrame:
    """Pool each person's tiles into one row of features.

    Parameters
    ----------
    atlas
        Tile features ``X`` of shape (n_tiles, dim) with ``obs["person_id"]``.
    cohort
        A row per slide. With it the slides of each person's first visit are pooled; without it
        all slides, which must then be of one visit.
    statistics
        Any of "mean", "std" (divided by n, so 0 for a single tile), "median", quantiles such as
        "q10" and "q90", and "proportions" of tissue clusters. Proportions are for description: a
        clock finds the clusters in the tiles of its training people (`Pooled`).
    seed
        Seed of the search for tissue clusters.

    Returns
    -------
    pandas.DataFrame
        Index ``person_id``, sorted; columns ``mean_0000`` ... ``std_0000`` ... ``proportion_00``
        ... (float64), ``n_tiles`` and, if ``obs`` has a slide_id, ``n_slides`` and ``slide_ids``
        (the slides as JSON); ``label_seen``, if the encoder saw labels: whether it saw this
        person's. ``attrs["encoder_hash"]`` names the encoder where its metadata states a hash.
        `skipped` lists the slides that had no part.

    Raises
    ------
    SettingError
        If a statistic is unknown.
    StageError
        If there are no tiles, a tile belongs to nobody, or people have several visits and there
        is no cohort.
    """
    check_statistics(statistics)
    rows = rows_by_visit(atlas.obs, cohort)
    tiles = Tiles(np.asarray(atlas.X), [*rows.first.values()])
    pooling = Pooling.fit(tiles, statistics, seed)
    values, names = pooling.transform(tiles), pooling.names(atlas.n_vars)
    people = pd.DataFrame(values, [*rows.first], names).rename_axis("person_id")
    # What is known of each person's tiles and is no feature.
    obs = [atlas.obs.iloc[some] for some in tiles.rows]
    people["n_tiles"] = [len(own) for own in obs]
    if "slide_id" in atlas.obs:
        slides = [sorted(map(str, own["slide_id"].unique())) for own in obs]
        people["n_slides"] = [len(own) for own in slides]
        people[SLIDE_IDS] = [json.dumps(own) for own in slides]
    if "label_seen" in atlas.obs:
        people["label_seen"] = [bool(own["label_seen"].any()) for own in obs]
    encoder_hash = dict(atlas.uns.get("encoder", {})).get("hash")
    if encoder_hash is not None:
        people.attrs["encoder_hash"] = str(encoder_hash)
    add_skipped(people, "pool", rows.skipped)
    return people


def feature_names(people: pd.DataFrame) -> list[str]:
    """Return the feature columns of a table of people: all but ``NOT_FEATURES``."""
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
            f"ages: the table of people has {len(proportions)} proportions of tissue clusters "
            f"({proportions[0]} to {proportions[-1]}), and these clusters were found in the tiles "
            "of everybody, those to be predicted too. Give the atlas itself, predict_age(atlas, "
            'cohort, Pooled("ridge", statistics=("mean", "proportions"))): the clusters are then '
            "found in the training people of each fold"
        )


def refuse_seen_labels(people: "pd.DataFrame | AnnData", ids: pd.Index) -> None:
    """Refuse to test people whose age the encoder of their features saw in its training.

    Parameters
    ----------
    people
        A table as `pool` returns it, or the atlas of tiles.
    ids
        The ``person_id`` of those about to be tested.

    Raises
    ------
    LeakageError
        If the encoder saw a label of any of them.
    """
    table = people if isinstance(people, pd.DataFrame) else people.obs.set_index("person_id")
    if "label_seen" not in table:
        return
    seen = sorted({*table.index[table["label_seen"].astype(bool)]} & {*ids})
    if seen:
        named = ", ".join(map(str, seen[:5]))
        raise LeakageError(
            f"ages: the encoder saw the ages of {len(seen)} of these {len(ids)} people in its "
            f"training, such as {named}; their predictions would look better than they are. "
            "Fit a clock on them (fit_clock) and predict only the people it was trained without."
        )


def features_of(people: pd.DataFrame) -> np.ndarray:
    """Return the features as an array (n_people, n_features), refusing what is not finite."""
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
