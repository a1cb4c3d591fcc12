import numpy as np
import pandas as pd
import pytest

from skinage.clock.prediction import predict_age
from skinage.errors import StageError
from skinage.evaluation.learning_curve import learning_curve


@pytest.fixture
def people_and_cohort(make_cohort, make_people):
    cohort, generator = make_cohort(120), np.random.default_rng(0)
    signal = np.outer((cohort["age_years"] - 55) / 20, generator.normal(size=60))
    return make_people(signal + 3 * generator.normal(size=signal.shape)), cohort


def test_more_people_make_a_better_clock(people_and_cohort):
    curve = learning_curve(*people_and_cohort, n_repeats=3)
    assert curve["n_people"].tolist() == [24, 38, 58, 77, 96]
    assert curve["mae_years"].iloc[0] > 1.1 * curve["mae_years"].iloc[-1]
    assert curve["mae_years"].between(curve["lower_years"], curve["upper_years"]).all()
    assert (curve["mae_years"] < curve["baseline_mae_years"]).all()
    assert (curve["sd_over_repeats"] > 0).all()


def test_its_end_is_the_clock_itself(people_and_cohort):
    curve = learning_curve(*people_and_cohort, shares=[1.0], n_repeats=1, seed=2)
    ages = predict_age(*people_and_cohort, coverage=None, seed=2)
    mae = np.abs(ages["predicted_years"] - ages["age_years"]).mean()
    np.testing.assert_allclose(curve["mae_years"], mae)
    assert curve["sd_over_repeats"].isna().all()


def test_few_people_make_a_shorter_curve(people_and_cohort):
    people, cohort = people_and_cohort
    curve = learning_curve(people.head(30), cohort.head(30), n_repeats=1)
    assert curve["share"].tolist() == [0.6, 0.8, 1.0]


def test_shares_that_leave_too_few_are_refused(people_and_cohort):
    with pytest.raises(StageError, match="leave 5 to fit on"):
        learning_curve(*people_and_cohort, shares=[0.05, 1])
    with pytest.raises(StageError, match="expected shares up to 1"):
        learning_curve(*people_and_cohort, shares=[0.5, 1.5])


def test_smaller_parts_are_parts_of_the_larger_with_the_same_ages():
    from skinage.evaluation.learning_curve import _part

    generator = np.random.default_rng(0)
    ages, training = generator.uniform(20, 90, 100), generator.uniform(size=100) < 0.8
    parts = [_part(ages, training, share, seed=1) for share in (0.2, 0.5, 1.0)]
    assert (parts[2] == training).all()
    assert (parts[0] <= parts[1]).all()
    assert (parts[1] <= training).all()
    assert parts[0].sum() == round(0.2 * training.sum())
    deciles = pd.qcut(ages[training], 4, labels=False)
    assert (
        pd.Series(deciles[parts[1][training]])
        .value_counts(normalize=True)
        .between(0.15, 0.35)
        .all()
    )
