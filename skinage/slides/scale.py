"""The physical scale of a slide: um per pixel (mpp), from its header or from the user."""

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from skinage.errors import SlideError

UM_PER_UNIT = {2: 25400.0, 3: 1e4}
"""um per inch and per cm, by the numbers that the TIFF standard gives to units."""
PLAUSIBLE_MPP = (0.05, 5.0)
"""Resolution tags outside this range are a printer's dots per inch, not a microscope's scale."""
UM_AT_1X = 10.0
"""um per px times magnification of usual scanners: 20x is about 0.5, 40x about 0.25."""
OBJECTIVE_TOLERANCE = 1.7
MPP_TOLERANCE = 0.05
LEVEL_TOLERANCE = 1.01
"""Downsamples of pyramids are not whole numbers (2.0005): up to 1 % coarser counts as equal."""


@dataclass(frozen=True)
class Header:
    """What a file states about its pixels; nothing about the patient.

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
        Magnification of the objective, if stated.
    """

    vendor: str
    levels: tuple[tuple[int, int], ...]
    downsamples: tuple[float, ...]
    mpp: float | None = None
    magnification: float | None = None


def resolution_mpp(pixels_per_unit: float, unit: int) -> float | None:
    """Return um per px from TIFF resolution tags; None if they cannot come from a microscope.

    Parameters
    ----------
    pixels_per_unit
        The tag XResolution.
    unit
        The tag ResolutionUnit: 2 (inch), 3 (cm) or anything else (no scale).
    """
    if unit not in UM_PER_UNIT or pixels_per_unit <= 0:
        return None
    return plausible(UM_PER_UNIT[unit] / pixels_per_unit)


def plausible(mpp: float | None) -> float | None:
    """Return ``mpp`` if a microscope can have made it, else None."""
    return mpp if mpp is not None and PLAUSIBLE_MPP[0] <= mpp <= PLAUSIBLE_MPP[1] else None


def slide_mpp(path: str, header: Header, given: float | None) -> float:
    """Return the scale of a slide: from the user, else the header, else the objective.

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
        If the scale is unknown, or not above 0.
    """
    stated, magnification = header.mpp, header.magnification
    usual = None if magnification is None else UM_AT_1X / magnification
    if given is not None:
        if not given > 0:
            raise SlideError(f"{path}: mpp must be above 0 um per px, got {given:g}")
        if stated is not None and abs(given / stated - 1) > MPP_TOLERANCE:
            _warn(f"{path}: the header says {stated:.4g} um per px, you say {given:.4g}", given)
        return given
    if stated is not None:
        if usual and not 1 / OBJECTIVE_TOLERANCE < stated / usual < OBJECTIVE_TOLERANCE:
            doubt = f"an objective of {magnification:g}x, which gives about {usual:.3g}"
            _warn(f"{path}: the header says {stated:.4g} um per px, yet {doubt}", stated)
        return stated
    if usual:
        _warn(f"{path}: the header gives an objective of {magnification:g}x, no um per px", usual)
        return usual
    raise SlideError(
        f"{path}: no scale in the file; add a column `mpp` (um per px) to the cohort table, "
        "or pass mpp= to open_slide"
    )


def _warn(what: str, used: float) -> None:
    warnings.warn(f"{what}; {used:.4g} um per px is used: is that right?", stacklevel=4)


def true_downsamples(
    levels: Sequence[tuple[int, int]], stated: Sequence[float]
) -> tuple[float, ...]:
    """Return how many level-0 px make a pixel of each level, without the rounding of level sizes.

    A level of half of 2,221 px has 1,110: a ratio of 2.0009 that would shift the far edge by a
    pixel. Where a power of two, or else a whole number, explains the sizes to within a pixel, that
    is the downsample.

    Parameters
    ----------
    levels
        Width and height of each level in px, the finest first.
    stated
        Downsample of each level as the ratio of sizes (or the format) gives it.
    """
    return tuple(_whole(levels[0], size, ratio) for size, ratio in zip(levels, stated, strict=True))


def _whole(finest: tuple[int, int], size: tuple[int, int], ratio: float) -> float:
    for whole in (2 ** round(math.log2(ratio)), round(ratio)):
        fits = all(abs(a / whole - b) < 1 for a, b in zip(finest, size, strict=True))
        if fits and abs(whole / ratio - 1) < 0.5:
            return float(whole)
    return ratio


def finest_needed(downsamples: Sequence[float], scale: float) -> int:
    """Return the coarsest level not coarser than ``scale`` level-0 px per target px."""
    fine_enough = [k for k, d in enumerate(downsamples) if d <= max(scale, 1) * LEVEL_TOLERANCE]
    return max(fine_enough, key=lambda k: downsamples[k])
