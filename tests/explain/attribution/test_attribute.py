from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import nn

from skinage.encoders.encoder import new_encoder
from skinage.errors import SettingError, StageError
from skinage.explain.attribution import gradients
from skinage.explain.attribution.age_of_tiles import AgeOfTiles
from skinage.explain.attribution.attribute import METHODS, attribute
from skinage.explain.attribution.baselines import Baseline, plain_baselines
from skinage.explain.attribution.gradients import allowed_error


class Opaque:
    """Ten years per unit of the first feature, by a model that shows no gradients."""

    def predict(self, inputs):
        return 40.0 + 10 * inputs.pooled()[:, 0]


@pytest.fixture
def others(pixels):
    rng = np.random.default_rng(5)
    return Baseline(rng.integers(0, 256, (4, *pixels.shape[1:]), dtype=np.uint8), "four others")


@pytest.fixture
def glass(pixels):
    return plain_baselines(pixels[0])["glass"]


@pytest.mark.parametrize("n_tiles", [1, 2, 6])
def test_heat_adds_up_to_the_clocks_own_difference(toys, bent, pixels, others, n_tiles):
    tiles = pixels[:n_tiles]
    for clock in (toys.make_clock(6), toys.attention_clock(6)):
        found = attribute(AgeOfTiles(bent, clock, tiles[1:]), tiles[0], others)
        age = toys.predict(bent, clock, tiles)
        assert found.age_years == pytest.approx(age, abs=1e-4)
        differences = [
            age - toys.predict(bent, clock, toys.exchanged(tiles, 0, one)) for one in others.pixels
        ]
        assert found.difference_years == pytest.approx(np.mean(differences), abs=1e-4)
        error = np.std(differences, ddof=1) / 2
        assert found.standard_error_years == pytest.approx(error, rel=1e-3)
        assert found.completeness_error <= allowed_error(found.difference_years, error)
        gap = abs(found.heat.sum() - found.difference_years)
        assert found.completeness_error == pytest.approx(gap, abs=1e-5)
        assert (found.unit, found.baseline) == ("years per pixel", "four others")


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_of_a_linear_model_heat_is_weight_times_change(toys, linear, pixels, others, dtype):
    """Integrals and occlusion have the same closed form, of patches the mean over the patch."""
    linear.module.to(dtype)
    clock = toys.make_clock(5, ("mean",))
    age_of = AgeOfTiles(linear, clock, pixels[1:])
    per_feature = torch.from_numpy(clock.linear.coefficients / clock.linear.scale / len(pixels))
    per_value = (linear.module.weight @ per_feature.to(dtype)).reshape(3, toys.side, toys.side)
    change = linear.prepare(pixels[:1]) - linear.prepare(others.pixels)
    expected = (change.mean(dim=0) * per_value).sum(dim=0).detach().numpy()
    found = attribute(age_of, pixels[0], others)
    np.testing.assert_allclose(found.heat, expected, atol=1e-5)
    occluded = attribute(age_of, pixels[0], others, method="occlusion")
    grids = []
    for shift in (0, 1):
        patched = np.zeros_like(expected)
        edges = [0, *range(2 - shift, toys.side + 1, 2), *[toys.side] * shift]
        for top, bottom in pairwise(edges):
            for left, right in pairwise(edges):
                where = slice(top, bottom), slice(left, right)
                if expected[where].size:
                    patched[where] = expected[where].mean()
        grids.append(patched)
    np.testing.assert_allclose(occluded.heat, np.mean(grids, axis=0), atol=1e-5)
    assert occluded.completeness_error < 1e-3
    gradient = per_value.sum(dim=0).detach().numpy()
    smooth = attribute(age_of, pixels[0], method="smooth_grad")
    np.testing.assert_allclose(smooth.heat, gradient, atol=1e-6)
    assert np.isnan(smooth.completeness_error)
    assert "unit of brightness" in smooth.unit


