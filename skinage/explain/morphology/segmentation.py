"""What was found in a section."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.layers.find_layers import Layers
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.structures import Structure

Values = dict[str, float]
Reasons = dict[str, str]
"""Measures by name, NaN where a section does not show the structure, and why."""


@dataclass(frozen=True)
class Segmentation:
    """What a section shows, at 1 um/px or at its own scale if that is coarser.

    Attributes
    ----------
    section
        Amounts of stain.
    layers
        The layers alone, with surface and junction as lines.
    structures
        ``(h, w)`` uint8, values of `Structure`.
    nuclei
        ``(h, w)`` int32: the number of the nucleus, 0 elsewhere; they lie within structures.
    elastosis
        ``(h, w)`` bool, within the dermis.
    """

    section: Section
    layers: Layers
    structures: NDArray[np.uint8]
    nuclei: NDArray[np.int32]
    elastosis: NDArray[np.bool_]

    @property
    def mpp(self) -> float:
        """Return um per px of all maps."""
        return self.section.mpp

    @property
    def below_um(self) -> NDArray[np.float32]:
        """Return um below the junction, ``(h, w)``: negative above; NaN without a junction."""
        return self.layers.below_um

    @property
    def sure_fraction(self) -> float:
        """Return the share of the tissue that is neither folded, nor dusty, nor under pen."""
        tissue = np.count_nonzero(self.structures != Structure.GLASS)
        unsure = np.count_nonzero(self.structures == Structure.UNSURE)
        return float(1 - unsure / tissue) if tissue else 0.0
