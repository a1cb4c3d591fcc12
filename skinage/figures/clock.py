"""Figures of the clock: predicted against actual age."""

from typing import Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from skinage.figures import style


def age_scatter(ages: pd.DataFrame, ax: Axes | None = None, *, intervals: bool = False) -> Axes:
    """Draw predicted against actual age, with the line of a perfect clock.

    MAE and R2 are those of the predictions drawn (of repeats, the first), as in ``report_card``; R2
    is not written where every age is the same.

    Parameters
    ----------
    ages
        A table with ``age_years``, ``predicted_years`` (out of fold) and, if known, ``sex``.
        Brackets of age (``age_low``, ``age_high``) are drawn as bars; a prediction within its
        bracket has no error.
    ax
        The axes to draw into; new ones if None.
    intervals
        Whether to draw the interval from ``lower_years`` to ``upper_years`` behind each dot.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 3.8, 4.1)
    style.people_scatter(ages, "age_years", "predicted_years", ax)
    # Below the dots, which they would grey, and not see-through: a crowd's would add up to black.
    bars: dict[str, Any] = {"linewidth": 0.8, "zorder": -1}
    if intervals:
        ax.vlines(ages["age_years"], ages["lower_years"], ages["upper_years"],
                  color="0.85", label="interval predicted", **bars)  # fmt: skip
    bounds = [ages[name if name in ages else "age_years"] for name in ("age_low", "age_high")]
    # A cohort of brackets and exact ages may leave the bounds of exact ages blank.
    low, high = (bound.fillna(ages["age_years"]).to_numpy(float) for bound in bounds)
    if (low < high).any():
        ax.hlines(ages["predicted_years"], low, high, color="0.7", label="bracket of age", **bars)
    style.equal_axes(ax, "perfect")
    predicted, mean = ages["predicted_years"].to_numpy(float), ages["age_years"].mean()
    error, of_mean = (value - np.clip(value, low, high) for value in (predicted, mean))
    words = [f"MAE {np.abs(error).mean():.1f} years", f"{len(ages)} people"]
    if of_mean.any():
        words.insert(1, f"$R^2$ {1 - np.sum(error**2) / np.sum(of_mean**2):.2f}")
    ax.legend(**style.ABOVE, ncols=3, title=", ".join(words))
    ax.set(xlabel="age (years)", ylabel="predicted age, out of fold (years)")
    return ax


def calibration(ages: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw mean actual age in up to eight equal parts of predicted age, and the line of all.

    The line is the regression of actual on predicted age of every person. It has slope 1 and
    intercept 0 for a perfect clock; a slope below 1 means that predictions lie too far apart.

    Parameters
    ----------
    ages
        A table with ``age_years`` (of a bracket, its middle) and ``predicted_years``.
    ax
        The axes to draw into; new ones if None. Error bars are 95 % intervals of the mean (1.96
        standard errors).

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 3.6, 3.9)
    predicted, actual = ages["predicted_years"], ages["age_years"]
    n_parts = int(np.clip(len(ages) // 10, 2, 8))
    # By rank, so that equal predictions make equal parts too.
    part = pd.qcut(predicted.rank(method="first"), n_parts, labels=False)
    middle, actual_of = predicted.groupby(part).mean(), actual.groupby(part)
    ax.errorbar(middle, actual_of.mean(), 1.96 * actual_of.sem(), color=style.BLUE, fmt="o",
                markersize=4, label="mean, 95 % interval")  # fmt: skip
    if np.ptp(predicted) > 0:
        slope, intercept = np.polyfit(predicted, actual, 1)
        words = f"slope {slope:.2f},\nintercept {style.signed(intercept)} years"
        style.fitted_line(predicted, actual, ax, words)
    style.equal_axes(ax, "perfect")
    ax.legend(**style.ABOVE, ncols=2)
    ax.set(xlabel="predicted age, mean of each part (years)", ylabel="actual age (years)")
    return ax


def bland_altman(ages: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the difference of predicted and actual age against their mean.

    The plot of Bland and Altman (1986, Lancet 327:307); the intervals of its lines as in theirs of
    1999 (Stat Methods Med Res 8:135). The dashed trend falls exactly where predictions vary less
    than ages do (the covariance of difference and mean is half the difference of the variances):
    shrinkage towards the mean, which makes the young too old and the old too young.

    Parameters
    ----------
    ages
        A table with ``age_years`` (of a bracket, its middle) and ``predicted_years``.
    ax
        The axes to draw into; new ones if None. Lines are the mean difference and the 95 % limits
        of agreement (1.96 SD), bands their 95 % intervals (standard errors SD / sqrt(n), and
        sqrt(3 / n) SD for the limits).

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 4.4, 3.8)
    difference = ages["predicted_years"] - ages["age_years"]
    middle = ages[["predicted_years", "age_years"]].mean(axis=1)
    sns.scatterplot(x=middle, y=difference, color=style.BLUE, ax=ax, **style.DOTS)
    mean, sd, n_people = difference.mean(), difference.std(), len(difference)
    grey: dict[str, Any] = {"color": style.GREY}
    for value, error, words in (
        (mean, sd / np.sqrt(n_people), "mean"),
        (mean - 1.96 * sd, np.sqrt(3 / n_people) * sd, "\N{MINUS SIGN}1.96 SD"),
        (mean + 1.96 * sd, np.sqrt(3 / n_people) * sd, "+1.96 SD"),
    ):
        ax.axhspan(value - 1.96 * error, value + 1.96 * error, alpha=0.15, linewidth=0, **grey)
        ax.axhline(value, linewidth=1, **grey)
        ax.text(1.01, value, f"{style.signed(value, '+z.1f')}\n{words}", va="center",
                transform=ax.get_yaxis_transform(), fontsize="small", **grey)  # fmt: skip
    slope = np.polyfit(middle, difference, 1)[0]
    trend = f"trend, {style.signed(slope, '+z.2f')} years per year: "
    trend += f"predictions vary {'less' if slope < 0 else 'more'} than ages"
    style.fitted_line(middle, difference, ax, trend, linestyle="--")
    words = f"{n_people} people, 95 % intervals shaded"
    if "age_low" in ages and (ages["age_low"] < ages["age_high"]).any():
        words += "\nactual age: the middle of a bracket, hence stripes"
    ax.legend(**style.ABOVE, title=words)
    ax.set(xlabel="mean of predicted and actual age (years)")
    ax.set(ylabel="predicted minus actual age (years)")
    return ax
