"""TissueClusters of tissue, found in tiles without a name: k-means of their features."""

from dataclasses import dataclass

import numpy as np

from skinage.people.person_tiles import Tiles

N_CLUSTERS = 16
"""Some more than the tissues that are told apart in skin at low power: horny layer, epidermis,
papillary and reticular dermis, follicle, sebaceous and sweat gland, vessel, nerve, muscle, fat,
infiltrate. Ages of phantoms told from proportions alone: half the clusters know much less (11.1 years of
error against 8.8), twice as many hardly more (8.4), and leave few tiles of a person to each."""
N_AXES = 32
N_TILES_OF_FIT = 20_000


@dataclass(frozen=True, eq=False)
class TissueClusters:
    """TissueClusters of tissue: centres in the principal axes of standardised tile features.

    Attributes
    ----------
    mean
        ``(dim,)``.
    axes
        ``(dim, n_axes)``, divided by the scale of each feature.
    centres
        ``(n_clusters, n_axes)``, the kind with most tiles first.
    """

    mean: np.ndarray
    axes: np.ndarray
    centres: np.ndarray

    @classmethod
    def fit(cls, tiles: Tiles, seed: int) -> "TissueClusters":
        """Find the clusters by k-means, of each person in about as many tiles."""
        from sklearn.cluster import KMeans
        from threadpoolctl import threadpool_limits

        generator = np.random.default_rng(seed)
        # A person with many slides says no more of what there is than others.
        most = max(1, N_TILES_OF_FIT // len(tiles.rows))
        some = [generator.permutation(rows)[:most] for rows in tiles.rows]
        sample = tiles.features[np.sort(np.concatenate(some))].astype(np.float64)
        mean, scale = sample.mean(axis=0), sample.std(axis=0)
        # What never varies among them says nothing of a kind.
        per_unit = np.divide(1.0, scale, out=np.zeros_like(scale), where=scale > 0)
        sample = (sample - mean) * per_unit
        _, axes = np.linalg.eigh(sample.T @ sample)
        axes = axes[:, ::-1][:, :N_AXES]
        placed = sample @ axes
        n_clusters = min(N_CLUSTERS, len(np.unique(placed.round(9), axis=0)))
        # Threads would add up in another order each time.
        with threadpool_limits(1):
            found = KMeans(n_clusters, n_init=4, random_state=seed).fit(placed)
        most_first = np.argsort(-np.bincount(found.labels_, minlength=n_clusters), kind="stable")
        return cls(mean, per_unit[:, None] * axes, found.cluster_centers_[most_first])

    def proportions(self, tiles: np.ndarray) -> np.ndarray:
        """Give the share ``(n_clusters,)`` of each kind among one person's tiles ``(n, dim)``."""
        placed = (tiles - self.mean) @ self.axes
        distance = (self.centres**2).sum(axis=1) - 2 * placed @ self.centres.T
        return np.bincount(distance.argmin(axis=1), minlength=len(self.centres)) / len(tiles)
