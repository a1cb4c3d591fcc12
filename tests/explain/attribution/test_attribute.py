import anndata
import numpy as np
import pandas as pd
import pytest
import torch
from torch import nn

from skinage.clock.clock import Clock
from skinage.clock.learners.ridge import LinearModel, Ridge
from skinage.encoders.encoder import Encoder, new_encoder
from skinage.errors import StageError
from skinage.explain.attribution.attribute import attribute, tile_contributions
from skinage.people.pool import pool

SIDE = 16


class LinearModule(nn.Module):
    """Embeds a tile by a fixed linear map, for which integrated gradients have a closed form."""

    def __init__(self, dim):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3 * SIDE * SIDE, dim) / 50)

    def forward(self, images):
        return images.flatten(1) @ self.weight


def make_encoder(module, dim):
    metadata = {
        "dim": dim,
        "tile_px": SIDE,
        "mpp": 1.0,
        "mean": [0.7, 0.5, 0.6],
        "std": [0.2, 0.3, 0.1],
    }
    return Encoder(module.eval(), metadata)


@pytest.fixture
def linear():
    torch.manual_seed(0)
    return make_encoder(LinearModule(5), 5)


@pytest.fixture
def bent():
    torch.manual_seed(0)
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 6, 3, 2), nn.Hardswish()
    return make_encoder(nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten()), 6)


@pytest.fixture
def pixels():
    return np.random.default_rng(1).integers(60, 256, (6, SIDE, SIDE, 3), dtype=np.uint8)


def make_clock(dim, statistics=("mean", "std")):
    rng = np.random.default_rng(2)
    names = [f"{statistic}_{k:04d}" for statistic in statistics for k in range(dim)]
    mean, scale, weights = rng.normal(size=(3, len(names)))
    return linear_clock(names, mean, np.abs(scale) + 0.1, weights)


def linear_clock(names, mean, scale, coefficients):
    model = LinearModel(mean, scale, coefficients, np.array(50.0))
    metadata = {"feature_names": names, "encoder_hash": None, "statistics": None}
    return Clock(metadata, Ridge(), model, None, None)


def predict(encoder, clock, pixels):
    obs = pd.DataFrame({"person_id": "P1"}, index=[str(k) for k in range(len(pixels))])
    return clock.predict(pool(anndata.AnnData(encoder.embed(pixels), obs))).item()


def with_glass(pixels, position):
    changed = pixels.copy()
    changed[position] = 255
    return changed


@pytest.mark.parametrize("n_tiles", [1, 2, 6])
def test_ages_are_the_clocks_own(bent, pixels, n_tiles):
    clock, tiles, position = make_clock(6), pixels[:n_tiles], n_tiles // 2
    found = attribute(bent, clock, tiles, position=position)
    age = predict(bent, clock, tiles)
    assert found.age_years == pytest.approx(age, abs=1e-4)
    difference = age - predict(bent, clock, with_glass(tiles, position))
    assert found.difference_years == pytest.approx(difference, abs=1e-4)


@pytest.mark.parametrize("n_tiles", [1, 2, 6])
def test_heat_adds_up_to_the_difference(bent, pixels, n_tiles):
    found = attribute(bent, make_clock(6), pixels[:n_tiles])
    assert np.isfinite(found.heat).all()
    assert abs(found.difference_years) > 0.05
    assert found.heat.sum() == pytest.approx(found.difference_years, rel=0.02, abs=0.01)
    gap = abs(found.heat.sum() - found.difference_years)
    assert found.completeness_error == pytest.approx(gap, abs=1e-5)


def test_of_a_linear_model_heat_is_weight_times_change(linear, pixels):
    clock, position = make_clock(5, ("mean",)), 3
    found = attribute(linear, clock, pixels, position=position, n_steps=4)
    years_per_feature = torch.from_numpy(
        clock.linear.coefficients / clock.linear.scale / len(pixels)
    ).float()
    years_per_value = (linear.module.weight @ years_per_feature).reshape(3, SIDE, SIDE)
    change = linear.prepare(pixels) - linear.prepare(np.full_like(pixels, 255))
    expected = (change[position] * years_per_value).sum(dim=0).detach().numpy()
    np.testing.assert_allclose(found.heat, expected, atol=1e-5)


