"""Figures of the explanation: pixels, features and readable measures behind the age."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from scipy import ndimage, stats

from skinage.figures.style import (
    BLUE,
    DIVERGING,
    SEQUENTIAL,
    VERMILLION,
    axes_or_new,
    plain,
    scale_bar,
)

PER_PX = 100  # years per single pixel would be all zeros behind the point


def attribution_panel(
    pixels: np.ndarray,
    attribution: Any,
    *,
    mpp: float | None = None,
    smooth_px: float = 3.0,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a tile beside the years that its pixels add to the person's age or take from it.

    Parameters
    ----------
    pixels
        ``(h, w, 3)`` uint8, the tile that was explained.
    attribution
        What `attribute` returned for it: ``heat``, ``age_years``, ``difference_years``,
        ``completeness_error`` and ``baseline``.
    mpp
        Micrometres per pixel, for a scale bar.
    smooth_px
        Standard deviation of the smoothing of the heat, for the eye only: neighbouring pixels of
        opposite sign cancel. 0 for none.
    axes
        Two axes to draw on; new ones if none.

    Returns
    -------
    numpy.ndarray
        The two axes: tile, heat.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(6.2, 2.8), layout="constrained")[1]
    heat = ndimage.gaussian_filter(attribution.heat, smooth_px) * PER_PX
    limit = float(np.abs(heat).max()) or 1.0
    axes[0].imshow(pixels)
    axes[1].imshow(pixels.mean(axis=-1), cmap="gray", vmin=0, vmax=255)
    # Where a pixel says nothing, the tissue shows; where it says most, its colour.
    opacity = np.clip(np.abs(heat) / limit * 2, 0, 0.9)
    image = axes[1].imshow(heat, cmap=DIVERGING, vmin=-limit, vmax=limit, alpha=opacity)
    _years_bar(image, axes[1])
    for ax in axes:
        ax.set(xticks=[], yticks=[])
        if mpp is not None:
            scale_bar(ax, mpp)
    axes[0].set_title(f"tile of a person predicted {attribution.age_years:.1f} years", fontsize=9)
    gain = f"{attribution.difference_years:+.2f} years against {attribution.baseline}"
    error = f"heat adds up within {attribution.completeness_error:.2g} years"
    axes[1].set_title(f"{gain}\n{error}", fontsize=8)
    return axes


def _years_bar(image: AxesImage, ax: Axes) -> None:
    # Made from norm and colours alone: the picture's own opacity is no single number.
    bar = ax.figure.colorbar(plt.cm.ScalarMappable(image.norm, image.cmap), ax=ax)
    bar.set_label(f"years per {PER_PX} pixels")
    bar.ax.set_title("older", fontsize=8)
    bar.ax.set_xlabel("younger", fontsize=8)


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
        How many features.
    ax
        Axes to draw on; new ones if none.
    """
    values, data = np.asarray(explanation.values), np.asarray(explanation.data)
    top = np.argsort(-np.abs(values).mean(axis=0), kind="stable")[:n]
    ax = axes_or_new(ax, 7.4, 0.34 * len(top) + 0.9)
    names = [str(explanation.feature_names[k]) for k in top]
    for row, k in enumerate(top):
        level = stats.rankdata(data[:, k]) / len(data)
        dots = ax.scatter(values[:, k], row + _swarm(values[:, k]), c=level, cmap=SEQUENTIAL,
                          vmin=0, vmax=1, s=9, linewidths=0)  # fmt: skip
    ax.axvline(0, color="0.5", linewidth=0.8, zorder=0)
    ax.set(xlabel="years added to the predicted age (SHAP)", yticks=range(len(top)),
           yticklabels=[(labels or {}).get(name, name) for name in names])  # fmt: skip
    ax.set_ylim(len(top) - 0.5, -0.5)
    ax.set_title(f"What moves the clock, {len(values):,} people", loc="left")
    bar = ax.figure.colorbar(dots, ax=ax, ticks=[0, 1], aspect=30)
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
        With ``person_id`` and ``age_years``.
    labels
        Words for the measures; taken from their names if none.
    """
    age = ages.set_index("person_id")["age_years"]
    table = morphology.join(age, how="inner").dropna(subset="age_years")
    columns = min(4, morphology.shape[1])
    rows = -(-morphology.shape[1] // columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(2.3 * columns, 2.1 * rows + 0.3), sharex=True, squeeze=False,
        layout="constrained",
    )  # fmt: skip
    for ax, measure in zip(axes.flat, morphology.columns, strict=False):
        words = (labels or {}).get(measure, plain(measure))
        _measure_panel(ax, table[["age_years", measure]].dropna().to_numpy(float), words)
    # A panel with nothing below it has to show the ages itself.
    for ax in axes.flat[max(morphology.shape[1] - columns, 0) :]:
        ax.tick_params(labelbottom=True)
    for ax in axes.flat[morphology.shape[1] :]:
        ax.remove()
    figure.supxlabel("age (years)", fontsize=9)
    figure.suptitle(f"Readable measures by age, {len(table):,} people", fontsize=10)
    return figure


def _measure_panel(ax: Axes, points: np.ndarray, words: str) -> None:
    age, measure = points.T
    ax.scatter(age, measure, s=9, color=BLUE, alpha=0.6, linewidths=0)
    if len(points) < 3 or np.ptp(measure) == 0 or np.ptp(age) == 0:
        ax.set_title(f"{words}\nno correlation to state", fontsize=8)
        return
    slope, intercept = np.polyfit(age, measure, 1)
    ends = np.array([age.min(), age.max()])
    ax.plot(ends, intercept + slope * ends, color=VERMILLION, linewidth=1.2)
    r = stats.spearmanr(age, measure).statistic
    ax.set_title(f"{words}\nSpearman r = {r:.2f}", fontsize=8)


def _swarm(values: np.ndarray, half_width: float = 0.36) -> np.ndarray:
    """Spread dots of one row up and down where they crowd: as wide as there are neighbours."""
    edges = np.linspace(values.min(), values.max(), 41)
    bins = np.digitize(values, edges[1:-1])
    place = pd.Series(values).groupby(bins).cumcount().to_numpy()
    crowd = np.bincount(bins)[bins]
    side = np.where(place % 2 == 0, 1, -1) * ((place + 1) // 2)
    return side / max(crowd.max() / 2, 4) * half_width
