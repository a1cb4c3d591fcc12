"""The four presets: how strongly each effect is planted, and who the people are.

There is one law (`skinage.phantom.tissue`); a preset is nothing but dials and ratios.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from skinage.errors import StageError

EFFECTS = (
    "epidermis",
    "rete",
    "dermis",
    "collagen",
    "disorder",
    "bundles",
    "elastosis",
    "fibroblasts",
    "dark_nuclei",
    "vessels",
    "adnexa",
)
"""What ages in the tissue; each has a dial."""
DIALS = (*EFFECTS, "scanner")
MAX_DIAL = 2.0


@dataclass(frozen=True)
class Preset:
    """A cohort's settings.

    Attributes
    ----------
    dials
        A number from 0 to 2 for each name in `DIALS`: 0 plants no effect, 1 the stated law, 2 twice
        that. ``scanner`` ties the scanner to age.
    hazard_ratio, odds_ratio
        Planted effect of five years of acceleration on death and on disease.
    arm_effect_years
        What the treatment adds to the acceleration of the treated by their later biopsy.
    ages
        ``"uniform"``: 20 to 90 years alike; ``"register"``: as biopsies come, few young and most
        between 45 and 75.
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
    preset: str,
    dials: Mapping[str, float] | None = None,
    hazard_ratio: float | None = None,
    odds_ratio: float | None = None,
) -> Preset:
    """Take a preset and replace in it what was asked for otherwise.

    Parameters
    ----------
    preset
        A name in `PRESETS`.
    dials
        Effects to set otherwise, 0 to 2 each.
    hazard_ratio, odds_ratio
        Positive ratios per five years of acceleration; those of the preset if not given.

    Raises
    ------
    StageError
        If the preset or a dial is unknown, a dial is not a number from 0 to 2, or a ratio is not
        a positive number.
    """
    if not isinstance(preset, str) or preset not in PRESETS:
        raise StageError(f"preset: found {preset!r}, expected one of {', '.join(PRESETS)}.")
    known = PRESETS[preset]
    return replace(
        known,
        dials={**known.dials, **_checked_dials(dials)},
        hazard_ratio=_checked_ratio("hazard_ratio", hazard_ratio, known.hazard_ratio),
        odds_ratio=_checked_ratio("odds_ratio", odds_ratio, known.odds_ratio),
    )


def _checked_ratio(name: str, ratio: float | None, of_preset: float) -> float:
    if ratio is None:
        return of_preset
    if not (_is_number(ratio) and ratio > 0):
        raise StageError(
            f"{name}: found {ratio!r}, expected a positive number per five years of "
            "acceleration; 1 plants no effect."
        )
    return float(ratio)


def _checked_dials(dials: Mapping[str, float] | None) -> dict[str, float]:
    if not isinstance(dials, Mapping | None):
        raise StageError(
            f"dials: found {dials!r}, expected a name and a number each, such as "
            "{'epidermis': 0.5}."
        )
    for name, dial in (dials or {}).items():
        if name not in DIALS:
            raise StageError(f"dials: found {name!r}, expected names among {', '.join(DIALS)}.")
        if not (_is_number(dial) and 0 <= dial <= MAX_DIAL):
            raise StageError(
                f"dials: found {dial!r} for {name}, expected a number from 0 (no effect) over 1 "
                f"(the stated law) to {MAX_DIAL:g}."
            )
    return {name: float(dial) for name, dial in (dials or {}).items()}


def _is_number(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and math.isfinite(value)
