"""The measures of a section: what each is, its unit, and by how much tissue it counts."""

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
_LARGE, _DARK = ("larger", "smaller"), ("darker", "paler")
MEASURES = {
    "epidermis_um": Measure("viable epidermis", "um", "surface_mm", *_THICK),
    "epidermis_p05_um": Measure("thinnest epidermis (5 %)", "um", "surface_mm", *_THICK),
    "epidermis_p95_um": Measure("thickest epidermis (95 %)", "um", "surface_mm", *_THICK),
    "corneum_um": Measure("stratum corneum", "um", "surface_mm", *_THICK),
    "interdigitation": Measure(
        "length of the junction over its chord", "", "surface_mm", "greater", "smaller"
    ),
}
"""Each measure by name, in the order of the tables."""


def in_words(name: str, difference: float) -> str:
    """Return a difference in words, such as "viable epidermis 3.1 um thinner"."""
    measure = MEASURES[name]
    word = measure.more if difference > 0 else measure.less
    amount = f"{abs(difference):.2g}" if abs(difference) < 100 else f"{abs(difference):.0f}"
    return " ".join(part for part in (measure.what, amount, measure.unit, word) if part)
