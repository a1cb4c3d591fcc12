"""Figures of the measured tissue: what a clock sees of it, in micrometres."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from skinage.figures import style


def tissue_differences(differences: pd.DataFrame, *, n: int = 15, ax: Axes | None = None) -> Axes:
    """Draw how the tissue of people who look older than their age differs, measure by measure.

    Parameters
    ----------
    differences
        What `tissue_by_acceleration` returned: ``words``, ``partial_r``, ``difference``, ``lower``,
        ``upper``, ``is_seen`` and ``n_people``.
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
    ax = style.axes_or_new(ax, 6.2, 0.9 + 0.24 * len(table))
    # The interval of the difference, on the scale of the correlation.
    scale = table["partial_r"] / table["difference"]
    ends = np.sort(np.stack([table["lower"] * scale, table["upper"] * scale]), axis=0)
    rows = table.assign(low=ends[0].clip(-1, 1), high=ends[1].clip(-1, 1))
    colours = np.where(rows["is_seen"], style.BLUE, style.GREY)
    style.interval_rows(ax, rows, ["partial_r", "low", "high"], colours)
    ax.axvline(0, **style.REFERENCE)
    ax.set_yticks(rows.index, rows["words"])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlim=(-1, 1))
    ax.set_xlabel("correlation with acceleration at the same age, sex, site and scanner")
    people = f"{int(differences['n_people'].max()):,} people"
    ax.set_title(f"Skin that looks 5 years older has ... ({people})", loc="left")
    for name, colour in (
        ("beyond chance (5 % of findings false)", style.BLUE),
        ("not", style.GREY),
    ):
        ax.scatter([], [], c=colour, s=22, label=name)
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, -0.32 - 0.6 / len(rows)), ncols=2)
    return ax
