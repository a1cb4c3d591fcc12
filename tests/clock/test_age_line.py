import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from skinage.clock.age_line import fit_age_line


@pytest.fixture
def bent():
    """Predictions that saturate, of people whose error grows with age."""
    generator = np.random.default_rng(0)
    age = generator.uniform(20, 90, 300)
    return age, 50 + 15 * np.tanh((age - 50) / 20) + generator.normal(0, age / 20)


def natural_basis(age, knots):
    """Return what SciPy's natural spline through 1 at one knot and 0 at the others is at ages."""
    spline, inside = CubicSpline(knots, np.eye(3), bc_type="natural"), age.clip(knots[0], knots[-1])
    return spline(inside) + (age - inside)[:, None] * spline(inside, 1)


def test_the_line_is_a_natural_cubic_spline(bent):
    age, predicted = bent
    line, _ = fit_age_line(age, age, predicted)
    basis = natural_basis(age, np.quantile(age, [0.1, 0.5, 0.9]))
    expected = basis @ np.linalg.lstsq(basis, predicted)[0]
    np.testing.assert_allclose(line.mean(age), expected)
    residual = np.abs(predicted - expected)
    assert np.corrcoef(line.scale(age), age)[0, 1] > 0.9
    np.testing.assert_allclose(line.scale(age).mean(), residual.mean(), rtol=0.05)


def test_outside_of_the_ages_the_line_is_straight_and_the_spread_constant(bent):
    age, predicted = bent
    line, _ = fit_age_line(age, age, predicted)
    beyond = age.max() + np.array([0.0, 10, 20, 30])
    np.testing.assert_allclose(np.diff(line.mean(beyond), 2), 0, atol=1e-9)
    np.testing.assert_allclose(line.scale(beyond), line.scale(beyond)[0])


@pytest.mark.parametrize("n_people", [40, 300])
def test_the_error_of_a_person_is_that_of_a_line_without_the_person(n_people, bent):
    age, predicted = (values[:n_people] for values in bent)
    line, errors = fit_age_line(age, age, predicted)
    basis = np.column_stack([np.ones(n_people), age])
    if n_people == 300:
        basis = natural_basis(age, np.quantile(age, [0.1, 0.5, 0.9]))
    else:
        assert line.n_knots == 2
        assert len(np.unique(line.scale(age))) == 1
    for one in range(5):
        others = np.arange(n_people) != one
        alone = basis[one] @ np.linalg.lstsq(basis[others], predicted[others])[0]
        expected = np.abs(predicted[one] - alone) / line.scale(age)[one]
        np.testing.assert_allclose(errors[one], expected)


def test_the_error_of_a_bracket_is_the_larger_one_of_its_ends():
    age = np.linspace(20, 90, 50)
    low, high = age - 5, age + np.where(age > 55, 15, 5)
    predicted = (low + high) / 2 + np.where(np.arange(50) % 2, 2.0, -2.0)
    line, errors = fit_age_line(low, high, predicted)
    ends = [np.abs(predicted - line.mean(end)) for end in (low, high)]
    expected = np.maximum(*ends) / line.scale(age)
    np.testing.assert_allclose(errors, expected, rtol=0.2)  # 1 - leverage is 0.9 and more
    assert (errors >= expected).all()


def test_two_brackets_and_a_perfect_clock_do_no_harm():
    low = np.repeat([20.0, 60.0], 60)
    line, errors = fit_age_line(low, low + 40, low + 20)
    assert line.n_knots == 2  # two ages say nothing about a bend
    assert np.isfinite(errors).all()
    line, errors = fit_age_line(low, low, low)
    np.testing.assert_allclose(line.mean(low), low)
    assert np.isfinite(errors).all()
