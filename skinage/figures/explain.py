"""Figures of the explanation: pixels and readable measures behind the age."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from scipy import ndimage

from skinage.figures import style

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
        Micrometres per pixel, for a scale bar; None draws no bar.
    smooth_px
        Standard deviation of the smoothing of the heat, for the eye only: neighbouring pixels of
        opposite sign cancel. 0 does not smooth.
    axes
        Two axes to draw into; new ones if None.

    Returns
    -------
    numpy.ndarray
        The two axes: tile, heat.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(6.2, 2.8), layout="constrained")[1]
    heat = ndimage.gaussian_filter(attribution.heat, smooth_px) * PER_PX
    limit = float(np.abs(heat).max()) or 1.0
    style.show_picture(axes[0], pixels, mpp)
    style.show_picture(axes[1], np.repeat(pixels.mean(axis=-1, keepdims=True) / 255, 3, -1), mpp)
    # Where a pixel adds no years, the tissue shows; where it adds most, its colour.
    opacity = np.clip(np.abs(heat) / limit * 2, 0, 0.9)
    image = axes[1].imshow(heat, cmap=style.DIVERGING, vmin=-limit, vmax=limit, alpha=opacity)
    # Made from norm and colours alone: the picture's own opacity is no single number.
    bar = axes[1].figure.colorbar(ScalarMappable(image.norm, image.cmap), ax=axes[1])
    bar.set_label(f"years per {PER_PX} pixels")
    bar.ax.set_title("older", fontsize=8)
    bar.ax.set_xlabel("younger", fontsize=8)
    axes[0].set_title(f"tile of a person predicted {attribution.age_years:.1f} years", fontsize=8)
    gain = style.signed(attribution.difference_years, "+z.2f")
    error = f"heat adds up within {attribution.completeness_error:.2g} years"
    axes[1].set_title(f"{gain} years against {attribution.baseline}\n{error}", fontsize=8)
    return axes


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
