"""Figures of slides: where the tissue and the tiles are, and what the tiles look like."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from skinage.figures.style import (
    BLUE,
    GREEN,
    GREY,
    HALO,
    ORANGE,
    PURPLE,
    SKY,
    VERMILLION,
    axes_or_new,
    scale_bar,
)

REASONS = {
    "pen_fraction": ("pen", ORANGE),
    "fold_fraction": ("fold", PURPLE),
    "blood_fraction": ("blood", VERMILLION),
    "sharpness": ("not sharp", SKY),
    "tissue_fraction": ("little tissue", GREY),
}
"""Words and colours for what a tile can be refused for."""


def slide_overview(
    thumbnail: NDArray[np.uint8],
    mask: NDArray[np.bool_] | NDArray[np.int32],
    tiles: pd.DataFrame,
    rejected: pd.DataFrame | None = None,
    *,
    thumbnail_mpp: float = 8.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a slide: its tissue, the tiles kept, those left out and why, and a scale bar.

    Parameters
    ----------
    thumbnail
        (height, width, 3) uint8 RGB of the whole slide.
    mask
        Tissue over the whole slide, of any resolution; the numbers of its pieces, if given instead,
        are written on them.
    tiles
        The rows of the tile table of this slide: x, y, extent_px, tile_px, mpp.
    rejected
        Tiles that were refused, with the same columns and ``reason``; the first reason counts.
    thumbnail_mpp
        um per px of the thumbnail.
    ax
        Where to draw; new axes if not given.
    """
    height, width = thumbnail.shape[:2]
    ax = axes_or_new(ax, 5.0, 5.0 * height / width + 0.6)
    ax.imshow(thumbnail, interpolation="antialiased", extent=(0, width, height, 0))
    _outline(ax, mask, width, height)
    groups = {} if rejected is None else _by_reason(rejected)
    groups[f"{len(tiles)} tiles kept"] = GREEN, tiles
    for colour, rows in groups.values():
        _squares(ax, rows, thumbnail_mpp, colour)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    scale_bar(ax, thumbnail_mpp)
    ax.legend(
        handles=[
            Patch(facecolor="none", edgecolor=colour, label=label)
            for label, (colour, _) in reversed(groups.items())
        ],
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        fontsize="small",
        handlelength=1.0,
        handleheight=1.0,
    )
    return ax


def _outline(
    ax: Axes, mask: NDArray[np.bool_] | NDArray[np.int32], width: int, height: int
) -> None:
    """Draw the border of the tissue, and number its pieces if they have numbers."""
    x = (np.arange(mask.shape[1]) + 0.5) * width / mask.shape[1]
    y = (np.arange(mask.shape[0]) + 0.5) * height / mask.shape[0]
    if mask.any() and not mask.all():
        ax.contour(x, y, mask > 0, levels=[0.5], colors=BLUE, linewidths=1.0)
    numbers = [] if mask.dtype == bool else range(1, int(mask.max(initial=0)) + 1)
    for number in numbers:
        rows, columns = np.nonzero(mask == number)
        ax.annotate(
            str(number),
            (x[columns.min()], y[rows.min()]),
            color=BLUE,
            ha="right",
            va="bottom",
            fontweight="bold",
            path_effects=HALO,
        )


def _by_reason(rejected: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """Group tiles by the first reason: a label with count and limit, a colour, and the rows."""
    parts = rejected["reason"].str.extract(r"^(\w+) \S+ (\(at (?:least|most) [^)]+\))")
    groups = {}
    for name, (word, colour) in REASONS.items():
        rows = rejected[parts[0] == name]
        if len(rows):
            groups[f"{len(rows)} left out: {word} {parts[1][rows.index[0]]}"] = colour, rows
    return groups


def _squares(ax: Axes, tiles: pd.DataFrame, thumbnail_mpp: float, colour: str) -> None:
    squares = []
    for tile in tiles.itertuples():
        to_thumbnail = tile.mpp * tile.tile_px / tile.extent_px / thumbnail_mpp
        side = tile.extent_px * to_thumbnail
        squares.append(Rectangle((tile.x * to_thumbnail, tile.y * to_thumbnail), side, side))
    ax.add_collection(PatchCollection(squares, facecolor="none", edgecolor=colour, lw=0.9))


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
