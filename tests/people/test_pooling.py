from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from safetensors.numpy import load, save

from skinage.clock.learners.pooled import Pooled
from skinage.clock.learners.ridge import Ridge
from skinage.errors import SettingError, StageError
from skinage.people.clock_inputs import ClockInputs
from skinage.people.person_tiles import Tiles
from skinage.people.pooling import Pooling
from skinage.people.tissue_clusters import N_CLUSTERS, TissueClusters


def deal_tiles(features: np.ndarray, numbers: list[int]) -> Tiles:
    """Give people so many tiles each, mixed up among each other."""
    order = np.random.default_rng(9).permutation(len(features))
    return Tiles(features, np.split(order[: sum(numbers)], np.cumsum(numbers)[:-1]))


@pytest.fixture
def tiles():
    features = np.random.default_rng(0).normal(size=(300, 5)).astype(np.float32)
    return deal_tiles(features, [1, 2, 7, 90, 200])


@pytest.fixture
def tissue():
    """Three tissue clusters far apart; per person how many tiles are of each."""
    generator = np.random.default_rng(1)
    numbers = generator.multinomial(60, [0.6, 0.3, 0.1], 40)
    centres = generator.normal(0, 50, (3, 8))
    clusters = np.concatenate([np.repeat(range(3), some) for some in numbers])
    features = centres[clusters] + generator.normal(size=(len(clusters), 8))
    rows = np.split(np.arange(len(clusters)), 40)[:40]
    return Tiles(features.astype(np.float32), rows), numbers / 60


@pytest.mark.parametrize("level", [0, 10, 25, 50, 75, 90, 100])
def test_quantiles_agree_with_numpy(tiles, level):
    found = Pooling.fit(tiles, [f"q{level:02d}"]).transform(tiles)
    expected = [np.quantile(tiles.features[rows].astype(float), level / 100, axis=0)
                for rows in tiles.rows]  # fmt: skip
    assert_allclose(found, expected, atol=1e-12)


def test_a_quantile_by_hand():
    tiles = Tiles(np.array([[40.0], [10], [30], [20]], np.float32), [np.arange(4)])
    # Three gaps between four tiles: 0.9 of the way is 2.7 gaps, 7 tenths between 30 and 40.
    assert_allclose(Pooling.fit(tiles, ["q90"]).transform(tiles), [[37]])


def test_statistics_stand_in_the_order_asked_for(tiles):
    pooling = Pooling.fit(tiles, ["q90", "mean", "proportions", "median"])
    names, values = pooling.names(5), pooling.transform(tiles)
    assert values.shape == (5, len(names))
    assert names[0] == "q90_0000"
    assert names[5:10] == [f"mean_000{k}" for k in range(5)]
    assert names[10:12] == ["proportion_00", "proportion_01"]
    assert names[-1] == "median_0004"
    assert_allclose(values[:, 5:10], Pooling(("mean",)).transform(tiles))
    assert_allclose(values[:, 10:-5].sum(axis=1), 1)


@pytest.mark.parametrize("wrong", ["q101", "q5", "q-5", "q1.5", "q٣٣", "quarter", "Mean", "q050"])
def test_what_is_no_statistic_is_refused(tiles, wrong):
    with pytest.raises(SettingError, match=r"unknown statistics .*q00 to q100"):
        Pooling.fit(tiles, ["mean", wrong])


def test_none_or_one_twice_is_refused(tiles):
    with pytest.raises(SettingError, match="unknown"):
        Pooling.fit(tiles, [])
    with pytest.raises(SettingError, match="name each once"):
        Pooling.fit(tiles, ["mean", "std", "mean"])


def test_kinds_of_tissue_planted_are_found(tissue, monkeypatch):
    tiles, planted = tissue
    monkeypatch.setattr("skinage.people.tissue_clusters.N_CLUSTERS", 3)
    found = Pooling.fit(tiles, ["proportions"]).transform(tiles)
    # The kind with most tiles is named first.
    assert_allclose(found, planted)


def test_shares_do_not_depend_on_the_units_of_features(tissue, monkeypatch):
    tiles, planted = tissue
    monkeypatch.setattr("skinage.people.tissue_clusters.N_CLUSTERS", 3)
    noise = np.random.default_rng(2).normal(0, 1e6, (len(tiles.features), 1))
    with_noise = Tiles(np.column_stack([tiles.features, noise, np.ones(len(noise))]), tiles.rows)
    assert_allclose(Pooling.fit(with_noise, ["proportions"]).transform(with_noise), planted)


def test_shares_agree_with_the_nearest_centre_by_hand(tiles):
    clusters = TissueClusters.fit(tiles, seed=0)
    assert clusters.centres.shape == (N_CLUSTERS, 5)
    placed = (tiles.features - clusters.mean) @ clusters.axes
    nearest = [np.argmin([np.linalg.norm(one - centre) for centre in clusters.centres])
               for one in placed]  # fmt: skip
    for person, rows in enumerate(tiles.rows):
        expected = [np.mean(np.array(nearest)[rows] == k) for k in range(N_CLUSTERS)]
        assert_allclose(Pooling(("proportions",), clusters).transform(tiles)[person], expected)


