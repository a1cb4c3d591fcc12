import numpy as np
import pandas as pd
import pytest

from skinage.clock.prediction import predict_age
from skinage.errors import SettingError, StageError
from skinage.evaluation.learning_curve import _order, learning_curve


@pytest.fixture
def people_and_cohort(make_cohort, make_people):
    cohort, generator = make_cohort(120), np.random.default_rng(0)
    signal = np.outer((cohort["age_years"] - 55) / 20, generator.normal(size=60))
    return make_people(signal + 3 * generator.normal(size=signal.shape)), cohort


def test_more_people_make_a_better_clock(people_and_cohort):
    curve = learning_curve(*people_and_cohort, n_repeats=2)
    assert curve["n_people"].tolist() == [24, 38, 58, 77, 96]
    assert curve["mae_years"].iloc[0] > 1.1 * curve["mae_years"].iloc[-1]
    assert curve["mae_years"].between(curve["lower_years"], curve["upper_years"]).all()
    assert (curve["mae_years"] < curve["baseline_mae_years"]).all()
    assert (curve["sd_over_repeats"] > 0).all()


def test_its_end_is_the_clock_itself(people_and_cohort):
    curve = learning_curve(*people_and_cohort, fractions=[1.0], n_repeats=1, seed=2)
    ages = predict_age(*people_and_cohort, coverage=None, seed=2)
    mae = np.abs(ages["predicted_years"] - ages["age_years"]).mean()
    np.testing.assert_allclose(curve["mae_years"], mae)
    assert curve["sd_over_repeats"].isna().all()


def test_few_people_make_a_shorter_curve(people_and_cohort):
    people, cohort = people_and_cohort
    curve = learning_curve(people.head(30), cohort.head(30), n_repeats=1)
    assert curve["fraction"].tolist() == [0.6, 0.8, 1.0]


def test_fractions_that_cannot_be_used_are_refused(people_and_cohort):
    with pytest.raises(StageError, match="of 96 training people leave 5 to fit on"):
        learning_curve(*people_and_cohort, fractions=[0.05, 1])
    for fractions, n_repeats in (([0.5, 1.5], 5), ([-0.5, 1], 5), ([0.5], 0)):
        with pytest.raises(SettingError, match="expected fractions above 0 to 1"):
            learning_curve(*people_and_cohort, fractions=fractions, n_repeats=n_repeats)


def test_first_parts_of_the_order_have_the_same_ages():
    generator = np.random.default_rng(0)
    index = pd.Index([f"P{k}" for k in generator.permutation(80)], name="person_id")
    ages = pd.Series(generator.uniform(20, 90, 80), index)
    order = _order(ages, seed=1)
    assert sorted(order) == sorted(index)
    quarters = pd.qcut(ages, 4, labels=False)
    for n_people in (16, 40):
        assert quarters[order[:n_people]].value_counts(normalize=True).between(0.15, 0.35).all()
