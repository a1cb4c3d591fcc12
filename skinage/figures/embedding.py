"""Figures of the embedding: the map of all tiles, and what lies in each of its clusters."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinage.figures import style

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
        An atlas with ``obsm["X_umap"]``, ``(n_tiles, 2)``.
    colour
        The column of ``obs``. Numbers get a colour bar, categories a legend (the ten largest; the
        rest is "other").
    label
        The column in plain words; its name in words if None.
    ax
        The axes to draw into; new ones if None.

    Returns
    -------
    matplotlib.axes.Axes
        The axes with the drawing.
    """
    ax = style.axes_or_new(ax, 5.4, 4.0)
    label = label or style.plain(colour)
    points = pd.DataFrame(np.asarray(atlas.obsm["X_umap"]), columns=["x", "y"])
    # Drawn in shuffled order, so that no group hides another by standing last in the table.
    order = np.random.default_rng(0).permutation(len(points))
    points = points.assign(value=atlas.obs[colour].to_numpy()).iloc[order]
    size = float(np.clip(20_000 / max(len(points), 1), 1, 14))
    look: dict[str, Any] = {"s": size, "linewidth": 0, "rasterized": True}
    if pd.api.types.is_numeric_dtype(points["value"]) and points["value"].nunique() > 10:
        _draw_numbers(points, label, ax, look)
    else:
        _draw_categories(points, label, ax, look)
    if colour == "cluster":
        for name, group in points.groupby("value", observed=True):
            ax.text(group["x"].median(), group["y"].median(), name, ha="center", va="center",
                    weight="bold", path_effects=style.HALO)  # fmt: skip
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
        ``(n, h, w, 3)`` uint8 tiles by the name of the cluster, in the order of the rows.
    sizes
        The number of tiles of each cluster, written beside its name; None writes none.
    mpp
        Micrometres per pixel, for a scale bar on the first tile; None draws no bar.

    Returns
    -------
    matplotlib.figure.Figure
        The figure, with a panel for each picture.
    """
    names = [f"cluster {name}" + (f"\n{sizes[name]:,} tiles" if sizes else "")
             for name in pixels_by_cluster]  # fmt: skip
    figure, axes = style.picture_grid(pixels_by_cluster.values(), names)
    if mpp is not None:
        style.scale_bar(axes[0, 0], mpp)
    figure.suptitle("Tiles nearest to the centre of each cluster", fontsize=10)
    return figure


def _draw_numbers(points: pd.DataFrame, label: str, ax: Axes, look: dict[str, Any]) -> None:
    known = points["value"].notna()
    ax.scatter("x", "y", data=points[~known], color=style.GREY, alpha=0.3, **look)
    dots = ax.scatter("x", "y", c="value", data=points[known], cmap=style.SEQUENTIAL, **look)
    missing = f", grey: unknown ({(~known).sum():,})" if not known.all() else ""
    ax.figure.colorbar(dots, ax=ax, label=label + missing, shrink=0.8)


def _draw_categories(points: pd.DataFrame, label: str, ax: Axes, look: dict[str, Any]) -> None:
    groups = points["value"].astype(object).where(points["value"].notna(), "unknown").astype(str)
    largest = groups[groups != "unknown"].value_counts().index[:MOST_CATEGORIES]
    groups = groups.where(groups.isin([*largest, "unknown"]), "other")
    names = sorted(largest, key=lambda name: (len(name), name) if name.isdigit() else (0, name))
    palette: list[Any] = sns.color_palette("colorblind", len(names))
    colours = dict(zip(names, palette, strict=True))
    colours |= {name: style.GREY for name in ("other", "unknown") if (groups == name).any()}
    words = {name: f"{name} ({(groups == name).sum():,})" for name in colours}
    sns.scatterplot(
        points, x="x", y="y", hue=groups.map(words), hue_order=[*words.values()],
        palette={words[name]: colour for name, colour in colours.items()}, ax=ax, **look,
    )  # fmt: skip
    ax.legend(title=f"{label} (tiles)", loc="center left", bbox_to_anchor=(1, 0.5), markerscale=2)
