"""The measures of a section: what each is, its unit, and by how much tissue it counts."""

from collections.abc import Mapping
from typing import NamedTuple


class Measure(NamedTuple):
    """A measure of the tissue.

    Attributes
    ----------
    what
        The tissue in words.
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
    less: str = "fewer"

    @property
    def is_size(self) -> bool:
        """True for a length, an area or a density, which change by a part of themselves."""
        return self.unit != ""


TOTALS = ("n_parts", "section_mm2", "surface_mm", "epidermis_mm2", "dermis_mm2")
"""What is added up: how much tissue a row rests on."""
_THICK, _WIDE = ("thicker", "thinner"), ("wider", "narrower")
_LARGE, _GREAT = ("larger", "smaller"), ("greater", "smaller")
_ROUND, _DARK = ("rounder", "longer"), ("darker", "paler")
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
        "epidermal nuclei (width over length)", "", _EPIDERMIS, *_ROUND
    ),
    "epidermal_nucleus_haematoxylin": Measure(
        "epidermal nuclei (haematoxylin)", "", _EPIDERMIS, *_DARK
    ),
    "dermal_nuclei_per_mm2": Measure("dermal nuclei", "per mm2", _DERMIS),
    "dermal_nucleus_um2": Measure("dermal nuclei", "um2", _DERMIS, *_LARGE),
    "dermal_nucleus_roundness": Measure("dermal nuclei (width over length)", "", _DERMIS, *_ROUND),
    "dermal_nucleus_haematoxylin": Measure("dermal nuclei (haematoxylin)", "", _DERMIS, *_DARK),
    "spindle_nuclei_per_mm2": Measure("spindle nuclei (fibroblasts)", "per mm2", _DERMIS),
    "dark_nuclei_fraction": Measure("dark share of spindle nuclei", "", _DERMIS, *_GREAT),
    "inflammation_per_mm2": Measure("clusters of inflammation", "per mm2", _DERMIS),
    "inflammation_fraction": Measure("inflamed share of dermis", "", _DERMIS, *_GREAT),
    "papillary_collagen_fraction": Measure("papillary collagen share", "", _DERMIS, *_GREAT),
    "reticular_collagen_fraction": Measure("reticular collagen share", "", _DERMIS, *_GREAT),
    "gap_fraction": Measure("gaps between bundles, share", "", _DERMIS, *_GREAT),
    "gap_um": Measure("gaps between bundles", "um", _DERMIS, *_WIDE),
    "bundle_um": Measure("collagen bundles", "um", _DERMIS, *_WIDE),
    "fibre_coherency": Measure("fibre coherency", "", _DERMIS, *_GREAT),
    "orientation_entropy": Measure("entropy of fibre directions", "", _DERMIS, *_GREAT),
    "fibre_order": Measure("fibre order along the surface", "", _DERMIS, *_GREAT),
    "adnexa_per_mm2": Measure("adnexa", "per mm2", _DERMIS),
    "adnexa_fraction": Measure("adnexal share of dermis", "", _DERMIS, *_GREAT),
    "vessels_per_mm2": Measure("vessels", "per mm2", _DERMIS),
    "vessel_um": Measure("vessels", "um", _DERMIS, *_WIDE),
    "elastosis_um": Measure("elastosis", "um", _SKIN, "deeper", "shallower"),
    "elastosis_fraction": Measure("elastotic share of upper dermis", "", _DERMIS, *_GREAT),
}
"""Each measure by name, in the order of the tables."""

CORE = (
    "epidermis_um", "ridge_height_um", "corneum_um", "dermis_um", "reticular_collagen_fraction",
    "bundle_um", "fibre_order", "elastosis_um", "spindle_nuclei_per_mm2", "dark_nuclei_fraction",
    "vessel_um",
)  # fmt: skip
"""One measure for each property of the skin of which studies report whether age changes it.

Of several, it is the one that follows drawn tissue most closely
(``benchmarks/explanations_morphology.py``): more of them would share the weight of one property,
and a clock has few people. Numbers of vessels, adnexa and infiltrates are left out, because one
section holds a handful.
"""
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
    size, unit = abs(difference), measure.unit
    if name.endswith("_fraction"):
        size, unit = 100 * size, "percentage points"
    amount = f"{size:.2g}" if size < 100 else f"{size:.0f}"
    return " ".join(part for part in (measure.what, amount, unit, word) if part)
