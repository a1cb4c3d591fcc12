import numpy as np
import pandas as pd
import pytest

from skinage.ageing.clock import fit_clock
from skinage.ageing.clock_folder import load_clock, save_clock
from skinage.ageing.people import pool
from skinage.errors import LeakageError, StageError


def linear_features(ages_years, n_features, noise, seed=0):
    generator = np.random.default_rng(seed)
    signal = np.outer((ages_years - 55) / 20, generator.normal(size=n_features))
    return 3 + signal + noise * generator.normal(size=signal.shape)


@pytest.fixture
def clock_and_people(make_cohort, make_people):
    cohort = make_cohort(40)
    people = make_people(linear_features(cohort["age_years"], 50, noise=0.1))
    people.attrs["encoder_hash"] = "abc"
    return fit_clock(people, cohort), people, cohort


def test_a_fitted_clock_is_the_sum_it_says(clock_and_people):
    clock, people, cohort = clock_and_people
    features = people.to_numpy()[:, :-1]
    terms = clock.linear
    by_hand = terms.intercept + ((features - terms.mean) / terms.scale * terms.coefficients).sum(1)
    np.testing.assert_allclose(clock.predict(people), by_hand)
    np.testing.assert_allclose(clock.predict(people), cohort["age_years"], atol=2)
    np.testing.assert_allclose(terms.scale, features.std(0))


def test_a_saved_clock_predicts_the_same(clock_and_people, tmp_path):
    clock, people, _ = clock_and_people
    save_clock(clock, tmp_path / "clock")
    loaded = load_clock(tmp_path / "clock")
    assert loaded.card == clock.card
    assert loaded.predict(people).equals(clock.predict(people))


def test_a_clock_refuses_other_features(clock_and_people):
    clock, people, _ = clock_and_people
    with pytest.raises(StageError, match=r"fitted on 50 features .* got 49"):
        clock.predict(people.drop(columns="mean_0007"))
    other = people.copy()
    other.attrs["encoder_hash"] = "def"
    with pytest.raises(StageError, match="encoder abc, got def"):
        clock.predict(other)
