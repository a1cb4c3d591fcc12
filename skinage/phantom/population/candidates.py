"""Candidates of the register: age, sex, site and surroundings, then acceleration and diseases.

What a person is born to does not change between rounds: age, sex, site, date, hospital, outdoor
life. Acceleration, diseases and indication are drawn in rounds, until the candidate of a round is
one who lives and is biopsied (`selection`). Where no dial selects, round 0 is the only one.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.dials import COMPARTMENTS
from skinage.phantom.population.disease import draw_diseases
from skinage.phantom.population.hospitals import HOSPITAL_SHIFT, hospital_shift
from skinage.phantom.randomness import in_round, stream
from skinage.phantom.tissue import SITES

ACCELERATION_SD_YEARS = 6.0
BIOPSY_YEARS = (2000, 2013)  # from the start of 2000 to the end of 2012
AGEING_PER_YEAR = 0.03  # of the bend of the ages: people are half a year older each year
DIABETES_YEARS = 8.0


def draw_surroundings(
    n_people: int, seed: int, *, ages: str, dials: Mapping[str, float]
) -> pd.DataFrame:
    """Draw what no selection changes.

    Parameters
    ----------
    n_people, seed
        How many, and the seed of the draws; person k uses row k of each.
    ages
        ``"uniform"`` or ``"register"``, see `Preset`.
    dials
        All dials. ``hospitals`` and ``calendar`` bend the ages: their share u of the way from 20 to
        90 becomes ``u ** exp(-shift)``.

    Returns
    -------
    pandas.DataFrame
        A row per person: person_id, age_years, sex, body_site, sun_exposure, biopsy_date; hospital;
        outdoor_life (SD 1) and smoker (0 or 1) where their dials are on.
    """
    uniform = {
        name: stream(seed, name).random(n_people)
        for name in ("age", "body_site", "sex", "biopsy_date")
    }
    site = SITES.index.to_numpy()[(len(SITES) * uniform["body_site"]).astype(int)]
    people = pd.DataFrame(
        {
            "person_id": [f"P{k:05d}" for k in range(n_people)],
            "age_years": 0.0,
            "sex": np.where(uniform["sex"] < 0.5, "F", "M"),
            "body_site": site,
            "sun_exposure": SITES.loc[site, "sun_exposure"].to_numpy(),
            "biopsy_date": BIOPSY_YEARS[0] + np.ptp(BIOPSY_YEARS) * uniform["biopsy_date"],
        }
    )
    if dials["hospitals"]:
        number = (len(HOSPITAL_SHIFT) * stream(seed, "hospital").random(n_people)).astype(int)
        people["hospital"] = np.array([*HOSPITAL_SHIFT])[number]
    position = uniform["age"]
    if ages == "register":  # mean 58, two thirds between 45 and 75
        position = stream(seed, "age_register").beta(2.6, 2.2, n_people)
    shift = hospital_shift(people, dials)
    shift += AGEING_PER_YEAR * dials["calendar"] * (people["biopsy_date"] - np.mean(BIOPSY_YEARS))
    people["age_years"] = (20 + 70 * position ** np.exp(-shift)).round(1)
    if dials["outdoor"]:
        people = people.assign(**_outdoors(n_people, seed, dials["outdoor"]))
    return people


def _outdoors(n_people: int, seed: int, k: float) -> dict[str, np.ndarray]:
    life = stream(seed, "outdoor_life").standard_normal(n_people)
    chance = stream(seed, "smoker").random(n_people)
    smokes = chance < 1 / (1 + np.exp(1.1 - 0.8 * k * life))
    return {"outdoor_life": life, "smoker": smokes.astype(int)}


def draw_candidates(
    people: pd.DataFrame, seed: int, number: int, *, odds_ratio: float, dials: Mapping[str, float]
) -> pd.DataFrame:
    """Draw the candidates of a round, one for each person.

    Parameters
    ----------
    people
        A row per person, of `draw_surroundings`.
    seed, number
        The seed of the draws, and the number of the round, 0 and up.
    odds_ratio
        The planted odds ratio of disease per five years of acceleration.
    dials
        All dials.

    Returns
    -------
    pandas.DataFrame
        A row per person: acceleration_years (the one that acts on life and health), that of each
        compartment as the tissue shows it where one differs, disease_* (0 or 1).
    """
    d = _normal(seed, "acceleration", number, len(people))
    own, k = {}, dials["compartments"]
    for name in COMPARTMENTS if k or dials["skin_disease"] else ():
        own[name] = np.sqrt(1 - k) * d
        own[name] += np.sqrt(k) * _normal(seed, f"acceleration of the {name}", number, len(people))
    if k:
        d = np.mean([own[name] for name in COMPARTMENTS if not dials[f"spare_{name}"]], axis=0)
    table = people.assign(acceleration_years=d)
    diseases = draw_diseases(table, seed, number, odds_ratio=odds_ratio, dials=dials)
    if dials["skin_disease"]:
        years = DIABETES_YEARS * dials["skin_disease"]
        own["dermis"] = own["dermis"] + years * diseases["disease_diabetes"].to_numpy()
    columns = {f"acceleration_{name}_years": values for name, values in own.items()}
    return pd.DataFrame({"acceleration_years": d, **columns, **diseases})


def _normal(seed: int, name: str, number: int, n_people: int) -> np.ndarray:
    return stream(seed, in_round(name, number)).normal(0, ACCELERATION_SD_YEARS, n_people)