def test_spread_alone_says_nothing_for_a_single_tile(bent, pixels):
    found = attribute(bent, make_clock(6, ("std",)), pixels[:1])
    assert found.difference_years == 0
    assert not found.heat.any()


def test_tiles_that_are_all_alike_have_a_finite_heat(bent, pixels):
    same = np.repeat(pixels[:1], 4, axis=0)
    found = attribute(bent, make_clock(6), same)
    assert np.isfinite(found.heat).all()
    assert found.completeness_error <= max(0.02 * abs(found.difference_years), 0.01)


def test_steps_are_doubled_until_the_heat_adds_up(bent, pixels):
    rough = attribute(bent, make_clock(6), pixels[:2], n_steps=1)
    assert rough.n_steps in (2, 4, 8, 16, 32, 64, 128)
    assert rough.completeness_error <= max(0.02 * abs(rough.difference_years), 0.01)


def test_a_heat_that_does_not_add_up_says_so(bent, pixels, monkeypatch):
    monkeypatch.setattr("skinage.explain.attribution.attribute.MOST_STEPS", 1)
    with pytest.warns(UserWarning, match="after 1 steps the heat of tile 0 adds up to"):
        attribute(bent, make_clock(6), pixels[:2], n_steps=1)


def test_glass_in_place_of_glass_changes_nothing(bent, pixels):
    found = attribute(bent, make_clock(6), with_glass(pixels, 2), position=2)
    assert found.difference_years == 0
    assert not found.heat.any()
    assert "glass" in found.baseline


@pytest.mark.parametrize("n_tiles", [1, 20])
def test_a_real_backbone_on_real_skin(skin_tiles, n_tiles):
    encoder = new_encoder("mobilenetv3_small_050", 64, 1.0)
    tiles = skin_tiles[8, :n_tiles]
    embedded = encoder.embed(skin_tiles[8])
    mean, std = embedded.mean(axis=0), embedded.std(axis=0)
    # As if fitted on such people. Weights of one sign: of a random mixture, most would cancel.
    names = make_clock(encoder.metadata["dim"]).feature_names
    centre, scale = np.r_[mean, std], np.r_[std, std] + 1e-6
    clock = linear_clock(names, centre, scale, np.full(len(names), 0.05))
    found = attribute(encoder, clock, tiles)
    assert found.heat.shape == (64, 64)
    assert abs(found.difference_years) > 0.5
    assert found.completeness_error < 0.02 * abs(found.difference_years)


@pytest.mark.parametrize("position", [-1, 6])
def test_a_position_outside_the_persons_tiles(bent, pixels, position):
    with pytest.raises(StageError, match=f"position {position}, but the person has 6 tiles"):
        attribute(bent, make_clock(6), pixels, position=position)


@pytest.mark.parametrize(
    ("clock", "name"), [(make_clock(7), "mean_0006"), (make_clock(6, ("median",)), "median_0000")]
)
def test_a_clock_that_does_not_fit_the_encoder(bent, pixels, clock, name):
    with pytest.raises(StageError, match=f"the feature '{name}'; expected mean_0000 or std_0000"):
        attribute(bent, clock, pixels)


def test_a_tiles_share_is_the_age_with_it_less_the_age_without(bent, pixels):
    clock = make_clock(bent.metadata["dim"])
    shares = tile_contributions(clock, bent.embed(pixels))
    whole = predict(bent, clock, pixels)
    expected = [
        whole - predict(bent, clock, np.delete(pixels, k, axis=0)) for k in range(len(pixels))
    ]
    np.testing.assert_allclose(shares, expected, rtol=1e-5, atol=1e-6)
    with pytest.raises(StageError, match="one tile"):
        tile_contributions(clock, bent.embed(pixels[:1]))
