"""Vessels, follicles and glands: wobbly ellipses in layers, each with its nuclei."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import Skin


def add_organs(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add vessels, follicles and glands to a dyed piece of skin."""
