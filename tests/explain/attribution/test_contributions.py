from itertools import permutations

import numpy as np
import pytest

from skinage.errors import SettingError, StageError
from skinage.explain.attribution.contributions import tile_contributions


class Step:
    def predict(self, inputs):
        return 40.0 + 10 * (inputs.pooled()[:, 0] > 0)


@pytest.fixture
def features():
    return np.random.default_rng(4).normal(size=(6, 3))


def age_of_mixture(toys, clock, own, base, n):
    """Return the age of some own tiles and, in place of the others, the average of the base."""
    weights = np.r_[np.full(len(own), 1 / n), np.full(len(base), (n - len(own)) / n / len(base))]
    tiles = np.r_[own, base]
    mean = weights @ tiles
    std = np.sqrt(weights @ (tiles - mean) ** 2)
    terms = clock.linear
    features = np.r_[mean, std]
    return terms.intercept + ((features - terms.mean) / terms.scale) @ terms.coefficients


def test_shapley_values_are_those_of_all_orders(toys, features):
    clock, base = toys.make_clock(3), np.random.default_rng(7).normal(0.5, 2, size=(9, 3))
    exact = np.zeros(6)
    for order in permutations(range(6)):
        ages = [age_of_mixture(toys, clock, features[list(order[:k])], base, 6) for k in range(7)]
        exact[list(order)] += np.diff(ages) / 720
    found = tile_contributions(clock, features, base, method="shapley", n_orders=1000)
    assert np.ptp(exact) > 0.5
    assert found.years == pytest.approx(exact, abs=0.01)
    assert (abs(found.years - exact) < 5 * found.standard_error_years + 1e-9).all()
    assert found.base_years == pytest.approx(age_of_mixture(toys, clock, features[:0], base, 6))
    assert found.age_years == pytest.approx(age_of_mixture(toys, clock, features, base, 6))


@pytest.mark.parametrize("kind", ["linear", "attention", "step"])
def test_shapley_values_add_up_to_the_age_less_that_of_the_baseline(toys, features, kind):
    clocks = {
        "linear": toys.make_clock(3),
        "attention": toys.attention_clock(3),
        "step": toys.clock_of(Step(), ["mean_0000"]),
    }
    base = features[:3] + 1
    found = tile_contributions(clocks[kind], features, base, method="shapley", n_orders=5)
    assert found.years.sum() == pytest.approx(found.age_years - found.base_years)
    assert found.rest_years == pytest.approx(0, abs=1e-9)
    assert "rest +0.00" in str(found)
    assert f"{found.base_years:.1f}" in found.zero


def test_of_means_alone_a_tile_adds_its_own_part_and_nothing_is_left_to_chance(toys, features):
    clock, base = toys.make_clock(3, ("mean",)), np.ones((2, 3))
    found = tile_contributions(clock, features, base, method="shapley", n_orders=3)
    weights = clock.linear.coefficients / clock.linear.scale
    np.testing.assert_allclose(found.years, (features - 1) @ weights / 6)
    assert found.standard_error_years == pytest.approx(np.zeros(6), abs=1e-12)


def test_a_tile_like_all_others_and_the_baseline_adds_nothing(toys):
    same = np.ones((4, 3))
    found = tile_contributions(toys.make_clock(3), same, same, method="shapley")
    assert found.years == pytest.approx(np.zeros(4), abs=1e-9)


def test_left_out_is_the_age_with_the_tile_less_the_age_without(toys, bent, pixels):
    clocks = (toys.make_clock(6), toys.attention_clock(6))
    for clock in clocks:
        found = tile_contributions(clock, bent.embed(pixels))
        whole = toys.predict(bent, clock, pixels)
        expected = [
            whole - toys.predict(bent, clock, np.delete(pixels, k, axis=0)) for k in range(6)
        ]
        np.testing.assert_allclose(found.years, expected, rtol=1e-5, atol=1e-6)
        assert found.age_years == pytest.approx(whole, abs=1e-4)
        assert np.isnan(found.rest_years)
        assert "without the tile" in found.zero


def test_the_rest_of_leaving_out_is_stated_with_a_baseline(toys, features):
    clock = toys.make_clock(3)
    found = tile_contributions(clock, features, features[:2])
    assert found.rest_years == pytest.approx(found.age_years - found.base_years - found.years.sum())
    assert f"rest {found.rest_years:+.2f}" in str(found)
    assert "baseline" not in str(tile_contributions(clock, features))


def test_orders_follow_the_seed(toys, features):
    def years(seed):
        return tile_contributions(
            toys.make_clock(3), features, features[:2] + 1, method="shapley", n_orders=2, seed=seed
        ).years

    np.testing.assert_array_equal(years(0), years(0))
    assert abs(years(0) - years(1)).max() > 0


def test_a_thousand_tiles_take_seconds(toys):
    """The target is 60 s; a loop over tiles in Python would take minutes."""
    from time import process_time

    rng = np.random.default_rng(0)
    features, base = rng.normal(size=(1000, 96)), rng.normal(size=(32, 96))
    start = process_time()
    found = tile_contributions(toys.make_clock(96), features, base, method="shapley", n_orders=50)
    assert process_time() - start < 10
    assert found.rest_years == pytest.approx(0, abs=1e-6)
    assert found.standard_error_years.mean() < 0.2 * abs(found.years).mean()


def test_wrong_arguments(toys, features):
    clock = toys.make_clock(3)
    with pytest.raises(SettingError, match="method='banzhaf'; choose from"):
        tile_contributions(clock, features, method="banzhaf")
    with pytest.raises(SettingError, match="shapley with 0 tiles as baseline and 32 orders"):
        tile_contributions(clock, features, method="shapley")
    with pytest.raises(SettingError, match="2 tiles as baseline and 0 orders"):
        tile_contributions(clock, features, features[:2], method="shapley", n_orders=0)
    with pytest.raises(StageError, match="the person has 1 tiles; leave_one_out needs two"):
        tile_contributions(clock, features[:1])
    with pytest.raises(StageError, match="the feature 'mean_0003'; expected mean_0000"):
        tile_contributions(toys.make_clock(4), features)
