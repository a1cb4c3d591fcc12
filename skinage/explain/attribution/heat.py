"""A heat map of a tile, with its unit and what it was compared with."""

from dataclasses import dataclass

import numpy as np

PER_PIXEL = "years per pixel"
"""The unit of heat that adds up to years."""


@dataclass(frozen=True, eq=False)
class Attribution:
    """The contribution of a tile to a person's predicted age, pixel by pixel.

    Attributes
    ----------
    heat
        ``(h, w)`` float32, in the ``unit``; above 0 makes the person older.
    age_years
        The predicted age with the tile as it is.
    difference_years
        ``age_years`` less the predicted age with the baseline in place of the tile, the mean over
        the pictures of the baseline; NaN for a method without a baseline.
    standard_error_years
        Standard error of the difference over the pictures of the baseline; 0 for one picture.
    method
        As `attribute` names it.
    unit
        "years per pixel", which add up to years, or another one, which adds up to nothing.
    baseline
        What the tile was compared with, in words.
    n_passes
        How many pictures went through the encoder.
    """

    heat: np.ndarray
    age_years: float
    difference_years: float
    standard_error_years: float
    method: str
    unit: str
    baseline: str
    n_passes: int

    @property
    def completeness_error(self) -> float:
        """Return ``|heat.sum() - difference_years|`` in years; NaN where the heat has no years.

        It is 0 for an exact integral, and for occlusion the part that only several patches
        together make.
        """
        if self.unit != PER_PIXEL:
            return float("nan")
        return abs(float(self.heat.sum(dtype=float)) - self.difference_years)