def test_grad_cam_is_the_layer_weighed_by_its_mean_gradients(toys, bent, pixels):
    clock = toys.make_clock(6, ("mean",))
    found = attribute(AgeOfTiles(bent, clock, pixels[1:]), pixels[0], method="grad_cam")
    # The last layer with places is the activation before pooling: its mean is the embedding.
    layer = bent.module[:4](bent.prepare(pixels[:1])).detach()
    weights = torch.from_numpy(clock.linear.coefficients / clock.linear.scale / len(pixels))
    n_places = layer.shape[-1] * layer.shape[-2]
    small = (layer * weights.float()[None, :, None, None] / n_places).sum(dim=1, keepdim=True)
    size = toys.side, toys.side
    expected = nn.functional.interpolate(small, size, mode="bilinear", align_corners=False)
    np.testing.assert_allclose(found.heat, expected[0, 0].numpy(), rtol=1e-4, atol=1e-7)
    assert found.unit.startswith("relative")
    assert np.isnan(found.difference_years)
    assert found.baseline == "nothing"


def test_every_method_gives_a_finite_map_of_the_tile_and_changes_nothing(
    toys, bent, pixels, others
):
    age_of = AgeOfTiles(bent, toys.make_clock(6), pixels[1:])
    before = {name: value.clone() for name, value in bent.module.state_dict().items()}
    state = torch.get_rng_state()
    for method in METHODS:
        baseline = Baseline(others.pixels[:1], "one") if "integrated" in method else others
        found = attribute(age_of, pixels[0], baseline, method=method)
        again = attribute(age_of, pixels[0], baseline, method=method)
        np.testing.assert_array_equal(found.heat, again.heat)
        assert found.heat.shape == (toys.side, toys.side)
        assert np.isfinite(found.heat).all()
        assert found.heat.any()
        assert found.method == method
        assert np.isnan(found.completeness_error) == (found.unit != "years per pixel")
    assert torch.equal(state, torch.get_rng_state())
    assert all(torch.equal(before[name], one) for name, one in bent.module.state_dict().items())
    assert not any(layer._forward_hooks for layer in bent.module.modules())


def test_the_noise_follows_the_seed(toys, bent, pixels):
    age_of = AgeOfTiles(bent, toys.make_clock(6), pixels[1:])
    maps = [attribute(age_of, pixels[0], method="smooth_grad", seed=one).heat for one in (0, 1)]
    assert abs(maps[0] - maps[1]).max() > 1e-6


def test_a_clock_without_gradients_is_explained_by_occlusion_only(toys, bent, pixels, others):
    clock = toys.clock_of(Opaque(), ["mean_0000"])
    linear = toys.linear_clock(["mean_0000"], np.zeros(1), np.ones(1), np.full(1, 10.0))
    found, expected = (
        attribute(AgeOfTiles(bent, one, pixels[1:]), pixels[0], others, method="occlusion")
        for one in (clock, linear)
    )
    assert abs(expected.heat).max() > 1e-5
    np.testing.assert_allclose(found.heat, expected.heat, rtol=1e-4, atol=1e-8)
    for method in {*METHODS} - {"occlusion"}:
        with pytest.raises(StageError, match=r"clock \(own\) has none.*method='occlusion'.*shap"):
            attribute(AgeOfTiles(bent, clock, pixels[1:]), pixels[0], others, method=method)


def test_spread_alone_says_nothing_for_a_single_tile(toys, bent, pixels, glass):
    age_of = AgeOfTiles(bent, toys.make_clock(6, ("std",)), pixels[:0])
    found = attribute(age_of, pixels[0], glass)
    assert found.difference_years == 0
    assert not found.heat.any()


def test_tiles_that_are_all_alike_have_a_finite_heat(toys, bent, pixels, glass):
    same = np.repeat(pixels[:1], 4, axis=0)
    found = attribute(AgeOfTiles(bent, toys.make_clock(6), same[1:]), same[0], glass)
    assert np.isfinite(found.heat).all()
    assert found.completeness_error <= allowed_error(
        found.difference_years, found.standard_error_years
    )


