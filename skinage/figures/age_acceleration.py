"""Figures of age acceleration: what is left of age in it, and the planted truth."""

import textwrap

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from skinage.figures import style

MEASURES = {
    "acceleration_z": ("age acceleration (SD at that age)", 0),
    "acceleration_centile": ("predicted age (centile for age)", 50),
    "acceleration_ratio": ("predicted / expected age", 1),
    "acceleration_years": ("age acceleration (years)", 0),
}
"""What a definition measures: the label of the axis, and what is expected."""


def acceleration_by_age(acceleration: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw acceleration against age: what is left of age in it.

    Parameters
    ----------
    acceleration
        The table that ``skinage.acceleration`` returns. What its definition measures is drawn:
        years, or the SD at that age, centile or ratio.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.4, 3.4)
    name = measure(acceleration)
    label, expected = MEASURES[name]
    style.people_scatter(acceleration, "age_years", name, ax)
    ax.axhline(expected, **style.REFERENCE)
    style.fitted_line(acceleration["age_years"], acceleration[name], ax)
    definition = acceleration["definition"].iloc[0] if "definition" in acceleration else ""
    ax.legend(**style.ABOVE, ncols=3, title=textwrap.fill(definition, 50))
    ax.set(xlabel="age (years)", ylabel=label)
    return ax


def measure(acceleration: pd.DataFrame) -> str:
    """Return the column that the definition is about, years only where it is no other."""
    return next(name for name in MEASURES if name in acceleration)


def age_dependence(comparison: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw what is left of age in acceleration by each definition, of everybody and by sex.

    Parameters
    ----------
    comparison
        The table that ``skinage.compare_definitions`` returns.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.6, 1.1 + 0.32 * len(comparison))
    colours = {"everybody": style.GREY} | style.SEX_COLOURS
    people = [name for name in colours if name in comparison]
    table = comparison.melt("definition", people, "people", "correlation")
    sns.scatterplot(
        table, x="correlation", y="definition", hue="people", style="people", palette=colours,
        markers={"everybody": "D", "women": "o", "men": "s"}, s=30, alpha=0.8, linewidth=0, ax=ax,
    )  # fmt: skip
    ax.axvline(0, **style.REFERENCE)
    ax.set(xlim=(-1, 1), ylim=(len(comparison) - 0.5, -0.5))
    ax.set(xlabel="correlation of acceleration with age", ylabel="definition")
    ax.legend(**style.ABOVE, ncols=3)
    return ax


def truth_scatter(acceleration: pd.DataFrame, truth: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw measured against planted acceleration of a phantom's people.

    Parameters
    ----------
    acceleration
        A table with ``person_id`` and the measured ``acceleration_years``.
    truth
        A table with ``person_id`` and the planted ``acceleration_years``.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 3.6, 3.4)
    planted = truth.set_index("person_id")["acceleration_years"].rename("planted")
    both = acceleration.join(planted, on="person_id").dropna(subset=["planted"])
    style.people_scatter(both, "planted", "acceleration_years", ax)
    style.fitted_line(both["planted"], both["acceleration_years"], ax)
    ax.legend(**style.ABOVE, ncols=2, title=f"{len(both)} people")
    ax.set(xlabel="planted acceleration (years)", ylabel="measured acceleration (years)")
    return ax
