"""Figures of what age acceleration is associated with."""

import textwrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from skinage.errors import SettingError, StageError
from skinage.figures import style
from skinage.figures.age_acceleration import measure

_RATIO_COLOURS = {"hazard_ratio": style.VERMILLION, "odds_ratio": style.BLUE}
_THIRDS = {"slow third": style.BLUE, "middle third": style.GREY, "fast third": style.VERMILLION}


def forest(outcomes: pd.DataFrame, ax: Axes | None = None, *, unit: str = "per SD") -> Axes:
    """Draw ratios with 95 % intervals, a row per outcome and model, numbers at the right.

    Below the axis stand the definition of acceleration and the slope of the clock, if known.

    Parameters
    ----------
    outcomes
        Rows of ``mortality`` and ``prevalence``, in the order to be drawn.
    ax
        The axes to draw into; new ones if None.
    unit
        Which rows to draw: "per SD" of age acceleration, or the other unit of the table, such as
        "per 5 years".

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    SettingError
        If no row has that unit.
    """
    table = outcomes[outcomes["unit"] == unit].reset_index(drop=True)
    if table.empty:
        raise SettingError(
            f"unit: found {unit!r}, expected one of the table's: {[*outcomes['unit'].unique()]}."
        )
    ax = style.axes_or_new(ax, 5.4, 1.4 + 0.32 * len(table))
    words = []
    for name, rows in table.groupby("estimate_name", sort=False):
        words.append(name.replace("_", " "))
        style.interval_rows(ax, rows, ["estimate", "lower", "upper"], _RATIO_COLOURS[name], "s")
        ax.collections[-1].set_label(words[-1])
    ax.axvline(1, **style.REFERENCE)
    ax.set_xscale("log")
    _plain_log_ticks(ax, table)
    ax.set_yticks(table.index, table["outcome"].str.removeprefix("disease_").str.replace("_", " "))
    ax.set_ylim(len(table) - 0.5, -1.2)
    numbers = ax.secondary_yaxis("right")
    header = "ratio (95 % interval), events/people"
    numbers.set_yticks([-0.9, *table.index], [header, *table.apply(_numbers, axis=1)])
    numbers.tick_params(length=0)
    numbers.spines["right"].set_visible(False)
    ax.set_xlabel(f"{' or '.join(words)} {unit} of age acceleration\n(95 % interval, log scale)")
    if len(words) > 1:
        ax.legend(**style.ABOVE, ncols=2)
    _small_print(ax, table)
    return ax


def survival_by_acceleration(follow_up: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw survival of the slow, middle and fast thirds of acceleration, with numbers at risk.

    The curves (Kaplan-Meier, by lifelines) are not adjusted for age or sex; bands are their 95 %
    intervals.

    Parameters
    ----------
    follow_up
        The table that ``skinage.follow_up`` returns: a row per person with
        ``acceleration_years`` (or what its definition measures), ``follow_up_years`` and ``died``.
    ax
        The axes to draw into; new ones if None. The numbers at risk stand below the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    StageError
        If there are fewer than three people.
    """
    from lifelines import KaplanMeierFitter

    if len(follow_up) < 3:
        raise StageError(f"follow_up: found {len(follow_up)} people, expected 3 or more for thirds")
    ax = style.axes_or_new(ax, 4.6, 3.8)
    rank = follow_up[measure(follow_up)].rank(method="first")
    thirds = follow_up.groupby(pd.qcut(rank, 3, labels=list(_THIRDS)), observed=True)
    for name, people in thirds:
        curve = KaplanMeierFitter(label=name).fit(people["follow_up_years"], people["died"])
        curve.plot_survival_function(ax=ax, color=_THIRDS[name], ci_alpha=0.15, linewidth=1.5)
    ax.set(ylim=(0, 1.02), xlim=(0, None), ylabel="alive", xlabel="years since biopsy")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_formatter(PercentFormatter(1))
    ax.legend(loc="lower left")
    words = "by age acceleration; not adjusted for age or sex"
    ax.set_title(words, fontsize="small", color=style.GREY)
    for line, (name, people) in enumerate(thirds):
        _number_at_risk(ax, people["follow_up_years"], name, 38 + 12 * line)
    return ax


def _number_at_risk(ax: Axes, years: pd.Series, name: str, below_pt: float) -> None:
    """Write below the axis how many people of a third are still followed at each tick."""
    ticks = ax.get_xticks()[(ax.get_xticks() >= 0) & (ax.get_xticks() <= ax.get_xlim()[1])]
    row = ax.secondary_xaxis("bottom")
    row.spines["bottom"].set(position=("outward", below_pt), visible=False)
    row.set_xticks(ticks, [str((years >= tick).sum()) for tick in ticks], fontsize="small")
    row.tick_params(length=0, pad=0, colors=_THIRDS[name])
    ax.annotate(f"{name}, at risk", (0, 0), (-14, -below_pt), color=_THIRDS[name], va="top",
                ha="right", xycoords="axes fraction", textcoords="offset points",
                fontsize="small")  # fmt: skip


def _small_print(ax: Axes, table: pd.DataFrame) -> None:
    """Write the definition and the slope below the axis label."""
    if "definition" not in table or not table["definition"].iloc[0]:
        return
    words = f"acceleration: {table['definition'].iloc[0]}"
    if "slope" in table:
        words += f"; predicted age rises by {table['slope'].iloc[0]:.2f} years per year"
    ax.annotate(textwrap.fill(words, 75), (0.5, 0), (0, -3), ax.xaxis.label, "offset points",
                ha="center", va="top", fontsize="x-small", color=style.GREY)  # fmt: skip


def _plain_log_ticks(ax: Axes, table: pd.DataFrame) -> None:
    """Put round ratios on the axis as plain numbers, 1 always, none nearer than an eighth of it."""
    low, high = np.log(0.95 * table["lower"].min()), np.log(1.05 * table["upper"].max())
    low, high = min(low, np.log(0.8)), max(high, np.log(1.25))
    shown = [1.0]
    for ratio in (2, 0.5, 5, 0.2, 10, 0.1, 1.5, 0.8, 3, 1.2, 0.9, 1.1, 20, 50, 0.05, 0.02):
        near = min(abs(np.log(ratio / other)) for other in shown) < (high - low) / 8
        if low <= np.log(ratio) <= high and not near:
            shown.append(ratio)
    ax.set_xlim(np.exp(low), np.exp(high))
    ax.set_xticks(sorted(shown), [f"{ratio:g}" for ratio in sorted(shown)])
    ax.minorticks_off()


def _numbers(row: pd.Series) -> str:
    ratio = f"{row['estimate']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
    return f"{ratio}, {row['n_events']}/{row['n_people']}"
