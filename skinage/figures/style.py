"""Styles as dicts for ``matplotlib.rc_context``, colours that every reader can tell apart."""

from collections.abc import Sequence
from typing import Any

import matplotlib.patheffects as patheffects
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

PAPER: dict[Any, Any] = {
    "figure.dpi": 110,
    "savefig.dpi": 300,
    "savefig.bbox": "tight",
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "svg.fonttype": "none",
    "pdf.fonttype": 42,
}
"""For a printed page: text stays text in SVG and PDF, 300 dpi in PNG."""

# Okabe and Ito (2008), readable with every common colour-vision deficiency.
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
GREY = "#6B6B6B"
COLOURS: Sequence[str] = (BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY)
"""Categories, in this order."""
SEQUENTIAL = "viridis"
DIVERGING = "PuOr_r"
HALO = [patheffects.withStroke(linewidth=2.5, foreground="white")]
"""Keeps dark text and lines readable on tissue."""


def axes_or_new(ax: Axes | None, width: float = 4.0, height: float = 3.2) -> Axes:
    """Give back ``ax``, or new axes of a figure of ``width`` by ``height`` inches."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def scale_bar(ax: Axes, mpp: float) -> None:
    """Draw a bar of 1, 2 or 5 times a power of ten um, up to 40 % of the picture on ``ax``.

    Parameters
    ----------
    ax
        Axes that show a picture in px.
    mpp
        um per px of that picture.
    """
    left, right = sorted(ax.get_xlim())
    bottom = max(ax.get_ylim())
    longest_um = 0.4 * (right - left) * mpp
    power = 10.0 ** np.floor(np.log10(longest_um))
    length_um = max(step * power for step in (1, 2, 5) if step * power <= longest_um)
    start, y = left + 0.06 * (right - left), bottom - 0.08 * (right - left)
    ax.plot([start, start + length_um / mpp], [y, y], color="black", linewidth=2.5,
            solid_capstyle="butt", path_effects=HALO)  # fmt: skip
    ax.annotate(f"{length_um:g} µm", (start, y), (0, 3), textcoords="offset points", fontsize=7,
                va="bottom", path_effects=HALO)  # fmt: skip


def plain(name: str) -> str:
    """Turn a column's name into words: ``age_years`` into "age (years)"."""
    for ending, unit in (("_years", " (years)"), ("_px", " (px)"), ("_per_mm2", " per mm²")):
        if name.endswith(ending):
            return name.removesuffix(ending).replace("_", " ") + unit
    return name.replace("_", " ")
