"""The measures of a section: what each is, its unit, and by how much tissue it counts."""

from collections.abc import Mapping
from typing import NamedTuple


class Measure(NamedTuple):
    """A measure of the tissue.

    Attributes
    ----------
    what
        The tissue in words, with an article where English has one.
    unit
        ``um``, ``um2``, ``per mm``, ``per mm2``, or empty for a share or a ratio.
    weight
        The total (`TOTALS`) that parts and slides are weighed by.
    more, less
        The words for a greater and a smaller value.
    """

    what: str
    unit: str
    weight: str
    more: str = "more"
    less: str = "less"

    @property
    def is_size(self) -> bool:
        """True for a length, an area or a density, which change by a part of themselves."""
        return self.unit != ""


TOTALS = ("n_parts", "section_mm2", "surface_mm", "epidermis_mm2", "dermis_mm2")
"""What is added up: how much tissue a row rests on."""
_THICK, _WIDE = ("thicker", "thinner"), ("wider", "narrower")
_LARGE, _GREAT = ("larger", "smaller"), ("greater", "smaller")
_SKIN, _DERMIS, _EPIDERMIS = "surface_mm", "dermis_mm2", "epidermis_mm2"
MEASURES = {
    "epidermis_um": Measure("viable epidermis", "um", _SKIN, *_THICK),
    "epidermis_p05_um": Measure("thinnest epidermis (5 %)", "um", _SKIN, *_THICK),
    "epidermis_p95_um": Measure("thickest epidermis (95 %)", "um", _SKIN, *_THICK),
    "corneum_um": Measure("stratum corneum", "um", _SKIN, *_THICK),
    "interdigitation": Measure("junction length over chord", "", _SKIN, *_GREAT),
    "ridges_per_mm": Measure("ridges", "per mm", _SKIN),
    "ridge_height_um": Measure("ridges", "um", _SKIN, "deeper", "shallower"),
    "papilla_islands_per_mm": Measure("islands of papillae", "per mm", _SKIN),
    "dermis_um": Measure("dermis", "um", _SKIN, *_THICK),
    "epidermal_nuclei_per_mm2": Measure("epidermal nuclei", "per mm2", _EPIDERMIS),
    "epidermal_nucleus_um2": Measure("epidermal nuclei", "um2", _EPIDERMIS, *_LARGE),
    "epidermal_nucleus_roundness": Measure(
        "epidermal nuclei, width over length", "", _EPIDERMIS, *_GREAT
    ),
    "epidermal_nucleus_haematoxylin": Measure(
        "epidermal nuclei, haematoxylin", "", _EPIDERMIS, "darker", "paler"
    ),
}
"""Each measure by name, in the order of the tables."""

WEIGHTS = {name: measure.weight for name, measure in MEASURES.items()} | dict.fromkeys(
    ("sure_fraction", "fold_fraction"), "section_mm2"
)
"""The total that each measure, and each sign of quality, is weighed by."""
FLAGS = {
    "folded": ("fold_fraction", 0.02),
    "cut across the ridges": ("papilla_islands_per_mm", 2.0),
    "much is unsure": ("unsure_fraction", 0.2),
}
"""Words for a section to look at, and the measure that is then above the limit."""


def flags_of(values: Mapping[str, float]) -> str:
    """Return in words what is wrong with a section; empty if nothing is."""
    known = {**values, "unsure_fraction": 1 - values.get("sure_fraction", 1.0)}
    found = [words for words, (name, most) in FLAGS.items() if known.get(name, 0.0) > most]
    return ", ".join(found)


def in_words(name: str, difference: float) -> str:
    """Return a difference in words, such as "viable epidermis 3.1 um thinner"."""
    measure = MEASURES[name]
    word = measure.more if difference > 0 else measure.less
    amount = f"{abs(difference):.2g}" if abs(difference) < 100 else f"{abs(difference):.0f}"
    return " ".join(part for part in (measure.what, amount, measure.unit, word) if part)
