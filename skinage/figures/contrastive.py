"""Figures of the training: what the views do, and how the loss falls."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from skinage.figures.style import BLUE

CURVES = {
    "loss": "training loss",
    "spread": "spread of features\n(near 0: collapsed)",
    "age_r2": "age by neighbours, R2",
    "scanner_share": "share of scanner\nin the variance",
}


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw how the loss falls and what was found in the features after every epoch.

    Parameters
    ----------
    history
        A row per epoch: ``epoch`` and any of ``loss``, ``spread``, ``age_r2``, ``scanner_share``.
    """
    names = [name for name in CURVES if name in history]
    figure, axes = plt.subplots(
        1, len(names), figsize=(2.3 * len(names), 2.2), squeeze=False, layout="constrained"
    )
    for name, ax in zip(names, axes[0], strict=True):
        ax.plot(history["epoch"], history[name], color=BLUE, marker="o", markersize=2.5)
        ax.set(xlabel="epoch", title=CURVES[name])
        ax.title.set_fontsize(9)
        if name in ("spread", "scanner_share"):  # shares: small changes shall look small
            ax.set_ylim(0, 1 if name == "spread" else None)
        ax.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
    return figure


def view_gallery(pixels: np.ndarray, views: np.ndarray) -> Figure:
    """Draw tiles and, below each, some views that the encoder has to call the same.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 tiles.
    views
        ``(n_views, n, h, w, 3)`` in 0 to 1.
    """
    rows, columns = len(views) + 1, len(pixels)
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.85 * columns + 0.8, 0.85 * rows + 0.3), squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for row in range(rows):
        for column in range(columns):
            picture = pixels[column] if row == 0 else views[row - 1, column]
            axes[row, column].imshow(picture)
            axes[row, column].set(xticks=[], yticks=[])
            axes[row, column].spines[:].set_visible(False)
        axes[row, 0].set_ylabel("tile" if row == 0 else f"view {row}", rotation=0, ha="right")
    figure.suptitle("Each column is one tile and the views made of it", fontsize=10)
    return figure


def switch_gallery(
    pixels: np.ndarray, pictures: dict[str, np.ndarray], tile_names: Sequence[str]
) -> Figure:
    """Draw what each switch of the views does to some tiles, one switch per row.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 tiles, phantom and real side by side.
    pictures
        Name of the switch or of the views: ``(n, s, s, 3)`` in 0 to 1; see
        `skinage.contrastive.views.choice.one_switch_each`.
    tile_names
        What to write above each tile; once above neighbours of the same name.
    """
    rows = {"tile": pixels} | pictures
    figure, axes = plt.subplots(
        len(rows), len(pixels), figsize=(0.85 * len(pixels) + 1.3, 0.85 * len(rows) + 0.5),
        squeeze=False, layout="constrained",
    )  # fmt: skip
    for (name, row), row_axes in zip(rows.items(), axes, strict=True):
        for picture, ax in zip(row, row_axes, strict=True):
            ax.imshow(picture)
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        row_axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    side, (height, width) = next(iter(pictures.values())).shape[1], pixels.shape[1:3]
    corner = (width - side) // 2 - 0.5, (height - side) // 2 - 0.5
    for column, (ax, name) in enumerate(zip(axes[0], tile_names, strict=True)):
        # The part that views show which are not moved.
        ax.add_patch(Rectangle(corner, side, side, fill=False, color="black", linewidth=0.8))
        if column == 0 or name != tile_names[column - 1]:
            ax.set_title(name, loc="left", fontsize=9)
    return figure
