import numpy as np
import pytest

from skinage.clock.intervals import Calibration, calibrate
from skinage.clock.learners.ridge import Ridge
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs


class Constant:
    def __init__(self, years):
        self.years = years

    def predict(self, inputs):
        return np.full(len(inputs), self.years)


def calibration_of(models, fold, errors):
    """Return a calibration of people of age 50 whose predictions are too high by these errors."""
    ages = np.full(len(errors), 50.0)
    return Calibration(models, fold, ages + errors, ages, ages)


def people(features):
    return ClockInputs(features, np.full(len(features), np.nan))


def test_the_interval_ends_at_quantiles_of_the_proposals():
    errors = np.arange(1.0, 20)  # nineteen people: at 90 % one in twenty at each end, two here
    calibration = calibration_of([Constant(50.0), Constant(60.0)], np.arange(19) % 2, errors)
    low, high = calibration.interval(people(np.zeros((3, 1))), 0.9)
    proposals = np.where(np.arange(19) % 2, 60, 50)
    assert (low == np.sort(proposals - errors)[1]).all()
    assert (high == np.sort(proposals + errors)[-2]).all()


def test_too_few_people_for_the_coverage_are_told():
    calibration = calibration_of([Constant(50.0)], np.zeros(19, int), np.ones(19))
    calibration.interval(people(np.zeros((1, 1))), 0.95)
    with pytest.raises(SettingError, match=r"coverage 0.99 is not possible with 19 .* 0 to 0.950"):
        calibration.interval(people(np.zeros((1, 1))), 0.99)
    with pytest.raises(SettingError, match="coverage 1"):
        calibration.interval(people(np.zeros((1, 1))), 1.0)


def test_errors_reach_the_far_end_of_a_bracket():
    low, high = np.array([40.0, 50, 70]), np.array([60.0, 50, 90])
    found = calibrate(
        lambda kept: Constant(55.0), people(np.zeros((3, 1))), low, high, np.arange(3)
    )
    assert found.errors_years.tolist() == [15, 5, 35]
    assert found.predicted_years.tolist() == [55, 55, 55]
    assert len(found.models) == 3


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_intervals_cover_as_stated_whatever_the_noise(coverage):
    generator = np.random.default_rng(0)
    n_people, dim = 4000, 5
    features = generator.normal(size=(n_people, dim))
    ages = 50 + 8 * features[:, 0] + 5 * generator.standard_t(3, n_people)
    fold, kept = np.arange(300) % 5, np.arange(n_people) < 300

    def fit(mask):
        return Ridge().fit(people(features[kept][mask]), ages[kept][mask], seed=0)

    found = calibrate(fit, people(features[kept]), ages[kept], ages[kept], fold)
    low, high = found.interval(people(features[~kept]), coverage)
    inside = (low <= ages[~kept]) & (ages[~kept] <= high)
    # Of 300 people the coverage itself has an SD of sqrt(p (1 - p) / 300).
    assert abs(inside.mean() - coverage) < 3 * np.sqrt(coverage * (1 - coverage) / 300)
