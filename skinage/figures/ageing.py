"""Figures of the clock and of age acceleration."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from skinage.figures.agreement import legend_above, signed
from skinage.figures.style import BLUE, GREY, ORANGE, VERMILLION, axes_or_new

_SEXES = {"F": ("women", ORANGE), "M": ("men", BLUE)}
_DOTS: dict[str, Any] = {"s": 14, "alpha": 0.75, "linewidths": 0}


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
    for name, colour, group in _by_sex(ages):
        ax.scatter(group["age_years"], group["predicted_years"], color=colour, label=name, **_DOTS)
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


def baselines(comparison: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw the error of each feature set, best on top; references that use no feature are grey.

    Parameters
    ----------
    comparison
        As ``compare_clocks`` returns it.
    ax
        Axes to draw into. Bars are 95 % bootstrap intervals by person.
    """
    ax = axes_or_new(ax, 4.6, 2.6)
    table = comparison.sort_values("mae_years", ascending=False).reset_index(drop=True)
    references = table["features"].isin(["predict the mean", "shuffled ages"])
    for row, colour in zip(table.itertuples(), np.where(references, GREY, BLUE), strict=True):
        ax.plot([row.lower_years, row.upper_years], [row.Index] * 2, color=colour, linewidth=1.5)
        ax.plot(row.mae_years, row.Index, "o", color=colour, markersize=5)
        ax.annotate(
            f"{row.mae_years:.1f}", (row.upper_years, row.Index), (5, 0), va="center",
            textcoords="offset points", fontsize="small", color=colour,
        )  # fmt: skip
    mean = table.loc[table["features"] == "predict the mean", "mae_years"]
    for value in mean:
        ax.axvline(value, color=GREY, linewidth=1, linestyle="--", zorder=0)
    ax.set_yticks(table.index, table["features"])
    ax.set(ylim=(-0.6, len(table) - 0.4), xlim=(0, 1.12 * table["upper_years"].max()))
    ax.set_xlabel("mean absolute error, out of fold (years)")
    return ax


def acceleration_by_age(acceleration: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw acceleration against age: what is left of age in it.

    Parameters
    ----------
    acceleration
        As ``skinage.acceleration`` returns it.
    ax
        Axes to draw into.
    """
    ax = axes_or_new(ax, 4.2, 3.2)
    for name, colour, group in _by_sex(acceleration):
        ax.scatter(
            group["age_years"], group["acceleration_years"], color=colour, label=name, **_DOTS
        )
    ax.axhline(0, color=GREY, linewidth=1, linestyle="--")
    _line(ax, acceleration["age_years"], acceleration["acceleration_years"])
    _room_above(ax)
    legend = ax.legend(
        loc="upper right", ncols=4, columnspacing=1, handletextpad=0.4, handlelength=1
    )
    legend.set_in_layout(
        False
    )  # in a narrow panel it may reach over the edge, not squeeze the axes
    ax.set(xlabel="age (years)", ylabel="age acceleration (years)")
    if "definition" in acceleration:
        ax.set_title(acceleration["definition"].iloc[0], fontsize="small", color=GREY, wrap=True)
    return ax


def truth_scatter(acceleration: pd.DataFrame, truth: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Draw measured against planted acceleration of a phantom's people.

    Parameters
    ----------
    acceleration
        ``person_id`` and ``acceleration_years``, measured.
    truth
        ``person_id`` and ``acceleration_years``, planted.
    ax
        Axes to draw into.
    """
    ax = axes_or_new(ax, 3.6, 3.4)
    planted = truth.set_index("person_id")["acceleration_years"].rename("planted")
    both = acceleration.join(planted, on="person_id").dropna(subset=["planted"])
    for name, colour, group in _by_sex(both):
        ax.scatter(group["planted"], group["acceleration_years"], color=colour, label=name, **_DOTS)
    _line(ax, both["planted"], both["acceleration_years"])
    ax.legend(loc="upper left")
    ax.text(0.97, 0.04, f"{len(both)} people", transform=ax.transAxes, ha="right")
    ax.set(xlabel="planted acceleration (years)", ylabel="measured acceleration (years)")
    return ax


def _by_sex(table: pd.DataFrame) -> Iterator[tuple[str | None, str, pd.DataFrame]]:
    """Give name, colour and rows of women, men and people of unknown sex."""
    if "sex" not in table:
        yield None, BLUE, table
        return
    for sex, (name, colour) in _SEXES.items():
        if (table["sex"] == sex).any():
            yield name, colour, table[table["sex"] == sex]
    unknown = table[~table["sex"].isin(list(_SEXES))]
    if len(unknown):
        yield "sex unknown", GREY, unknown


def _line(ax: Axes, x: pd.Series, y: pd.Series) -> None:
    """Draw the line of least squares, labelled with Pearson's r."""
    slope, intercept = np.polyfit(x, y, 1)
    ends = np.array([x.min(), x.max()])
    r = np.corrcoef(x, y)[0, 1]
    label = f"r = {r:.2f}".replace("-0.00", "0.00")
    ax.plot(ends, intercept + slope * ends, color=VERMILLION, linewidth=1.5, label=label)


def _room_above(ax: Axes) -> None:
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
