"""The four presets: how strongly each effect is planted, and who the people are.

There is one law (`skinage.phantom.tissue`); a preset is nothing but dials and ratios.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skinage.errors import SettingError

EFFECTS = (
    "epidermis", "rete", "dermis", "collagen", "disorder", "bundles", "elastosis", "fibroblasts",
    "dark_nuclei", "vessels", "adnexa",
)  # fmt: skip
"""The effects of age on the tissue; each has a dial."""
DIALS = (*EFFECTS, "scanner")
MAX_DIAL = 2.0
RATIOS = ("hazard_ratio", "odds_ratio")
SMALLEST = math.nextafter(0.0, 1.0)


@dataclass(frozen=True)
class Preset:
    """The settings of a cohort.

    Attributes
    ----------
    dials
        A number from 0 to 2 for each name in `DIALS`: 0 plants no effect, 1 the stated law, 2 twice
        that. ``scanner`` ties the scanner to age.
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
_STATED_LAW = dict.fromkeys(EFFECTS, 1.0) | {"scanner": 0.0}

PRESETS = {
    # Clear enough to be learned from a hundred people.
    "teaching": Preset(
        dials=_STATED_LAW | {"disorder": 1.4, "bundles": 2.0, "fibroblasts": 1.7},
        hazard_ratio=1.5,
        odds_ratio=1.5,
        arm_effect_years=-6.0,
    ),
    # As large as published. Half the law where studies or body sites disagree.
    "realistic": Preset(
        dials=_STATED_LAW
        | {
            # Thinner by 6 to 7 % per decade (PMID 2384222); no effect in Sandby-Møller 2003.
            "epidermis": 0.5,
            # Falls in papillary and reticular dermis (PMC4089350); unchanged at other sites.
            "collagen": 0.5,
            # The number is reported to fall in exposed skin only; one dial moves number and size.
            "vessels": 0.5,
        },
        hazard_ratio=1.15,  # the upper end of what is reported for methylation age
        odds_ratio=1.15,
        arm_effect_years=-2.0,
        ages="register",
    ),
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
        Effects that differ from the preset, 0 to 2 each; None keeps all.
    ratios
        ``hazard_ratio`` and ``odds_ratio`` per five years of acceleration that differ from the
        preset; None keeps both.

    Raises
    ------
    SettingError
        If the preset, a dial or a ratio is unknown, a dial is not a number from 0 to 2, or a ratio
        is not a positive number.
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        raise SettingError(f"preset: found {preset!r}, expected one of {', '.join(PRESETS)}.")
    dial = f"a number from 0 (no effect) over 1 (the stated law) to {MAX_DIAL:g}"
    ratio = "a positive number per five years of acceleration; 1 plants no effect"
    dials = _checked("dials", dials, DIALS, (0.0, MAX_DIAL), dial)
    ratios = _checked("ratios", ratios, RATIOS, (SMALLEST, math.inf), ratio)
    changed: dict[str, Any] = {"dials": {**PRESETS[preset].dials, **dials}, **ratios}
    return replace(PRESETS[preset], **changed)


def check_number(
    name: str, value: Any, low: float, high: float, expected: str, *, whole: bool = False
) -> None:
    """Raise a SettingError unless the value of an argument is a finite number from low to high."""
    numbers = (int, np.integer) if whole else (int, float, np.number)
    is_number = isinstance(value, numbers) and not isinstance(value, bool)
    if not (is_number and math.isfinite(value) and low <= value <= high):
        raise SettingError(f"{name}: found {value!r}, expected {expected}.")


def check_whole(name: str, value: Any, least: int) -> None:
    """Raise a SettingError unless the value of an argument is a whole number, large enough."""
    check_number(name, value, least, math.inf, f"a whole number from {least} up", whole=True)


def _checked(
    name: str, given: Any, names: Sequence[str], limits: tuple[float, float], expected: str
) -> dict[str, float]:
    if not isinstance(given, Mapping | None):
        raise SettingError(f"{name}: found {given!r}, expected such as {{{names[0]!r}: 1.0}}.")
    for key, value in (given or {}).items():
        if key not in names:
            raise SettingError(f"{name}: found {key!r}, expected names among {', '.join(names)}.")
        check_number(f"{name}[{key!r}]", value, *limits, expected)
    return {key: float(value) for key, value in (given or {}).items()}
