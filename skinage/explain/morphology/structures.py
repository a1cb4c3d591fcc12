"""The structures that a section of skin is divided into."""

from enum import IntEnum


class Structure(IntEnum):
    """What a pixel of a section belongs to: the values of a map of structures."""

    GLASS = 0
    CORNEUM = 1
    EPIDERMIS = 2
    PAPILLARY_DERMIS = 3
    RETICULAR_DERMIS = 4
    SUBCUTIS = 5
    ADNEXA = 6
    VESSEL = 7
    UNSURE = 8


DERMIS = (Structure.PAPILLARY_DERMIS, Structure.RETICULAR_DERMIS)
"""The dermis without adnexa and vessels."""
STRUCTURE_NAMES = {
    Structure.GLASS: "glass",
    Structure.CORNEUM: "stratum corneum",
    Structure.EPIDERMIS: "viable epidermis",
    Structure.PAPILLARY_DERMIS: "papillary dermis",
    Structure.RETICULAR_DERMIS: "reticular dermis",
    Structure.SUBCUTIS: "subcutis",
    Structure.ADNEXA: "adnexa",
    Structure.VESSEL: "vessels",
    Structure.UNSURE: "unsure (fold, pen, dust)",
}
"""The name of each structure, in words."""
