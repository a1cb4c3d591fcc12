"""What lies on or is done to the section and is not tissue: folds, lesions, dust, pen."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import Skin


def add_lesion(skin: Skin, slide: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add a patch of scar or of a naevus to the dermis."""


def add_fold(skin: Skin, slide: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Fold the section: a band lies double."""


def mark(
    picture: np.ndarray,
    labels: np.ndarray,
    slide: Mapping[str, Any],
    rng: np.random.Generator,
    mpp: float,
) -> None:
    """Put dust and pen on the finished picture, in place."""
