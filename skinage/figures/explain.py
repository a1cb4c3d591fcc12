"""Figures of the explanation: readable measures behind the age."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure

from skinage.figures import style


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
