"""The two stains of a section, estimated from the section itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from skinage.stains import EOSIN, HAEMATOXYLIN

LEAST_DENSITY = 0.06
"""Paler pixels say too little about the colour of a stain."""
LEAST_UM2 = 20_000.0
"""Tissue dense enough, below which the stain of the project is taken."""
NUCLEAR_SHARE, NUCLEAR_END = 0.02, 0.75
"""Haematoxylin: this share of the tissue, which absorbs red most, is surely nuclear; the quantile
of its angles that is the stain's own, since collagen lies above and below most nuclei."""
COLLAGEN_SHARE, COLLAGEN_END = 0.5, 0.2
"""Eosin: this share of the tissue is dense; the quantile of its angles that is collagen."""
LEAST_ANGLE_DEG, MOST_ANGLE_DEG = 8.0, 50.0
"""Between the stains; outside of it a section does not show both."""

Plane = NDArray[np.float32]


@dataclass(frozen=True)
class SectionStain:
    """The stain of one section.

    Attributes
    ----------
    vectors
        ``(2, 3)`` optical density in red, green and blue of haematoxylin and eosin, length 1.
    strengths
        ``(2,)`` optical density along them of a typical dense nucleus and of dense collagen.
    estimated
        Whether the vectors are the section's own; otherwise those of `skinage.stains`.
    """

    vectors: NDArray[np.float64]
    strengths: NDArray[np.float64]
    estimated: bool

    def amounts(self, density: Plane) -> tuple[Plane, Plane]:
        """Return haematoxylin and eosin of ``(h, w, 3)`` densities, both ``(h, w)``."""
        unmixing = _unmixing(self.vectors) / self.strengths[:, None]
        mixed = density.reshape(-1, 3) @ unmixing.T.astype(np.float32)
        haematoxylin, eosin = mixed.T.copy().reshape(2, *density.shape[:2])
        return haematoxylin, eosin


def estimate_stain(density: Plane, tissue: NDArray[np.bool_], mpp: float) -> SectionStain:
    """Estimate vectors and strengths of haematoxylin and eosin.

    As Macenko and others: within the plane of the two largest variances of optical density, the
    stains are the directions at the two ends of the tissue's angles. The ends are sought in what is
    surely nuclear and in what is dense, not in all tissue, so that they do not follow how many
    nuclei a section shows.

    Parameters
    ----------
    density
        ``(h, w, 3)`` optical density beyond the glass.
    tissue
        ``(h, w)`` bool.
    mpp
        um per px.

    Returns
    -------
    SectionStain
        With the vectors of `skinage.stains` if there is too little tissue or one stain only.

    References
    ----------
    Macenko and others, "A method for normalizing histology slides for quantitative analysis", 2009.
    """
    step = max(1, round(2 / mpp))
    smooth = ndimage.gaussian_filter(density, (0.7 / mpp, 0.7 / mpp, 0), truncate=3)
    some = smooth[::step, ::step][tissue[::step, ::step]]
    some = some[some[:, 1] > LEAST_DENSITY]
    vectors, estimated = np.stack([HAEMATOXYLIN, EOSIN]), False
    if len(some) * (step * mpp) ** 2 >= LEAST_UM2:
        found = _ends(some)
        angle = np.rad2deg(np.arccos(np.clip(found[0] @ found[1], -1, 1)))
        if LEAST_ANGLE_DEG <= angle <= MOST_ANGLE_DEG:
            vectors, estimated = found, True
    return SectionStain(vectors, _strengths(some, vectors), estimated)


def _ends(some: Plane) -> NDArray[np.float64]:
    plane = np.linalg.eigh(some.T @ some / len(some))[1][:, :0:-1]  # (3, 2), largest first
    plane = plane * np.sign(plane[1])
    angle = np.arctan2(*(some @ plane).T[::-1])
    red, green = some[:, 0], some[:, 1]
    nuclear = angle[red >= np.quantile(red, 1 - NUCLEAR_SHARE)]
    dense = angle[green >= np.quantile(green, 1 - COLLAGEN_SHARE)]
    turn = np.sign(np.median(nuclear) - np.median(dense)) or 1.0  # towards haematoxylin
    ends = turn * np.array(
        [np.quantile(turn * nuclear, NUCLEAR_END), np.quantile(turn * dense, COLLAGEN_END)]
    )
    vectors = np.clip(np.stack([np.cos(ends), np.sin(ends)], axis=1) @ plane.T, 0.01, None)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _strengths(some: Plane, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(some):
        return np.ones(2)
    haematoxylin, eosin = (some @ _unmixing(vectors).T.astype(np.float32)).T
    most = np.quantile(haematoxylin, 0.998)
    nucleus = np.median(haematoxylin[haematoxylin > 0.5 * most])
    pale = haematoxylin < 0.3 * nucleus
    collagen = np.quantile(eosin[pale], 0.75) if pale.any() else np.quantile(eosin, 0.75)
    return np.maximum([nucleus, collagen], 0.05)


def _unmixing(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return ``(2, 3)``: the amounts in a density; the rest is perpendicular to both stains."""
    neither = np.cross(vectors[0], vectors[1])
    stains = np.stack([*vectors, neither / np.linalg.norm(neither)])
    return np.linalg.inv(stains.T)[:2]
