"""Figures of the measured tissue: what a clock sees of it, in micrometres."""

import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinage.figures import style


def tissue_differences(differences: pd.DataFrame, *, n: int = 15, ax: Axes | None = None) -> Axes:
    """Draw how the tissue of people who look older than their age differs, measure by measure.

    Parameters
    ----------
    differences
        What `tissue_by_acceleration` returned: ``words``, ``partial_r``, ``difference``, ``lower``,
        ``upper``, ``is_seen``, ``adjusted_for`` and ``n_people``.
    n
        How many measures to draw, the strongest first.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    table = differences.head(n).reset_index(drop=True)
    ax = style.axes_or_new(ax, 6.6, 1.3 + 0.24 * len(table))
    # The interval of the difference, on the scale of the correlation.
    scale = table["partial_r"] / table["difference"]
    ends = np.sort(np.stack([table["lower"] * scale, table["upper"] * scale]), axis=0)
    rows = table.assign(low=ends[0].clip(-1, 1), high=ends[1].clip(-1, 1))
    colours = np.where(rows["is_seen"], style.BLUE, style.GREY)
    style.interval_rows(ax, rows, ["partial_r", "low", "high"], colours)
    ax.axvline(0, **style.REFERENCE)
    ax.set_yticks(rows.index, rows["words"])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(-1, 1))
    same = textwrap.fill(f"adjusted for {style.plain(table['adjusted_for'].iloc[0])}", 36)
    ax.set_xlabel(f"correlation with acceleration,\n{same}")
    people = f"{int(differences['n_people'].max()):,} people"
    ax.set_title(f"Skin that looks 5 years older\n({people})", loc="left", pad=32)
    kinds = {"beyond chance": style.BLUE, "not beyond chance": style.GREY}
    for name, colour in kinds.items():
        ax.scatter([], [], c=colour, s=22, label=name)
    ax.legend(**style.ABOVE)
    return ax


def measure_by_age(
    morphology: pd.DataFrame, ages: pd.DataFrame, *, labels: Mapping[str, str] | None = None
) -> Figure:
    """Draw each readable measure against age, a small panel per measure.

    Parameters
    ----------
    morphology
        A row per person, index ``person_id``, a column per measure.
    ages
        A table with ``person_id`` and ``age_years``.
    labels
        Words for the measures; their names in words if None.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    age = ages.set_index("person_id")["age_years"]
    table = morphology.join(age, how="inner").dropna(subset="age_years")
    tidy = table.astype(float).melt("age_years", var_name="measure").dropna()
    grid = sns.lmplot(
        tidy, x="age_years", y="value", col="measure", col_order=morphology.columns,
        col_wrap=min(4, morphology.shape[1]), height=2.1, aspect=1.1, ci=None,
        facet_kws={"sharey": False}, scatter_kws={"s": 9, "linewidths": 0, "alpha": 0.6},
        line_kws={"color": style.VERMILLION, "linewidth": 1.2},
    )  # fmt: skip
    grid.set_axis_labels("", "")
    for measure, ax in grid.axes_dict.items():
        points = tidy.loc[tidy["measure"] == measure, ["age_years", "value"]]
        r = points.corr("spearman").iloc[0, 1]
        found = "no correlation" if np.isnan(r) else f"Spearman r = {style.signed(r, 'z.2f')}"
        words = (labels or {}).get(measure, style.plain(measure))
        ax.set_title(f"{words}\n{found}", fontsize=8)
    grid.figure.set_layout_engine("constrained")
    grid.figure.supxlabel("age (years)", fontsize=9)
    grid.figure.suptitle(f"Readable measures by age, {len(table):,} people", fontsize=10)
    return grid.figure
