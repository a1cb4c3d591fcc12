"""Who of the candidates is in the register: those who live, and of whom a biopsy is taken.

The first candidate of a person who passes is the person. A round has random streams of its own, so
a person is the same however many others there are. Age, sex and surroundings are those of the
register, so selection changes who the people of an age are, not how many of an age there are.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.population.candidates import draw_candidates
from skinage.phantom.population.hazard import GOMPERTZ_SLOPE, HAZARD_AT_60, HAZARD_RATIO_MEN
from skinage.phantom.randomness import in_round, stream

INDICATIONS = ("suspected tumour", "inflammation", "other")
SLOWEST_YEARS = -12.0  # who ages even more slowly is as likely to live as these
MOST_ROUNDS = 2000  # reached under absurd ratios only; then the last candidate stays


def select_people(
    people: pd.DataFrame,
    seed: int,
    *,
    hazard_ratio: float,
    odds_ratio: float,
    dials: Mapping[str, float],
) -> pd.DataFrame:
    """Draw candidates until each person of the register is one who is in it.

    Parameters
    ----------
    people
        A row per person, of `draw_surroundings`.
    seed
        The seed of the draws.
    hazard_ratio, odds_ratio
        The planted ratios per five years of acceleration.
    dials
        All dials; those that select are ``survival`` and ``indication``.

    Returns
    -------
    pandas.DataFrame
        `people` with the columns of `draw_candidates`, and indication where that dial is on.
    """
    chosen: dict[str, np.ndarray] = {}
    waiting = np.arange(len(people))
    for number in range(MOST_ROUNDS):
        known = people.iloc[: waiting[-1] + 1]
        drawn = draw_candidates(known, seed, number, odds_ratio=odds_ratio, dials=dials)
        table = pd.concat([known, drawn], axis=1)
        passed = _survives(table, seed, number, hazard_ratio=hazard_ratio, k=dials["survival"])
        if dials["indication"]:
            drawn["indication"] = _indications(table, seed, number, dials["indication"])
            passed &= drawn["indication"].notna().to_numpy()
        if number == 0:
            chosen = {str(name): drawn[name].to_numpy().copy() for name in drawn}
        for name, values in chosen.items():
            values[waiting] = drawn[name].to_numpy()[waiting]
        waiting = waiting[~passed[waiting]]
        if not len(waiting):
            break
    return people.assign(**chosen)


def _survives(
    table: pd.DataFrame, seed: int, number: int, *, hazard_ratio: float, k: float
) -> np.ndarray:
    """Return who lived to the biopsy: ``(S(age | d) / S(age | -12 years)) ** k``, at most 1.

    S is the Gompertz law of `hazard`. With a hazard ratio of 1 everybody passes.
    """
    if not k:
        return np.full(len(table), True)
    age, men = table["age_years"].to_numpy(), (table["sex"] == "M").to_numpy()
    lived = (np.exp(GOMPERTZ_SLOPE * (age - 60)) - np.exp(-60 * GOMPERTZ_SLOPE)) / GOMPERTZ_SLOPE
    cumulative = HAZARD_AT_60 * HAZARD_RATIO_MEN**men * lived
    years = np.stack([table["acceleration_years"], np.full(len(table), SLOWEST_YEARS)])
    ratio, ratio_of_slowest = np.exp(np.log(hazard_ratio) * years / 5)
    chance = stream(seed, in_round("survival", number)).random(len(table))
    return chance < np.exp(-k * cumulative * (ratio - ratio_of_slowest))


def _indications(table: pd.DataFrame, seed: int, number: int, k: float) -> np.ndarray:
    """Draw what a biopsy is taken for; None where there is none.

    Aged skin raises suspicion, disease inflames: who has neither is rarely in the register, so in
    it the sick are slow agers (Berkson). Each chance is a factor of acceleration or one of each
    disease, so within an indication they are as independent as they were.
    """
    five_years = k * table["acceleration_years"].to_numpy() / 5
    tumour = 0.3 / (1 + np.exp(-five_years))
    diseases = table[["disease_cardiovascular", "disease_diabetes", "disease_psoriasis"]]
    inflammation = 0.02 * 3 ** (k * diseases.to_numpy().sum(axis=1))
    ends = np.cumsum([tumour, inflammation, np.full(len(table), 0.03)], axis=0)
    chance = stream(seed, in_round("indication", number)).random(len(table))
    return np.array([*INDICATIONS, None], dtype=object)[(chance >= ends).sum(axis=0)]
