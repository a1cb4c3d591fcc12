"""What lies on the section or was done to it: lesions, folds, dust and pen."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from skinage.phantom.anatomy import Skin
from skinage.phantom.fields import smooth_noise
from skinage.phantom.labels import Label
from skinage.phantom.shapes import Outline
from skinage.phantom.stamping import is_any_of, stamp_nuclei

INKS = {"blue": (0.30, 0.40, 0.78), "green": (0.28, 0.62, 0.42), "black": (0.22, 0.22, 0.25)}
"""Share of red, green and blue light that passes a pen mark."""


def add_lesion(skin: Skin, slide: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Put a patch of scar or of a naevus into the dermis, where the slide has one."""
    along, depth = rng.uniform(-400, 400), rng.uniform(250, 420)
    halves, angle = (rng.uniform(170, 260), rng.uniform(120, 170)), skin.tilt
    if slide["lesion"]:
        middle = skin.place(np.array([along]), np.array([depth]))[0]
        patch = Outline(skin, middle, halves, angle, rng)
        (_add_scar if slide["lesion"] == "scar" else _add_naevus)(skin, patch, rng)
        skin.labels[patch.window][patch.radius < 1] = Label.LESION


def _add_scar(skin: Skin, patch: Outline, rng: np.random.Generator) -> None:
    """Fine parallel collagen without gaps, and many spindles."""
    share = np.clip((1 - patch.radius) * 5, 0, 1)
    wave = 5 * np.sin(skin.along[patch.window] / 45)
    felt = skin.texture.nearest(
        (skin.depth[patch.window] + wave) / 3.5, skin.along[patch.window] / 45
    )[1]
    for dye, amount in ((skin.eosin, 0.40 + 0.75 * felt), (skin.haematoxylin, 0.07)):
        dye[patch.window] += share * (amount - dye[patch.window])
    spots = skin.spots(rng, 1300, is_any_of(skin, Label.COLLAGEN, Label.GAP), 2)
    spots = spots[_within(patch, skin, spots[:, :2])]
    stamp_nuclei(
        skin,
        spots[:, :2],
        np.stack([5 + 3 * spots[:, 2], np.full(len(spots), 1.3)], axis=1),
        angle=skin.tilt + 0.5 * (spots[:, 3] - 0.5),
        dye=np.full(len(spots), 1.4),
    )


def _add_naevus(skin: Skin, patch: Outline, rng: np.random.Generator) -> None:
    """Nests of round cells."""
    nests = skin.spots(rng, 900, is_any_of(skin, Label.COLLAGEN, Label.GAP), 1)
    for row in nests[_within(patch, skin, nests[:, :2])]:
        own = np.random.default_rng(int(row[2] * 2**32))
        nest = Outline(skin, row[:2], (own.uniform(22, 34), own.uniform(17, 24)), row[2] * 3, own)
        nest.paint(skin, Label.COLLAGEN, [(1.0, 0.22, 0.40)])
        nest.fill(skin, own, (0.0, 0.95), 8.0)


def _within(patch: Outline, skin: Skin, spots: np.ndarray) -> np.ndarray:
    cosine, sine = np.cos(patch.angle), np.sin(patch.angle)
    down, across = (spots - patch.middle).T
    u = (across * cosine + down * sine) / patch.halves[0]
    v = (down * cosine - across * sine) / patch.halves[1]
    return np.hypot(u, v) < 0.9


def add_fold(skin: Skin, slide: Mapping[str, Any], rng: np.random.Generator) -> None:
    """Let a band of the section lie double, where the slide has a fold."""
    if not slide["has_fold"]:
        return
    where, width_um = rng.uniform(-450, 450), rng.uniform(35, 80)
    bent = skin.along - where - 35 * smooth_noise(rng, skin.window, 300)
    band = (np.abs(bent) < width_um / 2) & (skin.labels != Label.GLASS)
    shift = round(width_um / skin.window.mpp)
    for dye in (skin.haematoxylin, skin.eosin, skin.blood):
        dye[band] += np.roll(dye, shift, axis=1)[band]
    skin.labels[band] = Label.FOLD


def mark(
    picture: np.ndarray,
    labels: np.ndarray,
    slide: Mapping[str, Any],
    rng: np.random.Generator,
    mpp: float,
) -> None:
    """Put dust and pen on the finished picture and its labels, in place."""
    size_um = np.array(labels.shape) * mpp
    pen = rng.uniform(0, 1, 4), list(INKS.values())[int(rng.integers(len(INKS)))]
    if slide["has_pen"]:
        _draw_pen(picture, labels, *pen, mpp)
    for place, half_um, shade in zip(
        rng.uniform(0, 1, (int(slide["n_dust"]), 2)) * size_um,
        rng.gamma(3, 1.8, int(slide["n_dust"])) + 2.5,
        rng.uniform(0.2, 0.6, int(slide["n_dust"])),
        strict=True,
    ):
        _drop_dust(picture, labels, place / mpp, half_um / mpp, shade)


def _drop_dust(
    picture: np.ndarray, labels: np.ndarray, place: np.ndarray, half_px: float, shade: float
) -> None:
    """Drop a grain out of focus: dark in the middle, fading out."""
    reach = int(2 * half_px) + 2
    first = np.maximum(0, place.astype(int) - reach)
    window = tuple(slice(a, int(p) + reach) for a, p in zip(first, place, strict=True))
    shape = labels[window].shape
    down, across = (np.arange(n) + a + 0.5 - p for n, a, p in zip(shape, first, place, strict=True))
    far = np.hypot(down[:, None], 1.3 * across) / half_px
    cover = 1 / (1 + np.exp((far - 1) * 6))
    passed = 1 - (1 - shade) * cover[..., None] * np.array([1.0, 1.0, 1.05])
    picture[window] = (picture[window] * np.clip(passed, 0, 1) + 0.5).astype(np.uint8)
    labels[window][cover > 0.5] = Label.DUST


def _draw_pen(
    picture: np.ndarray,
    labels: np.ndarray,
    draws: np.ndarray,
    ink: tuple[float, float, float],
    mpp: float,
) -> None:
    """Draw a felt-pen stroke down one side of the slide, darker at its edges."""
    height, width = np.array(labels.shape) * mpp
    step = 8.0  # um: the distance to the stroke is smooth, so it is found on a coarse grid
    down, across = np.arange(0, height + step, step), np.arange(0, width + step, step)
    start = draws[0] * 260 + 60
    middle = start + 120 * (draws[1] - 0.5) * np.sin(np.pi * down / height * (1 + 2 * draws[2]))
    if draws[3] < 0.5:
        middle = width - middle
    far = np.abs(across - middle[:, None])
    rows, cols = ((np.arange(n) + 0.5) * mpp / step for n in labels.shape)
    far = map_coordinates(
        far.astype(np.float32), np.meshgrid(rows, cols, indexing="ij"), order=1, output=np.float32
    )
    inside = far < 90
    edge = np.exp(-((90 - far[inside]) / 14)) * 0.35
    passed = np.array(ink, np.float32) * (1 - edge[:, None])
    picture[inside] = (picture[inside] * passed).astype(np.uint8)
    labels[inside] = Label.PEN
