import numpy as np
import pytest
import torch
from torch import nn

from skinage.contrastive.training.probe import (
    Probe,
    neighbour_r2,
    share_explained,
    spread,
    statistics_of_batch,
)  # fmt: skip
from skinage.encoders.untrained import untrained_encoder


def test_spread_is_one_for_even_directions_and_near_nought_when_collapsed():
    even = np.random.default_rng(0).standard_normal((4000, 16))
    assert spread(even) == pytest.approx(1, abs=0.02)
    assert spread(even * 1e-3 + 5) < 1e-3
    assert spread(7 * even) == pytest.approx(spread(even))


def test_share_explained_is_that_of_an_analysis_of_variance():
    """One direction of unit features, two groups at -.6 and .6 with equal noise."""
    random = np.random.default_rng(0)
    groups = np.repeat(["A", "B"], 500)
    angle = np.where(groups == "A", -0.5, 0.5) + 0.2 * random.standard_normal(1000)
    features = np.stack([np.cos(angle), np.sin(angle)], 1)
    total = ((features - features.mean(0)) ** 2).sum()
    within = sum(((features[groups == g] - features[groups == g].mean(0)) ** 2).sum() for g in "AB")
    assert share_explained(features, groups) == pytest.approx(1 - within / total)
    assert share_explained(features, random.permutation(groups)) < 0.01


def test_neighbours_know_the_age_that_features_hold_and_nothing_of_noise():
    random = np.random.default_rng(0)
    ages = random.uniform(20, 90, 200)
    angle = ages / 100
    features = np.stack([np.cos(angle), np.sin(angle)], 1)
    nobody = np.zeros(200, bool)
    assert neighbour_r2(features, ages, nobody) > 0.99
    assert neighbour_r2(random.standard_normal((200, 8)), ages, nobody) < 0
    assert np.isnan(neighbour_r2(features, np.full(200, 50.0), nobody))
    assert np.isnan(neighbour_r2(features[:1], ages[:1], nobody[:1]))


def test_people_held_out_are_asked_of_the_others_only():
    """Held-out people who are each other's nearest would know each other's age."""
    ages = np.array([20.0, 20, 80, 80, 30, 30, 70, 70])
    asked = np.array([False] * 4 + [True] * 4)
    others, held_out = [[1, 0], [1, 0], [0, 1], [0, 1]], [[0.1, 1], [0.1, 1], [1, 0.1], [1, 0.1]]
    features = np.array([*others, *held_out])
    # The others' tissue says 80 for those of 30, and 20 for those of 70.
    error = ((80 - 30) ** 2 * 2 + (20 - 70) ** 2 * 2) / (20**2 * 4)
    assert neighbour_r2(features, ages, asked, n_neighbours=2) == pytest.approx(1 - error)


def test_looking_changes_neither_mode_nor_statistics():
    module = nn.Sequential(nn.BatchNorm2d(3), nn.Dropout(0.5)).train()
    module[0].running_mean.fill_(7.0)
    images = torch.randn(64, 3, 4, 4) * 5 + 2
    with torch.no_grad(), statistics_of_batch(module):
        seen = module(images)
    assert seen.mean().abs() < 1e-5  # the batch's statistics, not 7; no dropout
    assert seen.std() == pytest.approx(1, abs=0.01)
    assert (module[0].running_mean == 7).all()
    assert all(part.training for part in module.modules())


def test_a_probe_measures_what_the_tables_allow(phantom_tiles, phantom_cohort):
    encoder = untrained_encoder(phantom_tiles)
    nobody = np.zeros(len(phantom_tiles), bool)
    bare = Probe(phantom_tiles, nobody, seed=0).measure(encoder.module, encoder.metadata)
    assert set(bare) == {"spread"}
    labels = phantom_cohort.set_index("slide_id")[["age_years", "scanner"]]
    known = Probe(phantom_tiles.join(labels, on="slide_id"), nobody, seed=0)
    found = known.measure(encoder.module, encoder.metadata)
    assert set(found) == {"spread", "age_r2", "scanner_share"}
    assert 0 < found["scanner_share"] < 1
    assert known.measure(encoder.module, encoder.metadata) == found
