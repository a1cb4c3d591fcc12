import numpy as np
import pandas as pd
import pytest

from skinage.age_acceleration.acceleration import acceleration
from skinage.age_acceleration.age_dependence import age_dependence
from skinage.age_acceleration.brackets import bracket_part, expected_years


@pytest.fixture
def bracketed(make_ages):
    """Ages of which only brackets are known, and the true ones."""

    def make(n_people=200, width=10.0, seed=0):
        ages, _ = make_ages(n_people, seed)
        low = 20 + (ages["age_years"] - 20) // width * width
        known = ages.assign(age_low=low, age_high=low + width, age_years=low + width / 2)
        return known, ages["age_years"].to_numpy()

    return make


def ready(ages):
    """The table that the functions of brackets take."""
    return ages.assign(male_centred=0.0).drop(columns="sex")


def association(values, age, truth):
    """Return the coefficient of values beside age in the true age, and its standard error."""
    design = np.column_stack([np.ones(len(age)), age, values])
    weights, left, *_ = np.linalg.lstsq(design, truth, rcond=None)
    variance = left[0] / (len(truth) - 3) * np.linalg.inv(design.T @ design)[2, 2]
    return weights[2], np.sqrt(variance)


@pytest.mark.parametrize("width", [10.0, 17.5])
def test_beside_the_expected_age_acceleration_knows_nothing_of_the_true_one(bracketed, width):
    ages, truth = bracketed(4000, width)
    table = acceleration(ages)
    found, error = association(table["acceleration_years"], table["expected_age_years"], truth)
    assert abs(found) < 3 * error
    at_middle = acceleration(ages.drop(columns=["age_low", "age_high"]))["acceleration_years"]
    before, error = association(at_middle, ages["age_years"], truth)
    assert before > 10 * error


def test_expected_age_is_that_of_bayes_theorem_on_a_grid(bracketed):
    ages, _ = bracketed(200)
    people = ready(ages)
    found = expected_years(people, people)
    slope, intercept = np.polyfit(ages["age_years"], ages["predicted_years"], 1)
    left = ages["predicted_years"] - intercept - slope * ages["age_years"]
    own_sd = np.sqrt(np.mean(left**2) - slope**2 * 100 / 12)
    for row in range(20):
        grid = np.linspace(ages["age_low"][row], ages["age_high"][row], 4001)
        error = ages["predicted_years"][row] - intercept - slope * grid
        weight = np.exp(-(error**2) / 2 / own_sd**2)
        assert found[row] == pytest.approx(np.average(grid, weights=weight), abs=0.01)


def test_exact_ages_and_flat_clocks_keep_the_age(bracketed):
    ages, _ = bracketed(100)
    exact = ready(ages.assign(age_low=ages["age_years"], age_high=ages["age_years"]))
    pd.testing.assert_series_equal(expected_years(exact, exact), exact["age_years"])
    flat = ready(ages.assign(predicted_years=50 + 0.05 * ages["age_years"]))
    pd.testing.assert_series_equal(expected_years(flat, flat), flat["age_years"])
    some = ages.assign(age_low=ages["age_low"].where(ages.index > 9, ages["age_years"]))
    some["age_high"] = some["age_high"].where(some.index > 9, some["age_years"])
    expected = acceleration(some)["expected_age_years"]
    np.testing.assert_array_equal(expected[:10], some["age_years"][:10])
    assert (expected[10:] != some["age_years"][10:]).all()


@pytest.mark.parametrize("width", [5.0, 10.0, 35.0])
def test_the_part_of_brackets_is_that_of_a_simulation_with_nothing_but_age(bracketed, width):
    ages, _ = bracketed(2000, width)
    people = ready(ages)
    slope, intercept = np.polyfit(ages["age_years"], ages["predicted_years"], 1)
    found = np.var(ages["predicted_years"] - intercept - slope * ages["age_years"])
    generator, alone = np.random.default_rng(0), []
    for _ in range(50):
        drawn = generator.uniform(ages["age_low"], ages["age_high"])
        predicted = intercept + slope * drawn
        refitted = np.polyval(np.polyfit(ages["age_years"], predicted, 1), ages["age_years"])
        alone.append(np.var(predicted - refitted))
    assert bracket_part(people, people) == pytest.approx(np.mean(alone) / found, abs=0.01)


def test_a_clock_that_knows_but_age_has_all_from_brackets(bracketed):
    ages, truth = bracketed(500)
    table = acceleration(ages.assign(predicted_years=10 + 0.8 * truth))
    assert table["bracket_part"][0] > 0.9
    exact = acceleration(ages.assign(age_low=ages["age_years"], age_high=ages["age_years"]))
    assert "bracket_part" not in exact


def test_brackets_of_the_asked_count_beside_a_reference_of_exact_ages(bracketed, make_ages):
    ages, _ = bracketed(500, 35.0)
    own = acceleration(ages)["bracket_part"][0]
    beside_exact = acceleration(ages, reference=make_ages(500, 3)[0])["bracket_part"][0]
    assert beside_exact == pytest.approx(own, abs=0.05)
    exact_ages = make_ages(100, 4)[0]
    assert "bracket_part" not in acceleration(exact_ages, reference=ages)


def test_repeats_are_each_compared_at_their_own_expected_age(bracketed):
    ages, _ = bracketed(200)
    again = make_noise(ages)
    table = acceleration(ages.assign(predicted_years_2=again, fold_2=np.arange(200) % 4))
    second = acceleration(ages.assign(predicted_years=again, fold=np.arange(200) % 4))
    first = acceleration(ages)
    for name in ("expected_age_years", "acceleration_years", "bracket_part"):
        np.testing.assert_allclose(table[name], (first[name] + second[name]) / 2)


def make_noise(ages):
    return ages["predicted_years"] + np.random.default_rng(1).normal(0, 2, len(ages))


@pytest.mark.parametrize("width", [10.0, 35.0])
def test_of_a_straight_clock_no_age_is_left_beside_the_middle(bracketed, width):
    table = acceleration(bracketed(2000, width)[0])  # without a warning
    assert abs(table["correlation_with_age"][0]) < 0.03
    assert age_dependence(table)["explained_by_age"][0] < 0.01
