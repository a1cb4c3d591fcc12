"""Planted deaths and diseases: known effects of age and acceleration, to be found again."""

import numpy as np
import pandas as pd

from skinage.phantom.randomness import stream

LAST_YEAR = 2022
EMIGRATION_PER_YEAR = 0.01
GOMPERTZ_SLOPE = 0.09  # per year: mortality doubles in 7.7 years
HAZARD_AT_60 = 0.013  # per year, women without acceleration
HAZARD_RATIO_MEN = 1.4
DISEASES = pd.DataFrame(
    [
        ("cardiovascular", -0.7, 0.06, 1.0),
        ("diabetes", -1.8, 0.03, 1.0),
        ("lung", -1.8, 0.045, 0.5),
        ("osteoarthritis", -0.5, 0.06, 0.0),
        ("cataract", -1.2, 0.12, 0.0),
        ("psoriasis", -2.2, 0.0, 0.0),
    ],
    columns=["disease", "log_odds_at_60", "slope_per_year", "share"],
).set_index("disease")
"""Diseases at the first biopsy: log odds at 60 years, their slope per year of age, and the share of
log(odds ratio) that they follow per five years of acceleration. The last three are controls: they
do not depend on acceleration, and psoriasis does not depend on age either."""


def draw_fate(
    people: pd.DataFrame, seed: int, *, hazard_ratio: float, odds_ratio: float
) -> pd.DataFrame:
    """Draw deaths, the end of follow-up and diseases.

    The hazard is Gompertz in attained age, ``h = .013 · exp(.09 (age + time - 60)) · 1.4^male ·
    hazard_ratio^(d / 5)``, among people alive at their biopsy: a proportional-hazards model with d,
    sex and, where time counts from biopsy, age. A register ends at the end of 2022 and loses 1 % of
    the people per year to emigration. Log odds of disease are
    ``log_odds_at_60 + slope (age - 60) + share · log(odds_ratio) d / 5`` (`DISEASES`).

    Parameters
    ----------
    people
        A row per person: age_years, sex, biopsy_date (in years, with its fraction),
        acceleration_years.
    seed
        The seed of the draws; person k uses row k of each.
    hazard_ratio, odds_ratio
        The planted ratios per five years of acceleration.

    Returns
    -------
    pandas.DataFrame
        A row per person: follow_up_years from the first biopsy, died, disease_* (0 or 1).
    """
    age, five_years = people["age_years"].to_numpy(), people["acceleration_years"].to_numpy() / 5
    log_hazard = np.log(HAZARD_AT_60) + GOMPERTZ_SLOPE * (age - 60)
    log_hazard += np.log(HAZARD_RATIO_MEN) * (people["sex"] == "M").to_numpy()
    log_hazard += np.log(hazard_ratio) * five_years
    waited = stream(seed, "death").exponential(1, len(people)) / np.exp(log_hazard)
    years_to_death = np.log1p(GOMPERTZ_SLOPE * waited) / GOMPERTZ_SLOPE
    emigrated = stream(seed, "emigration").exponential(1 / EMIGRATION_PER_YEAR, len(people))
    years_watched = np.minimum(emigrated, LAST_YEAR + 1 - people["biopsy_date"].to_numpy())
    fate = {
        "follow_up_years": np.minimum(years_to_death, years_watched).clip(min=0.01).round(3),
        "died": (years_to_death <= years_watched).astype(int),
    }
    for disease, law in DISEASES.iterrows():
        log_odds = law["log_odds_at_60"] + law["slope_per_year"] * (age - 60)
        log_odds += law["share"] * np.log(odds_ratio) * five_years
        chance = stream(seed, f"disease_{disease}").random(len(people))
        fate[f"disease_{disease}"] = (chance < 1 / (1 + np.exp(-log_odds))).astype(int)
    return pd.DataFrame(fate, index=people.index)


def planted_effects(hazard_ratio: float, odds_ratio: float) -> pd.DataFrame:
    """Return the planted effects of five years of acceleration, as a tidy table.

    Parameters
    ----------
    hazard_ratio, odds_ratio
        The planted ratios per five years of acceleration.

    Returns
    -------
    pandas.DataFrame
        A row per outcome, named as in tables of results: outcome (``death``, ``disease_*``),
        estimate_name (``hazard_ratio``, ``odds_ratio``), unit, planted.
    """
    ratios = odds_ratio ** DISEASES["share"]
    return pd.DataFrame(
        {
            "outcome": ["death", *("disease_" + DISEASES.index)],
            "estimate_name": ["hazard_ratio"] + ["odds_ratio"] * len(DISEASES),
            "unit": "per 5 years",
            "planted": [float(hazard_ratio), *ratios],
        }
    )
