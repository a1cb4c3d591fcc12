import numpy as np
import pytest

from skinage.clock.age_terms import QUANTILES, age_terms


@pytest.fixture
def known():
    return np.random.default_rng(0).uniform(20, 90, 300)


def in_terms_of(columns, others):
    """Return what the best combinations of the others leave of columns; both with a constant."""
    one, two = (np.column_stack([np.ones(len(c)), c]) for c in (columns, others))
    return one - two @ np.linalg.lstsq(two, one, rcond=None)[0]


@pytest.mark.parametrize("n_knots", [3, 4])
def test_they_span_harrells_spline_on_the_knots_and_beyond_them(known, harrell, n_knots):
    asked = np.linspace(-20, 130, 151)
    terms, expected = (
        age_terms(known, asked, n_knots),
        harrell(asked, known, QUANTILES[n_knots]),
    )
    assert terms.shape == (151, n_knots - 1)
    np.testing.assert_allclose(in_terms_of(terms, expected), 0, atol=1e-9)
    np.testing.assert_allclose(in_terms_of(expected, terms), 0, atol=1e-9)


def test_they_are_straight_beyond_the_outer_knots_and_bent_between(known):
    outer = np.quantile(known, [0.05, 0.95])
    for asked in (np.linspace(-50, outer[0], 40), np.linspace(outer[1], 200, 40)):
        np.testing.assert_allclose(np.diff(age_terms(known, asked), 2, axis=0), 0, atol=1e-9)
    between = age_terms(known, np.linspace(*outer, 40))
    assert np.abs(np.diff(between, 2, axis=0)).max() > 1e-3


def test_they_are_centred_on_the_known_ages_and_the_same_whoever_is_asked(known):
    terms = age_terms(known, known)
    np.testing.assert_allclose(terms.mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(age_terms(known, known[:7]), terms[:7], atol=1e-12)


def test_two_knots_are_a_line(known):
    np.testing.assert_allclose(age_terms(known, [30.0], 2), [[30 - known.mean()]])


@pytest.mark.parametrize(("ages", "n_terms"), [([24.5, 34.5], 1), ([24.5, 34.5, 44.5], 2)])
def test_few_distinct_ages_take_fewer_knots(ages, n_terms):
    known = np.repeat(ages, 50)
    terms = age_terms(known, np.linspace(10, 80, 15))
    assert terms.shape == (15, n_terms)
    assert np.isfinite(terms).all()
