import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from skinage.phantom import make_people
from skinage.phantom.population.selection import INDICATIONS

N = 30_000
PLANTED = {"hazard_ratio": 1.5, "odds_ratio": 1.5}
NOTHING = {"hazard_ratio": 1.0, "odds_ratio": 1.0}


def test_who_is_not_selected_is_the_first_candidate():
    settings = {"seed": 9, "preset": "teaching", "ratios": NOTHING}
    plain, survived = (
        make_people(2000, **settings),
        make_people(2000, **settings, dials={"survival": 1}),
    )
    pd.testing.assert_frame_equal(survived, plain)  # nothing planted: all are as likely to live


def test_selection_keeps_age_sex_and_surroundings():
    settings = {"seed": 9, "preset": "hard"}
    selected = make_people(3000, **settings)
    free = make_people(3000, **settings, dials={"survival": 0, "indication": 0})
    kept = ["age_years", "sex", "body_site", "hospital", "outdoor_life", "smoker", "scanner"]
    pd.testing.assert_frame_equal(selected[kept], free[kept])
    # A person of round 0 is who they were without selection; others are somebody else.
    same = np.isclose(selected["acceleration_dermis_years"], free["acceleration_dermis_years"])
    assert 0.1 < same.mean() < 0.4


@pytest.mark.parametrize("k", [0.5, 1.0])
def test_the_old_are_slow_agers_as_the_law_of_survival_expects(k):
    people = make_people(N, seed=9, ratios=PLANTED, dials={"survival": k})
    d = np.linspace(-40, 40, 2001)
    men = people["sex"] == "M"
    for age in (35, 55, 75, 87):
        for sex, factor in ((men, 1.4), (~men, 1.0)):
            found = people["acceleration_years"][
                sex & people["age_years"].between(age - 2, age + 2)
            ]
            lived = factor * 0.013 / 0.09 * (np.exp(0.09 * (age - 60)) - np.exp(-5.4))
            alive = np.exp(-k * lived * 1.5 ** (np.maximum(d, -12) / 5))
            weight = alive * norm.pdf(d, 0, 6)
            mean = np.average(d, weights=weight)
            assert found.mean() == pytest.approx(
                mean, abs=3.5 * found.std() / len(found) ** 0.5 + 0.1
            )
    assert people["acceleration_years"][people["age_years"] > 85].mean() < -2


def test_a_biopsy_taken_for_an_indication_is_a_collider():
    people = make_people(N, seed=9, ratios=NOTHING, dials={"indication": 1})
    assert {*people["indication"]} == {*INDICATIONS}
    assert people["indication"].value_counts(normalize=True).min() > 0.08
    slope, inside = (_log_odds(people, among) for among in ([], ["indication"]))
    assert slope < -5
    assert abs(inside) < 3


def _log_odds(people, among):
    """z of acceleration in a logistic model of cardiovascular disease."""
    terms = people[["age_years", "acceleration_years"]].assign(constant=1.0)
    terms["age_years"] -= 60
    for name in among:
        terms = terms.join(pd.get_dummies(people[name], drop_first=True, dtype=float))
    fit = sm.Logit(people["disease_cardiovascular"], terms).fit(disp=0)
    return fit.tvalues["acceleration_years"]
