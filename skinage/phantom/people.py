"""Synthetic people with a planted truth, and the slides taken of them.

A person has an age, a sex, a body site and ``d ~ N(0, 6 years)``, the planted acceleration. What
age and d do to the tissue is stated in `skinage.phantom.ageing` and `skinage.phantom.tissue`, what
they do to life and health in `skinage.phantom.population`, and what varies without them in
`skinage.phantom.nuisances`. Sex, body site, biopsy year and arm are drawn independently of age and
acceleration, unless a dial ties them (`skinage.phantom.dials`).

Every drawn column has its own random stream, whose k-th row is that of person k: a person is the
same however many follow, and a new column leaves the others as they were.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skinage.phantom.nuisances import draw_nuisances
from skinage.phantom.population.candidates import draw_surroundings
from skinage.phantom.population.fate import draw_fate
from skinage.phantom.population.selection import select_people
from skinage.phantom.population.visits import take_slides
from skinage.phantom.presets import check_whole, choose
from skinage.phantom.tissue import draw_constitution, tissue_of


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
        ``"teaching"``, ``"realistic"``, ``"hard"``, ``"null"`` or ``"confounded"``, see
        `skinage.phantom.presets`.
    dials
        Dials that differ from the preset, by the names and ranges of `skinage.phantom.DIALS`; None
        keeps all.
    ratios
        ``hazard_ratio`` of death and ``odds_ratio`` of disease per five years of acceleration that
        differ from the preset; None keeps both.

    Returns
    -------
    pandas.DataFrame
        A row per person: person_id, age_years, sex, body_site, sun_exposure, the planted
        acceleration_years, arm ("treated" or "control" of those with a later biopsy, else None),
        biopsy_year; tissue parameters (units in their names); nuisances of the slide;
        follow_up_years, died, disease_* (0 or 1). Dials that are on add hospital, outdoor_life,
        smoker, indication, cause_of_death, measured_gap_years, age_low and age_high, and the
        acceleration of each compartment.

    Raises
    ------
    SettingError
        If `n_people` or `seed` is not a fitting whole number, the preset, a dial or a ratio is
        unknown, a dial is out of its range, dials contradict each other, or a ratio is not
        positive.
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
    left before; half of these are treated, by lot unless `chosen_arm` chooses, which adds the
    preset's arm effect to their acceleration at the later biopsy. Deaths follow the acceleration at
    the first.

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
    dials, ratio = chosen.dials, chosen.hazard_ratio
    everyone = draw_surroundings(int(n_people), seed, ages=chosen.ages, dials=dials)
    people = select_people(
        everyone, seed, hazard_ratio=ratio, odds_ratio=chosen.odds_ratio, dials=dials
    )
    fate = draw_fate(people, seed, hazard_ratio=ratio, dials=dials)
    arm_effect = chosen.arm_effect_years
    slides = take_slides(people, fate, seed, arm_effect_years=arm_effect, dials=dials)
    person = slides.index
    constitution = draw_constitution(len(people), seed).loc[person]
    tissue = tissue_of(slides, constitution, dials)
    nuisances = draw_nuisances(slides, seed, dials=dials)
    diseases = [name for name in slides if str(name).startswith("disease_")]
    parts = [slides.drop(columns=["slot", "biopsy_date", *diseases]), tissue, nuisances]
    table = pd.concat([*parts, fate.loc[person], slides[diseases]], axis=1)
    if dials["brackets"]:
        table["age_low"] = dials["brackets"] * np.floor(table["age_years"] / dials["brackets"])
        table["age_high"] = table["age_low"] + dials["brackets"]
    return table.reset_index(drop=True)