def test_few_or_equal_tiles_have_fewer_kinds():
    three = Tiles(np.repeat(np.eye(3, dtype=np.float32), 4, axis=0), [np.arange(5), np.arange(12)])
    found = Pooling.fit(three, ["proportions"]).transform(three)
    assert found.shape == (2, 3)
    assert_allclose(np.sort(found[0]), [0, 0.2, 0.8])
    same = Tiles(np.ones((4, 2), np.float32), [np.arange(4)])
    assert_array_equal(Pooling.fit(same, ["proportions"]).transform(same), [[1]])


def test_kinds_have_seen_the_training_people_only(tiles):
    training = Tiles(tiles.features, tiles.rows[:4])
    changed = tiles.features.copy()
    changed[tiles.rows[4]] += 100
    before, after = (Pooling.fit(Tiles(some, training.rows), ["proportions"])
                     for some in (tiles.features, changed))  # fmt: skip
    assert_array_equal(before.clusters.centres, after.clusters.centres)
    assert_array_equal(before.transform(training), after.transform(training))


def test_the_same_seed_finds_the_same_kinds(tiles):
    once, again, other = (TissueClusters.fit(tiles, seed).centres for seed in (3, 3, 4))
    assert_array_equal(once, again)
    assert not np.array_equal(once, other)


def test_a_person_with_many_tiles_does_not_decide_what_kinds_there_are(monkeypatch):
    monkeypatch.setattr("skinage.people.tissue_clusters.N_TILES_OF_FIT", 20)
    features = np.concatenate([np.zeros((1000, 1)), np.ones((10, 1))]).astype(np.float32)
    tiles = Tiles(features, [np.arange(1000), np.arange(1000, 1010)])
    # Ten tiles of each: the mean lies in the middle.
    assert TissueClusters.fit(tiles, seed=0).mean == pytest.approx(0.5)


@pytest.mark.parametrize("statistics", [("mean", "std"), ("q10", "proportions"), ("proportions",)])
def test_arrays_hold_everything(tiles, statistics):
    pooling = Pooling.fit(tiles, statistics)
    again = Pooling.from_arrays(load(save(pooling.arrays())))
    assert again.statistics == statistics
    assert_array_equal(again.transform(tiles), pooling.transform(tiles))
    assert again.names(5) == pooling.names(5)


@dataclass
class Spy:
    """Remember the inputs; predict the sum of features."""

    name: ClassVar[str] = "spy"
    needs_tiles: ClassVar[bool] = False
    seen: ClockInputs | None = None

    def fit(self, inputs: ClockInputs, target: np.ndarray, *, seed: int) -> "Spy":
        self.seen = inputs
        return self

    def load(self, arrays: Mapping[str, np.ndarray]) -> "Spy":
        return self

    def predict(self, inputs: ClockInputs) -> np.ndarray:
        return inputs.features.sum(axis=1)

    def arrays(self) -> dict[str, np.ndarray]:
        return {}


def test_the_learner_inside_gets_pooled_features_sex_and_tiles(tiles):
    inputs = ClockInputs(None, np.array([1, 0, np.nan, 1, 0]), tiles)
    spy = Spy()
    learner = Pooled(spy, ["mean"])
    assert (learner.name, learner.needs_tiles) == ("spy", True)
    model = learner.fit(inputs.take(np.array([3, 4])), np.zeros(2), seed=0)
    means = np.array([tiles.features[rows].mean(axis=0) for rows in tiles.rows])
    assert_allclose(spy.seen.features, means[[3, 4]], rtol=1e-4, atol=1e-6)
    assert_array_equal(spy.seen.sex_male, [1, 0])
    assert [*map(len, spy.seen.tiles.rows)] == [len(tiles.rows[3]), len(tiles.rows[4])]
    assert_allclose(model.predict(inputs), means.sum(axis=1), rtol=1e-4, atol=1e-5)


def test_a_clock_on_shares_finds_planted_ages_and_comes_back_from_its_arrays(tissue):
    tiles, planted = tissue
    ages = 20 + 60 * planted[:, 0]
    inputs = ClockInputs(None, np.full(40, np.nan), tiles)
    learner = Pooled(Ridge(), ("proportions",))
    model = learner.fit(inputs.take(np.arange(30)), ages[:30], seed=0)
    tested = inputs.take(np.arange(30, 40))
    assert np.abs(model.predict(tested) - ages[30:]).mean() < 1
    again = learner.load(load(save(model.arrays())))
    assert_array_equal(again.predict(tested), model.predict(tested))


def test_pooled_features_without_tiles_are_refused():
    pooled = ClockInputs(np.ones((4, 2)), np.ones(4))
    with pytest.raises(StageError, match="give the atlas"):
        Pooled(Ridge()).fit(pooled, np.arange(4.0), seed=0)
