"""Styles as dicts for ``matplotlib.rc_context``, colours, and what several figures share."""

from collections.abc import Collection, Sequence
from itertools import zip_longest
from typing import Any

import matplotlib.patheffects as patheffects
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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

# Okabe and Ito (2008), readable with every common colour-vision deficiency; more categories take
# seaborn's palette "colorblind".
BLUE, ORANGE, GREEN, VERMILLION, PURPLE, SKY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9",
)  # fmt: skip
GREY = "#6B6B6B"
SEXES = {"F": "women", "M": "men"}
SEX_COLOURS = {"women": ORANGE, "men": BLUE, "sex unknown": GREY}
SEQUENTIAL = "viridis"
DIVERGING = "PuOr_r"
HALO = [patheffects.withStroke(linewidth=2.5, foreground="white")]
"""Keeps dark text and lines readable on tissue."""
DOTS: dict[str, Any] = {"s": 14, "alpha": 0.75, "linewidth": 0}
"""A dot per person."""
REFERENCE: dict[str, Any] = {"color": GREY, "linewidth": 1, "linestyle": "--", "zorder": 0}
"""A line to compare with: no error, no effect."""
ABOVE: dict[str, Any] = {
    "loc": "lower left", "bbox_to_anchor": (0, 1), "alignment": "left", "borderaxespad": 0.2,
    "columnspacing": 1, "handletextpad": 0.4, "handlelength": 1.4, "borderpad": 0.2,
}  # fmt: skip
"""A legend over the axes, where it hides nothing."""


def axes_or_new(ax: Axes | None, width: float = 4.0, height: float = 3.2) -> Axes:
    """Return ``ax``, or new axes of a figure of ``width`` by ``height`` inches.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    if ax is not None:
        return ax
    return plt.subplots(figsize=(width, height), layout="constrained")[1]


def sex_hue(table: pd.DataFrame) -> dict[str, Any]:
    """Return the arguments that make a seaborn function colour people by sex, where it is known."""
    if "sex" not in table:
        return {"color": BLUE}
    words = table["sex"].map(SEXES).fillna("sex unknown")
    colours = {name: colour for name, colour in SEX_COLOURS.items() if (words == name).any()}
    return {"hue": words, "hue_order": list(colours), "palette": colours}


def people_scatter(table: pd.DataFrame, x: str, y: str, ax: Axes) -> None:
    """Draw a dot per person, coloured by sex where the table knows it."""
    sns.scatterplot(table, x=x, y=y, ax=ax, **DOTS, **sex_hue(table))


def fitted_line(
    x: pd.Series, y: pd.Series, ax: Axes, label: str | None = None, *, linestyle: str = "-"
) -> None:
    """Draw the line of least squares, labelled with Pearson's r if no label is given."""
    label = label or f"r = {signed(np.corrcoef(x, y)[0, 1], 'z.2f')}"
    sns.regplot(x=x, y=y, scatter=False, ci=None, color=VERMILLION, label=label, ax=ax,
                line_kws={"linewidth": 1.5, "linestyle": linestyle})  # fmt: skip


def equal_axes(ax: Axes, label: str) -> None:
    """Set one scale on both axes that shows everything drawn, and draw the line of equality."""
    low, high = np.min(ax.dataLim.min), np.max(ax.dataLim.max)
    margin = 0.04 * (high - low) or 1.0
    ax.set(xlim=(low - margin, high + margin), ylim=(low - margin, high + margin), aspect="equal")
    ax.axline((low, low), slope=1, label=label, **REFERENCE)


def interval_rows(
    ax: Axes, table: pd.DataFrame, columns: Sequence[str], colours: Any, marker: str = "o"
) -> None:
    """Draw an estimate and its interval per row of a table, at the number in its index.

    Parameters
    ----------
    ax
        The axes to draw into.
    table
        One row per estimate.
    columns
        The columns of the estimate and of the lower and upper end of its interval.
    colours
        One colour, or one per row.
    marker
        The marker of the estimate.
    """
    estimate, lower, upper = (table[name] for name in columns)
    ax.hlines(table.index, lower, upper, color=colours, linewidth=1.5)
    ax.scatter(estimate, table.index, c=colours, marker=marker, s=22, zorder=3)


def picture_grid(
    rows: Collection[Collection[np.ndarray]], names: Sequence[str], *, inches: float = 0.85
) -> tuple[Figure, np.ndarray]:
    """Draw pictures in rows, each with a name at its left; short rows end in empty places.

    Parameters
    ----------
    rows
        RGB pictures, row by row.
    names
        The name of each row.
    inches
        The width and height of a picture.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.
    numpy.ndarray
        Its axes, ``(n_rows, n_columns)``.
    """
    columns = max(1, *map(len, rows))
    size = inches * columns + (1.1 if any(names) else 0), inches * len(rows) + 0.4
    figure, axes = plt.subplots(len(rows), columns, figsize=size, squeeze=False)
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    for name, row, row_axes in zip(names, rows, axes, strict=True):
        for ax, picture in zip_longest(row_axes, row):
            show_picture(ax, picture)
        row_axes[0].set_ylabel(name, rotation=0, ha="right", va="center")
    return figure, axes


def show_picture(ax: Axes, picture: np.ndarray | None, mpp: float | None = None) -> None:
    """Show a picture without axes, with a scale bar if um per px are given."""
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    if picture is not None:
        ax.imshow(picture, interpolation="antialiased")
    if mpp is not None:
        scale_bar(ax, mpp)


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
    """Return a column's name in words: ``age_years`` is "age (years)"."""
    units = {"_years": " (years)", "_px": " (px)", "_um": " (µm)", "_per_mm2": " per mm²"}
    for ending, unit in units.items():
        name = name.removesuffix(ending) + unit if name.endswith(ending) else name
    return name.replace("_", " ")


def signed(number: float, form: str = "z.1f") -> str:
    """Return a number with the minus sign that axes have; z in its form avoids -0.0."""
    return format(number, form).replace("-", "\N{MINUS SIGN}")
