"""Figures of the training: what the views do, and how the loss falls."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from skinage.figures.style import BLUE, axes_or_new


def loss_curve(history: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the contrastive loss against the epoch.

    Parameters
    ----------
    history
        Columns ``epoch`` and ``loss``.
    ax
        Axes to draw on; new ones if none.
    """
    ax = axes_or_new(ax, 4.5, 2.8)
    ax.plot(history["epoch"], history["loss"], color=BLUE, marker="o", markersize=3)
    ax.set(xlabel="epoch", ylabel="contrastive loss", title="Training")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    return ax


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
