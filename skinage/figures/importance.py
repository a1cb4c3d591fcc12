"""Figures of importance: years per feature, or group of features, for all people and for one."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable

from skinage.errors import SettingError
from skinage.figures import style

OLDER, YOUNGER = style.VERMILLION, style.BLUE


def importance_beeswarm(
    explanation: Any,
    *,
    labels: Mapping[str, str] | None = None,
    levels: Mapping[str, pd.Series] | None = None,
    n: int = 10,
    ax: Axes | None = None,
) -> Axes:
    """Draw each person's years per feature, the features that move the age most on top.

    Parameters
    ----------
    explanation
        What `shap_values` or `sum_groups` returned: ``values`` in years and ``data``
        (n_people, n_features), ``feature_names``, ``instance_names``.
    labels
        Words for features, such as the column ``label`` of `name_groups` by ``group``.
    levels
        By feature, what colours its dots in place of ``data``: a value per person, such as the
        measure that a group is named after. Dots of features without one are grey.
    n
        How many features to draw.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    years = _years(explanation)
    top = years.abs().mean().sort_values(ascending=False, kind="stable").index[:n]
    level = pd.DataFrame(explanation.data, years.index, years.columns)[top]
    if levels is not None:
        level = pd.DataFrame({name: levels.get(name) for name in top}, years.index, dtype=float)
    level = level.rank(pct=True)
    ax = style.axes_or_new(ax, 7.4, 0.34 * len(top) + 0.9)
    norm = plt.Normalize(0, 1)
    # Seaborn's swarm takes minutes for thousands of people.
    heights = years[top].apply(_swarm) + np.arange(len(top))
    colours = plt.get_cmap(style.SEQUENTIAL).with_extremes(bad=style.GREY)(
        np.ma.masked_invalid(norm(level.melt()["value"]))
    )
    ax.scatter(years[top].melt()["value"], heights.melt()["value"], c=colours, s=9, linewidth=0)
    ax.axvline(0, **style.REFERENCE)
    ax.set(xlabel="years added to the predicted age (SHAP)", ylabel="")
    ax.set_yticks(range(len(top)), [_words(name, labels) for name in top])
    ax.set_ylim(len(top) - 0.5, -0.5)
    ax.set_title(f"What moves the clock, {len(years):,} people", loc="left")
    bar = ax.figure.colorbar(ScalarMappable(norm, style.SEQUENTIAL), ax=ax, ticks=[0, 1], aspect=30)
    bar.ax.set_yticklabels(["low", "high"])
    what = "feature" if levels is None else "measure it is named after"
    bar.set_label(f"{what}, ranked over people", labelpad=-8)
    return ax


def importance_waterfall(
    explanation: Any,
    person_id: str,
    *,
    labels: Mapping[str, str] | None = None,
    n: int = 8,
    ax: Axes | None = None,
) -> Axes:
    """Draw how the years of features lead from the average age to one person's predicted age.

    Parameters
    ----------
    explanation
        As for `importance_beeswarm`, with ``base_values``.
    person_id
        The person, one of ``instance_names``.
    labels
        Words for features.
    n
        How many features to draw, those that move this person most; the others are added up.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing; from the bottom, where the clock starts, to the top.

    Raises
    ------
    SettingError
        If the person was not explained.
    """
    years = _years(explanation)
    if person_id not in years.index:
        raise SettingError(
            f"importance_waterfall: {person_id!r} is not among the {len(years)} explained people; "
            f"expected one such as {years.index[0]!r}"
        )
    own = years.loc[person_id]
    order = own.abs().sort_values(kind="stable").index
    steps = own[order[-n:]]
    if rest := len(order[:-n]):
        steps = pd.concat([pd.Series({f"{rest} others": own[order[:-n]].sum()}), steps])
    bases = np.broadcast_to(explanation.base_values, len(years))
    base = float(bases[years.index.get_loc(person_id)])
    ends = base + steps.cumsum()
    ax = style.axes_or_new(ax, 6.4, 0.34 * len(steps) + 1.1)
    colours = np.where(steps > 0, OLDER, YOUNGER)
    ax.barh(range(len(steps)), steps, left=ends - steps, color=colours, height=0.62)
    for row, (step, end) in enumerate(zip(steps, ends, strict=True)):
        side, way = ("left", 1) if step >= 0 else ("right", -1)
        ax.annotate(style.signed(step, "+z.1f"), (end, row), (3 * way, 0), va="center", ha=side,
                    textcoords="offset points", fontsize=8)  # fmt: skip
        ax.plot([end, end], [row, min(row + 1, len(steps) - 1)], color=style.GREY, linewidth=0.6)
    ax.axvline(base, **style.REFERENCE)
    ax.axvline(ends.iloc[-1], color="black", linewidth=1, zorder=0)
    ax.set_yticks(range(len(steps)), [_words(name, labels) for name in steps.index])
    ax.set_xlabel("predicted age (years)")
    ax.set_title(f"{person_id}: predicted {ends.iloc[-1]:.1f} years\nthe clock's average person "
                 f"(dashed): {base:.1f}", loc="left")  # fmt: skip
    ax.use_sticky_edges = False
    ax.margins(x=0.17)
    return ax


