import anndata
import numpy as np
import pandas as pd
import pytest

from skinage import skipped
from skinage.clock.clock import Clock
from skinage.errors import SettingError, StageError
from skinage.explain.attribution.concept_directions import random_concepts, tile_gradients
from skinage.explain.attribution.concepts import concept_sensitivity
from skinage.people.pool import pool

N_PEOPLE, N_TILES, DIM = 40, 12, 6


class Step:
    def predict(self, inputs):
        return np.round(inputs.pooled()[:, 0])


@pytest.fixture
def atlas():
    """Return tiles of which a third shows "old", another third "plain"; features 0 and 1 say so.

    Feature 2 is the scanner. People differ a little in each feature.
    """
    rng = np.random.default_rng(0)
    n = N_PEOPLE * N_TILES
    person = np.repeat([f"P{k:02d}" for k in range(N_PEOPLE)], N_TILES)
    kind = np.tile(np.repeat(["old", "plain", "other"], N_TILES // 3), N_PEOPLE)
    scanner = np.repeat(np.where(np.arange(N_PEOPLE) % 2, "A", "B"), N_TILES)
    features = rng.normal(size=(n, DIM)) + np.repeat(rng.normal(size=(N_PEOPLE, DIM)), N_TILES, 0)
    features[:, 0] += 8 * (kind == "old")
    features[:, 1] += 8 * (kind == "plain")
    features[:, 2] += 8 * (scanner == "A")
    names = [f"T{k:03d}" for k in range(n)]
    obs = pd.DataFrame({"person_id": person, "kind": kind, "scanner": scanner}, index=names)
    return anndata.AnnData(features, obs)


@pytest.fixture
def concepts(atlas):
    kind = atlas.obs["kind"]
    return {"old": atlas.obs_names[kind == "old"], "plain": (kind == "plain").to_numpy()}


@pytest.fixture
def clock(toys):
    """Return a clock that is 2 years older per unit of the mean of feature 0."""
    names = [f"mean_{k:04d}" for k in range(DIM)]
    return toys.linear_clock(names, np.zeros(DIM), np.ones(DIM), np.r_[2.0, np.zeros(DIM - 1)])


def test_the_age_follows_the_concept_it_is_made_of_and_no_other(atlas, concepts, clock):
    table = concept_sensitivity(clock, atlas, concepts, n_random=199)
    table = table.set_index("concept")
    assert [*table.index] == ["old", "plain", "scanner: A"]
    assert [*table["kind"]] == ["concept", "concept", "control"]
    assert [*table["n_tiles"]] == [160, 160, 240]
    assert [*table["n_people"]] == [40, 40, 20]
    expected = 2 * atlas.X[:, 0].std()
    assert table.loc["old", "years_per_sd"] == pytest.approx(expected, rel=0.1)
    assert abs(table.loc["plain", "years_per_sd"]) < 0.4 * table.loc["old", "years_per_sd"]
    assert abs(table.loc["scanner: A", "years_per_sd"]) < 0.4 * table.loc["old", "years_per_sd"]
    assert table.loc["old", "p_value"] == 1 / 200
    assert (table.loc[["plain", "scanner: A"], "p_value"] > 0.05).all()
    assert (table["auc"] > 0.95).all()
    assert table.loc["old", "share_positive"] == 1
    assert table.loc["old", "q_value"] == pytest.approx(2 / 200)
    assert table.loc["scanner: A", "q_value"] == table.loc["scanner: A", "p_value"]


def test_a_clock_that_follows_the_scanner_is_found_out_by_the_control(toys, atlas, concepts):
    names = [f"mean_{k:04d}" for k in range(DIM)]
    clock = toys.linear_clock(names, np.zeros(DIM), np.ones(DIM), np.eye(DIM)[2])
    table = concept_sensitivity(clock, atlas, concepts, n_random=99).set_index("concept")
    assert table.loc["scanner: A", "p_value"] == 0.01
    assert table.loc["scanner: A", "years_per_sd"] > 2
    assert table.loc["old", "p_value"] > 0.05


def test_tiles_of_those_explained_do_not_make_the_direction(atlas, concepts, clock):
    """The other fold's people have the concept elsewhere, so that its direction is theirs."""
    fold = np.arange(N_PEOPLE) % 2
    people = pd.unique(atlas.obs["person_id"])
    ages = pd.DataFrame({"person_id": people, "fold": fold})
    swapped = atlas.copy()
    second = np.repeat(fold == 1, N_TILES)
    swapped.X[second] = swapped.X[second][:, [1, 0, 2, 3, 4, 5]]
    of_fold = concept_sensitivity({0: clock}, swapped, concepts, ages=ages, n_random=99)
    assert of_fold["auc"].iloc[0] < 0.2
    assert abs(of_fold["years_per_sd"].iloc[0]) < of_fold["years_per_sd"].iloc[1]
    both = concept_sensitivity({0: clock, 1: clock}, atlas, concepts, ages=ages, n_random=99)
    assert both["p_value"].iloc[0] == 0.01


def test_random_concepts_give_each_person_the_share_of_another(atlas):
    person = atlas.obs["person_id"].to_numpy()
    mask = np.zeros(len(person), bool)
    mask[:24], mask[24:30] = True, True  # all tiles of two people, half of those of a third
    drawn = random_concepts(mask, person, 50, np.random.default_rng(0))
    counts = pd.DataFrame(drawn).groupby(person).sum().to_numpy()
    for column in counts.T:
        assert sorted(column) == [0] * (N_PEOPLE - 3) + [6, 12, 12]
    assert (counts > 0).any(axis=1).sum() > 35
    positions = drawn[person == "P05"][:, (counts[5] == 6)]
    assert len(np.unique(positions, axis=1).T) > 1 or positions.shape[1] < 2


def test_gradients_are_those_of_the_clock(toys, atlas):
    person, fold = atlas.obs["person_id"].to_numpy(), np.zeros(atlas.n_obs, object)
    fold[-N_TILES:] = None
    for clock in (toys.make_clock(DIM), toys.attention_clock(DIM)):
        gradients = tile_gradients({0: clock}, atlas.X, person, fold)
        assert np.isnan(gradients[-N_TILES:]).all()
        moved = atlas[person == "P03"].copy()
        tile, step = 3 * N_TILES + 5, 1e-3
        for feature in range(2):
            ages = []
            for sign in (1, -1):
                moved.X[5, feature] = atlas.X[tile, feature] + sign * step
                pooled = clock.metadata["statistics"] is None
                ages.append(clock.predict(pool(moved) if pooled else moved).item())
            moved.X[5, feature] = atlas.X[tile, feature]
            expected = (ages[0] - ages[1]) / 2 / step
            assert gradients[tile, feature] == pytest.approx(expected, rel=1e-2, abs=1e-3)


def test_the_table_follows_the_seed(atlas, concepts, clock):
    tables = [
        concept_sensitivity(clock, atlas, concepts, n_random=20, seed=seed) for seed in (0, 0, 1)
    ]
    pd.testing.assert_frame_equal(*tables[:2])
    assert not tables[0].equals(tables[2])


def test_too_few_tiles_of_a_concept_are_an_error_and_of_a_control_are_stated(
    atlas, concepts, clock
):
    few = {"rare": atlas.obs_names[:30]}
    with pytest.raises(StageError, match=r"concept 'rare' has .* people outside of fold .*Show"):
        concept_sensitivity(clock, atlas, few)
    atlas.obs["stain_batch"] = np.where(atlas.obs["person_id"] == "P00", "rare", "usual")
    table = concept_sensitivity(clock, atlas, concepts, n_random=9)
    assert "stain_batch: rare" not in [*table["concept"]]
    assert [*skipped(table)["item"]] == ["control stain_batch: rare"]


def test_wrong_arguments(toys, atlas, concepts, clock):
    with pytest.raises(SettingError, match="0 concepts, n_random=499"):
        concept_sensitivity(clock, atlas, {})
    with pytest.raises(SettingError, match="clocks of folds need ages"):
        concept_sensitivity({0: clock}, atlas, concepts)
    with pytest.raises(StageError, match="2 of 2 tiles of concept 'x' are not in the atlas"):
        concept_sensitivity(clock, atlas, {"x": ["a", "b"]})
    with pytest.raises(StageError, match=r"the mask of concept 'x' has shape \(3,\)"):
        concept_sensitivity(clock, atlas, {"x": np.ones(3, bool)})
    trees: Clock = toys.clock_of(Step(), ["mean_0000"])
    with pytest.raises(StageError, match=r"the clock \(own\) has no gradients.*tile_contributions"):
        concept_sensitivity(trees, atlas, concepts)
