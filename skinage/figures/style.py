"""Styles as dicts for ``matplotlib.rc_context``, colours that every reader can tell apart."""

from collections.abc import Iterator, Sequence
from typing import Any

import matplotlib.patheffects as patheffects
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
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
DOTS: dict[str, Any] = {"s": 14, "alpha": 0.75, "linewidths": 0}
"""Dots of people."""
SEXES = {"F": ("women", ORANGE), "M": ("men", BLUE)}
"""Words and colours for the sexes, in this order."""
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


def legend_above(ax: Axes, n_columns: int, title: str = "") -> None:
    """Put the legend over the axes, where it hides nobody."""
    ax.legend(
        title=title, loc="lower left", bbox_to_anchor=(0, 1), ncols=n_columns, alignment="left",
        borderaxespad=0.2, columnspacing=1, handletextpad=0.4, handlelength=1.4, borderpad=0.2,
    )  # fmt: skip


def signed(number: float, form: str = "z.1f") -> str:
    """Write a number with the minus sign that axes have; with z in its form there is no -0.0."""
    return format(number, form).replace("-", "\N{MINUS SIGN}")


def by_sex(table: pd.DataFrame) -> Iterator[tuple[str | None, str, pd.DataFrame]]:
    """Give name, colour and rows of women, men and people of unknown sex."""
    if "sex" not in table:
        yield None, BLUE, table
        return
    for sex, (name, colour) in SEXES.items():
        if (table["sex"] == sex).any():
            yield name, colour, table[table["sex"] == sex]
    unknown = table[~table["sex"].isin(list(SEXES))]
    if len(unknown):
        yield "sex unknown", GREY, unknown


def fitted_line(ax: Axes, x: pd.Series, y: pd.Series) -> None:
    """Draw the line of least squares, labelled with Pearson's r."""
    slope, intercept = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    r = np.corrcoef(x, y)[0, 1]
    label = f"r = {r:.2f}".replace("-0.00", "0.00")
    ax.plot(ends, intercept + slope * ends, color=VERMILLION, linewidth=1.5, label=label)
