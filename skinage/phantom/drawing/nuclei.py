"""The nuclei outside organs: of keratinocytes, fibroblasts and lymphocytes."""

import numpy as np

from skinage.phantom.drawing.anatomy import Places, Skin, Slide, one_by_one
from skinage.phantom.drawing.labels import DERMIS, Label
from skinage.phantom.drawing.staining import CELL_UM
from skinage.phantom.drawing.stamping import clear_halos, stamp_nuclei
from skinage.phantom.randomness import Rng


def add_nuclei(skin: Skin, person: Slide, rng: Rng) -> None:
    """Add all nuclei that belong to no organ."""
    _add_lymphocytes(skin, person, rng)
    _add_fibroblasts(skin, person, rng)
    _add_keratinocytes(skin, rng)
    _add_basal_cells(skin, rng)


def _add_keratinocytes(skin: Skin, rng: Rng) -> None:
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
    angle, dye, shrunk = skin.tilt + 0.4 * turn, 1.40 + 0.15 * dye, keep & (chance > 0.6)
    clear_halos(skin, middles[shrunk] + 0.5, axes[shrunk] + 0.6, angle[shrunk])
    label = Label.KERATINOCYTE_NUCLEUS
    stamp_nuclei(skin, middles, axes, angle=angle, dye=dye, keep=keep, label=label)


def _add_basal_cells(skin: Skin, rng: Rng) -> None:
    """Line the junction with a palisade of upright, darker nuclei."""
    rows = skin.spots(rng, 60_000, lambda at: _is_basal(skin, at), n_more=4)
    rows = rows[_apart(rows[:, :2], 6.3)]
    spots, (length, width, turn, dye) = rows[:, :2], rows[:, 2:].T
    around = _around(skin.below, skin, spots)
    slope = np.stack(np.gradient(around, skin.window.mpp, axis=(1, 2)), axis=-1).mean(axis=(1, 2))
    slope /= np.linalg.norm(slope, axis=1, keepdims=True) + 1e-6
    middles = spots - slope * (skin.below[skin.window.pixels(spots)] + 6)[:, None]
    axes = np.stack([4.0 + 1.2 * length, 2.2 + 0.8 * width], axis=1)
    angle, dye = np.arctan2(*slope.T) + 0.7 * (turn - 0.5), 1.3 + 0.5 * dye
    stamp_nuclei(skin, middles, axes, angle=angle, dye=dye, label=Label.KERATINOCYTE_NUCLEUS)


def _is_basal(skin: Skin, at: Places) -> np.ndarray:
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


def _add_fibroblasts(skin: Skin, person: Slide, rng: Rng) -> None:
    """Add spindles along the fibres, mostly at the edges of bundles."""
    rows = skin.spots(rng, 3 * person["fibroblasts_per_mm2"], skin.has(*DERMIS), n_more=5)
    spots, (length, width, turn, dark, noise) = rows[:, :2], rows[:, 2:].T
    at = skin.window.pixels(spots)
    # Of three places tried the one nearest to the edge of a bundle.
    best = np.argsort(np.abs(skin.eosin[at] - 0.3) + 0.3 * noise, kind="stable")
    best = best[: len(spots) // 3]
    axes = np.stack([3.9 + 3.5 * length, 1.65 + 1.2 * width], axis=1)
    angle = skin.direction[at] + 0.9 * (turn - 0.5)
    dye, label = np.where(dark < person["dark_fraction"], 2.2, 1.5), Label.FIBROBLAST_NUCLEUS
    stamp_nuclei(skin, spots, axes, angle=angle, dye=dye, keep=best, label=label)


def _add_lymphocytes(skin: Skin, person: Slide, rng: Rng) -> None:
    """Add clusters of round dark nuclei in the upper dermis."""
    dermal = skin.has(*DERMIS)
    homes = skin.spots(
        rng, person["inflammation_per_mm2"], lambda at: dermal(at) & (skin.below[at] < 500), 1
    )
    for home, cluster in one_by_one(homes):
        middles = home + cluster.normal(0, 26, (int(cluster.integers(40, 110)), 2))
        middles = middles[dermal(skin.window.pixels(middles))]
        axes = np.repeat(cluster.uniform(2.4, 3.2, (len(middles), 1)), 2, axis=1)
        stamp_nuclei(skin, middles, axes, dye=1.6, label=Label.LYMPHOCYTE)
