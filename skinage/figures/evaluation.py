"""Figures of how good the clock is: baselines, groups, number of people, slides of a person."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from skinage.errors import StageError
from skinage.figures import style


def baselines(comparison: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the error of each feature set, best on top; references that use no feature are grey.

    Parameters
    ----------
    comparison
        The table that ``compare_clocks`` returns; blank rows are not drawn.
    ax
        The axes to draw into; new ones if None. Bars are 95 % bootstrap intervals by person, and
        of shuffled ages 95 of 100 shuffles.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.6, 2.6)
    table = comparison.dropna(subset="mae_years").sort_values("mae_years", ascending=False)
    table = table.reset_index(drop=True)
    references = table["features"].str.startswith(("predict the mean", "shuffled"))
    colours = np.where(references, style.GREY, style.BLUE)
    style.interval_rows(ax, table, ["mae_years", "lower_years", "upper_years"], colours)
    for row, colour in zip(table.itertuples(), colours, strict=True):
        ax.annotate(
            f"{row.mae_years:.1f}", (row.upper_years, row.Index), (5, 0), va="center",
            textcoords="offset points", fontsize="small", color=colour,
        )  # fmt: skip
    for value in table.loc[table["features"] == "predict the mean", "mae_years"]:
        ax.axvline(value, **style.REFERENCE)
    ax.set_yticks(table.index, table["features"].str.replace("within ", "within\n"))
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(0, 1.12 * table["upper_years"].max()))
    ax.set_xlabel("mean absolute error, out of fold (years)")
    return ax


def error_by_group(
    table: pd.DataFrame, ax: Axes | None = None, *, overall_years: float | None = None
) -> Axes:
    """Draw the error of each group of people, with its interval and bias.

    Parameters
    ----------
    table
        The table that ``report_by_group`` returns.
    ax
        The axes to draw into; new ones if None. Bars are 95 % bootstrap intervals by person; groups
        of fewer than five people have none.
    overall_years
        The mean absolute error of everybody, drawn as a line; None draws no line.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    groups = table["column"].ne(table["column"].shift()).cumsum()
    # Each group of rows has one more place on top, for the name of its column.
    table = table.set_axis(np.arange(len(table)) + groups.to_numpy())
    ax = style.axes_or_new(ax, 5.2, 0.8 + 0.21 * (table.index[-1] + 1))
    if overall_years is not None:
        ax.axvline(overall_years, label=f"everybody, {overall_years:.1f} years", **style.REFERENCE)
        ax.legend(**style.ABOVE)
    style.interval_rows(ax, table, ["mae_years", "mae_lower_years", "mae_upper_years"], style.BLUE)
    small: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "fontsize": "small"}
    for row in table.drop_duplicates("column").itertuples():
        ax.text(0.01, row.Index - 1, style.plain(row.column), va="center", weight="bold", **small)
    for row in table.itertuples():
        bias = style.signed(row.bias_years, "+z.1f")
        ax.text(1.02, row.Index, bias, va="center", color=style.GREY, **small)
    ax.text(1.02, -0.3, "bias\n(years)", color=style.GREY, **small)
    levels, numbers = table["level"].replace(style.SEXES), table["n_people"]
    words = [f"{level} (n = {n})" for level, n in zip(levels, numbers, strict=True)]
    ax.set_yticks(table.index, words, fontsize="small")
    widest = np.nanmax(table[["mae_years", "mae_upper_years"]].to_numpy())
    ax.set(ylim=(table.index[-1] + 0.6, -0.7), xlim=(0, 1.05 * widest))
    ax.set_xlabel("mean absolute error, out of fold (years)")
    return ax


def learning_curve(curve: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the error against the number of people a clock is fitted on.

    Parameters
    ----------
    curve
        The table that ``skinage.learning_curve`` returns.
    ax
        The axes to draw into; new ones if None. The error axis begins at 0, so that the gain is
        seen in proportion. The band is the 95 % bootstrap interval by person.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.2, 3.2)
    people = curve["n_people"]
    sns.lineplot(curve, x="n_people", y="mae_years", estimator=None, color=style.BLUE, marker="o",
                 label="clock", ax=ax)  # fmt: skip
    ax.fill_between(people, curve["lower_years"], curve["upper_years"], color=style.BLUE,
                    alpha=0.18, linewidth=0, label="95 % interval")  # fmt: skip
    if "baseline_mae_years" in curve:
        ax.plot(people, curve["baseline_mae_years"], label="predict the mean", **style.REFERENCE)
    ax.set(xlim=(0, 1.05 * people.max()), ylim=(0, 1.12 * ax.get_ylim()[1]))
    ax.set_xlabel("people the clock is fitted on")
    ax.set_ylabel("mean absolute error,\nout of fold (years)")
    ax.legend(loc="lower right")
    return ax


def replicates(
    slides: pd.DataFrame, ax: Axes | None = None, *, agreement: pd.DataFrame | None = None
) -> Axes:
    """Draw whether two slides of a person have the same acceleration, each person a dot.

    Parameters
    ----------
    slides
        The table that ``slide_acceleration`` returns of slides. The first two slides of each person
        by ``slide_id`` are drawn; the figure says how many people have more, and how many have one.
    ax
        The axes to draw into; new ones if None.
    agreement
        The table that ``reliability`` returns. The ICC of acceleration from one slide, and that of
        all tiles as their halves show it, are written with their numbers of people. None writes
        no ICC.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    StageError
        If slides have no acceleration, or no person has two slides.
    """
    if "acceleration_years" not in slides:
        raise StageError(
            "replicates: no column acceleration_years; pass skinage.slide_acceleration(slides)"
        )
    slides = slides.sort_values("slide_id")
    slides = slides.assign(number=slides.groupby("person_id").cumcount())
    wide = slides.pivot_table("acceleration_years", "person_id", "number")
    n_slides = wide.count(axis=1)
    if not (n_slides > 1).any():
        raise StageError(f"replicates: none of {len(wide)} people has two slides to compare")
    pairs = wide[n_slides > 1]
    ax = style.axes_or_new(ax, 3.6, 4.6)
    sns.scatterplot(x=pairs[0], y=pairs[1], color=style.BLUE, ax=ax, **style.DOTS)
    style.equal_axes(ax, "both slides alike")
    words = [f"{len(pairs)} people; {(n_slides == 1).sum()} with one slide are not drawn"]
    if (n_slides > 2).any():
        words.append(f"{(n_slides > 2).sum()} have more than two: two are drawn")
    if agreement is not None:
        words += _icc_words(agreement)
    ax.legend(**style.ABOVE, title="\n".join(words))
    ax.set_xlabel("age acceleration, one slide (years)")
    ax.set_ylabel("the same, another slide (years)")
    return ax


def _icc_words(agreement: pd.DataFrame) -> list[str]:
    """Return the ICC of acceleration from one slide and from all tiles, with their people."""
    known = agreement[agreement["quantity"] == "acceleration"]
    known = known.set_index(["measured_on", "n_averaged"])
    asked = {
        ("slides of one biopsy", 1): "ICC of a slide",
        ("halves of the tiles", 2): "ICC of all tiles",
    }
    found = []
    for key, words in asked.items():
        if key in known.index:
            row = known.loc[key]
            icc, low, high = (style.signed(row[name], "z.2f") for name in ("icc", "lower", "upper"))
            found.append(f"{words} {icc} ({low} to {high}), n = {row['n_people']}")
    return found
