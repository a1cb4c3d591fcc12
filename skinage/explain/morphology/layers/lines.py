"""Outlines as lines in um: the surface and the dermo-epidermal junction."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.measure import find_contours

from skinage.explain.morphology.section.grid import Mask, smooth

SHORTEST_UM = 40.0
"""Shorter runs of a line are dropped."""


@dataclass(frozen=True)
class Line:
    """A run of an outline.

    Attributes
    ----------
    points_um
        ``(n, 2)`` um down and across from the corner of the picture.
    along_um
        ``(n,)`` how far each point has come along the skin, folds and ridges left out.
    """

    points_um: NDArray[np.float64]
    along_um: NDArray[np.float64]

    @property
    def length_um(self) -> float:
        """Length with all its bends."""
        return float(np.hypot(*np.diff(self.points_um, axis=0).T).sum())

    @property
    def chord_um(self) -> float:
        """Length along the skin."""
        return float(abs(self.along_um[-1] - self.along_um[0]))

    def values(self, plane: NDArray[np.float32], unit_um: float) -> NDArray[np.float64]:
        """Return the values of a plane at the points, between its pixels."""
        middles = self.points_um.T / unit_um - 0.5
        return ndimage.map_coordinates(plane, middles, order=1, mode="nearest")


def outline(
    mask: Mask, keep: Mask, outward: NDArray[np.float32], *, sigma_um: float, unit_um: float
) -> list[Line]:
    """Return the runs of a mask's outline that lie in a second mask.

    Parameters
    ----------
    mask
        ``(h, w)`` bool.
    keep
        ``(h, w)`` bool, a band about the wanted part of the outline.
    outward
        ``(2, h, w)`` unit vectors across the skin.
    sigma_um
        The outline is smoothed by this much: it is followed between pixels.
    unit_um
        um per px.

    Returns
    -------
    list of Line
        Without runs shorter than 40 um.
    """
    soft = smooth(mask.astype(np.float32), sigma_um, unit_um)
    # An outline that leaves the picture ends there; it does not turn back along the margin.
    runs = [run for contour in find_contours(soft, 0.5) for run in _runs(contour, keep)]
    lines = [_line(run, outward, unit_um) for run in runs]
    return [line for line in lines if line.length_um >= SHORTEST_UM]


def _runs(contour: NDArray[np.float64], keep: Mask) -> list[NDArray[np.float64]]:
    rows, cols = np.rint(contour).astype(int).T
    kept = keep[rows, cols]
    closed = len(contour) > 2 and np.array_equal(contour[0], contour[-1])
    if closed and not kept.all():  # begin where nothing is kept, or a run would be cut in two
        start = int(np.argmin(kept))
        contour = np.concatenate([contour[start:-1], contour[: start + 1]])
        kept = np.concatenate([kept[start:-1], kept[: start + 1]])
    edges = np.flatnonzero(np.diff(np.concatenate([[0], kept.astype(np.int8), [0]])))
    return [contour[a:b] for a, b in edges.reshape(-1, 2) if b - a > 1]


def _line(run: NDArray[np.float64], outward: NDArray[np.float32], unit_um: float) -> Line:
    rows, cols = np.rint(run).astype(int).T
    down, across = outward[:, rows, cols]
    steps = np.diff(run, axis=0) * unit_um
    along = steps[:, 0] * -across[1:] + steps[:, 1] * down[1:]  # a quarter turn from outward
    return Line((run + 0.5) * unit_um, np.concatenate([[0.0], np.cumsum(along)]))
