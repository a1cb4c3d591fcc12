"""Random fields on a window: smooth noise, and a texture of cells parted by gaps."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import map_coordinates

from skinage.phantom.randomness import Rng


@dataclass(frozen=True)
class Window:
    """A field of view: its size in um and the size of its pixels.

    Everything is placed in um, so that a window shows the same piece at any `mpp`.
    """

    height_um: float
    width_um: float
    mpp: float

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return round(self.height_um / self.mpp), round(self.width_um / self.mpp)

    def axes_um(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the middles of rows and of columns, um."""
        down, across = ((np.arange(n, dtype=np.float32) + 0.5) * self.mpp for n in self.shape)
        return down, across

    def pixels(self, spots_um: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the rows and columns of ``(n, 2)`` um (down, across), moved into the window."""
        rows, cols = (spots_um / self.mpp).astype(np.int32).T
        return rows.clip(0, self.shape[0] - 1), cols.clip(0, self.shape[1] - 1)


def smooth_noise(rng: Rng, window: Window, scale_um: float) -> np.ndarray:
    """Draw ``(h, w)`` Gaussian noise of unit variance that varies over about `scale_um`.

    White noise on a coarse grid, spread by one matrix product per axis: a few milliseconds
    for a slide.
    """
    sizes = zip((window.height_um, window.width_um), window.axes_um(), strict=True)
    down, across = (_spread(size, at, scale_um) for size, at in sizes)
    white = rng.standard_normal((down.shape[1], across.shape[1]), dtype=np.float32)
    return down @ white @ across.T


def smooth_line(rng: Rng, at_um: np.ndarray, scale_um: float) -> np.ndarray:
    """Draw `smooth_noise` along a line: at positions from 0 up, um."""
    spread = _spread(float(at_um[-1]), at_um.astype(np.float32), scale_um)
    return spread @ rng.standard_normal(spread.shape[1], dtype=np.float32)


def _spread(size_um: float, at_um: np.ndarray, scale_um: float) -> np.ndarray:
    knots = np.arange(-3, size_um / scale_um + 3, dtype=np.float32) * scale_um
    weight = np.exp(-(((at_um[:, None] - knots) / scale_um) ** 2))
    return weight / np.sqrt((weight**2).sum(axis=1, keepdims=True))


def turned(
    down: np.ndarray, across: np.ndarray, angle: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return how far places lie along a direction and beside it; angle in radians."""
    cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
    return across * cosine + down * sine, down * cosine - across * sine


def unit(angle: float | np.ndarray) -> np.ndarray:
    """Return the step (down, across) of length 1 in a direction; an array gives ``(2, n)``."""
    return np.array([np.sin(angle), np.cos(angle)])


class CellTexture:
    """A periodic mosaic of convex cells (Worley noise) that any coordinates can look up.

    Parameters
    ----------
    rng
        The generator that places the cell centres.
    n_cells
        The number of cells in a row, and of rows, before the mosaic repeats.
    texels
        The number of samples across a cell.
    jitter
        How far a centre may lie from the middle of its square; 0 gives squares.

    Attributes
    ----------
    centres
        ``(2, n_cells, n_cells)`` places of the centres within their squares, 0 to 1.
    edge
        ``(n_cells * texels,) * 2`` distance to the nearest border, in cell widths.
    cell
        The number of the cell, below ``n_cells ** 2``; shaped as `edge`.
    """

    def __init__(self, rng: Rng, n_cells: int = 40, texels: int = 12, jitter: float = 0.4) -> None:
        self.n_cells, self.texels, self.period = n_cells, texels, n_cells * texels
        self.centres = rng.uniform(0.5 - jitter, 0.5 + jitter, (2, n_cells, n_cells))
        self.centres = self.centres.astype(np.float32)
        texel = (np.arange(self.period, dtype=np.float32) + 0.5) / texels
        home = np.arange(self.period) // texels
        first = np.full((self.period, self.period), 9, np.float32)
        second, self.cell = first.copy(), np.zeros(first.shape, np.int16)
        for down, across in np.ndindex(3, 3):
            rows, cols = home + down - 1, home + across - 1
            pick = np.ix_(rows % n_cells, cols % n_cells)
            apart = (self.centres[0][pick] + (rows - texel)[:, None].astype(np.float32)) ** 2
            apart += (self.centres[1][pick] + (cols - texel).astype(np.float32)) ** 2
            number = (rows[:, None] % n_cells * n_cells + cols % n_cells).astype(np.int16)
            nearer = apart < first
            second = np.where(nearer, first, np.minimum(second, apart))
            self.cell = np.where(nearer, number, self.cell)
            first = np.where(nearer, apart, first)
        self.edge = (np.sqrt(second) - np.sqrt(first)) / 2

    def edge_at(self, down: np.ndarray, across: np.ndarray) -> np.ndarray:
        """Interpolate the distance to the border at coordinates counted in cells."""
        where = np.stack([down, across]) * self.texels
        return map_coordinates(self.edge, where, order=1, mode="grid-wrap")

    def nearest(self, down: np.ndarray, across: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Look up number of the cell and distance to its border, without interpolation."""
        # Moved into the positive first, where cutting off the decimals is rounding down.
        rows, cols = (
            ((c + 100 * self.n_cells) * self.texels).astype(np.int32) % self.period
            for c in (down, across)
        )
        at = rows * self.period + cols
        return self.cell.take(at), self.edge.take(at)
