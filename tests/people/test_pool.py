import numpy as np
import pandas as pd
import pytest
from anndata import AnnData

from skinage.errors import LeakageError, SettingError, StageError
from skinage.people.pool import (
    feature_names,
    features_of,
    pool,
    refuse_fitted_pooling,
    refuse_seen_labels,
)


@pytest.fixture
def atlas():
    features = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    people = np.random.default_rng(1).choice(["b", "a", "c"], 49)
    obs = pd.DataFrame({"person_id": [*people, "z"]}, index=[f"tile{k}" for k in range(50)])
    return AnnData(features, obs=obs)


def test_pool_agrees_with_pandas(atlas):
    people = pool(atlas, statistics=("mean", "std", "median"))
    grouped = pd.DataFrame(atlas.X.astype(float)).groupby(atlas.obs["person_id"].to_numpy())
    assert [*people.index] == ["a", "b", "c", "z"]
    assert people.index.name == "person_id"
    np.testing.assert_allclose(people.filter(like="mean_"), grouped.mean())
    np.testing.assert_allclose(people.filter(like="std_"), grouped.std(ddof=0), atol=1e-12)
    np.testing.assert_allclose(people.filter(like="median_"), grouped.median())
    assert [*people["n_tiles"]] == [*grouped.size()]


def test_pool_names_its_columns(atlas):
    people = pool(atlas)
    assert [*people.columns[[0, 5, 6, 11, 12]]] == [
        "mean_0000", "mean_0005", "std_0000", "std_0005", "n_tiles",
    ]  # fmt: skip
    assert "n_tiles" not in feature_names(people)


def test_quantiles_agree_with_pandas(atlas):
    people = pool(atlas, statistics=("q10", "q25", "q90"))
    grouped = pd.DataFrame(atlas.X.astype(float)).groupby(atlas.obs["person_id"].to_numpy())
    for level in (10, 25, 90):
        expected = grouped.quantile(level / 100)
        np.testing.assert_allclose(people.filter(like=f"q{level}_"), expected, atol=1e-12)


def test_a_person_is_pooled_over_all_slides(atlas):
    assert "n_slides" not in pool(atlas)
    slide = ["s1", "s2"] * 24 + ["s1", "s9"]
    people = pool(AnnData(atlas.X, obs=atlas.obs.assign(slide_id=slide)))
    assert people["n_slides"].to_dict() == {"a": 2, "b": 2, "c": 2, "z": 1}
    assert feature_names(people) == feature_names(pool(atlas))
    pd.testing.assert_frame_equal(people.drop(columns=["n_slides", "slide_ids"]), pool(atlas))


def test_shares_of_kinds_of_tissue_are_for_description_only(atlas):
    people = pool(atlas, statistics=("mean", "proportions"))
    proportions = people.filter(like="proportion_")
    assert [*proportions.columns] == [f"proportion_{k:02d}" for k in range(16)]
    np.testing.assert_allclose(proportions.sum(axis=1), 1)
    assert proportions.loc["z"].max() == 1
    refuse_fitted_pooling(pool(atlas))
    with pytest.raises(
        LeakageError, match=r"16 proportions.*proportion_00 to proportion_15.*Give the atlas"
    ):
        refuse_fitted_pooling(people)


def test_one_tile_has_no_spread(atlas):
    assert (pool(atlas).loc["z"].filter(like="std_") == 0).all()


def test_pool_does_not_depend_on_the_order_of_tiles(atlas):
    order = np.random.default_rng(2).permutation(50)
    pd.testing.assert_frame_equal(pool(atlas[order].copy()), pool(atlas))


def test_categories_without_tiles_do_not_become_people(atlas):
    atlas.obs["person_id"] = pd.Categorical(atlas.obs["person_id"], ["z", "a", "b", "c", "gone"])
    assert [*pool(atlas).index] == ["a", "b", "c", "z"]


def test_the_spread_of_large_float32_numbers_is_exact(atlas):
    shifted = AnnData(atlas.X.astype(float).round(2) + 1e6, obs=atlas.obs)
    expected = AnnData(atlas.X.astype(float).round(2), obs=atlas.obs)
    np.testing.assert_allclose(
        pool(shifted, statistics=("std",)).iloc[:, :-1],
        pool(expected, statistics=("std",)).iloc[:, :-1],
        atol=1e-8,
    )


def test_pool_refuses_what_it_cannot_pool(atlas):
    with pytest.raises(SettingError, match=r"unknown statistics \['skew'\].*mean"):
        pool(atlas, statistics=("mean", "skew"))
    atlas.obs.loc["tile3", "person_id"] = np.nan
    with pytest.raises(StageError, match="the atlas has no tiles"):
        pool(atlas[atlas.obs["person_id"] == "nobody"])
    with pytest.raises(StageError, match="1 tiles have no person_id"):
        pool(atlas)


def test_several_visits_without_a_cohort_are_refused(atlas):
    atlas.obs["visit"] = "first"
    pool(atlas)
    atlas.obs.loc[atlas.obs.index[atlas.obs["person_id"] == "a"][0], "visit"] = "second"
    with pytest.raises(StageError, match=r"1 people have several visits.*give the cohort"):
        pool(atlas)


def test_features_that_are_not_finite_are_named(atlas):
    people = pool(atlas)
    people.loc["b", "std_0002"] = np.inf
    with pytest.raises(StageError, match=r"1 people .* std_0002 of person b"):
        features_of(people)


def test_the_encoder_is_remembered(atlas):
    assert "encoder_hash" not in pool(atlas).attrs
    atlas.uns["encoder"] = {"hash": "abc"}
    assert pool(atlas).attrs["encoder_hash"] == "abc"


def test_people_whose_label_the_encoder_saw_stay_marked(atlas):
    seen = atlas.obs["person_id"].isin(["a", "z"])
    people = pool(AnnData(atlas.X, obs=atlas.obs.assign(label_seen=seen)))
    assert [*people["label_seen"]] == [True, False, False, True]
    assert "label_seen" not in feature_names(people)
    refuse_seen_labels(people, pd.Index(["b", "c"]))
    with pytest.raises(LeakageError, match=r"saw the ages of 2 of these 4 people.*such as a, z;"):
        refuse_seen_labels(people, people.index)
