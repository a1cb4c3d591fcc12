"""Figure of concepts: how many years the predicted age follows each of them."""

import pandas as pd
from matplotlib.axes import Axes

from skinage.figures import style

LIMIT = 0.05
KINDS = {"concept": style.BLUE, "control": style.ORANGE}


def concept_effects(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Draw the years per SD along each concept, before the range of random concepts.

    Parameters
    ----------
    table
        What `concept_sensitivity` returned: ``concept``, ``kind``, ``years_per_sd``,
        ``random_sd_years``, ``q_value``.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing: concepts above controls, the oldest first; a dot is full where
        q is below .05.
    """
    rows = table.sort_values(["kind", "years_per_sd"], ascending=[True, False], kind="stable")
    ax = style.axes_or_new(ax, 5.6, 0.3 * len(rows) + 1.2)
    places = range(len(rows))
    random = 1.96 * rows["random_sd_years"].to_numpy()
    ax.barh(places, 2 * random, left=-random, height=0.6, color=style.GREY, alpha=0.25, linewidth=0,
            label="95 % of random concepts")  # fmt: skip
    for kind, colour in KINDS.items():
        for found in (True, False):
            shown = (rows["kind"] == kind) & ((rows["q_value"] < LIMIT) == found)
            if shown.any():
                where = [place for place, one in zip(places, shown, strict=True) if one]
                ax.scatter(rows.loc[shown, "years_per_sd"], where, s=28, edgecolor=colour, zorder=3,
                           facecolor=colour if found else "white",
                           label=f"{kind}, q {'<' if found else '≥'} {LIMIT:g}")  # fmt: skip
    ax.axvline(0, **style.REFERENCE)
    ax.set_yticks(places, [style.plain(name) for name in rows["concept"]])
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set(xlabel="years per SD of tiles along the concept (0: the age does not follow it)")
    ax.legend(**style.ABOVE, ncols=2)
    return ax
