"""How the tiles of a person become one row: statistics, and proportions of tissue clusters.

A statistic of a person's tiles looks at nobody else. Tissue clusters are found in the tiles of many
people, so a clock finds them in the tiles of its training people only.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from skinage.errors import SettingError
from skinage.people.person_tiles import Tiles
from skinage.people.tissue_clusters import TissueClusters

KNOWN = re.compile("mean|std|median|proportions|q[0-9]{2}|q100")


def check_statistics(statistics: Sequence[str]) -> None:
    """Refuse statistics that are unknown or named twice (``SettingError``)."""
    unknown = [one for one in statistics if not KNOWN.fullmatch(one)]
    if unknown or not statistics:
        raise SettingError(
            f"pool: unknown statistics {unknown}; choose from mean, std, median, proportions, and "
            "quantiles from q00 to q100 such as q10 and q90"
        )
    if len(set(statistics)) < len(statistics):
        raise SettingError(f"pool: statistics {[*statistics]} name one twice; name each once")


@dataclass(frozen=True, eq=False)
class Pooling:
    """A way to pool tiles, with the tissue clusters that it needs.

    Attributes
    ----------
    statistics
        Any of "mean", "std", "median", "q00" to "q100" and "proportions".
    clusters
        None without "proportions".
    """

    statistics: tuple[str, ...]
    clusters: TissueClusters | None = None

    @classmethod
    def fit(cls, tiles: Tiles, statistics: Sequence[str], seed: int = 0) -> "Pooling":
        """Find the tissue clusters in these people's tiles, if proportions are asked for.

        Raises
        ------
        SettingError
            If a statistic is unknown or named twice, or there is none.
        """
        check_statistics(statistics)
        clusters = TissueClusters.fit(tiles, seed) if "proportions" in statistics else None
        return cls(tuple(statistics), clusters)

    def transform(self, tiles: Tiles) -> np.ndarray:
        """Pool each person's tiles: ``(n_people, n_features)`` float64."""
        # A person at a time: float64 sums without a float64 copy of all tiles.
        return np.stack([self._one(tiles.features[rows].astype(float)) for rows in tiles.rows])

    def _one(self, tiles: np.ndarray) -> np.ndarray:
        return np.concatenate([self._compute(name, tiles) for name in self.statistics])

    def _compute(self, statistic: str, tiles: np.ndarray) -> np.ndarray:
        """Compute a statistic of one person's tiles ``(n, dim)``.

        Quantiles are linearly interpolated (Hyndman and Fan 1996, type 7).
        """
        if statistic == "proportions" and self.clusters is not None:
            return self.clusters.proportions(tiles)
        if statistic in ("mean", "std"):
            return tiles.mean(axis=0) if statistic == "mean" else tiles.std(axis=0)
        percent = 50 if statistic == "median" else int(statistic.removeprefix("q"))
        return np.percentile(tiles, percent, axis=0)

    def names(self, dim: int) -> list[str]:
        """Return the names of features by person, such as ``mean_0000``, ``proportion_00``."""
        names = []
        for statistic in self.statistics:
            if statistic == "proportions" and self.clusters is not None:
                names += [f"proportion_{k:02d}" for k in range(len(self.clusters.centres))]
            else:
                names += [f"{statistic}_{k:04d}" for k in range(dim)]
        return names

    def arrays(self) -> dict[str, np.ndarray]:
        """Return everything that it needs to pool."""
        named = np.frombuffer(",".join(self.statistics).encode(), np.uint8)
        return {"statistics": named} | ({} if self.clusters is None else vars(self.clusters))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, np.ndarray]) -> "Pooling":
        """Return the pooling that these `arrays` came from."""
        clusters = {name: value for name, value in arrays.items() if name != "statistics"}
        statistics = arrays["statistics"].tobytes().decode().split(",")
        return cls(tuple(statistics), TissueClusters(**clusters) if clusters else None)
