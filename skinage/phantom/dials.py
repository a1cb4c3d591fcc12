"""The dials of the phantom: what each does, in which range, and where that is known from.

The dials of effects change the law of ageing; all others plant what real cohorts do to a study. At
0 a dial of the second kind changes nothing, not even a random number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from skinage.errors import SettingError


@dataclass(frozen=True)
class Dial:
    """A dial: `what` it does in a sentence, the `source` of that, and its range.

    `whole` allows whole numbers only; a `gap` forbids those between 0 and itself.
    """

    what: str
    source: str
    high: float = 1.0
    whole: bool = False
    gap: float = 0.0

    @property
    def range(self) -> str:
        """Return the range in words."""
        if self.gap:
            return f"a whole number: 0 or from {self.gap:g} to {self.high:g}"
        if self.whole:
            return "0 or 1"
        if self.high == 2:
            return "a number from 0 (no effect) over 1 (the stated law) to 2"
        return f"a number from 0 to {self.high:g}"

    def allows(self, value: Any) -> bool:
        """Return whether a value is within the range."""
        if isinstance(value, bool) or not isinstance(value, int | float | np.number):
            return False
        whole = not self.whole or float(value).is_integer()
        return bool(0 <= value <= self.high and (value == 0 or value >= self.gap) and whole)


COMPARTMENT_OF = {
    "epidermis": "epidermis",
    "rete": "epidermis",
    "dermis": "dermis",
    "collagen": "dermis",
    "disorder": "dermis",
    "bundles": "dermis",
    "elastosis": "dermis",
    "fibroblasts": "dermis",
    "dark_nuclei": "dermis",
    "vessels": "vessels",
    "adnexa": "dermis",
}
"""The effects of age on the tissue, each with a dial, and the compartment that each belongs to."""
EFFECTS = tuple(COMPARTMENT_OF)
COMPARTMENTS = ("epidermis", "dermis", "vessels")

_LAW = "Size of this effect of age on the tissue."
_SPARED = "At 1 death and disease follow the mean acceleration of the other compartments."

DIALS: dict[str, Dial] = {
    **{effect: Dial(_LAW, "skinage.phantom.tissue", 2) for effect in EFFECTS},
    "scanner": Dial("Older people are scanned by scanner B, younger ones by A.", "Howard 2021", 2),
    "compartments": Dial(
        "Epidermis, dermis and vessels have accelerations of their own, which correlate by 1 - k.",
        "Tian 2023 (organs of one person); size: proposal",
    ),
    **{f"spare_{name}": Dial(_SPARED, "proposal", whole=True) for name in COMPARTMENTS},
    "saturation": Dial(
        "Years of attained age beyond 55 count only 1 - k in the tissue.",
        "El Khoury 2019 (methylation clocks)",
        0.9,
    ),
    "threshold": Dial("Years before 45 count only 1 - k in the tissue.", "proposal"),
    "sex_slope": Dial(
        "The tissue of men ages 1 + k/2 times as fast, that of women 1 - k/2 times.",
        "Shuster 1975 (sexes differ); size: proposal",
    ),
    "hazard_curve": Dial(
        "The log hazard gains .1 k per squared decade of attained age from 60.", "proposal"
    ),
    "prevalence_curve": Dial(
        "The log odds of diseases that follow age lose .15 k per squared decade from 60.",
        "IDF Diabetes Atlas (prevalence falls in the oldest); size: proposal",
    ),
    "age_by_sex": Dial(
        "Hazard and log odds rise with age 1 + k/2 times as steeply in men, 1 - k/2 in women.",
        "proposal",
    ),
    "waning": Dial(
        "The log hazard ratio of acceleration falls as exp(-k · years since biopsy / 5).",
        "proposal",
    ),
    "hospitals": Dial(
        "Five hospitals, each with its own scanner (A to E), differ in age, disease and death.",
        "Howard 2021 (sites can be told from slides); size: proposal",
    ),
    "outdoor": Dial(
        "An unmeasured outdoor life raises elastosis, smoking and death.",
        "Kennedy 2003 (elastosis), Doll 2004 (smokers die at twice the rate)",
    ),
    "survival": Dial(
        "People must have survived to their biopsy, so the old are slow agers.",
        "Vaupel 1979",
    ),
    "indication": Dial(
        "Being biopsied depends on acceleration and diseases, by three indications.",
        "Munafò 2018 (colliders); size: proposal",
    ),
    "emigration": Dial(
        "More people leave the register, slow agers most.",
        "Razum 1998 (healthy migrants); size: proposal",
    ),
    "causes": Dial(
        "The log hazard ratio of deaths of other causes is 1 - k of the planted one.", "proposal"
    ),
    "skin_disease": Dial(
        "Diabetes adds 8 k years to the dermis.", "Monnier 1984 (collagen); size: proposal"
    ),
    "calendar": Dial(
        "Mortality falls by 2 k % a year, later people are older, and old slides fade more.",
        "Human Mortality Database; ages and fading: proposal",
    ),
    "drift": Dial(
        "Acceleration changes between two visits by 3 k years (SD) and regresses to the mean.",
        "proposal",
    ),
    "chosen_arm": Dial(
        "The treated are chosen for a high measured gap at the first biopsy.", "Barnett 2005"
    ),
    "dropout": Dial(
        "The share k of the treated who feel worse do not come to the later biopsy.", "proposal"
    ),
    "brackets": Dial(
        "The cohort table holds brackets of k years in place of ages.", "GTEx", 20, True, 2
    ),
}
"""Every dial by name."""


def check_dials(given: Any) -> dict[str, float]:
    """Return dials as numbers.

    Raises
    ------
    SettingError
        If it is no mapping, or a name or a value is not in `DIALS`.
    """
    if not isinstance(given, Mapping | None):
        raise SettingError(f"dials: found {given!r}, expected such as {{'epidermis': 1.0}}.")
    for name, value in (given or {}).items():
        if name not in DIALS:
            raise SettingError(f"dials: found {name!r}, expected names among {', '.join(DIALS)}.")
        if not DIALS[name].allows(value):
            dial = DIALS[name]
            raise SettingError(f"dials[{name!r}]: found {value!r}, expected {dial.range}.")
    return {name: float(value) for name, value in (given or {}).items()}


def check_together(dials: Mapping[str, float]) -> None:
    """Raise a SettingError if dials contradict each other."""
    spared = [f"spare_{name}" for name in COMPARTMENTS]
    if all(dials[name] for name in spared):
        raise SettingError(
            f"dials: found {', '.join(spared)} all 1, expected one at 0: death must follow one."
        )
    if dials["scanner"] and dials["hospitals"]:
        raise SettingError(
            "dials: found scanner and hospitals above 0, expected one of them: a hospital brings "
            "its own scanner."
        )
