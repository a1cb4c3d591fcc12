"""Figures of the training: what the views do, and how the loss falls."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from skinage.figures import style

CURVES = {
    "loss": "training loss",
    "spread": "spread of features\n(near 0: collapsed)",
    "age_r2": "age by neighbours, R2",
    "scanner_share": "share of scanner\nin the variance",
}


def training_curves(history: pd.DataFrame) -> Figure:
    """Draw the loss and what was measured of the features after every epoch.

    Parameters
    ----------
    history
        A row per epoch: ``epoch`` and any of ``loss``, ``spread``, ``age_r2``, ``scanner_share``.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    names = [name for name in CURVES if name in history]
    figure, axes = plt.subplots(
        1, len(names), figsize=(2.3 * len(names), 2.2), squeeze=False, layout="constrained"
    )
    for name, ax in zip(names, axes[0], strict=True):
        sns.lineplot(history, x="epoch", y=name, estimator=None, color=style.BLUE, marker="o",
                     markersize=3.5, ax=ax)  # fmt: skip
        ax.set_title(CURVES[name], fontsize=9)
        ax.set_ylabel("")
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

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    names = ["tile", *(f"view {number + 1}" for number in range(len(views)))]
    figure, _ = style.picture_grid([pixels, *views], names)
    figure.suptitle("Each column is one tile and the views made of it", fontsize=10)
    return figure


def switch_gallery(
    pixels: np.ndarray, pictures: Mapping[str, np.ndarray], tile_names: Sequence[str]
) -> Figure:
    """Draw what each switch of the views does to some tiles, one switch per row.

    Parameters
    ----------
    pixels
        ``(n, h, w, 3)`` uint8 tiles.
    pictures
        The pictures ``(n, s, s, 3)`` in 0 to 1 by the name of the switch or of the views, such as
        `skinage.contrastive.views.choice.one_switch_each` returns.
    tile_names
        The name of each tile, written above the first of neighbours with the same name.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    figure, axes = style.picture_grid([pixels, *pictures.values()], ["tile", *pictures])
    side, (height, width) = next(iter(pictures.values())).shape[1], pixels.shape[1:3]
    corner = (width - side) // 2 - 0.5, (height - side) // 2 - 0.5
    for column, (ax, name) in enumerate(zip(axes[0], tile_names, strict=True)):
        # The part that views show which are not moved.
        ax.add_patch(Rectangle(corner, side, side, fill=False, color="black", linewidth=0.8))
        if column == 0 or name != tile_names[column - 1]:
            ax.set_title(name, loc="left", fontsize=9)
    return figure
