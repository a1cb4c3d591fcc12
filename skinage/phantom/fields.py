"""Random fields on pixels: smooth noise, and a texture of cells parted by gaps."""

import numpy as np
from scipy.ndimage import map_coordinates


def smooth_noise(rng: np.random.Generator, shape: tuple[int, int], scale_px: float) -> np.ndarray:
    """Draw Gaussian noise (unit variance) that varies over about `scale_px`.

    White noise on a coarse grid, spread by one matrix product per axis: a few milliseconds
    for a slide.
    """
    down, across = (_spread(size, scale_px) for size in shape)
    white = rng.standard_normal((down.shape[1], across.shape[1]), dtype=np.float32)
    return down @ white @ across.T


def smooth_line(rng: np.random.Generator, size: int, scale_px: float) -> np.ndarray:
    """Draw `smooth_noise` along one axis."""
    return smooth_noise(rng, (1, size), scale_px)[0]


def _spread(size: int, scale_px: float) -> np.ndarray:
    knots = np.arange(-3, size / scale_px + 3, dtype=np.float32) * scale_px
    apart = (np.arange(size, dtype=np.float32)[:, None] - knots) / scale_px
    weight = np.exp(-(apart**2))
    return weight / np.sqrt((weight**2).sum(axis=1, keepdims=True))


class CellTexture:
    """A periodic mosaic of convex cells (Worley noise) to be laid out in any coordinates.

    Parameters
    ----------
    rng
        Source of the cell centres.
    n_cells
        Cells in a row, and rows, before the mosaic repeats.
    texels
        Resolution of a cell.

    Attributes
    ----------
    edge
        ``(n_cells * texels,) * 2`` distance to the nearest border, in cell widths.
    cell
        As `edge`: number of the cell, below ``n_cells ** 2``.
    """

    def __init__(self, rng: np.random.Generator, n_cells: int = 40, texels: int = 12) -> None:
        self.n_cells, self.texels, self.period = n_cells, texels, n_cells * texels
        centres = rng.uniform(0.1, 0.9, (2, n_cells, n_cells)).astype(np.float32)
        texel = (np.arange(self.period, dtype=np.float32) + 0.5) / texels
        home = np.arange(self.period) // texels
        first = np.full((self.period, self.period), 9, np.float32)
        second, self.cell = first.copy(), np.zeros(first.shape, np.int16)
        for down, across in np.ndindex(3, 3):
            rows, cols = home + down - 1, home + across - 1
            pick = np.ix_(rows % n_cells, cols % n_cells)
            apart = (centres[0][pick] + (rows - texel)[:, None].astype(np.float32)) ** 2
            apart += (centres[1][pick] + (cols - texel).astype(np.float32)) ** 2
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
