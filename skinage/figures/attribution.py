"""Figures of years: over the tiles of a slide, and over the pixels of a tile."""

import textwrap
from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import PatchCollection
from matplotlib.colors import Normalize
from matplotlib.patches import Rectangle
from numpy.typing import NDArray
from scipy import ndimage

from skinage.errors import SettingError
from skinage.figures import style

PER_PX = 100  # years per single pixel would be all zeros behind the point
MOST_FAILED = 4


def slide_contributions(
    thumbnail: NDArray[np.uint8],
    tiles: pd.DataFrame,
    contributions: Any,
    *,
    thumbnail_mpp: float = 8.0,
    slide_id: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw the years that each tile of a slide adds to the person's predicted age.

    Parameters
    ----------
    thumbnail
        ``(height, width, 3)`` uint8 RGB of the whole slide.
    tiles
        The rows of the tile table of all tiles of the person, in the order of the contributions:
        ``slide_id``, ``x``, ``y``, ``extent_px``, ``tile_px``, ``mpp``.
    contributions
        What `tile_contributions` returned: ``years`` (n_tiles,), ``zero`` in words; as a text the
        sum and the rest.
    thumbnail_mpp
        um per px of the thumbnail.
    slide_id
        The slide of the thumbnail, of a person with several; None draws all rows.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.

    Raises
    ------
    SettingError
        If there are not as many tiles as contributions, or none of the slide.
    """
    years = np.asarray(contributions.years, float)
    if len(tiles) != len(years):
        raise SettingError(
            f"slide_contributions: {len(tiles)} rows of tiles and {len(years)} contributions; "
            "give the rows of all tiles of the person, in the same order"
        )
    shown = np.full(len(tiles), True) if slide_id is None else (tiles["slide_id"] == slide_id)
    rows, own = tiles[np.asarray(shown)], years[np.asarray(shown)]
    if rows.empty:
        raise SettingError(f"slide_contributions: no tile of slide {slide_id!r}, or none at all")
    height, width = thumbnail.shape[:2]
    ax = style.axes_or_new(ax, 6.0, 5.2 * height / width + 1.2)
    ax.imshow(thumbnail, interpolation="antialiased", extent=(0, width, height, 0))
    norm = Normalize(-(limit := float(np.abs(years).max()) or 1.0), limit)
    to_thumbnail = rows["mpp"] * rows["tile_px"] / rows["extent_px"] / thumbnail_mpp
    places = rows[["x", "y", "extent_px"]].mul(to_thumbnail, axis=0).to_numpy()
    squares = PatchCollection([Rectangle((x, y), side, side) for x, y, side in places],
                              cmap=style.DIVERGING, norm=norm, edgecolor=style.GREY, lw=0.3,
                              alpha=0.75)  # fmt: skip
    squares.set_array(own)
    ax.add_collection(squares)
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
    style.scale_bar(ax, thumbnail_mpp)
    _years_bar(ax, norm, "years that a tile adds")
    ax.set_title(str(contributions).replace("-", "\N{MINUS SIGN}"), fontsize=8, wrap=True)
    ax.set_xlabel("\n".join(textwrap.wrap(contributions.zero, 70)), fontsize=8)
    return ax


def attribution_panel(
    pixels: np.ndarray,
    attribution: Any,
    *,
    mpp: float | None = None,
    smooth_px: float = 3.0,
    failed: Sequence[str] | None = None,
    axes: np.ndarray | None = None,
) -> np.ndarray:
    """Draw a tile beside the years that its pixels add to the person's age or take from it.

    Parameters
    ----------
    pixels
        ``(h, w, 3)`` uint8, the tile that was explained.
    attribution
        What `attribute` returned for it: ``heat``, ``unit``, ``method``, ``age_years``,
        ``difference_years`` and ``baseline``.
    mpp
        Micrometres per pixel, for a scale bar; None draws no bar.
    smooth_px
        Standard deviation of the smoothing of the heat, for the eye only: neighbouring pixels of
        opposite sign cancel. 0 does not smooth.
    failed
        In words what maps of this kind failed, as `failed_words` returns it; it stands below the
        heat. None says that they were not graded.
    axes
        Two axes to draw into; new ones if None.

    Returns
    -------
    numpy.ndarray
        The two axes: tile, heat.
    """
    if axes is None:
        axes = plt.subplots(1, 2, figsize=(6.6, 3.0), layout="constrained")[1]
    in_years = attribution.unit == "years per pixel"
    heat = ndimage.gaussian_filter(attribution.heat, smooth_px) * (PER_PX if in_years else 1)
    limit = float(np.abs(heat).max()) or 1.0
    style.show_picture(axes[0], pixels, mpp)
    style.show_picture(axes[1], np.repeat(pixels.mean(axis=-1, keepdims=True) / 255, 3, -1), mpp)
    # Where a pixel adds no years, the tissue shows; where it adds most, its colour.
    opacity = np.clip(np.abs(heat) / limit * 2, 0, 0.9)
    image = axes[1].imshow(heat, cmap=style.DIVERGING, vmin=-limit, vmax=limit, alpha=opacity)
    unit = f"years per {PER_PX} pixels" if in_years else attribution.unit
    _years_bar(axes[1], image.norm, unit)
    axes[0].set_title(f"tile of a person predicted {attribution.age_years:.1f} years", fontsize=8)
    axes[1].set_title(_about(attribution, in_years), fontsize=8, wrap=True)
    axes[1].set_xlabel(_grade(failed), fontsize=7, color=style.VERMILLION if failed else style.GREY)
    return axes


def _grade(failed: Sequence[str] | None) -> str:
    """Return in words how maps of this kind were graded."""
    if failed is None:
        return "not graded"
    if not failed:
        return "passed every test"
    lines = [textwrap.fill(one, 46, subsequent_indent="  ") for one in failed[:MOST_FAILED]]
    more = [f"and {len(failed) - MOST_FAILED} more"] * (len(failed) > MOST_FAILED)
    return "\n".join(["not passed:", *lines, *more])


def _about(attribution: Any, in_years: bool) -> str:
    """Return the method, what 0 is, and whether the heat adds up."""
    method = attribution.method.replace("_", " ")
    if not in_years:
        return f"{method}\nadds up to nothing"
    gain = style.signed(attribution.difference_years, "+z.2f")
    total = style.signed(float(attribution.heat.sum(dtype=float)), "+z.2f")
    against = "\n".join(textwrap.wrap(attribution.baseline, 46))
    return f"{method}: {gain} years against\n{against}\n0: as these; heat adds up to {total}"


def _years_bar(ax: Axes, norm: Normalize, label: str) -> None:
    """Draw the bar of colours, older above and younger below."""
    # Made from norm and colours alone: the drawing's own opacity is no single number.
    bar = ax.figure.colorbar(ScalarMappable(norm, style.DIVERGING), ax=ax, aspect=30)
    bar.set_label(f"younger \N{LEFTWARDS ARROW} {label} \N{RIGHTWARDS ARROW} older")
