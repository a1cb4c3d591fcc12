"""The slides of each person: replicates, later biopsies, and who is treated between the two."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.population.candidates import ACCELERATION_SD_YEARS
from skinage.phantom.randomness import stream

REPLICATE_CHANCE, LATER_CHANCE = 0.10, 0.12
YEARS_TO_LATER = (2.0, 6.0)
MEASUREMENT_SD_YEARS = 6.0  # of the gap by which the treated are chosen
DRIFT_SD_YEARS, FEELING_SD_YEARS = 3.0, 3.0


def take_slides(
    people: pd.DataFrame,
    fate: pd.DataFrame,
    seed: int,
    *,
    arm_effect_years: float,
    dials: Mapping[str, float],
) -> pd.DataFrame:
    """Draw who is biopsied again, and how.

    The treatment adds its effect to the accelerations at the later biopsy. Dials:

    - ``drift``: the acceleration there is ``r d + sqrt(1 - r²) e`` with ``e`` distributed as d, so
      that it spreads as before and changes by 3k years (SD): who was far out comes back;
    - ``chosen_arm``: treated with chance ``1 / (1 + exp(-3 k z))``, z the SDs of a gap that is
      measured at the first biopsy with an error of 6 years (``measured_gap_years``);
    - ``dropout``: of the treated whose change, felt with an error of 3 years, is above 0, the share
      k does not come. They keep their arm.

    Parameters
    ----------
    people
        A row per person, of `select_people`.
    fate
        A row per person: follow_up_years.
    seed
        The seed of the draws; person k uses row k of each.
    arm_effect_years
        What the treatment adds.
    dials
        All dials.

    Returns
    -------
    pandas.DataFrame
        A row per slide, indexed by the person's number: slide_id, visit, replicate, slot (0 first
        biopsy, 1 its replicate, 2 later biopsy), arm, and `people` as they were at that time.
    """
    chance = stream(seed, "slides").random((len(people), 4))
    years_later = (YEARS_TO_LATER[0] + np.ptp(YEARS_TO_LATER) * chance[:, 0]).round(1)
    has_replicate = chance[:, 1] < REPLICATE_CHANCE
    asked = (chance[:, 2] < LATER_CHANCE) & (years_later < fate["follow_up_years"].to_numpy())
    people, chance_of_treatment = _chances_of_treatment(people, seed, dials["chosen_arm"])
    treated = chance[:, 3] < chance_of_treatment
    change = _drift(people, seed, dials["drift"]) + arm_effect_years * treated
    comes_again = asked & ~(treated & _stays_away(change, seed, dials["dropout"]))
    arm = np.array([None, "control", "treated"])[asked * (1 + treated)]
    taken = np.column_stack([np.full(len(people), True), has_replicate, comes_again])
    person, slot = np.nonzero(taken)
    later = slot == 2
    slides = people.assign(arm=arm).loc[person]
    slides["age_years"] = (slides["age_years"] + later * years_later[person]).round(1)
    slides["biopsy_date"] += later * years_later[person]
    slides["biopsy_year"] = slides["biopsy_date"].astype(int)
    for name in [name for name in slides if str(name).startswith("acceleration_")]:
        slides[name] += change[person] * later
    number = taken.cumsum(axis=1)[person, slot].astype(str)
    slides.insert(0, "slide_id", slides["person_id"] + "_S" + number)
    slides.insert(2, "visit", 1 + later)
    slides.insert(3, "replicate", 1 + (slot == 1))
    return slides.assign(slot=slot)


def _chances_of_treatment(
    people: pd.DataFrame, seed: int, k: float
) -> tuple[pd.DataFrame, np.ndarray]:
    if not k:
        return people, np.full(len(people), 0.5)
    error = stream(seed, "measured_gap").normal(0, MEASUREMENT_SD_YEARS, len(people))
    gap = people["acceleration_years"].to_numpy() + error
    z = gap / np.hypot(ACCELERATION_SD_YEARS, MEASUREMENT_SD_YEARS)
    return people.assign(measured_gap_years=gap), 1 / (1 + np.exp(-3 * k * z))


def _drift(people: pd.DataFrame, seed: int, k: float) -> np.ndarray:
    if not k:
        return np.zeros(len(people))
    r = 1 - (k * DRIFT_SD_YEARS / ACCELERATION_SD_YEARS) ** 2 / 2
    fresh = stream(seed, "drift").normal(0, ACCELERATION_SD_YEARS, len(people))
    return (r - 1) * people["acceleration_years"].to_numpy() + np.sqrt(1 - r**2) * fresh


def _stays_away(change: np.ndarray, seed: int, k: float) -> np.ndarray:
    felt = change + stream(seed, "feeling").normal(0, FEELING_SD_YEARS, len(change))
    return (felt > 0) & (stream(seed, "dropout").random(len(change)) < k)
