"""What a clock may see of people: their features or their tiles, and their sex; never their age."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from skinage.errors import StageError
from skinage.people.person_tiles import Tiles
from skinage.people.pool import feature_names, features_of, warn_of_visits
from skinage.people.pooling import Pooling

if TYPE_CHECKING:
    from anndata import AnnData

People: TypeAlias = "pd.DataFrame | AnnData"
"""Features by person, or the atlas of their tiles."""


@dataclass(frozen=True, eq=False)
class ClockInputs:
    """What is known of people besides their age, a row per person.

    Attributes
    ----------
    features
        ``(n_people, n_features)`` float64, or None where a clock pools the tiles itself.
    sex_male
        ``(n_people,)`` 1, 0, or NaN where the sex is unknown.
    tiles
        Their tiles, or None where only pooled features are known.
    """

    features: np.ndarray | None
    sex_male: np.ndarray
    tiles: Tiles | None = None

    def __len__(self) -> int:
        return len(self.sex_male)

    def take(self, which: np.ndarray) -> "ClockInputs":
        """Give some of the people; ``which`` is a mask or positions."""
        positions = np.arange(len(self))[which]
        tiles = self.tiles
        if tiles is not None:
            tiles = Tiles(tiles.features, [tiles.rows[position] for position in positions])
        features = None if self.features is None else self.features[positions]
        return ClockInputs(features, self.sex_male[positions], tiles)

    def described(self) -> np.ndarray:
        """Give features by person, the mean of their tiles where nothing is pooled beforehand."""
        if self.features is not None or self.tiles is None:
            return self.pooled()
        tiles = self.tiles
        means = [tiles.features[rows].mean(axis=0, dtype=np.float64) for rows in tiles.rows]
        return np.stack(means)

    def person_tiles(self) -> Tiles:
        """Give the tiles; a table of pooled features has none."""
        if self.tiles is None:
            raise StageError("clock: this model pools the tiles itself; give the atlas of tiles")
        return self.tiles

    def pooled(self) -> np.ndarray:
        """Give the features by person."""
        if self.features is None:
            raise StageError("clock: this model needs features by person; pool the tiles first")
        return self.features


def inputs_of(
    people: People,
    ids: pd.Index,
    sex: pd.Series | None = None,
    statistics: Sequence[str] | None = None,
) -> ClockInputs:
    """Gather the inputs of some people.

    Parameters
    ----------
    people
        A table as `pool` gives it, or the atlas of tiles itself (``obs["person_id"]``).
    ids
        Whom to take, all of them in ``people``.
    sex
        F or M by ``person_id``, if known.
    statistics
        How the tiles of an atlas are pooled, once for all; not with "proportions", for which clusters of
        tissue are found in training people: there the model pools.
    """
    known = pd.Series(np.nan, ids) if sex is None else sex.reindex(ids).map({"M": 1.0, "F": 0.0})
    sex_male = known.to_numpy(np.float64)
    if isinstance(people, pd.DataFrame):
        return ClockInputs(features_of(people.loc[ids]), sex_male)
    rows_of = pd.Series(range(people.n_obs)).groupby(_whose(people)).indices
    tiles = Tiles(np.asarray(people.X, np.float32), [rows_of[person] for person in ids])
    _refuse_infinite(tiles, ids)
    return inputs_of_tiles(tiles, sex_male, statistics)


def inputs_of_tiles(
    tiles: Tiles, sex_male: np.ndarray, statistics: Sequence[str] | None
) -> ClockInputs:
    """Pool tiles where that needs no training people; parameters as of `inputs_of`."""
    if statistics is None or "proportions" in statistics:
        return ClockInputs(None, sex_male, tiles)
    return ClockInputs(Pooling.fit(tiles, statistics).transform(tiles), sex_male, tiles)


def _whose(atlas: "AnnData") -> np.ndarray:
    return atlas.obs["person_id"].astype(object).to_numpy()


def _refuse_infinite(tiles: Tiles, ids: pd.Index) -> None:
    finite = np.isfinite(tiles.features).all(axis=1)
    wrong = [person for person, rows in zip(ids, tiles.rows, strict=True) if not finite[rows].all()]
    if wrong:
        raise StageError(
            f"features: {len(wrong)} people have tiles with features that are not finite, such as "
            f"{wrong[:5]}; look at their tiles, or leave them out of the atlas"
        )


def person_ids(people: People) -> pd.Index:
    """Name the people of a table or of an atlas, each once."""
    if isinstance(people, pd.DataFrame):
        return people.index
    if "person_id" not in people.obs:
        raise StageError("clock: obs has no column person_id; join the tile table to the atlas")
    warn_of_visits(people.obs)
    of_tiles = people.obs["person_id"].astype(object)
    if of_tiles.isna().any():
        raise StageError(f"clock: {of_tiles.isna().sum()} tiles have no person_id")
    return pd.Index(sorted(of_tiles.unique()))


def names_and_encoder(people: People) -> tuple[list[str], str | None]:
    """Name the features, and the encoder they come from if that is known."""
    if isinstance(people, pd.DataFrame):
        return feature_names(people), people.attrs.get("encoder_hash")
    encoder_hash = dict(people.uns.get("encoder", {})).get("hash")
    names = [f"tile_{k:04d}" for k in range(people.n_vars)]
    return names, None if encoder_hash is None else str(encoder_hash)


def n_tiles_of(people: People) -> pd.Series | pd.DataFrame:
    """Tell how many tiles (and slides) each person has, as far as it is known."""
    if isinstance(people, pd.DataFrame):
        return people[[name for name in ("n_tiles", "n_slides") if name in people]]
    return people.obs["person_id"].astype(object).value_counts().rename("n_tiles")
