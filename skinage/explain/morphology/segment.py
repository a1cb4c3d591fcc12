"""From a picture of a section to a map of its structures, and from the map to measures."""

import numpy as np
from numpy.typing import NDArray

from skinage.explain.morphology.dermis.collagen import measure_collagen
from skinage.explain.morphology.dermis.nuclear_measures import measure_nuclei
from skinage.explain.morphology.dermis.object_measures import measure_objects
from skinage.explain.morphology.dermis.objects import find_objects
from skinage.explain.morphology.layers.find_layers import find_layers
from skinage.explain.morphology.layers.layer_measures import measure_layers
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.segmentation import Reasons, Segmentation, Values


def segment(pixels: NDArray[np.uint8], mpp: float) -> Segmentation:
    """Divide a section into the structures of the skin.

    Parameters
    ----------
    pixels
        ``(h, w, 3)`` uint8 RGB of a whole section, any way up, with one piece or more.
    mpp
        um per px, up to 4; a picture finer than 1 um/px is reduced to 1 um/px.

    Returns
    -------
    Segmentation
        With maps at the reduced scale.

    Raises
    ------
    SettingError
        If the pixels are no RGB picture, or mpp is not between 0 and 4.
    """
    section = Section.of(pixels, mpp)
    layers = find_layers(section)
    found = find_objects(section, layers)
    return Segmentation(section, layers, found.structures, found.nuclei, found.elastosis)


def measure_section(segmentation: Segmentation) -> tuple[Values, Reasons]:
    """Measure everything in a section.

    Parameters
    ----------
    segmentation
        What `segment` found.

    Returns
    -------
    values : dict
        Measures by name; NaN where the section does not show the structure.
    reasons : dict
        Why, for each measure that is NaN.
    """
    values: Values = {}
    reasons: Reasons = {}
    for measure in (measure_layers, measure_nuclei, measure_collagen, measure_objects):
        found, why = measure(segmentation)
        values |= found
        reasons |= why
    return values, reasons
