"""Planted deaths and diseases: known effects of age and acceleration, to be found again."""

import numpy as np
import pandas as pd

LAST_YEAR = 2022
GOMPERTZ_SLOPE = 0.09  # per year: mortality doubles in 7.7 years
HAZARD_AT_60 = 0.013  # per year, women without acceleration
HAZARD_RATIO_MEN = 1.4


def add_fate(
    people: pd.DataFrame, rng: np.random.Generator, hazard_ratio: float, odds_ratio: float
) -> pd.DataFrame:
    """Add deaths in follow-up and two diseases at biopsy.

    The hazard is Gompertz, ``h = .013 · exp(.09 (age + time - 60)) · 1.4^male ·
    hazard_ratio^(d / 5)``, which is a proportional-hazards model with age at biopsy, sex and d;
    people alive at the end of 2022 are censored. The log odds of cardiovascular disease are
    ``-.5 + .06 (age - 60) + log(odds_ratio) d / 5``; those of osteoarthritis
    ``-.5 + .06 (age - 60)``: a control that knows nothing of d.

    Parameters
    ----------
    people
        A row per person with age_years, sex, biopsy_year, acceleration_years.
    rng
        Source of the draws; person k uses row k of its draws.
    hazard_ratio, odds_ratio
        Planted ratios per five years of acceleration.

    Returns
    -------
    pandas.DataFrame
        The same people with follow_up_years, died, disease_cardiovascular, disease_osteoarthritis.
    """
    chance = rng.random((len(people), 4))
    d, age = people["acceleration_years"], people["age_years"]
    log_hazard = np.log(HAZARD_AT_60) + GOMPERTZ_SLOPE * (age - 60)
    log_hazard += np.log(HAZARD_RATIO_MEN) * (people["sex"] == "M") + np.log(hazard_ratio) * d / 5
    waited = -np.log1p(-chance[:, 0]) / np.exp(log_hazard)
    years_to_death = np.log1p(GOMPERTZ_SLOPE * waited) / GOMPERTZ_SLOPE
    years_watched = LAST_YEAR + 1 - (people["biopsy_year"] + chance[:, 1])
    log_odds = -0.5 + 0.06 * (age - 60)
    return people.assign(
        follow_up_years=np.minimum(years_to_death, years_watched).clip(lower=0.01).round(3),
        died=(years_to_death <= years_watched).astype(int),
        disease_cardiovascular=_ill(log_odds + np.log(odds_ratio) * d / 5, chance[:, 2]),
        disease_osteoarthritis=_ill(log_odds, chance[:, 3]),
    )


def _ill(log_odds: pd.Series, chance: np.ndarray) -> pd.Series:
    return (chance < 1 / (1 + np.exp(-log_odds))).astype(int)
