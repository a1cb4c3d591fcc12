"""Figures of the explanation: features and readable measures behind the age."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from skinage.figures import style


def importance_beeswarm(
    explanation: Any,
    *,
    labels: Mapping[str, str] | None = None,
    n: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw each person's years per feature, the features that move the age most on top.

    Parameters
    ----------
    explanation
        What `shap_values` returned: ``values`` in years and ``data`` (n_people, n_features),
        ``feature_names``.
    labels
        Words for features, such as the column ``label`` of the table of importance by ``feature``.
    n
        How many features to draw.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    years = pd.DataFrame(explanation.values, columns=[str(f) for f in explanation.feature_names])
    top = years.abs().mean().sort_values(ascending=False, kind="stable").index[:n]
    level = pd.DataFrame(explanation.data, columns=years.columns)[top].rank(pct=True)
    ax = style.axes_or_new(ax, 7.4, 0.34 * len(top) + 0.9)
    norm = plt.Normalize(0, 1)
    # Seaborn's swarm takes minutes for thousands of people.
    heights = years[top].apply(_swarm) + np.arange(len(top))
    sns.scatterplot(x=years[top].melt()["value"], y=heights.melt()["value"],
                    hue=level.melt()["value"], hue_norm=norm, palette=style.SEQUENTIAL,
                    legend=False, s=9, linewidth=0, ax=ax)  # fmt: skip
    ax.axvline(0, **style.REFERENCE)
    ax.set(xlabel="years added to the predicted age (SHAP)", ylabel="")
    ax.set_yticks(range(len(top)), [(labels or {}).get(name, name) for name in top])
    ax.set_ylim(len(top) - 0.5, -0.5)
    ax.set_title(f"What moves the clock, {len(years):,} people", loc="left")
    bar = ax.figure.colorbar(ScalarMappable(norm, style.SEQUENTIAL), ax=ax, ticks=[0, 1], aspect=30)
    bar.ax.set_yticklabels(["low", "high"])
    bar.set_label("feature, ranked over people", labelpad=-8)
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


def _swarm(years: pd.Series, half_width: float = 0.36) -> pd.Series:
    """Return how far up or down each dot of a row goes: the further, the more neighbours it has."""
    bins = pd.cut(years, 40, labels=False)
    place = years.groupby(bins).cumcount()
    crowd = years.groupby(bins).transform("size")
    side = np.where(place % 2 == 0, 1, -1) * ((place + 1) // 2)
    return side / max(crowd.max() / 2, 4) * half_width
