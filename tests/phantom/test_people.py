import numpy as np
import pandas as pd
import pytest

from skinage import StageError
from skinage.phantom import make_people

N = 20_000


@pytest.fixture(scope="module")
def people():
    return make_people(N, seed=7)


def test_a_person_is_the_same_however_many_follow(people):
    pd.testing.assert_frame_equal(make_people(9, seed=7), people.head(9))


def test_another_seed_gives_other_people(people):
    assert (make_people(50, seed=8)["age_years"] != people["age_years"].head(50)).mean() > 0.9


def test_planted_columns_have_the_stated_laws(people):
    assert people["age_years"].between(20, 90).all()
    assert people["acceleration_years"].mean() == pytest.approx(0, abs=0.15)
    assert people["acceleration_years"].std() == pytest.approx(6, rel=0.02)
    t = np.maximum(0, people["age_years"] + people["acceleration_years"] - 20) / 10
    slope, start = np.polyfit(t, np.log(people["bundle_um"]), 1)
    assert slope == pytest.approx(-0.10, abs=0.002)
    assert np.exp(start) == pytest.approx(16, rel=0.01)
    women = people[(people["sex"] == "F") & (people["body_site"] == "suprapubic")]
    slope, start = np.polyfit(t[women.index], np.log(women["epidermis_um"]), 1)
    assert slope == pytest.approx(-0.059, abs=0.003)
    assert np.exp(start) == pytest.approx(75, rel=0.02)
    assert (people.loc[people["sun_exposure"] == 0, "elastosis_um"] == 0).all()


@pytest.mark.parametrize("planted", ["age_years", "acceleration_years"])
def test_nuisances_know_nothing_of_age(people, planted):
    nuisances = people.filter(regex="strength|_[rgb]$|corneum|lymphocyte|biopsy_year|exposure")
    coded = nuisances.assign(man=people["sex"] == "M", scanner=people["scanner"] == "A")
    assert coded.shape[1] == 17
    assert coded.astype(float).corrwith(people[planted]).abs().max() < 4 / np.sqrt(N)


def test_about_two_fifths_die_in_follow_up(people):
    assert 0.35 < people["died"].mean() < 0.5
    assert people["follow_up_years"].between(0.01, 23).all()


@pytest.mark.parametrize("hazard_ratio", [1.5, 1.0])
def test_cox_finds_the_planted_hazard_ratio(hazard_ratio):
    from lifelines import CoxPHFitter

    people = make_people(N, seed=3, hazard_ratio=hazard_ratio)
    table = people[["follow_up_years", "died", "age_years"]].assign(
        man=people["sex"] == "M", five_years=people["acceleration_years"] / 5
    )
    fit = CoxPHFitter().fit(table.astype(float), "follow_up_years", "died").summary
    z = (fit["coef"] - np.log([1, hazard_ratio, 1.4])[[0, 2, 1]]) / fit["se(coef)"]
    assert abs(z[["man", "five_years"]]).max() < 3
    assert fit.loc["five_years", "se(coef)"] < 0.02
    assert fit.loc["age_years", "coef"] == pytest.approx(0.09, abs=0.004)


@pytest.mark.parametrize(
    ("disease", "odds_ratio"), [("cardiovascular", 1.5), ("osteoarthritis", 1.0)]
)
def test_logistic_finds_the_planted_odds_ratio(people, disease, odds_ratio):
    import statsmodels.api as sm

    terms = np.column_stack(
        [np.ones(N), people["age_years"] - 60, people["acceleration_years"] / 5]
    )
    fit = sm.Logit(people[f"disease_{disease}"], terms).fit(disp=0)
    z = (fit.params - [-0.5, 0.06, np.log(odds_ratio)]) / fit.bse
    assert abs(z).max() < 3


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"n_people": 0}, "n_people: found 0"),
        ({"n_people": -3}, "n_people: found -3"),
        ({"n_people": 2.5}, "n_people: found 2.5"),
        ({"n_people": 2, "seed": -1}, "seed: found -1"),
        ({"n_people": 2, "hazard_ratio": 0}, "hazard_ratio"),
    ],
)
def test_unusable_settings_are_named(wrong, message):
    with pytest.raises(StageError, match=message):
        make_people(**wrong)
