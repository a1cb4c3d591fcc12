"""The hazard of death after the biopsy, and the years until it has done its work.

``h = .013 · exp(.09 (age + time - 60)) · 1.4^male · hazard_ratio^(d / 5)``: Gompertz in attained
age, proportional in d and sex. Dials add to its logarithm:

- ``age_by_sex`` makes the slope of age steeper in men and flatter in women;
- ``calendar``: -.02 k per calendar year from 2006.5;
- ``hospitals``: the shift of the hospital; ``outdoor``: .2 k per SD, and k log 2 of smokers;
- ``indication``: k log 1.5 after a suspected tumour;
- ``causes``: deaths of other causes (35 % of those without acceleration) follow
  ``hazard_ratio^((1 - k) d / 5)``;
- ``hazard_curve``: .1 k ((attained age - 60) / 10)²;
- ``waning``: log(hazard_ratio) is multiplied by ``exp(-k time / 5)``.

Without the last two the hazard is exponential in time, and its integral is inverted exactly;
with them it is inverted on a grid of tenths of a year, for ten thousand people at once.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.population.disease import slope_by_sex
from skinage.phantom.population.hospitals import hospital_shift

GOMPERTZ_SLOPE = 0.09  # per year: mortality doubles in 7.7 years
HAZARD_AT_60 = 0.013  # per year, women without acceleration
HAZARD_RATIO_MEN = 1.4
OTHER_SHARE = 0.35
TREND_PER_YEAR, TREND_YEAR = 0.02, 2006.5
CURVE = 0.1  # per squared decade from 60
WANING_YEARS = 5.0
STEP_YEARS, LONGEST_YEARS, AT_ONCE = 0.1, 25.0, 10_000


def years_to_death(
    people: pd.DataFrame, waited: np.ndarray, *, hazard_ratio: float, dials: Mapping[str, float]
) -> np.ndarray:
    """Return when the integrated hazard reaches what was drawn.

    Parameters
    ----------
    people
        A row per person: age_years, sex, biopsy_date, acceleration_years, and hospital,
        outdoor_life, smoker and indication where their dials are on.
    waited
        ``(n,)``, an exponential draw of mean 1 for each.
    hazard_ratio
        The planted ratio per five years of acceleration.
    dials
        All dials.

    Returns
    -------
    numpy.ndarray
        ``(n,)`` years from the biopsy; infinite where they lie beyond 25 years of a grid.
    """
    slope = GOMPERTZ_SLOPE * slope_by_sex(people, dials) - TREND_PER_YEAR * dials["calendar"]
    log_hazard = _without_acceleration(people, dials)
    effect = np.log(hazard_ratio) * (people["acceleration_years"].to_numpy() / 5)
    if not (dials["hazard_curve"] or dials["waning"]):
        log_hazard += log_effect(effect, dials["causes"])
        return np.log1p(slope * (waited / np.exp(log_hazard))) / slope
    from_60 = people["age_years"].to_numpy() - 60
    parts = np.stack([slope, log_hazard, effect, from_60, waited])
    starts = range(0, len(people), AT_ONCE)
    return np.concatenate([_on_grid(parts[:, at : at + AT_ONCE], dials) for at in starts])


def log_effect(effect: np.ndarray, causes: float) -> np.ndarray:
    """Return the log of the factor of all causes together; `effect` is that of the lethal ones."""
    if not causes:
        return effect
    return np.logaddexp(
        np.log(1 - OTHER_SHARE) + effect, np.log(OTHER_SHARE) + (1 - causes) * effect
    )


def left_after(years: np.ndarray, dials: Mapping[str, float]) -> np.ndarray:
    """Return the share of the log hazard ratio that is left some years after the biopsy."""
    return np.exp(-dials["waning"] * years / WANING_YEARS)


def _without_acceleration(people: pd.DataFrame, dials: Mapping[str, float]) -> np.ndarray:
    """Return the log hazard at the biopsy of people without acceleration."""
    age = people["age_years"].to_numpy()
    slope = GOMPERTZ_SLOPE * slope_by_sex(people, dials)
    log_hazard = np.log(HAZARD_AT_60) + slope * (age - 60)
    log_hazard += np.log(HAZARD_RATIO_MEN) * (people["sex"] == "M").to_numpy()
    date = people["biopsy_date"].to_numpy()
    log_hazard -= TREND_PER_YEAR * dials["calendar"] * (date - TREND_YEAR)
    log_hazard += hospital_shift(people, dials)
    if dials["outdoor"]:
        outdoors = 0.2 * people["outdoor_life"] + np.log(2) * people["smoker"]
        log_hazard += dials["outdoor"] * outdoors.to_numpy()
    if dials["indication"]:
        suspected = (people["indication"] == "suspected tumour").to_numpy()
        log_hazard += dials["indication"] * np.log(1.5) * suspected
    return log_hazard


def _on_grid(parts: np.ndarray, dials: Mapping[str, float]) -> np.ndarray:
    """Invert the integral of a hazard that is constant within each step of the grid."""
    slope, log_hazard, effect, from_60, waited = parts[..., None]
    middle = np.arange(STEP_YEARS / 2, LONGEST_YEARS, STEP_YEARS)
    log_at = log_hazard + slope * middle
    log_at += log_effect(effect * left_after(middle, dials), dials["causes"])
    log_at += CURVE * dials["hazard_curve"] * ((from_60 + middle) / 10) ** 2
    step = np.exp(log_at) * STEP_YEARS
    integral = step.cumsum(axis=1)
    at = (integral < waited).sum(axis=1)
    inside, row = np.minimum(at, len(middle) - 1), np.arange(len(at))
    past = 1 - (integral[row, inside] - waited[:, 0]) / step[row, inside]
    return np.where(at == len(middle), np.inf, STEP_YEARS * (inside + past))
