import numpy as np
import pytest

from skinage.clock.age_line import fit_age_line
from skinage.clock.intervals import Calibration, calibrate
from skinage.clock.learners.ridge import Ridge
from skinage.errors import SettingError
from skinage.people.clock_inputs import ClockInputs


class Shifted:
    """Predicts the first feature, and some years more."""

    def __init__(self, years=0.0):
        self.years = years

    def predict(self, inputs):
        return inputs.pooled()[:, 0] + self.years


def people(features):
    return ClockInputs(features, np.full(len(features), np.nan))


def shrunken(n_people, seed):
    """Draw ages, and predictions that are shrunken, bent, and vary the more the older they are."""
    generator = np.random.default_rng(seed)
    ages = generator.uniform(20, 90, n_people)
    predicted = 50 + 18 * np.tanh((ages - 55) / 30) + generator.normal(0, 3 + ages / 30)
    return ages, predicted


def interval_of(ages, predicted, new, coverage=0.9):
    calibration = Calibration(
        [Shifted()], np.zeros(len(ages), int), predicted, ages, ages, 0 * ages
    )
    return calibration.interval(people(new[:, None]), coverage)


def test_the_interval_ends_at_quantiles_of_the_proposals():
    """Each person's proposal is found the slow way, by trying ages in small steps."""
    ages, predicted = shrunken(49, 0)
    fold = np.arange(49) % 2
    models = [Shifted(0.0), Shifted(4.0)]
    found = Calibration(models, fold, predicted, ages, ages, 0 * ages).interval(
        people(np.array([[60.0]])), 0.9
    )
    line, errors = fit_age_line(ages, ages, predicted)
    tried = np.arange(ages.min() - 10, ages.max() + 10, 0.01)
    low, high = [], []
    for one, error in zip(fold, errors, strict=True):
        distance = np.abs(60 + models[one].years - line.mean(tried))
        within = tried[distance <= error * line.scale(tried)]
        low.append(within[0])
        high.append(within[-1])
    # Of 49 people one in ten is five: the fifth lowest and the fifth highest.
    np.testing.assert_allclose(found, [[np.sort(low)[4]], [np.sort(high)[-5]]], atol=0.02)


def test_too_few_people_for_the_coverage_are_told():
    ages = np.linspace(20, 90, 19)
    interval_of(ages, ages, ages, 0.95)
    with pytest.raises(SettingError, match=r"coverage 0.99 is not possible with 19 .* 0 to 0.950"):
        interval_of(ages, ages, ages, 0.99)
    with pytest.raises(SettingError, match="coverage 1"):
        interval_of(ages, ages, ages, 1.0)


@pytest.mark.slow
def test_every_decade_of_age_is_covered():
    """Where an interval around the prediction covers four decades too often, three too rarely."""
    covered, around = [], []
    for seed in range(4):
        ages, predicted = shrunken(1000, seed)
        tested, of_tested = shrunken(5000, 100 + seed)
        low, high = interval_of(ages, predicted, of_tested)
        decade = tested // 10 - 2
        size = np.bincount(decade.astype(int))
        inside = (low <= tested) & (tested <= high)
        covered.append(np.bincount(decade.astype(int), inside) / size)
        near = np.abs(of_tested - tested) <= np.quantile(np.abs(predicted - ages), 0.9)
        around.append(np.bincount(decade.astype(int), near) / size)
    np.testing.assert_allclose(np.mean(covered, axis=0), 0.9, atol=0.03)
    assert np.ptp(np.mean(around, axis=0)) > 0.3


def test_twenty_people_are_enough():
    inside = []
    for seed in range(40):
        ages, predicted = shrunken(20, seed)
        tested, of_tested = shrunken(200, 100 + seed)
        low, high = interval_of(ages, predicted, of_tested)
        inside.append(((low <= tested) & (tested <= high)).mean())
    assert 0.9 < np.mean(inside) < 0.99


def test_a_whole_bracket_is_covered():
    ages, predicted = shrunken(1000, 0)
    low, high = ages // 10 * 10, ages // 10 * 10 + 10
    calibration = Calibration([Shifted()], np.zeros(1000, int), predicted, low, high, 0 * low)
    tested, of_tested = shrunken(4000, 1)
    lower, upper = calibration.interval(people(of_tested[:, None]), 0.9)
    whole = (lower <= tested // 10 * 10) & (tested // 10 * 10 + 10 <= upper)
    assert abs(whole.mean() - 0.9) < 0.03


def test_the_better_the_clock_the_narrower_the_interval():
    generator = np.random.default_rng(0)
    ages = generator.uniform(20, 90, 400)
    widths = []
    for spread in (0.001, 1.0, 5.0, 20.0):
        predicted = ages + generator.normal(0, spread, 400)
        low, high = interval_of(ages, predicted, predicted)
        widths.append((high - low).mean() / spread)
    np.testing.assert_allclose(widths[:3], 2 * 1.645, rtol=0.1)  # quantiles of the normal
    assert widths[3] < 2 * 1.645  # ages are bounded


def test_whose_prediction_is_unusual_at_every_age_gets_all_ages():
    ages = np.linspace(20, 90, 200)
    predicted = ages + np.random.default_rng(0).normal(0, 2, 200)
    low, high = interval_of(ages, predicted, np.array([-300.0, 55, 300]))
    assert low[[0, 2]].tolist() == [10, 10]
    assert high[[0, 2]].tolist() == [100, 100]
    assert high[1] - low[1] < 10


def test_a_clock_that_knows_nothing_gives_nearly_all_ages():
    generator = np.random.default_rng(0)
    ages, predicted = generator.uniform(20, 90, 500), generator.normal(55, 2, 500)
    low, high = interval_of(ages, predicted, generator.normal(55, 2, 500))
    assert (high - low).mean() > 70


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_intervals_cover_as_stated_whatever_the_noise(coverage):
    generator = np.random.default_rng(0)
    n_people, dim = 2500, 5
    features = generator.normal(size=(n_people, dim))
    ages = 50 + 8 * features[:, 0] + 5 * generator.standard_t(3, n_people)
    fold, kept = np.arange(300) % 5, np.arange(n_people) < 300

    def fit(mask):
        return Ridge().fit(people(features[kept][mask]), ages[kept][mask], seed=0)

    found = calibrate(fit, people(features[kept]), ages[kept], ages[kept], fold)
    assert len(found.models) == 5
    low, high = found.interval(people(features[~kept]), coverage)
    inside = (low <= ages[~kept]) & (ages[~kept] <= high)
    # Of 300 people the coverage itself has an SD of sqrt(p (1 - p) / 300).
    assert abs(inside.mean() - coverage) < 3 * np.sqrt(coverage * (1 - coverage) / 300)
