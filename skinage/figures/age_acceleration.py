"""Figures of age acceleration: what is left of age in it, and the planted truth."""

import pandas as pd
from matplotlib.axes import Axes

from skinage.figures.style import (
    BLUE,
    DOTS,
    GREY,
    ORANGE,
    axes_or_new,
    by_sex,
    fitted_line,
)

_PEOPLE = {"everybody": ("D", GREY), "women": ("o", ORANGE), "men": ("s", BLUE)}


def acceleration_by_age(acceleration: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw acceleration against age: what is left of age in it.

    Parameters
    ----------
    acceleration
        As ``skinage.acceleration`` returns it.
    ax
        Axes to draw into.
    """
    ax = axes_or_new(ax, 4.2, 3.2)
    for name, colour, group in by_sex(acceleration):
        ax.scatter(
            group["age_years"], group["acceleration_years"], color=colour, label=name, **DOTS
        )
    ax.axhline(0, color=GREY, linewidth=1, linestyle="--")
    fitted_line(ax, acceleration["age_years"], acceleration["acceleration_years"])
    _room_above(ax)
    legend = ax.legend(
        loc="upper right", ncols=4, columnspacing=1, handletextpad=0.4, handlelength=1
    )
    legend.set_in_layout(
        False
    )  # in a narrow panel it may reach over the edge, not squeeze the axes
    ax.set(xlabel="age (years)", ylabel="age acceleration (years)")
    if "definition" in acceleration:
        ax.set_title(acceleration["definition"].iloc[0], fontsize="small", color=GREY, wrap=True)
    return ax


def age_dependence(comparison: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what is left of age in acceleration by each definition, of everybody and by sex.

    Parameters
    ----------
    comparison
        As ``skinage.age_acceleration.age_dependence.compare_definitions`` returns it.
    ax
        Axes to draw into.
    """
    ax = axes_or_new(ax, 4.6, 0.9 + 0.32 * len(comparison))
    rows = range(len(comparison))
    ax.axvline(0, color=GREY, linewidth=1, linestyle="--", zorder=0)
    for people, (marker, colour) in _PEOPLE.items():
        if people in comparison:
            ax.plot(
                comparison[people], rows, marker, color=colour, markersize=5, alpha=0.8,
                linestyle="none", label=people, markeredgewidth=0,
            )  # fmt: skip
    ax.set_yticks(rows, comparison["definition"])
    ax.set(ylim=(len(comparison) - 0.5, -0.5), xlim=(-1, 1))
    ax.set(xlabel="correlation of acceleration with age", ylabel="definition")
    ax.legend(loc="center right")
    return ax


def truth_scatter(acceleration: pd.DataFrame, truth: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw measured against planted acceleration of a phantom's people.

    Parameters
    ----------
    acceleration
        ``person_id`` and ``acceleration_years``, measured.
    truth
        ``person_id`` and ``acceleration_years``, planted.
    ax
        Axes to draw into.
    """
    ax = axes_or_new(ax, 3.6, 3.4)
    planted = truth.set_index("person_id")["acceleration_years"].rename("planted")
    both = acceleration.join(planted, on="person_id").dropna(subset=["planted"])
    for name, colour, group in by_sex(both):
        ax.scatter(group["planted"], group["acceleration_years"], color=colour, label=name, **DOTS)
    fitted_line(ax, both["planted"], both["acceleration_years"])
    ax.legend(loc="upper left")
    ax.text(0.97, 0.04, f"{len(both)} people", transform=ax.transAxes, ha="right")
    ax.set(xlabel="planted acceleration (years)", ylabel="measured acceleration (years)")
    return ax


def _room_above(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