def importance_dependence(
    explanation: Any,
    feature: str,
    measure: pd.Series,
    *,
    ages: pd.Series | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw each person's years of one feature, or group, against a measure of the tissue.

    Parameters
    ----------
    explanation
        As for `importance_beeswarm`.
    feature
        One of its ``feature_names``.
    measure
        A value per person, index ``person_id``; its name, such as "epidermis_um", is the axis.
    ages
        A person's age in years, index ``person_id``, to colour by: what goes with a measure through
        age alone shows as bands of colour.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    SettingError
        If there is no such feature.
    """
    years = _years(explanation)
    if feature not in years:
        raise SettingError(
            f"importance_dependence: no {feature!r} among the {years.shape[1]} explained features; "
            f"expected one such as {years.columns[0]!r}"
        )
    table = pd.DataFrame({"years": years[feature], "measure": measure})
    table = table.join(pd.Series(ages, name="age", dtype=float), how="left").dropna(
        subset=["years", "measure"]
    )
    ax = style.axes_or_new(ax, 4.2, 3.2)
    dots = ax.scatter(table["measure"], table["years"], c=table["age"] if ages is not None else
                      style.BLUE, cmap=style.SEQUENTIAL if ages is not None else None,
                      **style.DOTS)  # fmt: skip
    if ages is not None:
        ax.figure.colorbar(dots, ax=ax, label="age (years)")
    ax.axhline(0, **style.REFERENCE)
    r = table[["years", "measure"]].corr("spearman").iloc[0, 1]  # NaN where nothing varies
    found = "no correlation" if np.isnan(r) else f"Spearman r = {style.signed(r, 'z.2f')}"
    ax.set(xlabel=style.plain(str(measure.name)), ylabel=f"years added by {feature}")
    ax.set_title(f"{found}, {len(table):,} people", loc="left")
    return ax


def _years(explanation: Any) -> pd.DataFrame:
    """Return the years, a row per person by name (or number) and a column per feature."""
    names = getattr(explanation, "instance_names", None)
    columns = [str(feature) for feature in explanation.feature_names]
    return pd.DataFrame(np.asarray(explanation.values), names, columns)


def _words(name: str, labels: Mapping[str, str] | None) -> str:
    """Return the label with the name behind it, since several groups may have one label."""
    label = (labels or {}).get(name, name)
    if label == name:
        return name
    return style.plain(label) if name in label else f"{style.plain(label)} [{name}]"


def _swarm(years: pd.Series, half_width: float = 0.36) -> pd.Series:
    """Return how far up or down each dot of a row goes: the further, the more neighbours it has."""
    bins = pd.cut(years, 40, labels=False)
    place = years.groupby(bins).cumcount()
    crowd = years.groupby(bins).transform("size")
    side = np.where(place % 2 == 0, 1, -1) * ((place + 1) // 2)
    return side / max(crowd.max() / 2, 4) * half_width
