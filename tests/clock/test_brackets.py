import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import norm

from skinage.clock.brackets import expected_ages, target_of


@pytest.mark.parametrize(("predicted", "low", "high"), [(45, 40, 50), (30, 40, 50), (90, 20, 40)])
def test_expected_ages_are_the_integrals(predicted, low, high):
    def moment(k, centre=0.0):
        return quad(lambda x: (x - centre) ** k * norm.pdf(x, predicted, 6), low, high)[0]

    mean = moment(1) / moment(0)
    found = expected_ages(*(np.array([float(x)]) for x in (predicted, low, high)), 6.0)
    np.testing.assert_allclose(found[0], mean, rtol=1e-6)
    np.testing.assert_allclose(found[1], moment(2, mean) / moment(0), rtol=1e-4)


def test_a_known_age_stays_and_a_far_prediction_gives_the_near_end():
    ages = np.array([33.0, 40.0, 20.0])
    mean, variance = expected_ages(
        np.array([60.0, 500, -300]), ages, ages + np.array([0.0, 10, 10]), 5.0
    )
    assert mean[0] == 33
    assert variance[0] == 0
    np.testing.assert_allclose(mean[1:], [50, 20], atol=0.1)


@pytest.mark.slow
def test_targets_are_those_of_tobit_regression():
    """The fixed point is the maximum likelihood of interval-censored linear regression."""
    from scipy.optimize import minimize

    generator = np.random.default_rng(0)
    x = generator.normal(size=400)
    age = 55 + 12 * x + generator.normal(0, 6, 400)
    low = np.where(age < 50, 0.0, np.where(age < 65, 50.0, 65.0))  # brackets of unlike width
    high = np.where(age < 50, 50.0, np.where(age < 65, 65.0, 120.0))
    design = np.column_stack([np.ones(400), x])

    def predict(target):  # by everybody, as maximum likelihood does
        return design @ np.linalg.lstsq(design, target, rcond=None)[0]

    target = target_of(low, high, predict, settled_years=1e-5, most_rounds=2000)
    found = np.linalg.lstsq(design, target, rcond=None)[0]

    def unlikely(parameters):
        mean, spread = design @ parameters[:2], np.exp(parameters[2])
        inside = norm.cdf((high - mean) / spread) - norm.cdf((low - mean) / spread)
        return -np.log(np.maximum(inside, 1e-300)).sum()

    best = minimize(unlikely, [50, 10, 2], method="Nelder-Mead", options={"maxiter": 4000}).x
    np.testing.assert_allclose(found, best[:2], atol=0.02)
    middles = np.linalg.lstsq(design, (low + high) / 2, rcond=None)[0]
    assert np.abs(middles - best[:2]).max() > 3


def test_exact_ages_cost_no_fit():
    def fail(target):
        raise AssertionError

    ages = np.array([20.0, 40])
    assert (target_of(ages, ages, fail) == ages).all()
