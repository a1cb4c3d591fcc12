"""The labels that a pixel of the phantom can have."""

from enum import IntEnum


class Label(IntEnum):
    """The structure a pixel belongs to: the values of the label pyramids."""

    GLASS = 0
    STRATUM_CORNEUM = 1
    VIABLE_EPIDERMIS = 2
    PAPILLARY_DERMIS = 3
    COLLAGEN = 4
    GAP = 5
    ELASTOSIS = 6
    VESSEL = 7
    FOLLICLE = 8
    SEBACEOUS_GLAND = 9
    ECCRINE_GLAND = 10
    FAT = 11
    KERATINOCYTE_NUCLEUS = 12
    FIBROBLAST_NUCLEUS = 13
    LYMPHOCYTE = 14
    LESION = 15
    FOLD = 16
    PEN = 17
    DUST = 18


DERMIS = (Label.PAPILLARY_DERMIS, Label.COLLAGEN, Label.GAP, Label.ELASTOSIS)
"""The labels of the dermis without organs."""
LABEL_NAMES = {int(label): label.name.replace("_", " ").lower() for label in Label}
"""The name of each label, in words."""
