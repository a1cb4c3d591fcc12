"""Who is in the cohort."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from skinage.figures.style import BLUE, GREY, ORANGE, axes_or_new

SEXES = {"F": ("women", ORANGE), "M": ("men", BLUE)}


def age_histogram(cohort: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw how many people of each decade the cohort has, by sex where it is known.

    Parameters
    ----------
    cohort
        Columns ``person_id``, ``age_years``, optionally ``sex``.
    ax
        Axes to draw on; new ones if none.
    """
    ax = axes_or_new(ax, 4.5, 2.8)
    people = cohort.drop_duplicates("person_id")
    known = people.dropna(subset="age_years")
    if known.empty:
        ax.text(0.5, 0.5, "no age is known", ha="center", transform=ax.transAxes, color=GREY)
        return ax
    ages = known["age_years"]
    edges = np.arange(ages.min() // 10 * 10, ages.max() // 10 * 10 + 11, 10)
    sexes = known["sex"] if "sex" in known else pd.Series(np.nan, known.index)
    groups = {SEXES[sex]: ages[sexes == sex] for sex in SEXES if (sexes == sex).any()}
    if sexes.isna().any():
        groups[("sex not known", GREY)] = ages[sexes.isna()]
    ax.hist(
        list(groups.values()), bins=edges.tolist(), stacked=True, rwidth=0.92,
        label=[label for label, _ in groups], color=[colour for _, colour in groups],
    )  # fmt: skip
    ax.legend(ncols=len(groups), loc="upper right")
    ax.set_ylim(top=ax.get_ylim()[1] * 1.15)
    missing = len(people) - len(known)
    ax.set(xlabel="age at biopsy, years", ylabel="people", xticks=edges)
    ax.set_title(f"{len(people)} people" + (f", {missing} without an age" if missing else ""))
    ax.yaxis.set_major_locator(MaxNLocator(integer=True))
    return ax
