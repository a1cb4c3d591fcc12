"""The five presets: how strongly each effect is planted, and who the people are.

There is one law (`skinage.phantom.tissue`); a preset is nothing but dials and ratios.
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skinage.errors import SettingError
from skinage.phantom.dials import DIALS as DIALS
from skinage.phantom.dials import EFFECTS as EFFECTS
from skinage.phantom.dials import check_dials, check_together


@dataclass(frozen=True)
class Preset:
    """The settings of a cohort.

    Attributes
    ----------
    dials
        A number for each name in `DIALS`, within its range; 0 plants nothing.
    hazard_ratio, odds_ratio
        The planted ratios of death and of disease per five years of acceleration.
    arm_effect_years
        The years that the treatment adds to the acceleration of the treated at their later biopsy.
    ages
        ``"uniform"``: all ages from 20 to 90 years alike; ``"register"``: few young people, most of
        them between 45 and 75 years.
    """

    dials: Mapping[str, float]
    hazard_ratio: float = 1.15
    odds_ratio: float = 1.15
    arm_effect_years: float = 0.0
    ages: str = "uniform"


_NOTHING = dict.fromkeys(DIALS, 0.0)
_STATED_LAW = _NOTHING | dict.fromkeys(EFFECTS, 1.0)
# Half the law where studies or body sites disagree: the epidermis is thinner by 6 to 7 % per decade
# (PMID 2384222), or not at all (Sandby-Møller 2003); collagen falls in papillary and reticular
# dermis (PMC4089350), not at other sites; the number of vessels falls in exposed skin only, and one
# dial moves number and size.
_AS_PUBLISHED = _STATED_LAW | {"epidermis": 0.5, "collagen": 0.5, "vessels": 0.5}
# Why each value; where no size is known it is a proposal.
_IN_REGISTERS = {
    "compartments": 0.5,  # ages of organs of one person correlate, but loosely
    "saturation": 0.4,  # clocks of all kinds underestimate the oldest
    "threshold": 0.3,  # collagen and rete ridges change little before the forties
    "sex_slope": 0.3,  # skin of men thins steadily, that of women mostly after the menopause
    "hazard_curve": 0.3,  # log mortality bends below 40, and hardly above
    "prevalence_curve": 0.5,  # diabetes is rarer in the oldest than a line of age says
    "age_by_sex": 0.2,  # slopes of mortality of the sexes differ, but by less than half
    "waning": 0.3,  # a marker that loses a quarter of its log hazard ratio in five years
    "hospitals": 0.5,  # mortality that differs by a quarter up and down
    "outdoor": 0.5,  # sun and smoke are never measured well; half is left after questionnaires
    "survival": 1.0,  # nobody is biopsied after death
    "indication": 0.7,  # most biopsies are taken for a suspicion, some beside other surgery
    "emigration": 0.5,  # registers lose few people, and the healthy move most
    "causes": 0.5,  # accidents and many infections follow no clock
    "skin_disease": 0.5,  # four years of the dermis in all people with diabetes
    "calendar": 0.8,  # mortality in rich countries fell by 1 to 2 % a year in these years
    "drift": 0.5,  # a change of 1.5 years (SD) between visits
    "chosen_arm": 0.5,  # a measured gap is one of several reasons to treat
    "dropout": 0.3,  # a third of those who feel worse
}

PRESETS = {
    # Clear enough to be learned from a hundred people.
    "teaching": Preset(
        dials=_STATED_LAW | {"disorder": 1.4, "bundles": 2.0, "fibroblasts": 1.7},
        hazard_ratio=1.5,
        odds_ratio=1.5,
        arm_effect_years=-6.0,
    ),
    # As large as published. The ratios are the upper end of what is reported for methylation age.
    "realistic": Preset(dials=_AS_PUBLISHED, arm_effect_years=-2.0, ages="register"),
    # What a register study would really meet: as published, and all that real cohorts do to it.
    # No compartment is spared, because nobody knows which; ages are exact, as in a register.
    "hard": Preset(dials=_AS_PUBLISHED | _IN_REGISTERS, arm_effect_years=-2.0, ages="register"),
    # No ageing anywhere: what is found here is an error of the method.
    "null": Preset(dials=_NOTHING, hazard_ratio=1.0, odds_ratio=1.0),
    # Age stands in the scanner alone: a clock may be accurate, and its acceleration means nothing.
    "confounded": Preset(dials=_NOTHING | {"scanner": 1.0}, arm_effect_years=-2.0),
}


def choose(
    preset: str, dials: Mapping[str, float] | None = None, ratios: Mapping[str, float] | None = None
) -> Preset:
    """Return a preset with other dials or ratios where they are given.

    Parameters
    ----------
    preset
        A name in `PRESETS`.
    dials
        Dials that differ from the preset, by the names and ranges of `DIALS`; None keeps all.
    ratios
        ``hazard_ratio`` and ``odds_ratio`` per five years of acceleration that differ from the
        preset; None keeps both.

    Raises
    ------
    SettingError
        If the preset, a dial or a ratio is unknown, a dial is out of its range, dials contradict
        each other, or a ratio is not a positive number.
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        raise SettingError(f"preset: found {preset!r}, expected one of {', '.join(PRESETS)}.")
    all_dials = {**PRESETS[preset].dials, **check_dials(dials)}
    check_together(all_dials)
    changed: dict[str, Any] = {"dials": all_dials, **_checked_ratios(ratios)}
    return replace(PRESETS[preset], **changed)


def check_number(name: str, value: Any, low: float, high: float, expected: str) -> None:
    """Raise a SettingError unless the value of an argument is a number from low to high."""
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not (is_number and low <= value <= high):
        raise SettingError(f"{name}: found {value!r}, expected {expected}.")


def check_whole(name: str, value: Any, least: int) -> None:
    """Raise a SettingError unless the value of an argument is a whole number, large enough."""
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < least:
        raise SettingError(f"{name}: found {value!r}, expected a whole number from {least} up.")


def _checked_ratios(given: Any) -> dict[str, float]:
    names = ("hazard_ratio", "odds_ratio")
    expected = "a positive number per five years of acceleration; 1 plants no effect"
    if not isinstance(given, Mapping | None):
        raise SettingError(f"ratios: found {given!r}, expected such as {{{names[0]!r}: 1.0}}.")
    for name, value in (given or {}).items():
        if name not in names:
            raise SettingError(f"ratios: found {name!r}, expected names among {', '.join(names)}.")
        least, most = sys.float_info.min, sys.float_info.max
        check_number(f"ratios[{name!r}]", value, least, most, expected)
    return {name: float(value) for name, value in (given or {}).items()}
