"""Nuclei: of the epidermis, of fibroblasts and of lymphocytes, stamped by the thousand."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from skinage.phantom.anatomy import DERMIS, ELASTOSIS, EPIDERMIS, SHAPE, Skin


def add_nuclei(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add all nuclei that belong to no organ."""
    _add_lymphocytes(skin, person, rng)
    _add_fibroblasts(skin, person, rng)
    _add_keratinocytes(skin, rng)


def stamp_nuclei(
    skin: Skin, middles: np.ndarray, axes: np.ndarray, *, angle: np.ndarray, dye: np.ndarray
) -> None:
    """Stamp elliptic nuclei.

    Parameters
    ----------
    skin
        The piece to change.
    middles
        ``(n, 2)`` row and column, px.
    axes
        ``(n, 2)`` half length and half width, um.
    angle
        ``(n,)`` direction of the long axis on the picture, radians.
    dye
        ``(n,)`` amount of haematoxylin.
    """
    if len(middles) == 0:
        return
    reach = int(np.ceil(axes.max())) + 2
    steps = np.arange(-reach, reach + 1)
    start = np.floor(middles).astype(np.int32)
    rows = start[:, 0, None, None] + steps[:, None]
    cols = start[:, 1, None, None] + steps
    rest = (middles - start).astype(np.float32)
    down = steps[:, None].astype(np.float32) - rest[:, 0, None, None]
    across = steps.astype(np.float32) - rest[:, 1, None, None]
    cosine, sine = (f(angle).astype(np.float32)[:, None, None] for f in (np.cos, np.sin))
    half = axes.astype(np.float32)
    radius = np.sqrt(
        ((across * cosine + down * sine) / half[:, 0, None, None]) ** 2
        + ((down * cosine - across * sine) / half[:, 1, None, None]) ** 2
    )
    cover = np.clip((1 - radius) * half[:, 1, None, None] + 0.5, 0, 1)
    # A dense rim about a paler middle, as chromatin lies.
    amount = cover * dye.astype(np.float32)[:, None, None] * (0.72 + 0.28 * radius**2)
    inside = (cover > 0) & (rows >= 0) & (rows < SHAPE[0]) & (cols >= 0) & (cols < SHAPE[1])
    at = (rows * SHAPE[1] + cols)[inside]
    np.maximum.at(skin.haematoxylin.ravel(), at, amount[inside])
    skin.eosin.ravel()[at] *= 1 - 0.6 * cover[inside]


def _add_keratinocytes(skin: Skin, rng: np.random.Generator) -> None:
    """Add a palisade along the junction, rounder cells above, flatter ones near the surface."""
    rows, cols = _scatter(rng, 8.5)
    keep = skin.labels[rows, cols] == EPIDERMIS
    rows, cols = rows[keep], cols[keep]
    above, depth = -skin.below[rows, cols], skin.depth[rows, cols]
    keep = (above > 3) & (depth > 9) & (rng.random(len(rows)) < 0.95 - 0.4 * (above > 35))
    rows, cols, above, depth = rows[keep], cols[keep], above[keep], depth[keep]
    basal = above < 11
    flat = np.clip(1.4 - depth / 22, 0, 1)
    axes = np.stack([3.6 + 0.9 * flat, 3.1 - 1.2 * flat], axis=1)
    axes[basal] = (4.2, 2.3)
    axes *= rng.lognormal(0, 0.10, (len(rows), 1))
    angle = skin.tilt + rng.normal(0, 0.35, len(rows)) + np.where(basal, np.pi / 2, 0)
    dye = rng.normal(1.25, 0.16, len(rows)) + 0.2 * basal
    middles = np.stack([rows, cols], axis=1) + rng.random((len(rows), 2))
    stamp_nuclei(skin, middles, axes, angle=angle, dye=dye)


def _scatter(rng: np.random.Generator, apart_um: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a jittered triangular grid over the slide, px."""
    down, across = (np.arange(0, n, apart_um) for n in SHAPE)
    rows, cols = np.meshgrid(down, across, indexing="ij")
    cols = cols + (np.arange(len(down)) % 2)[:, None] * apart_um / 2
    rows, cols = (c + rng.uniform(-0.28, 0.28, c.shape) * apart_um for c in (rows, cols))
    inside = (rows >= 0) & (rows < SHAPE[0]) & (cols >= 0) & (cols < SHAPE[1])
    return rows[inside].astype(np.int32), cols[inside].astype(np.int32)


def _add_fibroblasts(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add spindles along the fibres, mostly at the edges of bundles."""
    at = np.concatenate([skin.pixels_of(DERMIS), skin.pixels_of(ELASTOSIS)])
    number = int(rng.poisson(person["fibroblasts_per_mm2"] * len(at) / 1e6))
    tried = rng.choice(at, 3 * number)
    inner = np.abs(skin.eosin.ravel()[tried] - 0.3) + rng.uniform(0, 0.3, len(tried))
    tried = tried[np.argsort(inner, kind="stable")[:number]]
    middles = np.stack(np.unravel_index(tried, SHAPE), axis=1) + rng.random((number, 2))
    axes = np.stack([rng.uniform(4.0, 7.5, number), rng.uniform(1.3, 2.1, number)], axis=1)
    angle = skin.direction.ravel()[tried] + rng.normal(0, 0.25, number)
    dark = rng.random(number) < person["dark_fraction"]
    stamp_nuclei(skin, middles, axes, angle=angle, dye=np.where(dark, 1.9, 1.2))


def _add_lymphocytes(skin: Skin, person: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Add clusters of round dark nuclei in the upper dermis."""
    at = np.flatnonzero((skin.labels == DERMIS) & (skin.below < 500))
    for home in rng.choice(at, int(person["lymphocyte_clusters"])):
        around = rng.normal(0, 26, (int(rng.integers(40, 110)), 2))
        middles = _within(skin, np.array(np.unravel_index(home, SHAPE)) + around)
        number = len(middles)
        axes = np.repeat(rng.uniform(2.4, 3.2, (number, 1)), 2, axis=1)
        stamp_nuclei(skin, middles, axes, angle=np.zeros(number), dye=np.full(number, 1.7))


def _within(skin: Skin, middles: np.ndarray) -> np.ndarray:
    rows, cols = middles.astype(int).T
    inside = (rows >= 0) & (rows < SHAPE[0]) & (cols >= 0) & (cols < SHAPE[1])
    middles = middles[inside]
    return middles[skin.labels[tuple(middles.astype(int).T)] >= DERMIS]
