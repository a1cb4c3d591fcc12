"""Figures of the clock: predicted against actual age."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from skinage.figures.style import (
    BLUE,
    DOTS,
    GREY,
    VERMILLION,
    axes_or_new,
    by_sex,
    legend_above,
    signed,
)


def age_scatter(ages: pd.DataFrame, ax: Axes | None = None, *, intervals: bool = False) -> Axes:
    """Draw predicted against actual age, with the line of a perfect clock.

    MAE and R2 are of the predictions drawn (of repeats, the first), as in ``report_card``; R2 is
    not written where every age is the same.

    Parameters
    ----------
    ages
        ``age_years``, ``predicted_years`` (out of fold) and, if known, ``sex``; brackets
        (``age_low``, ``age_high``) are drawn as bars; inside of them no error counts.
    ax
        Axes to draw into.
    intervals
        Whether ``lower_years`` to ``upper_years`` are drawn behind the dots.
    """
    ax = axes_or_new(ax, 3.8, 4.1)
    for name, colour, group in by_sex(ages):
        ax.scatter(group["age_years"], group["predicted_years"], color=colour, label=name, **DOTS)
    # Below the dots, which they would grey, and not see-through: a crowd's would add up to black.
    bars: dict[str, Any] = {"linewidth": 0.8, "zorder": 0.5}
    if intervals:
        ax.vlines(ages["age_years"], ages["lower_years"], ages["upper_years"],
                  color="0.85", label="interval predicted", **bars)  # fmt: skip
    bounds = [ages[name if name in ages else "age_years"] for name in ("age_low", "age_high")]
    # A cohort of brackets and exact ages may leave the bounds of exact ages blank.
    low_age, high_age = (bound.fillna(ages["age_years"]).to_numpy(float) for bound in bounds)
    if (low_age < high_age).any():
        ax.hlines(ages["predicted_years"], low_age, high_age, color="0.7", label="bracket of age",
                  **bars)  # fmt: skip
    both = ages[["age_years", "predicted_years"]].to_numpy(float)
    drawn = [both[:, 1], low_age, high_age]
    drawn += [ages["lower_years"], ages["upper_years"]] if intervals else []
    low, high = min(map(np.min, drawn)) - 3, max(map(np.max, drawn)) + 3
    ax.plot([low, high], [low, high], color=GREY, linewidth=1, linestyle="--", label="perfect")
    error = both[:, 1] - np.clip(both[:, 1], low_age, high_age)
    of_mean = both[:, 0].mean() - np.clip(both[:, 0].mean(), low_age, high_age)
    words = [f"MAE {np.abs(error).mean():.1f} years", f"{len(ages)} people"]
    if of_mean.any():
        words.insert(1, f"$R^2$ {1 - np.sum(error**2) / np.sum(of_mean**2):.2f}")
    legend_above(ax, 3, ", ".join(words))
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
    ax.set(xlabel="age (years)", ylabel="predicted age, out of fold (years)")
    return ax


def calibration(ages: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw mean actual age in up to eight equal parts of predicted age, and the line of all.

    The line, actual on predicted age of every person, has slope 1 and intercept 0 for a perfect
    clock; a slope below 1 tells of predictions too far apart.

    Parameters
    ----------
    ages
        ``age_years`` (of a bracket, its middle) and ``predicted_years``.
    ax
        Axes to draw into. Bars are 95 % intervals of the mean (1.96 standard errors).
    """
    ax = axes_or_new(ax, 3.6, 3.9)
    n_parts = int(np.clip(len(ages) // 10, 2, 8))
    # By rank, so that equal predictions make equal parts too.
    part = pd.qcut(ages["predicted_years"].rank(method="first"), n_parts, labels=False)
    grouped = ages.groupby(part)
    predicted, actual = grouped["predicted_years"].mean(), grouped["age_years"].mean()
    margin = 1.96 * grouped["age_years"].sem()
    low = min(predicted.min(), (actual - margin).min()) - 3
    high = max(predicted.max(), (actual + margin).max()) + 3
    ax.plot([low, high], [low, high], color=GREY, linewidth=1, linestyle="--", label="perfect")
    ax.errorbar(
        predicted, actual, margin, color=BLUE, fmt="o", markersize=4, label="mean, 95 % interval"
    )
    if np.ptp(ages["predicted_years"]) > 0:
        slope, intercept = np.polyfit(ages["predicted_years"], ages["age_years"], 1)
        ends = np.array([ages["predicted_years"].min(), ages["predicted_years"].max()])
        ax.plot(ends, intercept + slope * ends, color=VERMILLION, linewidth=1.2,
                label=f"slope {slope:.2f},\nintercept {signed(intercept)} years")  # fmt: skip
    legend_above(ax, 2)
    ax.set(xlim=(low, high), ylim=(low, high), aspect="equal")
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
        ``age_years`` (of a bracket, its middle) and ``predicted_years``.
    ax
        Axes to draw into. Lines are the mean difference and the 95 % limits of agreement (1.96
        SD), bands their 95 % intervals (standard errors SD / sqrt(n), and sqrt(3 / n) SD for the
        limits).
    """
    ax = axes_or_new(ax, 4.4, 3.8)
    difference = (ages["predicted_years"] - ages["age_years"]).to_numpy(float)
    middle = (ages["predicted_years"] + ages["age_years"]).to_numpy(float) / 2
    ax.scatter(middle, difference, s=14, alpha=0.75, linewidths=0, color=BLUE)
    mean, sd, n_people = difference.mean(), difference.std(ddof=1), len(difference)
    for value, error, words in (
        (mean, sd / np.sqrt(n_people), "mean"),
        (mean - 1.96 * sd, np.sqrt(3 / n_people) * sd, "\N{MINUS SIGN}1.96 SD"),
        (mean + 1.96 * sd, np.sqrt(3 / n_people) * sd, "+1.96 SD"),
    ):
        ax.axhspan(value - 1.96 * error, value + 1.96 * error, color=GREY, alpha=0.15, linewidth=0)
        ax.axhline(value, color=GREY, linewidth=1)
        ax.annotate(f"{signed(value, '+z.1f')}\n{words}", (1.01, value), va="center",
                    xycoords=("axes fraction", "data"), fontsize="small", color=GREY)  # fmt: skip
    slope, intercept = np.polyfit(middle, difference, 1)
    ends = np.array([middle.min(), middle.max()])
    ax.plot(ends, intercept + slope * ends, color=VERMILLION, linewidth=1.5, linestyle="--",
            label=f"trend, {signed(slope, '+z.2f')} years per year: "
            f"predictions vary {'less' if slope < 0 else 'more'} than ages")  # fmt: skip
    words = f"{n_people} people, 95 % intervals shaded"
    if "age_low" in ages and (ages["age_low"] < ages["age_high"]).any():
        words += "\nactual age: the middle of a bracket, hence stripes"
    legend_above(ax, 1, words)
    ax.set(xlabel="mean of predicted and actual age (years)")
    ax.set(ylabel="predicted minus actual age (years)")
    return ax
