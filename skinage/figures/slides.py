"""Figures of slides: where the tissue and the tiles are, and what the tiles look like."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from skinage.figures.style import BLUE, VERMILLION, axes_or_new, scale_bar


def slide_overview(
    thumbnail: NDArray[np.uint8],
    mask: NDArray[np.bool_],
    tiles: pd.DataFrame,
    *,
    thumbnail_mpp: float = 8.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a slide with the outline of its tissue, its tiles and a scale bar.

    Parameters
    ----------
    thumbnail
        (height, width, 3) uint8 RGB of the whole slide.
    mask
        Tissue over the whole slide, of any resolution.
    tiles
        The rows of the tile table of this slide: x, y, extent_px, tile_px, mpp.
    thumbnail_mpp
        um per px of the thumbnail.
    ax
        Where to draw; new axes if not given.
    """
    height, width = thumbnail.shape[:2]
    ax = axes_or_new(ax, 5.0, 5.0 * height / width)
    ax.imshow(thumbnail, interpolation="antialiased", extent=(0, width, height, 0))
    x = (np.arange(mask.shape[1]) + 0.5) * width / mask.shape[1]
    y = (np.arange(mask.shape[0]) + 0.5) * height / mask.shape[0]
    if mask.any() and not mask.all():
        ax.contour(x, y, mask, levels=[0.5], colors=BLUE, linewidths=1.0)
    squares = []
    for tile in tiles.itertuples():
        to_thumbnail = tile.mpp * tile.tile_px / tile.extent_px / thumbnail_mpp
        side = tile.extent_px * to_thumbnail
        squares.append(Rectangle((tile.x * to_thumbnail, tile.y * to_thumbnail), side, side))
    ax.add_collection(PatchCollection(squares, facecolor="none", edgecolor=VERMILLION, lw=0.8))
    ax.set(xticks=[], yticks=[], title=f"{len(tiles)} tiles, tissue outlined")
    ax.spines[:].set_visible(False)
    scale_bar(ax, thumbnail_mpp)
    return ax


def tile_gallery(
    pixels: NDArray[np.uint8],
    titles: Sequence[str] | None = None,
    mpp: float | None = None,
    columns: int = 8,
) -> Figure:
    """Show tiles side by side.

    Parameters
    ----------
    pixels
        (n, height, width, 3) uint8 RGB.
    titles
        A text above each tile.
    mpp
        um per px; if given, the first tile carries a scale bar.
    columns
        Tiles per row.
    """
    columns = max(1, min(columns, len(pixels)))
    rows = max(1, -(-len(pixels) // columns))
    figure, axes = plt.subplots(
        rows,
        columns,
        figsize=(1.2 * columns, (1.2 if titles is None else 1.4) * rows),
        squeeze=False,
        layout="constrained",
    )
    for index, ax in enumerate(axes.flat):
        ax.axis("off")
        if index < len(pixels):
            ax.imshow(pixels[index])
            ax.set_title("" if titles is None else titles[index], fontsize=8)
    if mpp is not None and len(pixels):
        scale_bar(axes[0, 0], mpp)
    return figure
