"""Planted diseases at the first biopsy, and what five years of acceleration do to them."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.population.hospitals import hospital_shift
from skinage.phantom.randomness import in_round, stream

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
CURVE = 0.15  # per squared decade from 60


def draw_diseases(
    people: pd.DataFrame, seed: int, number: int, *, odds_ratio: float, dials: Mapping[str, float]
) -> pd.DataFrame:
    """Draw diseases.

    Log odds are ``log_odds_at_60 + slope (age - 60) + share · log(odds_ratio) d / 5`` (`DISEASES`).
    Dials bend the line of age (``prevalence_curve``, but not that of psoriasis), turn it by sex
    (``age_by_sex``), and shift it by hospital.

    Parameters
    ----------
    people
        A row per person: age_years, sex, acceleration_years, and hospital where there are several.
    seed, number
        The seed of the draws, and the number of the round of candidates.
    odds_ratio
        The planted ratio per five years of acceleration.
    dials
        All dials.

    Returns
    -------
    pandas.DataFrame
        A row per person: disease_* (0 or 1).
    """
    age, five_years = people["age_years"].to_numpy(), people["acceleration_years"].to_numpy() / 5
    steep, shift = slope_by_sex(people, dials), hospital_shift(people, dials)
    bend = CURVE * dials["prevalence_curve"] * ((age - 60) / 10) ** 2
    diseases = {}
    for disease, law in DISEASES.iterrows():
        log_odds = law["log_odds_at_60"] + law["slope_per_year"] * steep * (age - 60)
        log_odds += law["share"] * np.log(odds_ratio) * five_years
        log_odds += shift - bend * (law["slope_per_year"] > 0)
        chance = stream(seed, in_round(f"disease_{disease}", number)).random(len(people))
        diseases[f"disease_{disease}"] = (chance < 1 / (1 + np.exp(-log_odds))).astype(int)
    return pd.DataFrame(diseases, index=people.index)


def slope_by_sex(people: pd.DataFrame, dials: Mapping[str, float]) -> np.ndarray:
    """Return the factor of the slope of age in hazard and log odds."""
    return 1 + dials["age_by_sex"] / 2 * np.where(people["sex"] == "M", 1, -1)
