"""A map of all tiles, clusters, and typical tiles of each cluster."""

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from skinage.errors import StageError

if TYPE_CHECKING:
    from anndata import AnnData

N_COMPONENTS = 50
N_NEIGHBOURS = 15


def map_atlas(atlas: "AnnData", *, n_clusters: int = 8, seed: int = 0) -> "AnnData":
    """Return the atlas with a map and clusters of all tiles.

    Principal components first (50 at most), then UMAP (McInnes 2018; started from the first two
    components, which preserves large distances, Kobak and Linderman 2021) and k-means on the
    components, not on the map, because large distances on a UMAP mean little.

    Parameters
    ----------
    atlas
        Embeddings, X (n_tiles, dim).
    n_clusters
        Number of clusters; a choice of resolution, not a finding.
    seed
        Fixes the map and the clusters.

    Returns
    -------
    anndata.AnnData
        A new one that shares X with ``atlas``, with ``obsm["X_pca"]``, ``obsm["X_umap"]`` and
        ``obs["cluster"]``: "1" is the largest cluster.

    Raises
    ------
    skinage.StageError
        If there are too few tiles, or embeddings that are not finite.
    """
    import anndata
    from sklearn.cluster import KMeans
    from sklearn.decomposition import PCA

    features = np.asarray(atlas.X, dtype=np.float32)
    _check(features, n_clusters)
    n_components = min(N_COMPONENTS, features.shape[1], len(features) - 1)
    components = PCA(n_components, random_state=seed).fit_transform(features)
    labels = KMeans(n_clusters, n_init=3, random_state=seed).fit_predict(components)
    by_size = np.argsort(-np.bincount(labels, minlength=n_clusters), kind="stable")
    names = [str(k) for k in range(1, n_clusters + 1)]
    return anndata.AnnData(
        X=atlas.X,
        obs=atlas.obs.assign(cluster=pd.Categorical.from_codes(np.argsort(by_size)[labels], names)),
        var=atlas.var,
        obsm={**atlas.obsm, "X_pca": components, "X_umap": _umap(components, seed)},
        uns=dict(atlas.uns),
    )


def typical_tiles(atlas: "AnnData", n: int = 8) -> pd.DataFrame:
    """Return the tiles nearest to the centre of each cluster, from different people if possible.

    Parameters
    ----------
    atlas
        As `map_atlas` returns it, with ``obs["person_id"]``.
    n
        Number of tiles of each cluster; a smaller cluster contributes all its tiles.

    Returns
    -------
    pandas.DataFrame
        ``cluster``, ``tile_id``, ``person_id``, ``rank`` (1 is the first choice). The second
        tile of a person comes after one tile of everybody in the cluster.

    Raises
    ------
    skinage.StageError
        If the atlas has no map, or no ``person_id``.
    """
    found = {*atlas.obs.columns, *atlas.obsm}
    missing = [name for name in ("cluster", "X_pca", "person_id") if name not in found]
    if missing:
        raise StageError(f"typical_tiles: the atlas lacks {missing}; run map_atlas on it first.")
    components = np.asarray(atlas.obsm["X_pca"])
    table = atlas.obs[["cluster", "person_id"]].assign(tile_id=atlas.obs_names)
    table = table.reset_index(drop=True)
    by_cluster = pd.DataFrame(components).groupby(table["cluster"], observed=True)
    distance = np.linalg.norm(components - by_cluster.transform("mean").to_numpy(), axis=1)
    table = table.assign(distance=distance).sort_values("distance", kind="stable")
    # The nth tile of a person comes after the (n - 1)th tile of everybody.
    turn = table.groupby(["cluster", "person_id"], observed=True).cumcount()
    table = table.assign(turn=turn).sort_values(["cluster", "turn", "distance"], kind="stable")
    table = table.assign(rank=table.groupby("cluster", observed=True).cumcount() + 1)
    chosen = table.loc[table["rank"] <= n, ["cluster", "tile_id", "person_id", "rank"]]
    return chosen.astype({"cluster": str, "person_id": object}).reset_index(drop=True)


def _check(features: np.ndarray, n_clusters: int) -> None:
    least = max(n_clusters, 10)
    if len(features) < least:
        raise StageError(f"map_atlas: {len(features)} tiles; expected {least} or more.")
    bad = ~np.isfinite(features).all(axis=1)
    if bad.any():
        raise StageError(
            f"map_atlas: the embeddings of {bad.sum()} of {len(bad)} tiles are not finite, the "
            f"first is row {bad.argmax()}. Look at the encoder that made them."
        )


def _umap(components: np.ndarray, seed: int) -> np.ndarray:
    with warnings.catch_warnings():
        # umap says at its import that its neural variant, which nobody asks for, is not there.
        warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        from umap import UMAP

    neighbours = min(N_NEIGHBOURS, len(components) - 1)
    # One job, because a seed allows no more, and umap warns where it has to say so.
    model = UMAP(n_neighbors=neighbours, init="pca", random_state=seed, n_jobs=1)
    return model.fit_transform(components)
