import anndata
import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score
from sklearn.neighbors import NearestNeighbors

from skinage.embedding.atlas import map_atlas, typical_tiles
from skinage.errors import StageError

GROUPS = [90, 60, 30]


def make_atlas():
    rng = np.random.default_rng(0)
    group = np.repeat([2, 0, 1], GROUPS)
    features = 6 * rng.normal(size=(3, 20))[group] + rng.normal(size=(len(group), 20))
    obs = pd.DataFrame(
        {"person_id": [f"P{k % 7}" for k in range(len(group))], "group": group},
        index=[f"tile_{k}" for k in range(len(group))],
    )
    return anndata.AnnData(features.astype(np.float32), obs, obsm={"spatial": np.zeros((180, 2))})


@pytest.fixture(scope="module")
def atlas():
    return make_atlas()


@pytest.fixture
def mapped(atlas, monkeypatch):
    """Give the atlas mapped without UMAP, which takes half a minute to compile."""
    monkeypatch.setattr("skinage.embedding.atlas._umap", lambda components, seed: components[:, :2])
    return map_atlas(atlas, n_clusters=3)


def test_clusters_are_the_planted_groups_numbered_by_size(mapped):
    assert adjusted_rand_score(mapped.obs["group"], mapped.obs["cluster"]) == 1
    assert mapped.obs["cluster"].value_counts().to_dict() == {"1": 90, "2": 60, "3": 30}
    assert list(mapped.obs["cluster"].cat.categories) == ["1", "2", "3"]


def test_the_atlas_given_is_left_alone_and_its_features_are_not_copied(atlas, mapped):
    assert "cluster" not in atlas.obs
    assert list(atlas.obsm) == ["spatial"]
    assert np.shares_memory(atlas.X, mapped.X)
    assert {"spatial", "X_pca", "X_umap"} == set(mapped.obsm)


@pytest.mark.slow
def test_the_map_keeps_groups_together_and_a_seed_fixes_it(atlas):
    mapped = map_atlas(atlas, n_clusters=3)
    points, group = mapped.obsm["X_umap"], mapped.obs["group"].to_numpy()
    assert points.shape == (180, 2)
    neighbours = NearestNeighbors(n_neighbors=6).fit(points).kneighbors(points)[1]
    assert (group[neighbours] == group[:, None]).mean() > 0.98
    np.testing.assert_array_equal(map_atlas(atlas, n_clusters=3).obsm["X_umap"], points)
    assert not np.array_equal(map_atlas(atlas, n_clusters=3, seed=1).obsm["X_umap"], points)


def test_a_mapped_atlas_survives_a_file(mapped, tmp_path):
    mapped.write_h5ad(tmp_path / "atlas.h5ad")
    back = anndata.read_h5ad(tmp_path / "atlas.h5ad")
    assert back.obs["cluster"].equals(mapped.obs["cluster"])


def test_typical_tiles_are_near_the_centre_and_of_different_people(mapped):
    typical = typical_tiles(mapped, n=7)
    assert list(typical["cluster"].unique()) == ["1", "2", "3"]
    for _, group in typical.groupby("cluster"):
        assert list(group["rank"]) == [1, 2, 3, 4, 5, 6, 7]
        assert group["person_id"].is_unique
    members = mapped.obs["cluster"].to_numpy() == "2"
    components = mapped.obsm["X_pca"][members]
    distance = np.linalg.norm(components - components.mean(axis=0), axis=1)
    first = typical[typical["cluster"] == "2"].iloc[0]
    assert first["tile_id"] == mapped.obs_names[members][distance.argmin()]
    assert first["person_id"] == mapped.obs.loc[first["tile_id"], "person_id"]


def test_a_second_tile_of_a_person_comes_after_everybodys_first(mapped):
    people = typical_tiles(mapped, n=10).query("cluster == '1'")["person_id"]
    assert people[:7].nunique() == 7
    assert people[7:].nunique() == 3


def test_a_small_cluster_gives_all_it_has(mapped):
    assert (typical_tiles(mapped, n=50)["cluster"] == "3").sum() == 30


def test_too_few_tiles(atlas):
    with pytest.raises(StageError, match="9 tiles; expected 10 or more"):
        map_atlas(atlas[:9], n_clusters=3)


def test_embeddings_that_are_not_finite():
    atlas = make_atlas()
    atlas.X[4, 2] = np.nan
    with pytest.raises(StageError, match="1 of 180 tiles are not finite, the first is row 4"):
        map_atlas(atlas)


def test_typical_tiles_want_a_map(atlas):
    with pytest.raises(StageError, match=r"lacks \['cluster', 'X_pca'\]"):
        typical_tiles(atlas)
