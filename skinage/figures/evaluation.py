"""Figures of how good the clock is: baselines, groups, number of people, slides of a person."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from skinage.errors import StageError
from skinage.figures.style import BLUE, GREY, SEXES, axes_or_new, legend_above, plain, signed


def baselines(comparison: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the error of each feature set, best on top; references that use no feature are grey.

    Parameters
    ----------
    comparison
        As ``compare_clocks`` returns it.
    ax
        Axes to draw into. Bars are 95 % bootstrap intervals by person.
    """
    ax = axes_or_new(ax, 4.6, 2.6)
    table = comparison.sort_values("mae_years", ascending=False).reset_index(drop=True)
    references = table["features"].isin(["predict the mean", "shuffled ages"])
    for row, colour in zip(table.itertuples(), np.where(references, GREY, BLUE), strict=True):
        ax.plot([row.lower_years, row.upper_years], [row.Index] * 2, color=colour, linewidth=1.5)
        ax.plot(row.mae_years, row.Index, "o", color=colour, markersize=5)
        ax.annotate(
            f"{row.mae_years:.1f}", (row.upper_years, row.Index), (5, 0), va="center",
            textcoords="offset points", fontsize="small", color=colour,
        )  # fmt: skip
    mean = table.loc[table["features"] == "predict the mean", "mae_years"]
    for value in mean:
        ax.axvline(value, color=GREY, linewidth=1, linestyle="--", zorder=0)
    ax.set_yticks(table.index, table["features"])
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(0, 1.12 * table["upper_years"].max()))
    ax.set_xlabel("mean absolute error, out of fold (years)")
    return ax


def error_by_group(
    table: pd.DataFrame, ax: Axes | None = None, overall_years: float | None = None
) -> Axes:
    """Draw the error of each group of people, with its interval and bias.

    Parameters
    ----------
    table
        As ``report_by_group`` returns it.
    ax
        Axes to draw into. Bars are 95 % bootstrap intervals by person; groups of fewer than five
        people have none.
    overall_years
        The error of everybody, as a line.
    """
    n_rows = len(table) + table["column"].nunique()
    ax = axes_or_new(ax, 5.2, 0.8 + 0.21 * n_rows)
    if overall_years is not None:
        ax.axvline(overall_years, color=GREY, linewidth=1, linestyle="--", zorder=0,
                   label=f"everybody, {overall_years:.1f} years")  # fmt: skip
        legend_above(ax, 1)
    place, places, words = 0.0, [], []
    for column, rows in table.groupby("column", sort=False):
        ax.annotate(plain(str(column)), (0.01, place), xycoords=("axes fraction", "data"),
                    va="center", weight="bold", fontsize="small")  # fmt: skip
        for row in rows.itertuples():
            place += 1
            places.append(place)
            level = SEXES[row.level][0] if row.level in SEXES else row.level
            words.append(f"{level} (n = {row.n_people})")
            ax.plot([row.mae_lower_years, row.mae_upper_years], [place] * 2, color=BLUE, lw=1.5)
            ax.plot(row.mae_years, place, "o", color=BLUE, markersize=4.5)
            ax.annotate(signed(row.bias_years, "+z.1f"), (1.02, place), color=GREY,
                        xycoords=("axes fraction", "data"), va="center", fontsize="small"
                        )  # fmt: skip
        place += 1
    ax.annotate("bias\n(years)", (1.02, -0.3), xycoords=("axes fraction", "data"), ha="left",
                va="bottom", fontsize="small", color=GREY)  # fmt: skip
    ax.set_yticks(places, words, fontsize="small")
    widest = np.nanmax(table[["mae_years", "mae_upper_years"]].to_numpy())
    ax.set(ylim=(place - 0.4, -0.7), xlim=(0, 1.05 * widest))
    ax.set_xlabel("mean absolute error, out of fold (years)")
    return ax


def learning_curve(curve: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the error against the number of people a clock is fitted on.

    Parameters
    ----------
    curve
        As ``skinage.learning_curve`` returns it.
    ax
        Axes to draw into; they begin at no error, so that what is gained is seen in proportion.
        The band is the 95 % bootstrap interval by person.
    """
    ax = axes_or_new(ax, 4.2, 3.2)
    people = curve["n_people"]
    ax.fill_between(people, curve["lower_years"], curve["upper_years"], color=BLUE, alpha=0.18,
                    linewidth=0, label="95 % interval")  # fmt: skip
    ax.plot(people, curve["mae_years"], "o-", color=BLUE, markersize=4, label="clock")
    if "baseline_mae_years" in curve:
        ax.plot(people, curve["baseline_mae_years"], color=GREY, linestyle="--", linewidth=1,
                label="predict the mean")  # fmt: skip
    ax.set(xlim=(0, 1.05 * people.max()), xlabel="people the clock is fitted on")
    ax.set(ylabel="mean absolute error,\nout of fold (years)")
    ax.set_ylim(0, 1.12 * ax.get_ylim()[1])
    ax.legend(loc="lower right")
    return ax


def replicates(
    slides: pd.DataFrame, ax: Axes | None = None, agreement: pd.DataFrame | None = None
) -> Axes:
    """Draw whether two slides of a person deviate from age alike, each person a dot.

    Parameters
    ----------
    slides
        As ``predict_slides`` returns them; of each person the first two by ``slide_id`` are drawn.
        How many people have more, and how many one slide only, is written.
    ax
        Axes to draw into.
    agreement
        As ``replicate_agreement`` returns it; its ICC of the gap, from all slides, is written.

    Raises
    ------
    StageError
        If nobody has two slides.
    """
    told = slides.sort_values("slide_id")
    gap = (told["predicted_years"] - told["age_years"]).groupby(told["person_id"])
    often = gap.size()
    if not (often > 1).any():
        raise StageError(f"replicates: none of {len(often)} people has two slides to compare")
    pairs = np.array([one.to_numpy()[:2] for _, one in gap if len(one) > 1])
    ax = axes_or_new(ax, 3.6, 4.1)
    size = 20 if len(pairs) <= 200 else 8
    ax.scatter(pairs[:, 0], pairs[:, 1], s=size, alpha=0.75, color=BLUE, linewidths=0, zorder=3)
    reach = 1.1 * np.abs(pairs).max()
    ax.plot([-reach, reach], [-reach, reach], color=GREY, linestyle="--", linewidth=1,
            label="both slides alike")  # fmt: skip
    words = [f"{len(pairs)} people; {(often == 1).sum()} with one slide are not drawn"]
    if (often > 2).any():
        words.append(f"{(often > 2).sum()} have more than two: two are drawn")
    if agreement is not None:
        row = agreement.set_index("quantity").loc["gap"]
        of_gap = [signed(row[name], "z.2f") for name in ("icc", "lower", "upper")]
        words.append("ICC {} ({} to {}), all slides".format(*of_gap))
    legend_above(ax, 1, "\n".join(words))
    ax.set(xlim=(-reach, reach), ylim=(-reach, reach), aspect="equal")
    ax.set_xlabel("predicted minus actual age, one slide (years)")
    ax.set_ylabel("the same, another slide (years)")
    return ax
