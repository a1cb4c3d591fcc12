import numpy as np
import pytest
import torch

from skinage.errors import StageError
from skinage.explain.attribution.age_of_tiles import AgeOfTiles


class Trees:
    """A model with a step in it, which also uses the sex."""

    def predict(self, inputs):
        return 40.0 + 10 * (inputs.pooled()[:, 0] > 0) + np.nan_to_num(inputs.sex_male)


@pytest.mark.parametrize("n_tiles", [1, 2, 6])
def test_ages_are_the_clocks_own(toys, bent, pixels, n_tiles):
    tiles = pixels[:n_tiles]
    for clock in (toys.make_clock(6), toys.attention_clock(6)):
        ages = AgeOfTiles(bent, clock, tiles[1:]).predict(pixels)
        expected = [toys.predict(bent, clock, np.r_[one[None], tiles[1:]]) for one in pixels]
        np.testing.assert_allclose(ages, expected, atol=1e-4)
        assert len(np.unique(ages)) == 6


def test_the_clock_of_an_atlas_pools_by_the_statistics_it_states(toys, bent, pixels):
    table = toys.make_clock(6)
    names = [f"tile_{k:04d}" for k in range(6)]
    of_atlas = toys.clock_of(table.model, names, statistics=["mean", "std"])
    ages = [AgeOfTiles(bent, one, pixels[1:]).predict(pixels) for one in (table, of_atlas)]
    np.testing.assert_array_equal(*ages)
    swapped = toys.clock_of(table.model, names, statistics=["std", "mean"])
    assert abs(AgeOfTiles(bent, swapped, pixels[1:]).predict(pixels) - ages[0]).max() > 0.1


def test_the_gradient_is_that_of_finite_differences(toys, bent, pixels):
    bent.module.double()
    for clock in (toys.make_clock(6), toys.attention_clock(6)):
        age_of = AgeOfTiles(bent, clock, pixels[1:])
        images = age_of.prepare(pixels[:1]).requires_grad_()
        assert images.dtype == torch.float64
        assert torch.autograd.gradcheck(age_of, images, eps=1e-5, atol=1e-6, fast_mode=True)


def test_other_tiles_may_be_given_as_embeddings(toys, bent, pixels):
    clock = toys.make_clock(6)
    by_pixels = AgeOfTiles(bent, clock, pixels[1:])
    by_embeddings = AgeOfTiles(bent, clock, bent.embed(pixels[1:]))
    np.testing.assert_allclose(by_pixels.predict(pixels), by_embeddings.predict(pixels), rtol=1e-6)
    assert by_pixels.n_tiles == 6
    expected = toys.predict(bent, clock, pixels[1:])
    assert by_pixels.without_tile() == pytest.approx(expected, abs=1e-4)
    assert np.isnan(AgeOfTiles(bent, clock, pixels[:0]).without_tile())


def test_a_clock_without_gradients_is_predicted_with_the_sex(toys, bent, pixels):
    clock = toys.clock_of(Trees(), ["mean_0000"])
    woman, man = (AgeOfTiles(bent, clock, pixels[1:], sex=sex) for sex in ("F", "M"))
    assert not man.differentiable
    np.testing.assert_array_equal(man.predict(pixels), woman.predict(pixels) + 1)


def test_single_and_double_precision_agree_and_the_age_is_always_double(toys, pixels):
    clock, ages = toys.make_clock(6), []
    for dtype in (torch.float32, torch.float64):
        encoder = toys.bent_encoder()
        encoder.module.to(dtype)
        age_of = AgeOfTiles(encoder, clock, pixels[1:])
        assert age_of(age_of.prepare(pixels)).dtype == torch.float64
        ages.append(age_of.predict(pixels))
    np.testing.assert_allclose(*ages, atol=1e-4)


def test_everything_follows_the_encoder_to_its_device(toys, pixels):
    """The device "meta" computes no numbers, and refuses to add tensors of two devices."""
    for clock in (toys.make_clock(6), toys.attention_clock(6)):
        age_of = AgeOfTiles(toys.bent_encoder(), clock, pixels[1:])
        images = age_of.prepare(pixels)
        assert age_of.to("meta")(images.to("meta")).shape == (6,)
        assert age_of.prepare(pixels).is_meta
        assert age_of.of_embeddings(torch.empty(2, 6, device="meta")).is_meta


@pytest.mark.parametrize(
    ("statistics", "dim", "name"), [(("mean", "std"), 7, "mean_0006"), (("median",), 6, "median_")]
)
def test_a_clock_that_does_not_fit_the_encoder(toys, bent, pixels, statistics, dim, name):
    with pytest.raises(StageError, match=f"the feature '{name}.*expected mean_0000 or std_0000"):
        AgeOfTiles(bent, toys.make_clock(dim, statistics), pixels)
    with pytest.raises(StageError, match="the clock takes 7 features of a tile, and the encoder"):
        AgeOfTiles(bent, toys.attention_clock(7), pixels)


def test_the_encoder_of_another_clock_is_refused(toys, pixels):
    encoder = toys.make_encoder(torch.nn.Flatten(), 768, hash="mine")
    clock = toys.clock_of(toys.make_clock(6).model, toys.make_clock(6).feature_names,
                          encoder_hash="other")  # fmt: skip
    with pytest.raises(StageError, match="features of encoder other, got encoder mine"):
        AgeOfTiles(encoder, clock, pixels)


def test_tiles_that_are_neither_pixels_nor_embeddings(toys, bent, pixels):
    with pytest.raises(StageError, match=r"float64 of shape \(6, 5\); expected pixels"):
        AgeOfTiles(bent, toys.make_clock(6), np.zeros((6, 5)))
