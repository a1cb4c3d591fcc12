"""Figures of slides: where the tissue and the tiles are, and what the tiles look like."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PatchCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from numpy.typing import NDArray

from skinage.figures import style

REASONS = {
    "pen_fraction": ("pen", style.ORANGE),
    "fold_fraction": ("fold", style.PURPLE),
    "blood_fraction": ("blood", style.VERMILLION),
    "sharpness": ("not sharp", style.SKY),
    "tissue_fraction": ("little tissue", style.GREY),
}
"""Words and colours for the reasons to reject a tile."""


def slide_overview(
    thumbnail: NDArray[np.uint8],
    mask: NDArray[np.bool_] | NDArray[np.int32],
    tiles: pd.DataFrame,
    *,
    rejected: pd.DataFrame | None = None,
    thumbnail_mpp: float = 8.0,
    ax: Axes | None = None,
) -> Axes:
    """Draw a slide: its tissue, the tiles kept, those rejected and why, and a scale bar.

    Parameters
    ----------
    thumbnail
        ``(height, width, 3)`` uint8 RGB of the whole slide.
    mask
        The tissue over the whole slide, at any resolution. If the numbers of its pieces are given
        instead, they are written on them.
    tiles
        The rows of the tile table of this slide: ``x``, ``y``, ``extent_px``, ``tile_px``, ``mpp``.
    rejected
        The rejected tiles, with the same columns and ``reason`` (the first reason counts); None
        draws none.
    thumbnail_mpp
        um per px of the thumbnail.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    height, width = thumbnail.shape[:2]
    ax = style.axes_or_new(ax, 5.0, 5.0 * height / width + 0.6)
    ax.imshow(thumbnail, interpolation="antialiased", extent=(0, width, height, 0))
    _outline(ax, mask, width, height)
    groups = {} if rejected is None else _by_reason(rejected)
    groups[f"{len(tiles)} tiles kept"] = style.GREEN, tiles
    for colour, rows in groups.values():
        _squares(ax, rows, thumbnail_mpp, colour)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    style.scale_bar(ax, thumbnail_mpp)
    patches = [Patch(facecolor="none", edgecolor=c, label=name) for name, (c, _) in groups.items()]
    ax.legend(handles=patches[::-1], loc="upper center", bbox_to_anchor=(0.5, 0.0),
              fontsize="small", handlelength=1.0, handleheight=1.0)  # fmt: skip
    return ax


def _outline(
    ax: Axes, mask: NDArray[np.bool_] | NDArray[np.int32], width: int, height: int
) -> None:
    """Draw the border of the tissue, and number its pieces if they have numbers."""
    x = (np.arange(mask.shape[1]) + 0.5) * width / mask.shape[1]
    y = (np.arange(mask.shape[0]) + 0.5) * height / mask.shape[0]
    if mask.any() and not mask.all():
        ax.contour(x, y, mask > 0, levels=[0.5], colors=style.BLUE, linewidths=1.0)
    numbers = [] if mask.dtype == bool else range(1, int(mask.max(initial=0)) + 1)
    for number in numbers:
        rows, columns = np.nonzero(mask == number)
        ax.annotate(str(number), (x[columns.min()], y[rows.min()]), color=style.BLUE, ha="right",
                    va="bottom", fontweight="bold", path_effects=style.HALO)  # fmt: skip


def _by_reason(rejected: pd.DataFrame) -> dict[str, tuple[str, pd.DataFrame]]:
    """Group tiles by the first reason: a label with count and limit, a colour, and the rows."""
    parts = rejected["reason"].str.extract(r"^(\w+) \S+ (\(at (?:least|most) [^)]+\))")
    groups = {}
    for name, (word, colour) in REASONS.items():
        rows = rejected[parts[0] == name]
        if len(rows):
            groups[f"{len(rows)} rejected: {word} {parts[1][rows.index[0]]}"] = colour, rows
    return groups


def _squares(ax: Axes, tiles: pd.DataFrame, thumbnail_mpp: float, colour: str) -> None:
    to_thumbnail = tiles["mpp"] * tiles["tile_px"] / tiles["extent_px"] / thumbnail_mpp
    places = tiles[["x", "y", "extent_px"]].mul(to_thumbnail, axis=0).to_numpy()
    squares = [Rectangle((x, y), side, side) for x, y, side in places]
    ax.add_collection(PatchCollection(squares, facecolor="none", edgecolor=colour, lw=0.9))


def tile_gallery(
    pixels: NDArray[np.uint8],
    titles: Sequence[str] | None = None,
    *,
    mpp: float | None = None,
    columns: int = 8,
) -> Figure:
    """Draw tiles side by side.

    Parameters
    ----------
    pixels
        ``(n, height, width, 3)`` uint8 RGB.
    titles
        The text above each tile; None writes none.
    mpp
        um per px, for a scale bar on the first tile; None draws no bar.
    columns
        The number of tiles in a row.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    starts = range(0, max(len(pixels), 1), columns)
    figure, axes = style.picture_grid([pixels[k : k + columns] for k in starts], [""] * len(starts),
                                inches=1.2 if titles is None else 1.4)  # fmt: skip
    for ax, title in zip(axes.flat, titles or (), strict=False):
        ax.set_title(title, fontsize=8)
    if mpp is not None and len(pixels):
        style.scale_bar(axes[0, 0], mpp)
    return figure
