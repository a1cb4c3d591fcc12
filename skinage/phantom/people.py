"""Synthetic people with a planted truth, and the slides taken of them.

A person has an age, a sex, a body site and ``d ~ N(0, 6 years)``, the planted acceleration. What
age and d do to the tissue is stated in `skinage.phantom.tissue`, what they do to life and health in
`skinage.phantom.fate`, and what varies without them in `skinage.phantom.nuisances`. Sex, body site,
biopsy year and arm are drawn independently of age and acceleration.

Every drawn column has its own random stream, whose k-th row is that of person k: a person is the
same however many follow, and a new column leaves the others as they were.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.fate import draw_fate
from skinage.phantom.nuisances import draw_nuisances
from skinage.phantom.presets import check_whole, choose
from skinage.phantom.randomness import stream
from skinage.phantom.tissue import SITES, draw_constitution, tissue_of

ACCELERATION_SD_YEARS = 6.0
BIOPSY_YEARS = (2000, 2013)  # from the start of 2000 to the end of 2012
REPLICATE_CHANCE, LATER_CHANCE = 0.10, 0.12
YEARS_TO_LATER = (2.0, 6.0)


def make_people(
    n_people: int,
    *,
    seed: int = 0,
    preset: str = "teaching",
    dials: Mapping[str, float] | None = None,
    ratios: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Draw people as they were at their first biopsy, with their follow-up and diseases.

    Parameters
    ----------
    n_people
        The number of people; person k is the same whatever this number is.
    seed
        The seed of all draws.
    preset
        ``"teaching"``, ``"realistic"``, ``"null"`` or ``"confounded"``, see
        `skinage.phantom.presets`.
    dials
        Effects that differ from the preset, 0 to 2 each; None keeps all.
    ratios
        ``hazard_ratio`` of death and ``odds_ratio`` of disease per five years of acceleration that
        differ from the preset; None keeps both.

    Returns
    -------
    pandas.DataFrame
        A row per person: person_id, age_years, sex, body_site, sun_exposure, the planted
        acceleration_years, arm ("treated" or "control" of those with a later biopsy, else None),
        biopsy_year; tissue parameters (units in their names); nuisances of the slide;
        follow_up_years, died, disease_* (0 or 1).

    Raises
    ------
    SettingError
        If `n_people` or `seed` is not a fitting whole number, the preset, a dial or a ratio is
        unknown, a dial is not within 0 to 2, or a ratio is not positive.
    """
    slides = make_slides(n_people, seed=seed, preset=preset, dials=dials, ratios=ratios)
    first = slides[(slides["visit"] == 1) & (slides["replicate"] == 1)]
    return first.drop(columns=["slide_id", "visit", "replicate"]).reset_index(drop=True)


def make_slides(
    n_people: int,
    *,
    seed: int = 0,
    preset: str = "teaching",
    dials: Mapping[str, float] | None = None,
    ratios: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Draw people and all slides taken of them.

    One in ten has a replicate: another section of the first biopsy, so the same tissue under other
    nuisances. 12 % are asked for a later biopsy after 2 to 6 years, and have it unless they died or
    left before; by lot, half of these are treated, which adds the preset's arm effect to their
    acceleration at the later biopsy. Deaths follow the acceleration at the first.

    Parameters
    ----------
    n_people, seed, preset, dials, ratios
        As in `make_people`.

    Returns
    -------
    pandas.DataFrame
        A row per slide: slide_id ("P00000_S1" is the first biopsy), visit (1 or 2), replicate (1 or
        2), and the columns of `make_people` as they were at that biopsy; follow-up counts from the
        first.

    Raises
    ------
    SettingError
        As in `make_people`.
    """
    check_whole("n_people", n_people, 1)
    check_whole("seed", seed, 0)
    chosen = choose(preset, dials, ratios)
    people = _draw_people(int(n_people), seed, chosen.ages)
    fate = draw_fate(people, seed, hazard_ratio=chosen.hazard_ratio, odds_ratio=chosen.odds_ratio)
    slides = _take_slides(people, fate, seed, arm_effect_years=chosen.arm_effect_years)
    person = slides.index
    constitution = draw_constitution(len(people), seed).loc[person]
    tissue = tissue_of(slides, constitution, chosen.dials)
    nuisances = draw_nuisances(slides, seed, scanner_dial=chosen.dials["scanner"])
    slides = slides.drop(columns=["slot", "biopsy_date"])
    table = pd.concat([slides, tissue, nuisances, fate.loc[person]], axis=1)
    return table.reset_index(drop=True)


def _draw_people(n_people: int, seed: int, ages: str) -> pd.DataFrame:
    def uniform(name: str, low: float, high: float) -> np.ndarray:
        return stream(seed, name).uniform(low, high, n_people)

    if ages == "register":  # mean 58, two thirds between 45 and 75
        age = 20 + 70 * stream(seed, "age_register").beta(2.6, 2.2, n_people)
    else:
        age = uniform("age", 20, 90)
    site = SITES.index.to_numpy()[uniform("body_site", 0, len(SITES)).astype(int)]
    d = stream(seed, "acceleration").normal(0, ACCELERATION_SD_YEARS, n_people)
    return pd.DataFrame(
        {
            "person_id": [f"P{k:05d}" for k in range(n_people)],
            "age_years": age.round(1),
            "sex": np.where(uniform("sex", 0, 1) < 0.5, "F", "M"),
            "body_site": site,
            "sun_exposure": SITES.loc[site, "sun_exposure"].to_numpy(),
            "acceleration_years": d,
            "biopsy_date": uniform("biopsy_date", *BIOPSY_YEARS),
        }
    )


def _take_slides(
    people: pd.DataFrame, fate: pd.DataFrame, seed: int, *, arm_effect_years: float
) -> pd.DataFrame:
    """Return a row per slide, indexed by the person's number: who, when, and d at that time."""
    chance = stream(seed, "slides").random((len(people), 4))
    years_later = (YEARS_TO_LATER[0] + np.ptp(YEARS_TO_LATER) * chance[:, 0]).round(1)
    has_replicate = chance[:, 1] < REPLICATE_CHANCE
    comes_again = (chance[:, 2] < LATER_CHANCE) & (years_later < fate["follow_up_years"])
    treated = chance[:, 3] < 0.5
    arm = np.array([None, "control", "treated"])[comes_again * (1 + treated)]
    taken = np.column_stack([np.full(len(people), True), has_replicate, comes_again])
    person, slot = np.nonzero(taken)
    later = slot == 2
    slides = people.assign(arm=arm).loc[person]
    slides["age_years"] = (slides["age_years"] + later * years_later[person]).round(1)
    slides["biopsy_date"] += later * years_later[person]
    slides["biopsy_year"] = slides["biopsy_date"].astype(int)
    slides["acceleration_years"] += arm_effect_years * (later & treated[person])
    number = taken.cumsum(axis=1)[person, slot].astype(str)
    slides.insert(0, "slide_id", slides["person_id"] + "_S" + number)
    slides.insert(2, "visit", 1 + later)
    slides.insert(3, "replicate", 1 + (slot == 1))
    return slides.assign(slot=slot)
