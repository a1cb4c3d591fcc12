"""Figures of the embedding: the map of all tiles, and what lives in each of its clusters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinage.figures.style import (
    COLOURS,
    GREY,
    HALO,
    SEQUENTIAL,
    axes_or_new,
    plain,
    scale_bar,
)

if TYPE_CHECKING:
    from anndata import AnnData

MOST_CATEGORIES = 10


def umap_scatter(
    atlas: "AnnData", colour: str = "cluster", *, label: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw the map of all tiles, coloured by a column of ``obs``.

    Parameters
    ----------
    atlas
        With ``obsm["X_umap"]`` (n_tiles, 2).
    colour
        Column of ``obs``; numbers get a colour bar, categories a legend (the ten largest; the
        rest is "other").
    label
        The column in plain words; taken from its name if none.
    ax
        Axes to draw on; new ones if none.
    """
    ax = axes_or_new(ax, 5.4, 4.0)
    label = label or plain(colour)
    points = pd.DataFrame(np.asarray(atlas.obsm["X_umap"]), columns=["x", "y"])
    # Drawn in shuffled order, so that no group hides another by standing last in the table.
    order = np.random.default_rng(0).permutation(len(points))
    points = points.assign(value=atlas.obs[colour].to_numpy()).iloc[order]
    if pd.api.types.is_numeric_dtype(points["value"]) and points["value"].nunique() > 10:
        _draw_numbers(points, label, ax)
    else:
        _draw_categories(points, label, ax)
    if colour == "cluster":
        for name, group in points.groupby("value", observed=True):
            ax.text(group["x"].median(), group["y"].median(), name, ha="center", va="center",
                    weight="bold", path_effects=HALO)  # fmt: skip
    ax.set(xticks=[], yticks=[], xlabel="UMAP 1", ylabel="UMAP 2")
    ax.set_title(f"{label}, {len(points):,} tiles")
    ax.set_aspect("equal", adjustable="datalim")
    return ax


def cluster_gallery(
    pixels_by_cluster: Mapping[str, np.ndarray],
    *,
    sizes: Mapping[str, int] | None = None,
    mpp: float | None = None,
) -> Figure:
    """Draw a row of typical tiles per cluster.

    Parameters
    ----------
    pixels_by_cluster
        ``(n, h, w, 3)`` uint8 tiles by name of the cluster, in the order of the rows.
    sizes
        How many tiles each cluster has, written beside its name.
    mpp
        Micrometres per pixel, for a scale bar on the first tile.
    """
    rows, columns = len(pixels_by_cluster), max(len(tiles) for tiles in pixels_by_cluster.values())
    figure, axes = plt.subplots(
        rows, columns, figsize=(0.85 * columns + 1.1, 0.85 * rows + 0.35), squeeze=False,
    )  # fmt: skip
    figure.set_layout_engine("constrained", w_pad=0.02, h_pad=0.02, wspace=0, hspace=0)
    for row, (name, tiles) in zip(axes, pixels_by_cluster.items(), strict=True):
        for ax in row:
            ax.set(xticks=[], yticks=[])
            ax.spines[:].set_visible(False)
        for ax, tile in zip(row, tiles, strict=False):
            ax.imshow(tile)
        words = f"cluster {name}" + (f"\n{sizes[name]:,} tiles" if sizes else "")
        row[0].set_ylabel(words, rotation=0, ha="right", va="center")
    if mpp is not None:
        scale_bar(axes[0, 0], mpp)
    figure.suptitle("Tiles nearest to the centre of each cluster", fontsize=10)
    return figure


def _draw_numbers(points: pd.DataFrame, label: str, ax: Axes) -> None:
    known = points["value"].notna()
    style: dict[str, Any] = {"s": _marker_size(points), "linewidths": 0, "rasterized": True}
    ax.scatter("x", "y", data=points[~known], color=GREY, alpha=0.3, **style)
    dots = ax.scatter("x", "y", c="value", data=points[known], cmap=SEQUENTIAL, **style)
    missing = f", grey: unknown ({(~known).sum():,})" if not known.all() else ""
    ax.figure.colorbar(dots, ax=ax, label=label + missing, shrink=0.8)


def _draw_categories(points: pd.DataFrame, label: str, ax: Axes) -> None:
    groups = points["value"].astype(object).where(points["value"].notna(), "unknown").astype(str)
    largest = groups[groups != "unknown"].value_counts().index[:MOST_CATEGORIES]
    groups = groups.where(groups.isin([*largest, "unknown"]), "other")
    names = sorted(largest, key=lambda name: (len(name), name) if name.isdigit() else (0, name))
    colours = dict(zip(names, _palette(len(names)), strict=True))
    colours |= {name: GREY for name in ("other", "unknown") if (groups == name).any()}
    ax.scatter(points["x"], points["y"], c=groups.map(colours).tolist(), s=_marker_size(points),
               linewidths=0, rasterized=True)  # fmt: skip
    for name, colour in colours.items():
        words = f"{name} ({(groups == name).sum():,})"
        ax.plot([], [], "o", markersize=4, color=colour, label=words)
    ax.legend(title=f"{label} (tiles)", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)


def _palette(n: int) -> list:
    return list(COLOURS[:n]) if n <= len(COLOURS) else sns.color_palette("colorblind", n)


def _marker_size(points: pd.DataFrame) -> float:
    return float(np.clip(20_000 / max(len(points), 1), 1, 14))
