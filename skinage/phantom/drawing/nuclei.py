"""The nuclei outside organs: of keratinocytes, fibroblasts and lymphocytes."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.drawing.anatomy import Skin
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.staining import CELL_UM
from skinage.phantom.drawing.stamping import clear_halos, is_any_of, stamp_nuclei


def add_nuclei(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add all nuclei that belong to no organ."""
    _add_lymphocytes(skin, person, rng)
    _add_fibroblasts(skin, person, rng)
    _add_keratinocytes(skin, rng)
    _add_basal_cells(skin, rng)


def _add_keratinocytes(skin: Skin, rng: np.random.Generator) -> None:
    """Put a nucleus into every cell of the epidermis: round in the middle, flat on top."""
    down, across = np.mgrid[0:24, -80:80]
    home = skin.cells.centres[:, down % skin.cells.n_cells, across % skin.cells.n_cells]
    depth, along = (
        (step + part).ravel() * size
        for step, part, size in zip((down, across), home, CELL_UM, strict=True)
    )
    middles = skin.place(along, depth)
    size, dye, turn, chance = rng.standard_normal((4, len(middles)))
    at = skin.window.pixels(middles)
    keep = (skin.labels[at] == Label.VIABLE_EPIDERMIS) & (skin.below[at] < -11) & (depth > 7)
    keep &= chance < 1.6
    flat = np.clip(1.5 - depth / 20, 0, 1)
    axes = np.stack([5.1 + 1.0 * flat, 4.15 - 1.9 * flat], axis=1) * np.exp(0.10 * size[:, None])
    middles, axes, angle, dye = (
        part[keep] for part in (middles, axes, skin.tilt + 0.4 * turn, 1.40 + 0.15 * dye)
    )
    shrunk = chance[keep] > 0.6
    clear_halos(skin, middles[shrunk] + 0.5, axes[shrunk] + 0.6, angle[shrunk])
    stamp_nuclei(skin, middles, axes, angle=angle, dye=dye, label=Label.KERATINOCYTE_NUCLEUS)


def _add_basal_cells(skin: Skin, rng: np.random.Generator) -> None:
    """Line the junction with a palisade of upright, darker nuclei."""
    step = skin.window.mpp
    rows = skin.spots(rng, 60_000, lambda at: _is_basal(skin, at), n_more=4)
    rows = rows[_apart(rows[:, :2], 6.3)]
    spots, (length, width, turn, dye) = rows[:, :2], rows[:, 2:].T
    slope = np.stack(np.gradient(_around(skin.below, skin, spots), step, axis=(1, 2)), axis=-1)
    slope = slope.mean(axis=(1, 2))
    slope /= np.linalg.norm(slope, axis=1, keepdims=True) + 1e-6
    above = skin.below[skin.window.pixels(spots)] + 6
    stamp_nuclei(
        skin,
        spots - slope * above[:, None],
        np.stack([4.0 + 1.2 * length, 2.2 + 0.8 * width], axis=1),
        angle=np.arctan2(slope[:, 0], slope[:, 1]) + 0.7 * (turn - 0.5),
        dye=1.3 + 0.5 * dye,
        label=Label.KERATINOCYTE_NUCLEUS,
    )


def _is_basal(skin: Skin, at: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    return (np.abs(skin.below[at] + 6) < 3.5) & (skin.labels[at] == Label.VIABLE_EPIDERMIS)


def _around(values: np.ndarray, skin: Skin, spots: np.ndarray) -> np.ndarray:
    """Cut a square of about 12 um about every spot."""
    reach = np.arange(-round(6 / skin.window.mpp), round(6 / skin.window.mpp) + 1)
    rows, cols = skin.window.pixels(spots)
    height, width = skin.window.shape
    return values[
        np.clip(rows[:, None, None] + reach[:, None], 0, height - 1),
        np.clip(cols[:, None, None] + reach, 0, width - 1),
    ]


def _apart(spots: np.ndarray, least_um: float) -> np.ndarray:
    """Return which spots stay when, in turn, those too near to an earlier one go."""
    from scipy.spatial import cKDTree

    keep = np.ones(len(spots), bool)
    for first, second in sorted(cKDTree(spots).query_pairs(least_um)):
        if keep[first]:
            keep[second] = False
    return keep


def _add_fibroblasts(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add spindles along the fibres, mostly at the edges of bundles."""
    rows = skin.spots(rng, 3 * person["fibroblasts_per_mm2"], is_any_of(skin, *DERMIS), n_more=5)
    spots, (length, width, turn, dark, noise) = rows[:, :2], rows[:, 2:].T
    at = skin.window.pixels(spots)
    # Of three places tried the one nearest to the edge of a bundle.
    best = np.argsort(np.abs(skin.eosin[at] - 0.3) + 0.3 * noise, kind="stable")
    best = best[: len(spots) // 3]
    axes = np.stack([3.9 + 3.5 * length, 1.65 + 1.2 * width], axis=1)[best]
    angle = skin.direction[at] + 0.9 * (turn - 0.5)
    stamp_nuclei(
        skin,
        spots[best],
        axes,
        angle=angle[best],
        dye=np.where(dark < person["dark_fraction"], 2.2, 1.5)[best],
        label=Label.FIBROBLAST_NUCLEUS,
    )


def _add_lymphocytes(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add clusters of round dark nuclei in the upper dermis."""
    dermal = is_any_of(skin, *DERMIS)
    homes = skin.spots(
        rng, person["inflammation_per_mm2"], lambda at: dermal(at) & (skin.below[at] < 500), 1
    )
    for row in homes:
        cluster = np.random.default_rng(int(row[2] * 2**32))
        middles = row[:2] + cluster.normal(0, 26, (int(cluster.integers(40, 110)), 2))
        middles = middles[dermal(skin.window.pixels(middles))]
        number = len(middles)
        axes = np.repeat(cluster.uniform(2.4, 3.2, (number, 1)), 2, axis=1)
        stamp_nuclei(
            skin,
            middles,
            axes,
            angle=np.zeros(number),
            dye=np.full(number, 1.6),
            label=Label.LYMPHOCYTE,
        )
