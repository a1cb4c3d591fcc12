"""Figures of synthetic skin: beside real skin at the same scale, and what each pixel is."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from skinage.figures import style

# In the order of the labels: layers, dermis, organs, nuclei, what is not tissue.
LABEL_COLOURS = (
    "#FFFFFF", "#B8860B", "#8C6BB1", "#FDE0EF", "#E9A3C9", "#DDDDDD", "#80B1D3", "#C51B1D",
    "#1B7837", "#7FBC41", "#00A6A6", "#FFF2A8", "#4D1A6B", "#08306B", "#000000", "#A6611A",
    "#6B6B6B", "#0033CC", "#252525",
)  # fmt: skip


def skin_panels(pictures: Mapping[str, NDArray[np.uint8]], mpp: float = 1.0) -> Figure:
    """Draw pictures of skin side by side at one physical scale.

    Parameters
    ----------
    pictures
        ``(h, w, 3)`` uint8 RGB pictures by title, all at the same `mpp`; larger ones get more room.
    mpp
        um per px of all pictures.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    heights, widths, _ = zip(*(picture.shape for picture in pictures.values()), strict=True)
    across = 4.4 * len(pictures)
    size = across, across * max(heights) / sum(widths) + 0.3
    figure, axes = plt.subplots(
        1, len(pictures), figsize=size, squeeze=False, layout="constrained", width_ratios=widths
    )
    for ax, (title, picture) in zip(axes.flat, pictures.items(), strict=True):
        style.show_picture(ax, picture, mpp)
        ax.set_title(title)
    return figure


def label_map(
    labels: NDArray[np.uint8], names: Mapping[int, str], mpp: float, *, ax: Axes | None = None
) -> Axes:
    """Draw what each pixel of a synthetic slide is, with a legend of what occurs.

    Parameters
    ----------
    labels
        ``(h, w)`` uint8: the label of each pixel.
    names
        The name of each label.
    mpp
        um per px of `labels`.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    height, width = labels.shape
    ax = style.axes_or_new(ax, 7.5, 5.0 * height / width)
    colours = ListedColormap(LABEL_COLOURS)
    # A label is no quantity: pixels are picked, never mixed.
    ax.imshow(labels, cmap=colours, vmin=0, vmax=len(LABEL_COLOURS) - 1, interpolation="nearest")
    edge: dict[str, Any] = {"edgecolor": style.GREY, "linewidth": 0.4}
    present = [int(label) for label in np.unique(labels)]
    patches = [Patch(facecolor=LABEL_COLOURS[k], label=names[k], **edge) for k in present]
    ax.legend(handles=patches, loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_color(style.GREY)
    ax.spines[:].set_visible(True)  # glass is as white as the page
    style.scale_bar(ax, mpp)
    return ax
