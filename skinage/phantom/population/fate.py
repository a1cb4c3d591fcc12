"""Planted deaths, the end of follow-up, and what five years of acceleration do to all outcomes."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.population.disease import DISEASES
from skinage.phantom.population.hazard import OTHER_SHARE, left_after, years_to_death
from skinage.phantom.randomness import stream

LAST_YEAR = 2022
EMIGRATION_PER_YEAR = 0.01
CANCER_SHARE = 0.45  # of the deaths that follow acceleration
CAUSES = ("cardiovascular", "cancer", "other")


def draw_fate(
    people: pd.DataFrame, seed: int, *, hazard_ratio: float, dials: Mapping[str, float]
) -> pd.DataFrame:
    """Draw deaths and the end of follow-up.

    The hazard is that of `hazard`, among people alive at their biopsy: without dials a
    proportional-hazards model with d, sex and, where time counts from biopsy, age. A register ends
    at the end of 2022 and loses 1 % of the people per year to emigration; the dial ``emigration``
    k makes that ``(1 + 2k) · 1.5^(-k d / 5)`` per cent: slow agers are healthy, and leave.

    Parameters
    ----------
    people
        A row per person: age_years, sex, biopsy_date (in years, with its fraction),
        acceleration_years, and what the dials that are on have added.
    seed
        The seed of the draws; person k uses row k of each.
    hazard_ratio
        The planted ratio per five years of acceleration.
    dials
        All dials.

    Returns
    -------
    pandas.DataFrame
        A row per person: follow_up_years from the first biopsy, died; cause_of_death where its dial
        is on (None for the living).
    """
    n_people, five_years = len(people), people["acceleration_years"].to_numpy() / 5
    waited = stream(seed, "death").exponential(1, n_people)
    until_death = years_to_death(people, waited, hazard_ratio=hazard_ratio, dials=dials)
    k = dials["emigration"]
    leaving = (1 + 2 * k) * np.exp(-k * np.log(1.5) * five_years)
    emigrated = stream(seed, "emigration").exponential(1 / EMIGRATION_PER_YEAR, n_people) / leaving
    years_watched = np.minimum(emigrated, LAST_YEAR + 1 - people["biopsy_date"].to_numpy())
    died = until_death <= years_watched
    fate = {
        "follow_up_years": np.minimum(until_death, years_watched).clip(min=0.01).round(3),
        "died": died.astype(int),
    }
    if dials["causes"]:
        effect = np.log(hazard_ratio) * five_years * left_after(fate["follow_up_years"], dials)
        fate["cause_of_death"] = _causes(effect, seed, dials["causes"])
        fate["cause_of_death"][~died] = None
    return pd.DataFrame(fate, index=people.index)


def _causes(effect: np.ndarray, seed: int, k: float) -> np.ndarray:
    """Draw the causes of deaths, from the log hazard ratio of each person at that time."""
    # Of two causes with hazards h and g one dies of the first with chance h / (h + g).
    log_odds_of_other = np.log(OTHER_SHARE / (1 - OTHER_SHARE)) - k * effect
    other = 1 / (1 + np.exp(-log_odds_of_other))
    cardiovascular = (1 - CANCER_SHARE) * (1 - other)
    ends = np.stack([cardiovascular, 1 - other])
    chance = stream(seed, "cause_of_death").random(len(effect))
    return np.array(CAUSES, dtype=object)[(chance >= ends).sum(axis=0)]


def planted_effects(
    hazard_ratio: float, odds_ratio: float, dials: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """Return the planted effects of five years of acceleration, as a tidy table.

    Parameters
    ----------
    hazard_ratio, odds_ratio
        The planted ratios per five years of acceleration.
    dials
        All dials; None: those that do not change an effect.

    Returns
    -------
    pandas.DataFrame
        A row per outcome, named as in tables of results: outcome (``death``, ``disease_*``, and
        ``death_*`` of each cause where there are causes), estimate_name (``hazard_ratio``,
        ``odds_ratio``), unit, planted, and meaning: what it holds for, in words.
    """
    k, waning = (dials or {}).get("causes", 0.0), (dials or {}).get("waning", 0.0)
    when = f"at the biopsy; its logarithm falls as exp(-{waning:g} years / 5)" if waning else ""
    deaths = {"death": 1 - k * OTHER_SHARE}
    if k:
        deaths |= {f"death_{cause}": 1 - k * (cause == "other") for cause in CAUSES}
    of_all = "of people without acceleration; " if k else ""
    rows = [
        (
            name,
            "hazard_ratio",
            hazard_ratio**share,
            (of_all * (name == "death") + when).rstrip("; "),
        )
        for name, share in deaths.items()
    ]
    rows += [
        (f"disease_{disease}", "odds_ratio", odds_ratio**share, "")
        for disease, share in DISEASES["share"].items()
    ]
    table = pd.DataFrame(rows, columns=["outcome", "estimate_name", "planted", "meaning"])
    table.insert(2, "unit", "per 5 years")
    return table
