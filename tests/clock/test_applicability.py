import numpy as np
import pandas as pd
import pytest
from sklearn.covariance import LedoitWolf

from skinage.clock.applicability import fit_domain, reasons_outside


def drawn(n_people, dim=20, seed=0):
    generator = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(4, dim))
    return generator.normal(size=(n_people, 4)) @ mixing + 0.1 * generator.normal(
        size=(n_people, dim)
    )


def test_hardly_anybody_of_the_same_kind_is_outside_and_others_are():
    known = fit_domain(drawn(300), np.arange(300) % 5)
    assert (known.domain_distance(drawn(2000, seed=1)) > 1).mean() < 0.04
    assert (known.domain_distance(5 * drawn(200, seed=2)) > 1).mean() > 0.5  # far along the axes
    beside = drawn(200, seed=3) + np.random.default_rng(4).normal(size=(200, 20))
    assert (known.domain_distance(beside) > 1).mean() > 0.99


def test_limits_come_from_people_left_out():
    """Few people are always nearer to a spread that was learnt from them."""
    proportions = []
    for seed in range(20):
        known = fit_domain(drawn(40, seed=seed), np.arange(40) % 5)
        proportions.append((known.domain_distance(drawn(200, seed=100 + seed)) > 1).mean())
    assert np.mean(proportions) < 0.1


@pytest.mark.parametrize(("n_people", "dim"), [(400, 5), (60, 200)])
def test_the_distance_is_that_of_mahalanobis_with_ledoit_and_wolfs_covariance(n_people, dim):
    features, new = 7 + 3 * drawn(n_people, dim), drawn(9, dim, seed=1)
    known = fit_domain(features, np.arange(n_people) % 5)
    mean, scale = features.mean(0), features.std(0)
    covariance = LedoitWolf(assume_centered=True).fit((features - mean) / scale)
    expected = covariance.mahalanobis((new - mean) / scale)
    np.testing.assert_allclose(known.domain_distance(new) * known.limit, expected, rtol=1e-6)


def test_the_limit_holds_back_one_in_a_hundred_of_people_held_out():
    features, fold = drawn(200), np.arange(200) % 5
    distances = np.empty(200)
    for one in range(5):
        kept = features[fold != one]
        mean, scale = kept.mean(0), kept.std(0)
        spread = LedoitWolf(assume_centered=True).fit((kept - mean) / scale)
        distances[fold == one] = spread.mahalanobis((features[fold == one] - mean) / scale)
    assert fit_domain(features, fold).limit == pytest.approx(np.quantile(distances, 0.99))


def test_what_never_varied_is_strange_when_it_does():
    features = np.column_stack([drawn(100), np.full(100, 3.0)])
    known = fit_domain(features, np.arange(100) % 5)
    changed = features[:1].copy()
    changed[0, -1] = 40
    assert known.domain_distance(changed)[0] > 10
    assert known.domain_distance(features[:1])[0] <= 1


def test_reasons_are_words():
    table = pd.DataFrame({"age_years": [50.0, 95, np.nan], "predicted_years": [55.0, 70, 12]})
    reasons = reasons_outside(table, np.array([0.5, 0.5, 2.04]), (20, 90))
    assert reasons[0] == ""
    assert reasons[1] == "age 95 is not within 20 to 90 years"
    assert reasons[2].startswith(
        "predicted age 12 is not within 20 to 90 years; features 2.0 times"
    )
