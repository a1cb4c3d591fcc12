"""Figures of what age acceleration goes with."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from skinage.errors import StageError
from skinage.figures.style import BLUE, GREY, VERMILLION, axes_or_new

_RATIOS = {"hazard_ratio": ("hazard ratio", VERMILLION), "odds_ratio": ("odds ratio", BLUE)}
_THIRDS = {"slow": BLUE, "middle": GREY, "fast": VERMILLION}


def forest(outcomes: pd.DataFrame, ax: Axes | None = None, unit: str = "per 5 years") -> Axes:
    """Draw ratios with 95 % intervals, a row per outcome and model, numbers at the right.

    Parameters
    ----------
    outcomes
        Rows of ``mortality`` and ``prevalence``, in the order to be drawn.
    ax
        Axes to draw into.
    unit
        Which rows: "per 5 years" or "per SD" of age acceleration.

    Raises
    ------
    StageError
        If no row has that unit.
    """
    table = outcomes[outcomes["unit"] == unit].reset_index(drop=True)
    if table.empty:
        raise StageError(f"forest: no rows {unit!r}; units found: {[*outcomes['unit'].unique()]}")
    ax = axes_or_new(ax, 5.4, 1.4 + 0.32 * len(table))
    for row in table.itertuples():
        name, colour = _RATIOS[row.estimate_name]
        ax.plot([row.lower, row.upper], [row.Index] * 2, color=colour, linewidth=1.5)
        ax.plot(row.estimate, row.Index, "s", color=colour, markersize=5, label=name)
    ax.axvline(1, color=GREY, linewidth=1, linestyle="--", zorder=0)
    ax.set_xscale("log")
    _plain_log_ticks(ax, table)
    ax.set_yticks(table.index, [_row_name(row) for _, row in table.iterrows()])
    ax.set_ylim(len(table) - 0.5, -1.2)
    numbers = ax.secondary_yaxis("right")
    header = "ratio (95 % interval), events/people"
    numbers.set_yticks([-0.9, *table.index], [header, *(_numbers(r) for _, r in table.iterrows())])
    numbers.tick_params(length=0)
    numbers.spines["right"].set_visible(False)
    handles = dict(zip(*ax.get_legend_handles_labels()[::-1], strict=True))
    ax.set_xlabel(f"{' or '.join(handles)} {unit} of age acceleration\n(95 % interval, log scale)")
    if len(handles) > 1:
        ax.legend(
            handles.values(), handles.keys(), loc="lower left", bbox_to_anchor=(0, 1), ncols=2
        )
    return ax


def survival_by_acceleration(
    acceleration: pd.DataFrame, cohort: pd.DataFrame, ax: Axes | None = None
) -> Axes:
    """Draw survival of the fast, middle and slow thirds of acceleration, with numbers at risk.

    The curves (Kaplan-Meier, lifelines) are not adjusted for age or sex; bands are 95 % intervals.

    Parameters
    ----------
    acceleration
        ``person_id`` and ``acceleration_years``.
    cohort
        ``person_id``, ``follow_up_years`` and ``died``; people without are not drawn.
    ax
        Axes to draw into; the numbers at risk stand below it.
    """
    from lifelines import KaplanMeierFitter

    ax = axes_or_new(ax, 4.6, 3.8)
    people = _follow_up(acceleration, cohort)
    third = pd.qcut(people["acceleration_years"].rank(method="first"), 3, labels=list(_THIRDS))
    for name, colour in _THIRDS.items():
        group = people[third == name]
        curve = KaplanMeierFitter().fit(group["follow_up_years"], group["died"])
        low, high = curve.confidence_interval_.to_numpy().T
        times, alive = curve.survival_function_.index, curve.survival_function_.iloc[:, 0]
        ax.step(times, alive, where="post", color=colour, label=f"{name} third")
        ax.fill_between(times, low, high, step="post", color=colour, alpha=0.15, linewidth=0)
    ax.set(ylim=(0, 1.02), xlim=(0, None), ylabel="alive", xlabel="years since biopsy")
    ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    ax.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.0f} %")
    ax.legend(loc="lower left")
    ax.set_title("by age acceleration; not adjusted for age or sex", fontsize="small", color=GREY)
    _numbers_at_risk(ax, people["follow_up_years"], third)
    return ax


def _follow_up(acceleration: pd.DataFrame, cohort: pd.DataFrame) -> pd.DataFrame:
    known = cohort.groupby("person_id")[["follow_up_years", "died"]].first()
    people = acceleration.join(known, on="person_id")
    return people.dropna(subset=["follow_up_years", "died", "acceleration_years"])


def _numbers_at_risk(ax: Axes, years: pd.Series, third: pd.Series) -> None:
    """Write, below the axis, how many of each third are still followed at each tick."""
    ticks = [tick for tick in ax.get_xticks() if 0 <= tick <= ax.get_xlim()[1]]
    for line, (name, colour) in enumerate([("at risk", GREY), *_THIRDS.items()]):
        offset: dict[str, Any] = {
            "xytext": (0, -38 - 12 * line),
            "textcoords": "offset points",
            "fontsize": "small",
        }
        ax.annotate(
            name, (0, 0), xycoords="axes fraction", ha="right", color=colour,
            **(offset | {"xytext": (-14, -38 - 12 * line)}),
        )  # fmt: skip
        for tick in ticks if name in _THIRDS else []:
            count = int((years[third == name] >= tick).sum())
            ax.annotate(
                str(count), (tick, 0), xycoords=("data", "axes fraction"), ha="center",
                color=colour, annotation_clip=False, **offset,
            )  # fmt: skip


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


def _row_name(row: pd.Series) -> str:
    return str(row["outcome"]).removeprefix("disease_").replace("_", " ")


def _numbers(row: pd.Series) -> str:
    ratio = f"{row['estimate']:.2f} ({row['lower']:.2f} to {row['upper']:.2f})"
    return f"{ratio}, {row['n_events']}/{row['n_people']}"
