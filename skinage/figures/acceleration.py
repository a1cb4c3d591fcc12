"""Figures of what the choice of a definition of age acceleration changes."""

import pandas as pd
from matplotlib.axes import Axes

from skinage.figures.style import BLUE, GREY, ORANGE, axes_or_new

_PEOPLE = {"everybody": ("D", GREY), "women": ("o", ORANGE), "men": ("s", BLUE)}


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
