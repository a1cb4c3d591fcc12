"""A section drawn in amounts of stain: layers by depth, and whatever a test puts into them."""

import numpy as np
import pytest

from skinage.explain.morphology.dermis.objects import find_objects
from skinage.explain.morphology.layers.find_layers import Layers
from skinage.explain.morphology.section.section import Section
from skinage.explain.morphology.section.stain import SectionStain
from skinage.explain.morphology.segmentation import Segmentation
from skinage.explain.morphology.structures import Structure

VECTORS = np.array([[0.50, 0.80, 0.33], [0.08, 0.86, 0.50]])
STRENGTHS = np.array([0.9, 0.5])
BLOOD_OD = np.array([0.02, 0.25, 0.40], np.float32)


class Drawn:
    """A section of 600 x 800 um: glass, 60 um of epidermis, 75 um of papillary dermis, dermis."""

    def __init__(self, mpp=1.0):
        self.mpp = mpp
        axes = [(np.arange(round(side / mpp)) + 0.5) * mpp for side in (600, 800)]
        self.down, self.across = np.meshgrid(*axes, indexing="ij")
        self.below_um = (self.down - 100).astype(np.float32)
        edges = [40, 100, 175]
        kinds = [Structure.GLASS, Structure.EPIDERMIS, Structure.PAPILLARY_DERMIS]
        names = np.array([*kinds, Structure.RETICULAR_DERMIS], np.uint8)
        self.structures = names[np.searchsorted(edges, self.down)]
        self.haematoxylin = np.array([0, 0.3, 0.03, 0.01], np.float32)[
            np.searchsorted(edges, self.down)
        ]
        self.eosin = np.array([0, 0.8, 0.6, 0.9], np.float32)[np.searchsorted(edges, self.down)]
        self.blood = np.zeros(self.down.shape, np.float32)

    def put(self, middle, radius_um, haematoxylin, eosin, *, width_um=None, blood=0.0):
        """Paint an ellipse, lying along the columns; its width is that of a circle by default."""
        half = radius_um if width_um is None else width_um / 2
        away = np.hypot((self.across - middle[1]) / radius_um, (self.down - middle[0]) / half)
        inside = away < 1
        for plane, value in (
            (self.haematoxylin, haematoxylin), (self.eosin, eosin), (self.blood, blood),
        ):  # fmt: skip
            plane[inside] = value

    def nuclei(self, middles, *, radius_um=6.0, width_um=5.0, haematoxylin=1.2):
        """Paint nuclei."""
        for middle in middles:
            self.put(middle, radius_um, haematoxylin, 0.3, width_um=width_um)

    def section(self):
        """Return the section."""
        amounts = np.stack([self.haematoxylin, self.eosin], axis=-1) * STRENGTHS
        density = (amounts @ VECTORS).astype(np.float32) + self.blood[..., None] * BLOOD_OD
        tissue = self.structures != Structure.GLASS
        stain = SectionStain(VECTORS, STRENGTHS, True)
        haematoxylin, eosin = stain.amounts(density)
        return Section(self.mpp, density, tissue, ~tissue & False, haematoxylin, eosin, stain)

    def segmentation(self):
        """Return the section with what was found in its known layers."""
        section = self.section()
        layers = Layers(
            self.structures, self.below_um, self.below_um + 60, [], [], section.tissue & False
        )
        found = find_objects(section, layers)
        return Segmentation(section, layers, found.structures, found.nuclei, found.elastosis)


@pytest.fixture
def drawn():
    """Return a new `Drawn` at 1 um per px."""
    return Drawn()


@pytest.fixture
def draw():
    """Return the class, for another scale."""
    return Drawn
