"""The physical scale of a slide: um per pixel (mpp), from its header or from the user."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from skinage.errors import SlideError

UM_PER_UNIT = {"centimeter": 1e4, "inch": 25400.0}
PLAUSIBLE_MPP = (0.05, 5.0)
"""Resolution tags outside this range are a printer's dots per inch, not a microscope's scale."""
MPP_OF_MAGNIFICATION = {20.0: 0.5, 40.0: 0.25}
MPP_TOLERANCE = 0.05
LEVEL_TOLERANCE = 1.01
"""Downsamples of pyramids are not whole numbers (2.0005): up to 1 % coarser counts as equal."""


@dataclass(frozen=True)
class Header:
    """What a file says of itself; nothing of the patient.

    Attributes
    ----------
    vendor
        The slide format.
    levels
        Width and height of each level of the pyramid, the finest first.
    downsamples
        Level-0 px per px of each level.
    mpp
        um per level-0 px, if stated.
    magnification
        Of the objective, if stated.
    """

    vendor: str
    levels: tuple[tuple[int, int], ...]
    downsamples: tuple[float, ...]
    mpp: float | None = None
    magnification: float | None = None


def resolution_mpp(pixels_per_unit: float, unit: str) -> float | None:
    """Turn TIFF resolution tags into um per px; None if they cannot come from a microscope.

    Parameters
    ----------
    pixels_per_unit
        The tag XResolution.
    unit
        The tag ResolutionUnit in words: ``centimeter``, ``inch`` or anything else (no scale).
    """
    if unit not in UM_PER_UNIT or pixels_per_unit <= 0:
        return None
    return plausible(UM_PER_UNIT[unit] / pixels_per_unit)


def plausible(mpp: float | None) -> float | None:
    """Give back ``mpp`` if a microscope can have made it, else None."""
    return mpp if mpp is not None and PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1] else None


def slide_mpp(path: str, header: Header, given: float | None) -> float:
    """Decide the scale of a slide: the user's word, else the header, else the objective.

    Parameters
    ----------
    path
        The slide, for messages.
    header
        What the file states.
    given
        um per px as the user states it (the cohort's column ``mpp``), or None.

    Returns
    -------
    float
        um per level-0 px.

    Raises
    ------
    SlideError
        If nobody knows the scale.
    """
    stated = header.mpp
    if given is not None:
        if stated is not None and abs(given / stated - 1) > MPP_TOLERANCE:
            warnings.warn(
                f"{path}: the header says {stated:.4g} um per px, you say {given:.4g}; "
                f"{given:.4g} is used",
                stacklevel=3,
            )
        return given
    if stated is not None:
        return stated
    if header.magnification in MPP_OF_MAGNIFICATION:
        mpp = MPP_OF_MAGNIFICATION[header.magnification]
        warnings.warn(
            f"{path}: the header gives no um per px but an objective of "
            f"{header.magnification:g}x; {mpp} um per px is assumed",
            stacklevel=3,
        )
        return mpp
    raise SlideError(
        f"{path}: no scale in the file; add a column `mpp` (um per px) to the cohort table, "
        "or pass mpp= to open_slide"
    )


def finest_needed(downsamples: Sequence[float], scale: float) -> int:
    """Choose the coarsest level not coarser than ``scale`` level-0 px per target px."""
    fine_enough = [k for k, d in enumerate(downsamples) if d <= max(scale, 1) * LEVEL_TOLERANCE]
    return max(fine_enough, key=lambda k: downsamples[k])
