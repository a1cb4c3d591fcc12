import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from skinage.phantom import PRESETS
from skinage.phantom.population.disease import DISEASES, draw_diseases

N = 60_000


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(4)
    return pd.DataFrame(
        {
            "age_years": rng.uniform(25, 90, N),
            "sex": rng.choice(["F", "M"], N),
            "acceleration_years": rng.normal(0, 6, N),
            "hospital": rng.choice([*"ABCDE"], N),
        }
    )


@pytest.mark.parametrize("disease", ["cardiovascular", "cataract", "psoriasis"])
def test_the_planted_log_odds_are_found(people, disease):
    shown = {"prevalence_curve": 0.8, "age_by_sex": 0.6, "hospitals": 0.5}
    dials = PRESETS["null"].dials | shown
    found = draw_diseases(people, 3, 0, odds_ratio=1.4, dials=dials)[f"disease_{disease}"]
    decades, men = (people["age_years"] - 60) / 10, (people["sex"] == "M").astype(float)
    terms = pd.DataFrame(
        {
            "constant": 1.0,
            "decades": decades,
            "decades_men": decades * men,
            "squared": decades**2,
            "five_years": people["acceleration_years"] / 5,
            "C": (people["hospital"] == "C").astype(float),
            "B": (people["hospital"] == "B").astype(float),
            "A": (people["hospital"] == "A").astype(float),
            "E": (people["hospital"] == "E").astype(float),
        }
    )
    fit, law = sm.Logit(found, terms).fit(disp=0), DISEASES.loc[disease]
    slope = 10 * law["slope_per_year"]
    planted = [
        law["log_odds_at_60"], 0.7 * slope, 0.6 * slope, -0.12 * (slope > 0),
        law["share"] * np.log(1.4), 0.25, -0.25, 0.125, -0.125,
    ]  # fmt: skip
    assert abs((fit.params - planted) / fit.bse).max() < 3.5
    assert fit.bse["squared"] < 0.02
