"""Styles as dicts for ``matplotlib.rc_context``, colours that every reader can tell apart."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
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


def axes_or_new(ax: Axes | None, width: float = 4.0, height: float = 3.2) -> Axes:
    """Give back ``ax``, or new axes of a figure of ``width`` by ``height`` inches."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=(width, height), layout="constrained")[1]
