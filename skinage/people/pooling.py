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


def quantile_level(statistic: str) -> float | None:
    """Return 0.25 for "q25" and 0.5 for "median"; None for what is no quantile."""
    if statistic == "median":
        return 0.5
    named = re.fullmatch(r"q([0-9]{2}|100)", statistic)
    return int(named[1]) / 100 if named else None


def check_statistics(statistics: Sequence[str]) -> None:
    """Refuse statistics that are unknown or named twice (``SettingError``)."""
    known = ("mean", "std", "proportions")
    unknown = [one for one in statistics if one not in known and quantile_level(one) is None]
    if unknown or not statistics:
        raise SettingError(
            f"pool: unknown statistics {unknown}; choose from mean, std, median, proportions, and "
            "quantiles from q00 to q100 such as q10 and q90"
        )
    if len(set(statistics)) < len(statistics):
        raise SettingError(f"pool: statistics {[*statistics]} name one twice; name each once")


def summarise(tiles: np.ndarray, statistics: Sequence[str]) -> np.ndarray:
    """Compute statistics of one person's tiles ``(n, dim)``: ``(n_statistics, dim)`` float64.

    Quantiles are linearly interpolated (Hyndman and Fan 1996, type 7).
    """
    exact = tiles.astype(np.float64)
    levels = [level for level in map(quantile_level, statistics) if level is not None]
    quantiles = iter(np.quantile(exact, levels, axis=0) if levels else ())
    rows = {"mean": exact.mean(axis=0), "std": exact.std(axis=0)}
    return np.stack([rows[name] if name in rows else next(quantiles) for name in statistics])


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
        return cls(
            tuple(statistics),
            TissueClusters.fit(tiles, seed) if "proportions" in statistics else None,
        )

    def transform(self, tiles: Tiles) -> np.ndarray:
        """Pool each person's tiles: ``(n_people, n_features)`` float64."""
        # A person at a time: float64 sums without a float64 copy of all tiles.
        return np.stack([self._one(tiles.features[rows]) for rows in tiles.rows])

    def _one(self, tiles: np.ndarray) -> np.ndarray:
        plain = [name for name in self.statistics if name != "proportions"]
        parts = dict(zip(plain, summarise(tiles, plain), strict=True)) if plain else {}
        if self.clusters is not None:
            parts["proportions"] = self.clusters.proportions(tiles)
        return np.concatenate([parts[name] for name in self.statistics])

    def names(self, dim: int) -> list[str]:
        """Return the names of features by person, such as ``mean_0000``, ``proportion_00``."""
        n_clusters = 0 if self.clusters is None else len(self.clusters.centres)
        proportions = [f"proportion_{k:02d}" for k in range(n_clusters)]
        return [
            column
            for name in self.statistics
            for column in (
                proportions if name == "proportions" else [f"{name}_{k:04d}" for k in range(dim)]
            )
        ]

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
