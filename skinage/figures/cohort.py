"""Figures of the cohort: who is in it."""

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from skinage.figures import style


def age_histogram(cohort: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many people of each decade the cohort has, by sex where it is known.

    Parameters
    ----------
    cohort
        A table with ``person_id``, ``age_years`` and, if known, ``sex``; the first row of each
        person counts.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.5, 2.8)
    people = cohort.drop_duplicates("person_id")
    known = people.dropna(subset="age_years")
    if known.empty:
        ax.text(0.5, 0.5, "no age is known", ha="center", transform=ax.transAxes, color=style.GREY)
        return ax
    ages = known["age_years"]
    edges = np.arange(ages.min() // 10 * 10, ages.max() // 10 * 10 + 11, 10)
    sns.histplot(x=ages, bins=edges.tolist(), multiple="stack", shrink=0.92, linewidth=0, alpha=1,
                 ax=ax, **style.sex_hue(known))  # fmt: skip
    missing = len(people) - len(known)
    words = f"{len(people)} people" + (f", {missing} without an age" if missing else "")
    if ax.get_legend():
        sns.move_legend(ax, **style.ABOVE, ncols=3, title=words)
    else:
        ax.set_title(words, loc="left", fontsize="small")
    ax.set(xlabel="age at biopsy (years)", ylabel="people", xticks=edges)
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
