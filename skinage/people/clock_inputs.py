"""What a clock may see of people: their features or their tiles, and their sex; never their age."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from skinage.cohort.people import refuse_repeated_people
from skinage.errors import StageError
from skinage.people.person_tiles import Tiles
from skinage.people.pool import feature_names, features_of
from skinage.people.pooling import Pooling
from skinage.people.visits import TileRows, refuse_other_visits, rows_by_visit

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
        The tiles of each person, or None where only pooled features are known.
    groups
        ``(n_people,)`` the scanner, hospital or other group of each training person where whole
        groups are held out; else None. A model is never predicted with it.
    """

    features: np.ndarray | None
    sex_male: np.ndarray
    tiles: Tiles | None = None
    groups: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.sex_male)

    def take(self, which: np.ndarray) -> "ClockInputs":
        """Return the inputs of some of the people; ``which`` is a mask or positions."""
        positions = np.arange(len(self))[which]
        tiles = self.tiles
        if tiles is not None:
            tiles = Tiles(tiles.features, [tiles.rows[position] for position in positions])
        features = None if self.features is None else self.features[positions]
        groups = None if self.groups is None else self.groups[positions]
        return ClockInputs(features, self.sex_male[positions], tiles, groups)

    def described(self) -> np.ndarray:
        """Return features by person: the mean of the tiles where nothing is pooled beforehand."""
        if self.features is None:
            return Pooling(("mean",)).transform(self.person_tiles())
        return self.features

    def person_tiles(self) -> Tiles:
        """Return the tiles; a table of pooled features has none and raises ``StageError``."""
        if self.tiles is None:
            raise StageError("clock: this model pools the tiles itself; give the atlas of tiles")
        return self.tiles

    def pooled(self) -> np.ndarray:
        """Return the features by person; raises ``StageError`` where only tiles are known."""
        if self.features is None:
            raise StageError("clock: this model needs features by person; pool the tiles first")
        return self.features


@dataclass(frozen=True, eq=False)
class FirstVisits:
    """People with the features or the tiles of their first visit.

    Attributes
    ----------
    people
        A table as `pool` returns it, or the atlas of tiles.
    rows
        Which tiles, or which row of the table, are whose.
    """

    people: People
    rows: TileRows

    @classmethod
    def of(cls, people: People, cohort: pd.DataFrame | None = None) -> "FirstVisits":
        """Find the first visits; raises as `rows_by_visit` and `refuse_other_visits`."""
        if not isinstance(people, pd.DataFrame):
            return cls(people, rows_by_visit(people.obs, cohort))
        refuse_repeated_people(people, "people")
        refuse_other_visits(people, cohort)
        positions = np.arange(len(people))[:, None]
        return cls(people, TileRows(dict(zip(people.index, positions, strict=True)), {}, {}))

    @property
    def ids(self) -> pd.Index:
        """Return the ``person_id`` of everybody, each once."""
        return pd.Index([*self.rows.first])

    def n_tiles(self) -> pd.DataFrame:
        """Return the number of tiles (and slides) of each person, as far as it is known."""
        if isinstance(self.people, pd.DataFrame):
            return self.people.filter(["n_tiles", "n_slides"])
        return pd.DataFrame({"n_tiles": {who: len(rows) for who, rows in self.rows.first.items()}})

    def inputs(self, known: pd.DataFrame, statistics: Sequence[str] | None) -> ClockInputs:
        """Return the inputs of some people.

        Parameters
        ----------
        known
            The people to take: index ``person_id``; ``sex`` (F or M), if known.
        statistics
            How the tiles of an atlas are pooled; None leaves them as they are. Also "proportions"
            leaves them: tissue clusters are found in training people, so there the model pools.
        """
        ids, sex_male = known.index, sex_code(known.get("sex"), known.index)
        if isinstance(self.people, pd.DataFrame):
            return ClockInputs(features_of(self.people.loc[ids]), sex_male)
        rows = [self.rows.first[person] for person in ids]
        return tile_inputs(self.people, rows, ids, sex_male, statistics)


def sex_code(sex: pd.Series | None, ids: pd.Index) -> np.ndarray:
    """Return ``(n_people,)`` 1 for men, 0 for women, NaN where the sex is unknown."""
    known = pd.Series(np.nan, ids) if sex is None else sex.reindex(ids).map({"M": 1.0, "F": 0.0})
    return known.to_numpy(np.float64)


def tile_inputs(
    atlas: "AnnData",
    rows: list[np.ndarray],
    ids: pd.Index,
    sex_male: np.ndarray,
    statistics: Sequence[str] | None,
) -> ClockInputs:
    """Return the inputs of people, visits or slides whose tiles are these rows of the atlas.

    Raises
    ------
    StageError
        If features are not finite; it names the ``ids`` whose they are.
    """
    tiles = Tiles(np.asarray(atlas.X, np.float32), rows)
    finite = np.isfinite(tiles.features).all(axis=1)
    wrong = [who for who, own in zip(ids, rows, strict=True) if not finite[own].all()]
    if wrong:
        raise StageError(
            f"features: {len(wrong)} people have tiles with features that are not finite, such as "
            f"{wrong[:5]}; look at their tiles, or remove them from the atlas"
        )
    if statistics is None or "proportions" in statistics:
        return ClockInputs(None, sex_male, tiles)
    return ClockInputs(Pooling.fit(tiles, statistics).transform(tiles), sex_male, tiles)


def names_and_encoder(people: People) -> tuple[list[str], str | None]:
    """Return the names of the features, and the hash of the encoder they come from if known."""
    if isinstance(people, pd.DataFrame):
        return feature_names(people), people.attrs.get("encoder_hash")
    encoder_hash = dict(people.uns.get("encoder", {})).get("hash")
    names = [f"tile_{k:04d}" for k in range(people.n_vars)]
    return names, None if encoder_hash is None else str(encoder_hash)
