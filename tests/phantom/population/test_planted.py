"""Whatever a dial does, what is planted comes back, and nothing where nothing is planted."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from lifelines import CoxPHFitter

from skinage.phantom import DIALS, make_people
from skinage.phantom.dials import EFFECTS

N, SEED = 20_000, 8
KNOWN = ("hospital", "indication", "smoker")
ACTING = [
    "compartments", "hazard_curve", "prevalence_curve", "age_by_sex", "waning", "hospitals",
    "outdoor", "survival", "indication", "emigration", "causes", "skin_disease", "calendar",
]  # fmt: skip
"""The dials that could reach death or disease."""


@pytest.mark.slow
@pytest.mark.parametrize("dial", ACTING)
def test_nothing_planted_stays_nothing(dial):
    assert np.abs(_found(0.0, dials={dial: 1})).max() < 3.5


@pytest.mark.slow
def test_nothing_planted_is_nothing_in_a_hard_cohort():
    assert np.abs(_found(0.0, preset="hard")).max() < 3.5


@pytest.mark.slow
@pytest.mark.parametrize("dial", sorted({*ACTING} - {"waning", "causes"}))
def test_the_planted_ratio_comes_back(dial):
    assert np.abs(_found(np.log(1.5), dials={dial: 1})).max() < 3.5


def test_all_other_dials_leave_fate_alone():
    plain = make_people(500, seed=SEED, preset="realistic")
    fate = [name for name in plain if name.startswith(("disease_", "follow_up", "died"))]
    for dial in sorted({*DIALS} - {*ACTING, *EFFECTS}):
        people = make_people(500, seed=SEED, preset="realistic", dials={dial: DIALS[dial].high})
        pd.testing.assert_frame_equal(people[fate], plain[fate])
        assert people["acceleration_years"].equals(plain["acceleration_years"])


def _found(planted, *, preset="realistic", dials=None):
    """z of the difference from the planted log ratio: death and three diseases."""
    ratios = dict.fromkeys(("hazard_ratio", "odds_ratio"), np.exp(planted))
    people = make_people(N, seed=SEED, preset=preset, dials=dials, ratios=ratios)
    terms = _terms(people)
    years = np.ceil(people["follow_up_years"] * 4) / 4
    cox = CoxPHFitter().fit(terms.assign(years=years, died=people["died"]), "years", "died")
    death = cox.summary.loc["five_years"]
    z = [(death["coef"] - planted) / death["se(coef)"]]
    for disease, share in (("cardiovascular", 1), ("diabetes", 1), ("psoriasis", 0)):
        fit = sm.Logit(people[f"disease_{disease}"], terms.assign(constant=1.0)).fit(disp=0)
        z.append((fit.params["five_years"] - share * planted) / fit.bse["five_years"])
    return z


def _terms(people):
    age, men = (people["age_years"] - 60) / 10, (people["sex"] == "M").astype(float)
    terms = pd.DataFrame(
        {
            "five_years": people["acceleration_years"] / 5,
            "age": age,
            "squared": age**2,
            "men": men,
            "age_men": age * men,
            "calendar": people["biopsy_year"] - 2006.0,
        }
    )
    known = [name for name in KNOWN if name in people]
    if "smoker" in known:
        terms["outdoor_life"] = people["outdoor_life"]  # unmeasured, but planted
    for name in known:
        terms = terms.join(pd.get_dummies(people[name], name, drop_first=True, dtype=float))
    return terms