def test_steps_are_doubled_until_the_heat_adds_up_or_a_warning_says_that_it_does_not(
    toys, bent, pixels, others, monkeypatch
):
    age_of = AgeOfTiles(bent, toys.make_clock(6), pixels[1:2])
    monkeypatch.setattr(gradients, "FIRST_STEPS", 1)
    one = Baseline(others.pixels[:1], "one")
    found = attribute(age_of, pixels[0], one)
    assert found.n_passes in [2**k - 1 for k in range(2, 9)]
    assert found.completeness_error <= allowed_error(
        found.difference_years, found.standard_error_years
    )
    monkeypatch.setattr(gradients, "MOST_PASSES", 1)
    with pytest.warns(UserWarning, match="the heat adds up to .* after 1 passes"):
        attribute(age_of, pixels[0], one)


def test_a_tile_against_itself_changes_nothing(toys, bent, pixels):
    age_of = AgeOfTiles(bent, toys.make_clock(6), pixels[1:])
    found = attribute(age_of, pixels[0], Baseline(pixels[:1], "itself"))
    assert found.difference_years == 0
    assert not found.heat.any()


@pytest.mark.parametrize("n_tiles", [1, 20])
def test_a_real_backbone_on_real_skin(toys, skin_tiles, n_tiles):
    encoder = new_encoder("mobilenetv3_small_050", 64, 1.0)
    tiles = skin_tiles[8, :n_tiles]
    embedded = encoder.embed(skin_tiles[8])
    mean, std = embedded.mean(axis=0), embedded.std(axis=0)
    # As if fitted on such people. Weights of one sign: of a random mixture, most would cancel.
    names = toys.make_clock(encoder.metadata["dim"]).feature_names
    centre, scale = np.r_[mean, std], np.r_[std, std] + 1e-6
    clock = toys.linear_clock(names, centre, scale, np.full(len(names), 0.05))
    baseline = Baseline(skin_tiles[3, :4], "four tiles of another row")
    found = attribute(AgeOfTiles(encoder, clock, tiles[1:]), tiles[0], baseline)
    assert found.heat.shape == (64, 64)
    assert abs(found.difference_years) > 0.1
    assert found.completeness_error <= allowed_error(
        found.difference_years, found.standard_error_years
    )


def test_what_grad_cam_cannot_use_is_named(toys, linear, pixels):
    age_of = AgeOfTiles(linear, toys.make_clock(5), pixels[1:])
    with pytest.raises(StageError, match="give no picture, and grad_cam needs a layer"):
        attribute(age_of, pixels[0], method="grad_cam")

    class Tokens(nn.Module):
        def forward(self, images):
            return images.flatten(2).transpose(1, 2)

    class Mean(nn.Module):
        def forward(self, tokens):
            return tokens.mean(dim=1)

    encoder = toys.make_encoder(nn.Sequential(nn.Conv2d(3, 5, 4, 4), Tokens(), Mean()), 5)
    with pytest.raises(StageError, match="give tokens"):
        attribute(AgeOfTiles(encoder, toys.make_clock(5), pixels[1:]), pixels[0], method="grad_cam")


def test_wrong_arguments(toys, bent, pixels, others, glass):
    age_of = AgeOfTiles(bent, toys.make_clock(6), pixels[1:])
    with pytest.raises(SettingError, match="method='lime'; choose from"):
        attribute(age_of, pixels[0], others, method="lime")
    with pytest.raises(SettingError, match=r"uint8 of shape \(6, 16, 16, 3\); expected"):
        attribute(age_of, pixels, others)
    for method in ("expected_gradients", "occlusion"):
        with pytest.raises(SettingError, match="give baseline=baseline_tiles"):
            attribute(age_of, pixels[0], method=method)
    with pytest.raises(SettingError, match="starts from one picture, and the baseline has 4"):
        attribute(age_of, pixels[0], others, method="integrated_gradients")
    small = Baseline(others.pixels[:, :8], "small")
    with pytest.raises(StageError, match=r"shape \(16, 16, 3\), the baseline's pictures \(8, 16"):
        attribute(age_of, pixels[0], small)
